"""A changed configuration is proposed, taken, and taken back."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.errors import AsteriskUnreachable, ConfigError
from hotline_ivr.launch import applying
from hotline_ivr.launch.applying import apply, propose, undo
from hotline_ivr.launch.plans import choose_plan
from hotline_ivr.settings import Settings

SHIPPED = Path(__file__).parents[2] / "config"
NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shutil.copytree(SHIPPED, tmp_path / "config", ignore=shutil.ignore_patterns("examples"))
    found = Settings(config=tmp_path / "config", state=tmp_path / "state")
    choose_plan(found)
    return found


def change(settings: Settings, old: str, new: str) -> None:
    lines = settings.config / "lines.yaml"
    text = lines.read_text(encoding="utf-8")
    assert old in text
    lines.write_text(text.replace(old, new), encoding="utf-8")


async def test_what_is_in_use_needs_no_applying(settings: Settings) -> None:
    assert (await propose(settings, NOON)).differences == ()


async def test_a_change_is_told_also_without_a_record_of_last_year(settings: Settings) -> None:
    change(settings, "12:30-16:00", "12:30-15:00")
    proposal = await propose(settings, NOON)
    assert [each.subject for each in proposal.differences] == ["line admission"]
    assert (
        "is open 08:00-12:00, 12:30-15:00 instead of 08:00-12:00, 12:30-16:00" in proposal.differences[0].text
    )
    assert proposal.touched == (None,)


async def test_a_bad_configuration_is_not_proposed(settings: Settings) -> None:
    change(settings, "queue: main", "queue: mian")
    with pytest.raises(ConfigError, match="did you mean 'main'"):
        await propose(settings, NOON)


@pytest.fixture
def service(settings: Settings) -> Iterator[list[str]]:
    """A service that takes what is on disk when it is told to; it is this very process."""
    taken: list[str] = []

    def take(_number: int, _frame: object) -> None:
        chosen = choose_plan(settings)
        taken.append(chosen.plan.version)
        settings.in_use_file.write_text(chosen.plan.version + "\n", encoding="utf-8")

    before = signal.signal(signal.SIGHUP, take)
    (settings.state_dir / "service.lock").write_text(f"{os.getpid()}\n", encoding="ascii")
    yield taken
    signal.signal(signal.SIGHUP, before)


async def test_applying_waits_until_the_service_goes_by_it(settings: Settings, service: list[str]) -> None:
    change(settings, "12:30-16:00", "12:30-15:00")
    plan = await apply(settings, "kari", NOON)
    assert service == [plan.version]
    assert (await propose(settings, NOON)).differences == ()
    (entry,) = AuditTrail(settings.audit_file).entries()
    assert (entry.by, entry.action, entry.details) == (
        "kari",
        "configuration.apply",
        {"version": plan.version},
    )


async def test_a_service_that_does_not_take_it_is_told_of(
    settings: Settings, service: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "APPLY_TIMEOUT", 0.3)
    settings.in_use_file.write_text("another\n", encoding="utf-8")
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)
    with pytest.raises(AsteriskUnreachable, match="its log says why"):
        await apply(settings, "kari", NOON)
    assert service == []


async def test_without_a_service_there_is_nobody_to_take_it(settings: Settings) -> None:
    with pytest.raises(AsteriskUnreachable, match="no service runs"):
        await apply(settings, "kari", NOON)


@pytest.mark.usefixtures("service")
async def test_an_earlier_configuration_comes_back_whole(settings: Settings) -> None:
    before = (settings.config / "lines.yaml").read_text(encoding="utf-8")
    change(settings, "12:30-16:00", "12:30-15:00")
    (settings.config / "zz-extra.yaml").write_text("# nothing yet\n{}\n", encoding="utf-8")
    changed = await apply(settings, "kari", NOON)

    earlier = undo(settings, None, "ola", NOON)
    assert earlier.version != changed.version
    assert (settings.config / "lines.yaml").read_text(encoding="utf-8") == before
    assert not (settings.config / "zz-extra.yaml").exists()
    (replaced,) = (settings.state_dir / "replaced-config").iterdir()
    assert (replaced / "zz-extra.yaml").exists()

    assert (await apply(settings, "ola", NOON)).version == earlier.version
    assert [entry.action for entry in AuditTrail(settings.audit_file).entries()] == [
        "configuration.apply",
        "configuration.undo",
        "configuration.apply",
    ]
