"""A thousand spoilt configurations: each is refused with places and remedies, or good for calls."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest

from hotline_ivr.asterisk.render import PlanInput, render_plan
from hotline_ivr.asterisk.render.fallback import fallback_files
from hotline_ivr.asterisk.secrets import PhoneSecret, Secrets
from hotline_ivr.config.check import CheckResult, check
from hotline_ivr.config.models import Plan
from hotline_ivr.config.yaml_compose import Scalar, compose_by_libyaml, compose_by_ruamel, is_read_alike
from hotline_ivr.launch.plans import choose_plan, known_prompts
from hotline_ivr.routing.explain import explain
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.review import review
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Call
from hotline_ivr.settings import Settings
from tests.config.mutations import SPOILS

CONFIG = Path(__file__).parents[2] / "config"
BASES = {"shipped": CONFIG, **{each.name: each for each in sorted((CONFIG / "examples").iterdir())}}
EACH = 52
"""Of each kind for each configuration: 5 x 4 x 52 are 1,040."""

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def copy(base: Path, folder: Path) -> list[Path]:
    """A configuration, copied; its YAML files."""
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns("examples"))
    return sorted(folder.glob("*.yaml"))


def hold_refused(result: CheckResult) -> None:
    assert result.errors
    assert result.text
    for problem in result.problems:
        assert problem.message
        assert problem.remedy, problem
        # Only what is missing at the very top has no place within a file.
        assert problem.line is not None or "." not in problem.path, problem


def hold_good_for_calls(plan: Plan, settings: Settings) -> None:
    book = Rulebook(plan)
    book.prepare(NOON)
    for line_id, line in plan.lines.items():
        assert fallback_files(line_id, foresee(book, line_id, NOON, 14, NOON))
        assert (
            explain(book, Call(line_id, line.numbers[0], "+4790000000", plan.version), NOON).line == line_id
        )
    phones = {name: PhoneSecret(f"{name}.a1", "secret") for name in plan.operators}
    assert render_plan(PlanInput(plan, settings, Secrets("ami", phones), Path("/share")))


@pytest.mark.parametrize("kind", SPOILS)
@pytest.mark.parametrize("base", BASES)
def test_a_spoilt_configuration_is_refused_with_its_place_or_good_for_calls(
    tmp_path: Path, base: str, kind: str
) -> None:
    """Each goes the way of a reload too: the plan in use never changes for one that is refused."""
    files = copy(BASES[base], tmp_path / "config")
    settings = Settings(config=tmp_path / "config", state=tmp_path / "state")
    prompts = known_prompts(settings)
    running = choose_plan(settings).plan
    remarks = partial(review, today=date(2026, 11, 23))
    refused = 0
    tried = {running.version}
    for number in range(EACH):
        seed = f"{base}/{kind}/{number}"
        print(seed)  # noqa: T201  shown where this fails
        rng = random.Random(seed)
        file = rng.choice(files)
        good = file.read_bytes()
        spoilt = SPOILS[kind](rng, good)
        file.write_bytes(spoilt)
        result = check(settings.config, prompts, remarks)
        if result.plan is None:
            hold_refused(result)
            refused += 1
        elif result.plan.version not in tried:
            tried.add(result.plan.version)
            hold_good_for_calls(result.plan, settings)
        chosen = choose_plan(settings)
        running = running if chosen.refused else chosen.plan
        assert chosen.plan.version == running.version
        assert bool(chosen.refused) == (result.plan is None)
        file.write_bytes(good)
    assert EACH // 10 < refused < EACH, "the spoilt files are all of one sort"


@pytest.mark.parametrize("base", BASES)
def test_both_readers_of_yaml_read_the_same_at_the_same_places(base: str) -> None:
    """What libyaml accepts, ruamel reads alike; whatever libyaml refuses, ruamel is asked about."""
    compared = 0
    for file in sorted(BASES[base].glob("*.yaml")):
        raw = file.read_bytes()
        for number in range(60):
            rng = random.Random(f"{file.name}/{number}")
            spoilt = SPOILS[rng.choice(sorted(SPOILS))](rng, raw) if number else raw
            text = spoilt.decode("utf-8-sig", "replace")
            # Only what makes libyaml read otherwise is taken out, so that the rest of each file is compared.
            text = "".join(each for each in text if each.isprintable() or each == "\n")
            text = (
                text.translate(str.maketrans("&*!|>?%\\`@", "aaaaaaaaaa"))
                .replace("---", "aaa")
                .replace("...", "aaa")
            )
            assert is_read_alike(text)
            try:
                quick = compose_by_libyaml(text)
            except Exception:  # noqa: BLE001, S112  refused: then ruamel alone decides
                continue
            assert quick == compose_by_ruamel(text)
            assert not isinstance(quick.node, Scalar) or number
            compared += 1
    assert compared > 20
