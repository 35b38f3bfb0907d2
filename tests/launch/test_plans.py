"""The last good configuration stays."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hotline_ivr.config.check import CheckResult, check
from hotline_ivr.errors import ConfigError
from hotline_ivr.launch import plans
from hotline_ivr.launch.plans import choose_plan, keep, plan_on_disk
from hotline_ivr.settings import Settings

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shutil.copytree(SHIPPED, tmp_path / "config")
    return Settings(config=tmp_path / "config", state=tmp_path / "state")


def break_it(settings: Settings) -> None:
    (settings.config / "lines.yaml").write_text("lines:\n  info:\n    nmae: x\n", encoding="utf-8")


def test_a_good_configuration_is_used(settings: Settings) -> None:
    chosen = choose_plan(settings)
    assert chosen.refused == ""
    assert chosen.plan.version == plan_on_disk(settings).version


def test_beside_a_bad_configuration_the_last_good_one_is_used_also_after_a_restart(
    settings: Settings,
) -> None:
    good = choose_plan(settings).plan
    break_it(settings)
    for _ in range(2):
        chosen = choose_plan(settings)
        assert chosen.plan.version == good.version
        assert "nmae" in chosen.refused


def test_a_bad_configuration_on_the_first_start_is_refused_whole(settings: Settings) -> None:
    break_it(settings)
    with pytest.raises(ConfigError, match="nmae"):
        choose_plan(settings)


def test_a_folder_that_is_written_to_between_its_check_and_its_copy_leaves_the_last_good_one(
    settings: Settings,
) -> None:
    good = choose_plan(settings).plan
    break_it(settings)
    keep(settings, settings.config, good)
    assert choose_plan(settings).plan.version == good.version


def test_what_is_kept_already_is_neither_copied_nor_checked_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_plan(settings)
    kept = settings.state_dir / "last-good-config" / "lines.yaml"
    before = kept.stat().st_ino
    with monkeypatch.context() as patched:
        checks: list[Path] = []

        def counted(path: Path, *_: object) -> CheckResult:
            checks.append(path)
            return check(path)

        patched.setattr(plans, "check", counted)
        choose_plan(settings)
    assert (kept.stat().st_ino, checks) == (before, [settings.config])
    (settings.config / "lines.yaml").write_text(
        kept.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8"
    )
    choose_plan(settings)
    assert kept.stat().st_ino != before
    assert kept.read_text(encoding="utf-8").endswith("# changed\n")


def test_a_pipe_or_a_folder_named_like_a_calendar_is_no_file_of_the_configuration(settings: Settings) -> None:
    os.mkfifo(settings.config / "pipe.ics")
    (settings.config / "folder.ics").mkdir()
    assert choose_plan(settings).refused == ""


def test_a_power_cut_between_two_copies_leaves_a_whole_one(settings: Settings) -> None:
    good = choose_plan(settings).plan
    kept = settings.state_dir / "last-good-config"
    kept.rename(kept.with_name("last-good-config.new"))
    break_it(settings)
    assert choose_plan(settings).plan.version == good.version
