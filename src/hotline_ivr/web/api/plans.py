"""What the configuration on disk would change, taking it into use, and those that were in use before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, Literal, Protocol, TypeVar

import structlog
from pydantic import Field

from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import ConfigError, HotlineError
from hotline_ivr.views.proposal import Proposed, as_data
from hotline_ivr.web.api.checking import MOST_PROBLEMS, Check
from hotline_ivr.web.api.lines import Books
from hotline_ivr.web.api.problems import ApiError, Kind, WrongValue
from hotline_ivr.web.api.route import AnyRoute, Asked, Nothing, Route, Shown

log = structlog.get_logger()

Result = TypeVar("Result")

DEADLINE = 60.0
"""Seconds: reading, comparing two years, rendering, and waiting for an Asterisk that may be down."""


class Authored(Protocol):
    """Who wrote a configuration; all empty where git does not know."""

    @property
    def author(self) -> str: ...

    @property
    def subject(self) -> str: ...

    @property
    def commit(self) -> str: ...

    @property
    def uncommitted(self) -> bool: ...


class UsedPlan(Protocol):
    """A configuration that has been in use."""

    @property
    def version(self) -> str: ...

    @property
    def taken_at(self) -> datetime: ...

    @property
    def authorship(self) -> Authored: ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What these routes need. `check`, `books` and `history` are called in threads."""

    check: Check
    books: Books
    #: The configuration on disk against the one in use. Raises ConfigError.
    propose: Callable[[], Awaitable[Proposed]]
    #: Takes what is on disk into use and gives its version once calls go by it. Raises ConfigError.
    take: Callable[[], Awaitable[str]]
    #: Newest first.
    history: Callable[[], Iterable[UsedPlan]]
    trail: AuditTrail


class DifferenceShown(Shown):
    """One change, in plain words."""

    subject: str = Field(examples=["line admission"])
    text: str
    line: str | None
    calls_last_year: int | None = Field(description="Callers of last year that it meets; null: not known.")
    spans: tuple[tuple[datetime, datetime], ...] = Field(description="When callers meet something else.")


class ProposalShown(Shown):
    """What would change."""

    schema_name: Literal["hotline/plan/1"] = Field(alias="schema")
    running: str = Field(description="Version in use.")
    proposed: str = Field(description="Version of what is on disk; the same when nothing changes.")
    differences: tuple[DifferenceShown, ...]


class Applied(Shown):
    """New calls go by it."""

    version: str
    before: str = Field(description="The version that was in use before.")


class UsedShown(Shown):
    """A configuration that has been in use."""

    version: str
    taken_at: datetime
    author: str
    subject: str
    commit: str
    uncommitted: bool = Field(description="Files differed from that commit.")


class HistoryShown(Shown):
    """Configurations, newest first."""

    configurations: tuple[UsedShown, ...]


def routes(bench: Bench) -> tuple[AnyRoute, ...]:
    """The routes of plans."""
    return (
        Route(
            method="GET",
            path="/plan",
            role=Role.READ,
            summary="What the configuration on disk would change",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=ProposalShown,
            handler=partial(show_plan, bench, _OneAtATime[ProposalShown]()),
            errors=(Kind.REFUSED,),
            deadline=DEADLINE,
        ),
        Route(
            method="POST",
            path="/apply",
            role=Role.ADMIN,
            summary="Take the configuration on disk into use",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=Applied,
            handler=partial(apply_plan, bench, _OneAtATime[Applied]()),
            errors=(Kind.REFUSED, Kind.UNCHANGED),
            deadline=DEADLINE,
        ),
        Route(
            method="GET",
            path="/history",
            role=Role.READ,
            summary="The configurations that have been in use, newest first",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=HistoryShown,
            handler=partial(show_history, bench),
        ),
    )


class _OneAtATime(Generic[Result]):
    """It takes the processor for itself while it lasts; a second one at the same time is sent away."""

    def __init__(self) -> None:
        self._running: asyncio.Task[Result] | None = None

    async def __call__(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        if self._running is not None and not self._running.done():
            detail = "The same is under way: try again in a few seconds."
            raise ApiError(Kind.BUSY, detail, headers={"Retry-After": "5"})
        self._running = asyncio.create_task(work())
        # A request that is given up does not stop half-way what it has begun.
        self._running.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._running)


async def show_plan(
    bench: Bench, alone: _OneAtATime[ProposalShown], _asked: Asked[Nothing, Nothing, Nothing]
) -> ProposalShown:
    async def compare() -> ProposalShown:
        await _good(bench)
        return ProposalShown.model_validate(as_data(await _done(bench.propose())))

    return await alone(compare)


async def apply_plan(
    bench: Bench, alone: _OneAtATime[Applied], asked: Asked[Nothing, Nothing, Nothing]
) -> Applied:
    async def take() -> Applied:
        plan = await _good(bench)
        before = (await asyncio.to_thread(bench.books)).plan.version
        if plan.version == before:
            raise ApiError(Kind.UNCHANGED, f"Version {before} on disk is the one in use.")
        await _note(bench.trail, plan.version, asked)
        return Applied(version=await _done(bench.take()), before=before)

    return await alone(take)


async def show_history(bench: Bench, _asked: Asked[Nothing, Nothing, Nothing]) -> HistoryShown:
    used = await asyncio.to_thread(lambda: list(bench.history()))
    return HistoryShown(
        configurations=tuple(
            UsedShown(
                version=each.version,
                taken_at=each.taken_at,
                author=each.authorship.author,
                subject=each.authorship.subject,
                commit=each.authorship.commit,
                uncommitted=each.authorship.uncommitted,
            )
            for each in used
        )
    )


async def _good(bench: Bench) -> Plan:
    """The plan on disk. Raises ApiError with every problem if it is refused."""

    async def look() -> Plan:
        result = await asyncio.to_thread(bench.check)
        if result.plan is not None:
            return result.plan
        errors = tuple(
            WrongValue(where=f"{each.file}:{each.line or 1}", message=f"{each.path}: {each.message}")
            for each in result.errors[:MOST_PROBLEMS]
        )
        detail = f"The configuration on disk has {len(result.errors)} errors; the one in use stays."
        raise ApiError(Kind.REFUSED, detail, errors=errors)

    return await _done(look())


async def _note(trail: AuditTrail, version: str, asked: Asked[Nothing, Nothing, Nothing]) -> None:
    entry = AuditEntry(
        asked.now,
        asked.who.name,
        asked.who.via,
        "configuration.apply",
        "configuration",
        {"version": version},
        asked.request_id,
    )
    try:
        await asyncio.to_thread(trail.note, entry)
    except OSError as error:
        log.error("the trail cannot be written, so nothing is applied", reason=str(error))  # noqa: TRY400
        detail = "Nothing is applied: the trail cannot be written now; the log says why."
        raise ApiError(Kind.UNAVAILABLE, detail) from None


async def _done(work: Awaitable[Result]) -> Result:
    """What comes of it. Raises ApiError for what is wrong on disk, or with this machine."""
    try:
        return await work
    except ConfigError:
        # It was good a moment ago: somebody is saving files.
        raise ApiError(Kind.REFUSED, "The configuration on disk is refused: check it again.") from None
    except HotlineError as error:
        log.error("the configuration cannot be read or taken", reason=str(error))  # noqa: TRY400
        detail = "The configuration cannot be read or taken now; the log says why."
        raise ApiError(Kind.UNAVAILABLE, detail) from None
