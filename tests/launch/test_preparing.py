"""What is written before anything starts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.launch.preparing import render_for_plan, write_fallback
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_an_unchanged_plan_touches_nothing(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path)
    assert render_for_plan(settings, a_plan(), NOON).changed
    assert render_for_plan(settings, a_plan(), NOON).changed == ()


def test_the_fallback_is_the_same_all_day_and_new_the_next(tmp_path: Path) -> None:
    book = Rulebook(a_plan({"mon-fri": "08:00-16:00"}))
    write_fallback(tmp_path, book, NOON)
    assert write_fallback(tmp_path, book, NOON.replace(hour=23)) == ()
    assert write_fallback(tmp_path, book, NOON.replace(day=3)) == ("info.txt",)


def test_a_line_that_is_gone_loses_its_fallback(tmp_path: Path) -> None:
    book = Rulebook(a_plan())
    write_fallback(tmp_path, book, NOON)
    before = {path.name for path in tmp_path.glob("*.txt")}
    for gone in ("gone.txt", "gone.-.0.main.txt"):
        (tmp_path / gone).write_text("1|...", encoding="utf-8")
    write_fallback(tmp_path, book, NOON)
    assert {path.name for path in tmp_path.glob("*.txt")} == before >= {"info.txt", "info.arrived.txt"}


def test_the_folder_of_the_fallback_says_from_what_it_was_made(tmp_path: Path) -> None:
    plan = a_plan().model_copy(update={"source": Path("/etc/hotline-ivr")})
    for _ in range(2):
        write_fallback(tmp_path, Rulebook(plan), NOON)
        assert "by hotline-ivr from /etc/hotline-ivr" in (tmp_path / "README").read_text(encoding="utf-8")
