"""Checking the configuration on disk, as `hotline check` does. It changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from pydantic import Field

from hotline_ivr.config.check import CheckResult
from hotline_ivr.config.problems import Severity
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import SetupError
from hotline_ivr.web.api.lines import Books
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Nothing, Route, Shown

log = structlog.get_logger()

MOST_PROBLEMS = 200
"""More problems come from one cause."""

_DEADLINE = 30.0
"""Seconds; ten thousand closures take five."""

Check = Callable[[], CheckResult]
"""Reads and checks what is on disk. Called in a thread."""


class Mistake(Shown):
    """One mistake in the configuration."""

    severity: Severity
    file: str
    line: int | None = Field(description="From 1; null where a whole file or folder is meant.")
    column: int | None
    path: str = Field(description="Its place in the configuration: `queues.main.stategy`.")
    message: str
    remedy: str


class Checked(Shown):
    """What a check has found."""

    good: bool = Field(description="Whether the service would use it: there are no errors.")
    version: str | None = Field(description="Names its content; null if it is not good.")
    version_in_use: str = Field(description="The same when calls go by what is on disk.")
    errors: int
    warnings: int
    problems: tuple[Mistake, ...] = Field(
        description=f"Errors, then warnings, in the order of the files; {MOST_PROBLEMS} at most."
    )


def routes(check: Check, books: Books) -> tuple[AnyRoute, ...]:
    """The route of checking."""
    return (
        Route(
            method="POST",
            path="/check",
            role=Role.CONTROL,
            summary="Check the configuration on disk",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=Checked,
            handler=partial(check_now, _OneAtATime(check), books),
            deadline=_DEADLINE,
        ),
    )


class _OneAtATime:
    """A check takes the processor for itself while it lasts; a second one at the same time is sent away."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._running: asyncio.Future[CheckResult] | None = None

    async def __call__(self) -> CheckResult:
        if self._running is not None and not self._running.done():
            detail = "A check is under way: try again in a few seconds."
            raise ApiError(Kind.BUSY, detail, headers={"Retry-After": "5"})
        # A request that is given up does not end the thread, so the next one waits for that all the same.
        self._running = asyncio.ensure_future(asyncio.to_thread(self._check))
        return await asyncio.shield(self._running)


async def check_now(check: _OneAtATime, books: Books, _asked: Asked[Nothing, Nothing, Nothing]) -> Checked:
    try:
        result = await check()
    except SetupError as error:
        log.error("the configuration cannot be checked", reason=str(error))  # noqa: TRY400
        raise ApiError(Kind.UNAVAILABLE, "It cannot be checked now; the log says why.") from None
    book = await asyncio.to_thread(books)
    return Checked(
        good=result.plan is not None,
        version=result.plan.version if result.plan else None,
        version_in_use=book.plan.version,
        errors=len(result.errors),
        warnings=len(result.warnings),
        problems=tuple(
            Mistake(
                severity=each.severity,
                file=each.file,
                line=each.line,
                column=each.column,
                path=each.path,
                message=each.message,
                remedy=each.remedy,
            )
            for each in (*result.errors, *result.warnings)[:MOST_PROBLEMS]
        ),
    )
