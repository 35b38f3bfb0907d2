"""Lines: what holds now, by which rule, and what changes next. The same rulebook as for calls decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

from pydantic import Field

from hotline_ivr.config.destinations import Destination
from hotline_ivr.control.tokens import Role
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Rule, Situation
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import LineId

MOST_DAYS = 400
"""Past the longest season, and the same day next year."""

Books = Callable[[], Rulebook]
"""Gives the rulebook that calls are decided by now. Called in a thread: it may read a file."""


class LinePath(Given):
    """Which line."""

    line: LineId


class Ahead(Given):
    """How far to look ahead."""

    days: int = Field(14, ge=1, le=MOST_DAYS, description="Days ahead in which changes are told.")


class RuleShown(Shown):
    """The rule that decides."""

    kind: str = Field(description="What sort of rule.", examples=["week", "override"])
    name: str = Field(description="Its place in the configuration.")
    message: str | None = Field(description="Prompt in place of the line's own greeting or closed message.")
    to: dict[str, str] | None = Field(description="Where callers go when it closes the line.")


class SituationShown(Shown):
    """What holds for a line at a moment."""

    open: bool
    rule: RuleShown
    information: str | None = Field(description="Prompt before everything else.")
    must_press_to_go_on: bool = Field(description="Whether only who presses a key goes on after it.")


class LineShown(Shown):
    """A line, and what holds for it now."""

    id: str
    name: str
    numbers: tuple[str, ...]
    time_zone: str
    language: str
    now: SituationShown


class LinesShown(Shown):
    """All lines of the plan in use."""

    plan_version: str
    lines: tuple[LineShown, ...]


class ChangeShown(Shown):
    """From `at` on, this holds."""

    at: datetime
    situation: SituationShown


class LineAhead(LineShown):
    """A line, what holds now, and what comes."""

    changes: tuple[ChangeShown, ...] = Field(description="What changes next, soonest first.")
    known_until: datetime = Field(description="How far ahead the changes are all told.")


def routes(books: Books) -> tuple[AnyRoute, ...]:
    """The routes of lines."""
    return (
        Route(
            method="GET",
            path="/lines",
            role=Role.READ,
            summary="All lines, and what holds now",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=LinesShown,
            handler=partial(list_lines, books),
        ),
        Route(
            method="GET",
            path="/lines/{line}",
            role=Role.READ,
            summary="A line: what holds now, and what changes next",
            path_model=LinePath,
            query_model=Ahead,
            body_model=Nothing,
            answer_model=LineAhead,
            handler=partial(show_line, books),
        ),
    )


async def list_lines(books: Books, asked: Asked[Nothing, Nothing, Nothing]) -> LinesShown:
    def look() -> LinesShown:
        book = books()
        lines = tuple(_line(book, line, asked.now) for line in book.plan.lines)
        return LinesShown(plan_version=book.plan.version, lines=lines)

    return await asyncio.to_thread(look)


async def show_line(books: Books, asked: Asked[LinePath, Ahead, Nothing]) -> LineAhead:
    def look() -> LineAhead:
        book = books()
        require_line(book, asked.path.line)
        _first, *changes, last = book.changes(asked.path.line, asked.now, asked.query.days)
        return LineAhead(
            **dict(_line(book, asked.path.line, asked.now)),
            changes=tuple(ChangeShown(at=each.at, situation=_situation(each.situation)) for each in changes),
            known_until=last.at,
        )

    return await asyncio.to_thread(look)


def require_line(book: Rulebook, line: str) -> None:
    """Raises ApiError if the plan has no such line."""
    if line not in book.plan.lines:
        known = ", ".join(sorted(book.plan.lines)[:20])
        raise ApiError(Kind.NOT_FOUND, f"There is no line '{line}'. Lines are: {known}.")


def _line(book: Rulebook, line_id: str, now: datetime) -> LineShown:
    line = book.plan.lines[line_id]
    return LineShown(
        id=line_id,
        name=line.name,
        numbers=line.numbers,
        time_zone=line.time_zone,
        language=line.language,
        now=_situation(book.situation(line_id, now)),
    )


def _situation(situation: Situation) -> SituationShown:
    return SituationShown(
        open=situation.open,
        rule=_rule(situation.rule),
        information=situation.information,
        must_press_to_go_on=situation.must_press_to_go_on,
    )


def _rule(rule: Rule) -> RuleShown:
    return RuleShown(kind=rule.kind, name=rule.name, message=rule.message, to=_destination(rule.to))


def _destination(to: Destination | None) -> dict[str, str] | None:
    return None if to is None else {to.kind: str(getattr(to, to.kind))}
