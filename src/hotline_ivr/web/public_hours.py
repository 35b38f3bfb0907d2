"""Opening hours for the organisation's web site: public, and easy on us, because whoever asks may keep them.

Everything else asks for a token. Here nothing is told that a caller could not find out.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from aiohttp import web

from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.views import hours_html, hours_svg, hours_text
from hotline_ivr.views.week import LineHours, line_hours
from hotline_ivr.web.api.lines import Books, require_line
from hotline_ivr.web.api.problems import ApiError, Kind

PREFIX = "/hours"

DAYS = 14
"""Two weeks: what a page shows."""

FEED_DAYS = 92
"""A quarter: a calendar program is looked at farther ahead."""

AT_ONCE = 8
"""Pages that are made at the same time; more are sent away, because callers' asks share the processor."""

HEADERS = {
    # A line that is closed by hand is so on the web site within a minute.
    "Cache-Control": "public, max-age=60",
    # Any page may read these; they are the same for everybody.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True, slots=True)
class Form:
    """One way to show hours."""

    content_type: str
    days: int
    show: Callable[[LineHours, datetime], str]


def _json(hours: LineHours, _now: datetime) -> str:
    return hours_text.public_json(hours)


FORMS: Mapping[str, Form] = {
    "json": Form("application/json", DAYS, _json),
    "html": Form("text/html", DAYS, lambda hours, _now: hours_html.html(hours)),
    "svg": Form("image/svg+xml", DAYS, lambda hours, _now: hours_svg.svg(hours)),
    "ics": Form("text/calendar", FEED_DAYS, hours_text.ical),
}


@dataclass(frozen=True, slots=True)
class Page:
    """What was made, from which rulebook and for which first day: as long as these are the same, it holds."""

    book: Rulebook
    first: date
    body: bytes
    etag: str


class Pages:
    """The newest page of every line and form. `books` is called in threads; `clock` tells UTC."""

    def __init__(self, books: Books, clock: Callable[[], datetime], *, at_once: int = AT_ONCE) -> None:
        self._books = books
        self._clock = clock
        self._free = at_once
        self._made: dict[tuple[str, str], Page] = {}

    async def page(self, line: str, form: str) -> Page:
        """The page as it is now. Raises ApiError for an unknown line, or when too much is asked at once."""
        if self._free <= 0:
            detail = "Too many requests are under way: try again in a second."
            raise ApiError(Kind.BUSY, detail, headers={"Retry-After": "1"})
        self._free -= 1
        try:
            return await asyncio.to_thread(self._current, line, form)
        finally:
            self._free += 1

    def _current(self, line: str, form: str) -> Page:
        book, now = self._books(), self._clock()
        require_line(book, line)
        first = now.astimezone(zone_of(book.plan.lines[line].time_zone)).date()
        kept = self._made.get((line, form))
        if kept is not None and kept.book is book and kept.first == first:
            return kept
        shape = FORMS[form]
        body = shape.show(line_hours(book, line, first, shape.days), now).encode()
        page = Page(book, first, body, hashlib.sha256(body).hexdigest()[:32])
        # Lines that are gone from the plan leave their pages behind.
        for key in [key for key in list(self._made) if key[0] not in book.plan.lines]:
            self._made.pop(key, None)
        self._made[line, form] = page
        return page


def hours_app(pages: Pages) -> web.Application:
    """The pages as an application of its own, to be put below /hours."""
    app = web.Application()
    for form in FORMS:
        app.router.add_get(f"/{{line}}.{form}", _handler(pages, form))
    return app


def _handler(pages: Pages, form: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            page = await pages.page(request.match_info["line"], form)
        except ApiError as error:
            # So that the page that asked may read why.
            error.headers["Access-Control-Allow-Origin"] = "*"
            raise
        headers = {**HEADERS, "ETag": f'"{page.etag}"'}
        if _knows(request, page.etag):
            return web.Response(status=304, headers=headers)
        return web.Response(
            body=page.body, content_type=FORMS[form].content_type, charset="utf-8", headers=headers
        )

    return handle


def _knows(request: web.Request, etag: str) -> bool:
    """Whether If-None-Match names it, by the weak comparison of RFC 9110 section 13.1.2."""
    try:
        known = request.if_none_match or ()
    except ValueError:
        return False
    return any(each.value in {etag, "*"} for each in known)
