"""Closing and opening by hand, as somebody says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.deciding import HandControl, Wish
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.errors import ArgumentError, OverrideError
from hotline_ivr.routing.overrides import OverrideKind
from tests.plans import a_plan

# Wednesday 14:30 in Oslo.
NOW = datetime(2026, 9, 30, 12, 30, tzinfo=UTC)


class Desk:
    """Somebody with their hands on the lines."""

    def __init__(self, folder: Path, hours: Any = None) -> None:
        self.file = OverridesFile(folder / "overrides.json")
        self.trail = AuditTrail(folder / "audit.jsonl")
        self.told = 0
        plan = a_plan(hours or {"mon-fri": "08:00-16:00"})
        self.control = HandControl(
            plan, self.file, self.trail, prompts={"closed", "storm"}, clock=lambda: NOW, changed=self.tell
        )

    def tell(self) -> None:
        self.told += 1

    def close(self, line: str = "info", **wish: Any) -> datetime | None:
        return self.control.set(Wish(line, OverrideKind.CLOSE, "kari", "command", **wish)).until


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_closing_without_an_end_lasts_until_it_is_cleared(desk: Desk) -> None:
    assert desk.close() is None
    assert [each.line for each in desk.file.standing(NOW + timedelta(days=900))] == ["info"]


@pytest.mark.parametrize(
    ("wish", "end"),
    [
        ({"until": "16:00"}, datetime(2026, 9, 30, 14, tzinfo=UTC)),
        ({"seconds": 7200}, datetime(2026, 9, 30, 14, 30, tzinfo=UTC)),
        ({"until_next_change": True}, datetime(2026, 9, 30, 14, tzinfo=UTC)),
    ],
)
def test_an_end_may_be_said_in_three_ways(desk: Desk, wish: dict[str, Any], end: datetime) -> None:
    assert desk.close(**wish) == end


@pytest.mark.parametrize(
    ("line", "wish", "why"),
    [
        ("infos", {}, "no line 'infos'; did you mean 'info'"),
        ("zzz", {}, r"no line 'zzz'\. Lines are: info"),
        ("info", {"prompt": "strom"}, "no prompt 'strom'; did you mean 'storm'"),
        ("info", {"until": "16:00", "seconds": 60}, "one end only"),
        ("info", {"seconds": 0}, "longer than nothing"),
        ("info", {"seconds": 400 * 86400}, "a year at most"),
        ("info", {"until": "today 08:00"}, "is past"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_and_changes_nothing(
    desk: Desk, line: str, wish: dict[str, Any], why: str
) -> None:
    with pytest.raises(ArgumentError, match=why):
        desk.close(line, **wish)
    assert desk.file.all() == ()
    assert desk.told == 0
    assert list(desk.trail.entries()) == []


def test_a_line_that_never_changes_has_no_next_change(tmp_path: Path) -> None:
    with pytest.raises(OverrideError, match="never changes by itself"):
        Desk(tmp_path, "always").close(until_next_change=True)


def test_an_information_needs_its_prompt(desk: Desk) -> None:
    with pytest.raises(OverrideError, match="needs a prompt"):
        desk.control.set(Wish("info", OverrideKind.SURGE, "kari", "command"))


def test_who_did_what_and_when_is_kept(desk: Desk) -> None:
    desk.close(prompt="storm", until="16:00", request_id="r1")
    desk.control.clear(by="ola", via="rest", line="info")
    set_, cleared = desk.trail.entries()
    assert (set_.at, set_.by, set_.via, set_.action, set_.subject, set_.request_id) == (
        NOW,
        "kari",
        "command",
        "override.set",
        "info",
        "r1",
    )
    assert set_.details == {"kind": "close", "until": "2026-09-30T14:00:00+00:00", "prompt": "storm"}
    assert (cleared.by, cleared.via, cleared.action) == ("ola", "rest", "override.clear")
    assert desk.told == 2


def test_clearing_what_is_not_there_is_told(desk: Desk) -> None:
    with pytest.raises(OverrideError, match="no override of line 'info'"):
        desk.control.clear(by="ola", via="command", line="info")
    with pytest.raises(OverrideError, match="no override x7"):
        desk.control.clear(by="ola", via="command", id_="x7")
    with pytest.raises(OverrideError, match="there is no line 'inof'; did you mean"):
        desk.control.clear(by="ola", via="command", line="inof")


def test_a_spoilt_line_of_the_trail_hides_no_other(desk: Desk, tmp_path: Path) -> None:
    desk.close()
    with (tmp_path / "audit.jsonl").open("ab") as file:
        file.write(b'{"at": "2026-\xff\n')
    desk.control.clear(by="ola", via="command")
    assert [entry.action for entry in desk.trail.entries()] == ["override.set", "override.clear"]


def test_an_end_may_be_a_moment_and_must_be_to_come(desk: Desk) -> None:
    end = datetime(2026, 9, 30, 16, tzinfo=timezone(timedelta(hours=2)))
    assert desk.close(ends_at=end) == datetime(2026, 9, 30, 14, tzinfo=UTC)
    with pytest.raises(OverrideError, match="2026-09-30 12:30 UTC is past"):
        desk.close(ends_at=NOW)
    with pytest.raises(OverrideError, match="one end only"):
        desk.close(ends_at=end, until="16:00")


def test_a_trail_that_cannot_be_written_keeps_no_override_from_being_used(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(IsADirectoryError):
        desk.close()
    assert desk.told == 1
