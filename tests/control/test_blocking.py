"""Blocking callers by hand: what is kept, what makes no sense, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.blocking import BlockWish, CallerControl
from hotline_ivr.control.blocks_file import BlocksFile
from hotline_ivr.control.trail_names import named_in_trail
from hotline_ivr.errors import BlockError, BlocksFileError
from hotline_ivr.routing.blocks import Block
from hotline_ivr.routing.pseudonym import is_pseudonym
from tests.plans import a_plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEST = "+4799999999"


@dataclass
class Desk:
    folder: Path
    now: datetime = NOW
    told: int = 0
    guard: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> BlocksFile:
        return BlocksFile(self.folder / "blocks.json")

    @property
    def trail(self) -> AuditTrail:
        return AuditTrail(self.folder / "audit.jsonl")

    def control(self) -> CallerControl:
        def tell() -> None:
            self.told += 1

        plan = a_plan(sections={"guard": self.guard})
        return CallerControl(
            plan,
            self.file,
            self.trail,
            prompts={"go-away"},
            clock=lambda: self.now,
            changed=tell,
            named=self.named,
        )

    def named(self, callers: str) -> str:
        return named_in_trail(self.folder / "number.key", callers, "NO")

    def block(self, callers: str, **more: Any) -> Block:
        return self.control().block(BlockWish(callers, "kari", "command", **more))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("99 99 99 99", PEST),
        ("+47 99-99-99-99", PEST),
        ("+47 820*", "+47820*"),
        ("Withheld", "withheld"),
    ],
)
def test_callers_are_written_as_people_write_them(desk: Desk, written: str, kept: str) -> None:
    assert desk.block(written).callers == kept
    assert [each.callers for each in desk.file.standing(NOW)] == [kept]


def test_a_block_ends_by_itself_and_who_made_it_stands_in_the_trail(desk: Desk) -> None:
    made = desk.block(PEST, seconds=7 * 86_400, reason="threats")
    assert made.until == NOW + timedelta(days=7)
    assert desk.file.standing(NOW + timedelta(days=7)) == ()
    (entry,) = desk.trail.entries()
    assert (entry.by, entry.action, entry.subject, entry.details["reason"]) == (
        "kari", "caller.block", desk.named(PEST), "threats",
    )  # fmt: skip
    assert PEST[3:] not in (desk.folder / "audit.jsonl").read_text()
    assert desk.told == 1


@pytest.mark.parametrize("which", [PEST, "99 99 99 99", "id"])
def test_a_caller_is_let_in_again_by_number_or_by_id(desk: Desk, which: str) -> None:
    made = desk.block(PEST, refuse="busy")
    ended = desk.control().unblock(made.id if which == "id" else which, by="ola", via="command")
    assert ended == (made,)
    assert desk.file.standing(NOW) == ()
    assert [each.ended_by for each in desk.file.all()] == ["ola"]
    with pytest.raises(BlockError, match="is not blocked by hand"):
        desk.control().unblock(PEST, by="ola", via="command")


def test_a_new_block_of_the_same_callers_takes_the_place_of_the_old(desk: Desk) -> None:
    desk.block(PEST, message="go-away")
    later = desk.block(PEST, seconds=60)
    assert desk.file.standing(NOW) == (later,)
    assert len(desk.file.all()) == 2


@pytest.mark.parametrize(
    ("callers", "more", "why"),
    [
        ("22 85 12 34", {}, "is a number of your own line 'info'"),
        ("+47*", {}, "everybody in your own country"),
        ("+4*", {}, "everybody in your own country"),
        ("820*", {}, "begins no numbers"),
        ("kari", {}, "is not a telephone number"),
        (PEST, {"message": "go-awya"}, "did you mean 'go-away'"),
        (PEST, {"message": "go-away", "refuse": "busy"}, "not both"),
        (PEST, {"seconds": 0}, "a second to a year"),
        (PEST, {"ends_at": NOW}, "the end must be to come"),
        (PEST, {"reason": "two\nlines"}, "a reason is one line"),
        ("22 85 00 00", {}, "is on the allow list, at guard.allow.0"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    desk: Desk, callers: str, more: dict[str, Any], why: str
) -> None:
    desk.guard = {"allow": [{"numbers": ["22 85 00 00"]}]}
    with pytest.raises(BlockError, match=why):
        desk.block(callers, **more)
    assert desk.file.all() == ()


def test_a_spoilt_file_is_told_and_never_taken_for_an_empty_one(desk: Desk) -> None:
    desk.file.path.write_text('{"schema": "hotline/blocks/1", "blocks": [{}]}', encoding="utf-8")
    with pytest.raises(BlocksFileError, match="Delete it"):
        desk.file.all()


def test_what_ended_long_ago_is_forgotten(desk: Desk) -> None:
    desk.block(PEST, seconds=60)
    desk.now += timedelta(days=91)
    desk.block("+47 820*")
    assert [each.block.callers for each in desk.file.all()] == ["+47820*"]


def test_in_the_trail_a_person_is_a_pseudonym_and_who_is_no_person_is_not(desk: Desk) -> None:
    for callers in (PEST, "+47820*", "withheld"):
        desk.block(callers)
    desk.control().unblock(PEST, by="ola", via="command")
    subjects = [entry.subject for entry in desk.trail.entries()]
    assert subjects == [desk.named(PEST), "+47820*", "withheld", desk.named(PEST)]
    assert is_pseudonym(desk.named(PEST))
    assert desk.named("99999999") == desk.named(PEST) != desk.named("+4799999998")
