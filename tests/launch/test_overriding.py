"""The service goes by overrides as they are set, end and are cleared, whoever did it."""

from __future__ import annotations

import asyncio
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.control.deciding import Wish
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.launch import overriding
from hotline_ivr.launch.overriding import OverridesWatch, hand_control, standing_overrides
from hotline_ivr.launch.plans import running_plan
from hotline_ivr.launch.preparing import write_fallback
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shutil.copytree(SHIPPED, tmp_path / "config", ignore=shutil.ignore_patterns("examples"))
    return Settings(config=tmp_path / "config", state=tmp_path / "state")


class Service:
    """What goes by the overrides."""

    def __init__(self, settings: Settings) -> None:
        self.standing: tuple[Override, ...] = ()
        self.changes = 0
        self.rewritten = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.watch = OverridesWatch(settings, self.use, self.rewrite, poll=0.01)

    def use(self, standing: tuple[Override, ...]) -> None:
        self.standing = standing
        self.changes += 1

    def rewrite(self) -> None:
        self._loop.call_soon_threadsafe(self.rewritten.set)


async def test_what_somebody_sets_elsewhere_is_used_and_the_fallback_follows(settings: Settings) -> None:
    service = Service(settings)
    running = asyncio.create_task(service.watch.run())
    control = hand_control(settings, running_plan(settings))
    override = control.set(Wish("demo", OverrideKind.CLOSE, "kari", "command"))
    async with asyncio.timeout(10):
        await service.rewritten.wait()
    running.cancel()
    assert service.standing == (override,)


async def test_an_override_ends_in_the_service_though_nobody_touches_the_file(settings: Settings) -> None:
    service = Service(settings)
    now = datetime.now(UTC)
    soon = now + timedelta(milliseconds=300)
    OverridesFile(settings.overrides_file).add(
        Override("abc234", "demo", OverrideKind.CLOSE, now, soon, "kari"), now
    )
    assert service.watch.look()
    assert len(service.standing) == 1
    async with asyncio.timeout(10):
        while not service.watch.look():
            await asyncio.sleep(0.02)
    assert not service.standing
    assert datetime.now(UTC) >= soon


async def test_nothing_new_is_told_twice(settings: Settings) -> None:
    service = Service(settings)
    assert not service.watch.look()
    hand_control(settings, running_plan(settings)).set(Wish("demo", OverrideKind.OPEN, "kari", "command"))
    assert service.watch.look()
    assert not service.watch.look()
    assert service.changes == 1


def test_a_spoilt_file_overrides_nothing(settings: Settings) -> None:
    settings.state_dir.mkdir(parents=True)
    settings.overrides_file.write_text("{")
    assert standing_overrides(settings, datetime.now(UTC)) == ()


def test_of_two_who_decide_at_once_without_the_service_neither_takes_back_what_the_other_decided(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has read what stands and not written it yet when the other decides."""
    plan = running_plan(settings)
    reading, decided = threading.Event(), threading.Event()

    def slowly(folder: Path, book: Rulebook, now: datetime) -> tuple[str, ...]:
        if not reading.is_set():
            reading.set()
            # The other is kept waiting, or else done by now.
            decided.wait(0.5)
        return write_fallback(folder, book, now)

    monkeypatch.setattr(overriding, "write_fallback", slowly)
    with ThreadPoolExecutor(2) as people:
        first = people.submit(
            hand_control(settings, plan).set, Wish("demo", OverrideKind.CLOSE, "kari", "command")
        )
        assert reading.wait(10)
        second = people.submit(
            hand_control(settings, plan).set, Wish("admission", OverrideKind.CLOSE, "ola", "command")
        )
        second.add_done_callback(lambda _: decided.set())
        first.result(10)
        second.result(10)
    now = datetime.now(UTC)
    standing = standing_overrides(settings, now)
    assert {each.line for each in standing} == {"demo", "admission"}
    left_to_write = write_fallback(settings.fallback_dir, Rulebook(plan, standing), now)
    assert left_to_write == ()
