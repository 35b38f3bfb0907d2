"""Which plan a service runs with: the one on disk if it is good, else the last good one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.config.check import CheckResult, check, read_plan
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import ConfigError
from hotline_ivr.launch.plan_history import PlanHistory, files_of
from hotline_ivr.routing.remark import Remark
from hotline_ivr.routing.review import review
from hotline_ivr.routing.speech import is_part
from hotline_ivr.routing.untold import untold
from hotline_ivr.settings import Settings
from hotline_ivr.setup.prompt_sources import prompt_folders, read_sources
from hotline_ivr.setup.queue_music import missing_music


@dataclass(frozen=True, slots=True)
class ChosenPlan:
    """`refused` is the text of what is wrong on disk, empty when the plan is the one on disk."""

    plan: Plan
    refused: str = ""


def known_prompts(settings: Settings) -> frozenset[str]:
    """Ids of the prompts that a configuration may name. Raises SetupError if their texts cannot be read."""
    found = (name.partition("/")[2] for name in read_sources(*prompt_folders(settings)))
    return frozenset(prompt for prompt in found if not is_part(prompt))


def remarks_today(settings: Settings) -> Callable[[Plan], Iterator[Remark]]:
    """What the days from today on, and the languages of prompts, say of a plan, for `check`.

    Raises SetupError if the prompts' texts cannot be read.
    """
    prompts, today = read_sources(*prompt_folders(settings)), datetime.now(UTC).date()

    def remarks(plan: Plan) -> Iterator[Remark]:
        yield from review(plan, today)
        yield from untold(plan, prompts)
        yield from missing_music(settings, plan)

    return remarks


def check_on_disk(settings: Settings) -> CheckResult:
    """Everything there is to say of the configuration on disk, errors and warnings.

    Raises SetupError if the prompts' texts cannot be read.
    """
    return check(settings.config, known_prompts(settings), remarks_today(settings))


def plan_on_disk(settings: Settings) -> Plan:
    """The plan of the configuration as it stands on disk. Raises ConfigError with every problem."""
    return read_plan(settings.config, known_prompts(settings))


def running_plan(settings: Settings) -> Plan:
    """The plan by which calls go: the service's own copy, or what is on disk where none has run yet.

    Raises ConfigError with every problem if neither is good.
    """
    for kept in (_kept(settings), _kept(settings, ".new")):
        if kept.exists() and (last := check(kept, known_prompts(settings)).plan) is not None:
            return last
    return plan_on_disk(settings)


def plan_of_record(settings: Settings) -> Plan | None:
    """The plan on disk, else the one by which calls go; None where neither is good."""
    on_disk = check(settings.config).plan
    if on_disk is not None:
        return on_disk
    try:
        return running_plan(settings)
    except ConfigError:
        return None


def choose_plan(settings: Settings) -> ChosenPlan:
    """The plan on disk, or the last good one beside what is wrong. Raises ConfigError if there is neither."""
    prompts = known_prompts(settings)
    result = check(settings.config, prompts)
    if result.plan is not None:
        keep(settings, settings.config, result.plan)
        return ChosenPlan(result.plan)
    for kept in (_kept(settings), _kept(settings, ".new")):
        if kept.exists() and (last := check(kept, prompts).plan) is not None:
            return ChosenPlan(last, result.text)
    raise ConfigError(result.text)


def history(settings: Settings) -> PlanHistory:
    """The configurations that have been in use on this node."""
    return PlanHistory(settings.history_dir)


def keep(settings: Settings, source: Path, plan: Plan) -> None:
    """Copy a good configuration: for a restart beside a bad one, and for going back to it.

    A copy that is not the plan is not kept, and the one before stays.
    """
    kept, fresh = _kept(settings), _kept(settings, ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    if _is_kept(settings, source, plan):
        return
    fresh.mkdir(parents=True)
    for path in files_of(source):
        shutil.copyfile(path, fresh / path.name)
    copied = check(fresh).plan
    if copied is None or copied.version != plan.version:
        # Somebody wrote to the folder between its check and this copy: what was kept before is good.
        shutil.rmtree(fresh, ignore_errors=True)
        return
    history(settings).note(source, plan.version, datetime.now(UTC))
    # At every moment one of the two folders is whole.
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)


def _is_kept(settings: Settings, source: Path, plan: Plan) -> bool:
    """Whether this very plan was kept, byte by byte, and so checked when it was: as at every restart."""
    newest = next(history(settings).entries(), None)
    noted = newest is not None and newest.version == plan.version
    return noted and _contents(source) == _contents(_kept(settings))


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in files_of(folder)}


def _kept(settings: Settings, suffix: str = "") -> Path:
    return settings.state_dir / f"last-good-config{suffix}"
