"""Opening hours for web sites: without a token, kept by whoever asks, and true."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.views import hours_text
from hotline_ivr.views.week import line_hours
from hotline_ivr.web.health import build_app
from hotline_ivr.web.metrics import Metrics
from hotline_ivr.web.public_hours import DAYS, FORMS, Pages, hours_app
from tests.plans import a_plan

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
"""A Monday; the line closes at 16:00 in Oslo."""

Client = TestClient[web.Request, web.Application]


@dataclass
class Site:
    """What the pages are made of, and how often a rulebook was asked for."""

    book: Rulebook = field(default_factory=lambda: Rulebook(a_plan({"mon-fri": "08:00-16:00"})))
    now: datetime = NOW

    def app(self, *, at_once: int = 8) -> web.Application:
        pages = Pages(lambda: self.book, lambda: self.now, at_once=at_once)
        return build_app({}, Metrics(), hours=hours_app(pages))


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Client]:
    async with TestClient(TestServer(site.app())) as client:
        yield client


def is_json(text: str) -> bool:
    return bool(json.loads(text)["schema"] == "hotline/public-hours/1")


def is_svg(text: str) -> bool:
    return ET.fromstring(text).tag.endswith("}svg")  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("form", "content_type", "is_right"),
    [
        ("json", "application/json", is_json),
        ("html", "text/html", lambda text: '<table class="hotline-hours">' in text),
        ("svg", "image/svg+xml", is_svg),
        ("ics", "text/calendar", lambda text: text.startswith("BEGIN:VCALENDAR\r\n")),
    ],
)
async def test_anybody_may_have_the_hours(
    client: Client, form: str, content_type: str, is_right: Callable[[str], bool]
) -> None:
    response = await client.get(f"/hours/info.{form}", headers={"Origin": "https://example.org"})
    assert (response.status, response.content_type, response.charset) == (200, content_type, "utf-8")
    assert is_right((await response.read()).decode())
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_they_are_those_of_the_rulebook_from_today_on(client: Client, site: Site) -> None:
    site.now = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    told = await (await client.get("/hours/info.json")).json()
    assert told == json.loads(hours_text.public_json(line_hours(site.book, "info", date(2026, 11, 24), DAYS)))


@pytest.mark.parametrize("form", FORMS)
async def test_who_knows_them_already_gets_nothing_until_they_change(
    client: Client, site: Site, form: str
) -> None:
    path = f"/hours/info.{form}"
    etag = (await client.get(path)).headers["ETag"]
    site.now = NOW + timedelta(minutes=5)
    for known in (etag, f'"other", W/{etag}', "*"):
        response = await client.get(path, headers={"If-None-Match": known})
        assert (response.status, await response.read()) == (304, b"")
        assert response.headers["ETag"] == etag
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    closed = Override("k7m2qx", "info", OverrideKind.CLOSE, NOW, None, "anna")
    site.book = site.book.with_overrides([closed])
    response = await client.get(path, headers={"If-None-Match": etag})
    assert response.status == 200
    assert response.headers["ETag"] != etag


async def test_the_next_day_they_begin_with_that_day(client: Client, site: Site) -> None:
    etag = (await client.get("/hours/info.html")).headers["ETag"]
    site.now = NOW + timedelta(days=1)
    response = await client.get("/hours/info.html", headers={"If-None-Match": etag})
    assert response.status == 200
    assert "2026-11-23" not in await response.text()


@pytest.mark.parametrize("known", ["", "nonsense", '"', 'W/"', '"' * 500])
async def test_a_spoilt_if_none_match_knows_nothing(client: Client, known: str) -> None:
    response = await client.get("/hours/info.json", headers={"If-None-Match": known})
    assert response.status == 200


@pytest.mark.parametrize("name", ["inof", "INFO", "%00", "..%2f..%2fetc", "<script>", "x" * 500])
@pytest.mark.parametrize("form", FORMS)
async def test_a_line_that_is_not_there_is_a_problem(client: Client, name: str, form: str) -> None:
    response = await client.get(f"/hours/{name}.{form}")
    assert (response.status, response.content_type) == (404, "application/problem+json")
    assert response.headers["Cache-Control"] == "no-store"
    assert (await response.json())["code"] == "not-found"


async def test_no_other_page_is_open_to_other_origins(client: Client) -> None:
    for path in ("/healthz", "/metrics", "/hours/info.txt", "/hours/", "/api/v1/lines"):
        response = await client.get(path, headers={"Origin": "https://example.org"})
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_too_many_at_once_are_sent_away(site: Site) -> None:
    async with TestClient(TestServer(site.app(at_once=0))) as client:
        response = await client.get("/hours/info.svg")
        assert (response.status, response.headers["Retry-After"]) == (503, "1")


async def test_where_they_are_not_wanted_they_are_not_there() -> None:
    async with TestClient(TestServer(build_app({}, Metrics()))) as client:
        assert (await client.get("/hours/info.json")).status == 404


@pytest.mark.parametrize("form", FORMS)
async def test_names_of_rules_stay_in_the_house(client: Client, site: Site, form: str) -> None:
    closures = {"secret-move": {"on": "2026-11-25"}}
    openings = {"secret-audit": {"on": "2026-11-28", "hours": "10:00-12:00"}}
    office = {"hours": {"mon-fri": "08:00-16:00"}, "closures": closures, "openings": openings}
    line = {"name": "Information", "numbers": ["+4722851234"], "time_zone": "Europe/Oslo", "queue": "main"}
    lines = {"info": {**line, "language": "nb", "calendar": "office"}}
    site.book = Rulebook(a_plan("always", sections={"calendars": {"office": office}, "lines": lines}))
    notes = {day.note for day in line_hours(site.book, "info", NOW.date(), DAYS).days}
    assert {note.rpartition(".")[2] for note in notes} == {"", "secret-move", "secret-audit"}
    page = (await (await client.get(f"/hours/info.{form}")).read()).decode()
    assert "secret" not in page
    assert "office" not in page
