"""The configuration, read and checked whole: a plan, or every problem at once.

`check` never raises for what an admin wrote, and keeps nothing between two calls, so a running service can
read again at any time and go on with the plan it has when the new one is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, get_origin

from pydantic import ValidationError

from hotline_ivr.config.cross_checks import cross_checks
from hotline_ivr.config.models import Configuration, Organisation, Plan
from hotline_ivr.config.phone import is_country
from hotline_ivr.config.problems import Problem, render_all
from hotline_ivr.config.reading import Reading, read
from hotline_ivr.config.schema_errors import findings
from hotline_ivr.config.yaml_tree import Path as YamlPath
from hotline_ivr.errors import ConfigError

JOINED = frozenset(
    name for name, field in Configuration.model_fields.items() if get_origin(field.annotation) is dict
)
"""The top-level mappings of ids, which may be divided over files."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A plan, unless there are errors; and all problems in the order of the files."""

    plan: Plan | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    @property
    def text(self) -> str:
        """All problems as they are shown to a person; empty without problems."""
        return render_all(self.problems)


class Remark(Protocol):
    """A warning about what stands at a path."""

    @property
    def path(self) -> YamlPath: ...

    @property
    def message(self) -> str: ...

    @property
    def remedy(self) -> str: ...


Review = Callable[[Plan], Iterable[Remark]]


def check(
    path: Path, known_prompts: Collection[str] | None = None, review: Review | None = None
) -> CheckResult:
    """Read and check a folder of YAML, or one file; prompts are looked up if `known_prompts` is given.

    `review` looks at a plan that has no errors, and its remarks become warnings.
    """
    reading = read(path, JOINED)
    country = _country_of(reading)
    problems = list(reading.problems)
    plan: Plan | None = None
    try:
        # Files that the configuration names lie beside its own.
        folder = path if path.is_dir() else path.parent
        context = {"country": country, "folder": folder}
        configuration = Configuration.model_validate(reading.data, context=context)
        plan = _plan(configuration, path)
    except ValidationError as refused:
        problems += _placed(reading, refused)
    if reading.complete:
        # With a file unread, every name it defines would be reported as unknown.
        problems += cross_checks(reading, country, known_prompts)
    if not reading.complete or any(problem.severity == "error" for problem in problems):
        plan = None
    if plan is not None and review is not None:
        for remark in review(plan):
            problems.append(
                reading.problem(remark.path, remark.message, remark.remedy, severity="warning", key=True)
            )
    return CheckResult(plan, tuple(sorted(problems, key=lambda problem: problem.order)))


def read_plan(path: Path, known_prompts: Collection[str] | None = None) -> Plan:
    """Return the checked plan. Raises ConfigError whose text shows every problem."""
    result = check(path, known_prompts)
    if result.plan is None:
        raise ConfigError(result.text)
    return result.plan


def _placed(reading: Reading, refused: ValidationError) -> list[Problem]:
    return [
        reading.problem(found.path, found.message, found.remedy, key=found.key, at=found.at)
        for found in findings(refused.errors(include_url=False))
        # With a file unread, what is missing at the top may well stand in it.
        if reading.complete or len(found.path) > 1 or found.path[0] in reading.data
    ]


def _country_of(reading: Reading) -> str | None:
    """Return the country before anything is validated: the numbers need it. None when it is wrong."""
    organisation = reading.data.get("organisation")
    default = Organisation.model_fields["country"].default
    country = organisation.get("country", default) if isinstance(organisation, dict) else default
    return country if isinstance(country, str) and is_country(country) else None


def _plan(configuration: Configuration, source: Path) -> Plan:
    written = configuration.model_dump(mode="json")
    content = json.dumps(written, sort_keys=True, separators=(",", ":"))
    # Of two rules of a calendar that are equal otherwise, the one written later wins.
    content += json.dumps({name: written["calendars"][name] for name in sorted(written["calendars"])})
    version = hashlib.sha256(content.encode("utf-8")).hexdigest()[:12]
    # What was left out is left out again: a key without a value would be refused.
    parts = {name: getattr(configuration, name) for name in configuration.model_fields_set}
    return Plan(**parts, version=version, source=source)
