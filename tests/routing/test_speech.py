"""What callers hear about times, dates and opening hours, read from the texts of the parts themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hotline_ivr.routing import speech
from hotline_ivr.routing.expected_wait import Expected
from hotline_ivr.routing.speech import MOST_PARTS, Day, Span
from hotline_ivr.routing.wait_words import expected_wait_words, position_words

PARTS: Mapping[str, Mapping[str, str]] = YAML(typ="safe").load(
    (Path(__file__).parents[2] / "sounds" / "parts.yaml").read_text(encoding="utf-8")
)
MONDAY = date(2026, 9, 28)
OFFICE = ((480, 960),)
LUNCH = ((480, 720), (750, 960))
ALWAYS = ((0, 1440),)


def said(language: str, parts: tuple[str, ...]) -> str:
    return " ".join(PARTS[part][language] for part in parts)


def week(*hours: tuple[Span, ...], first: date = MONDAY) -> list[Day]:
    return [(first + timedelta(days=at), spans) for at, spans in enumerate(hours)]


@pytest.mark.parametrize(
    ("minute", "norwegian", "english"),
    [
        (0, "midnatt", "midnight"),
        (5, "klokka null null null fem", "twelve oh five A M"),
        (30, "klokka null null tretti", "twelve thirty A M"),
        (8 * 60, "klokka åtte", "eight A M"),
        (8 * 60 + 5, "klokka åtte null fem", "eight oh five A M"),
        (9 * 60 + 45, "klokka ni førtifem", "nine forty-five A M"),
        (12 * 60, "klokka tolv", "noon"),
        (12 * 60 + 30, "klokka tolv tretti", "twelve thirty P M"),
        (16 * 60 + 30, "klokka seksten tretti", "four thirty P M"),
        (23 * 60 + 59, "klokka tjuetre femtini", "eleven fifty-nine P M"),
        (24 * 60, "midnatt", "midnight"),
    ],
)
def test_the_time_is_told_as_a_telephone_voice_tells_it(minute: int, norwegian: str, english: str) -> None:
    assert said("nb", speech.time_of_day("nb", minute)) == norwegian
    assert said("en", speech.time_of_day("en", minute)) == english


@pytest.mark.parametrize(
    ("value", "norwegian", "english"),
    [
        (0, "null", "zero"),
        (1, "en", "one"),
        (21, "tjueen", "twenty-one"),
        (60, "seksti", "sixty"),
        (65, "seksti fem", "sixty five"),
        (100, "hundre", "one hundred"),
        (101, "hundre og en", "one hundred and one"),
        (215, "to hundre og femten", "two hundred and fifteen"),
        (1000, "tusen", "one thousand"),
        (1005, "tusen og fem", "one thousand and five"),
        (1100, "tusen ett hundre", "one thousand one hundred"),
        (9999, "ni tusen ni hundre og nitti ni", "nine thousand nine hundred and ninety nine"),
    ],
)
def test_a_number_is_counted(value: int, norwegian: str, english: str) -> None:
    assert said("nb", speech.number("nb", value)) == norwegian
    assert said("en", speech.number("en", value)) == english


@pytest.mark.parametrize("value", [-1, 10_000])
def test_a_number_that_has_no_words_is_an_error(value: int) -> None:
    with pytest.raises(ValueError, match="cannot be said"):
        speech.number("nb", value)


def test_a_customer_number_is_read_figure_by_figure() -> None:
    assert said("nb", speech.digits("40 71")) == "fire null sju en"
    assert speech.digits("²٣") == (), "figures of other scripts have no recording"


@pytest.mark.parametrize(
    ("seconds", "norwegian", "english"),
    [
        (0, "under ett minutt", "less than a minute"),
        (59, "under ett minutt", "less than a minute"),
        (60, "ett minutt", "one minute"),
        (61, "to minutter", "two minutes"),
        (21 * 60, "tjueett minutter", "twenty-one minutes"),
        (3541, "en time", "one hour"),
        (90 * 60, "en time og tretti minutter", "one hour and thirty minutes"),
        (121 * 60, "to timer og ett minutt", "two hours and one minute"),
    ],
)
def test_a_duration_is_rounded_up_to_minutes(seconds: int, norwegian: str, english: str) -> None:
    assert said("nb", speech.duration("nb", seconds)) == norwegian
    assert said("en", speech.duration("en", seconds)) == english


@pytest.mark.parametrize(
    ("day", "norwegian", "english"),
    [
        (date(2026, 10, 3), "lørdag den tredje oktober", "Saturday the third of October"),
        (date(2028, 2, 29), "tirsdag den tjueniende februar", "Tuesday the twenty-ninth of February"),
        (date(2026, 12, 31), "torsdag den trettiførste desember", "Thursday the thirty-first of December"),
    ],
)
def test_a_date_is_told_with_its_weekday(day: date, norwegian: str, english: str) -> None:
    assert said("nb", speech.date_of("nb", day)) == norwegian
    assert said("en", speech.date_of("en", day)) == english


@pytest.mark.parametrize(
    ("spans", "norwegian", "english"),
    [
        ((), "Vi har stengt i dag", "We are closed today"),
        (ALWAYS, "Vi har åpent i dag hele døgnet", "We are open today around the clock"),
        (
            LUNCH,
            "Vi har åpent i dag fra klokka åtte til klokka tolv og fra klokka tolv tretti til klokka seksten",
            "We are open today from eight A M to noon and from twelve thirty P M to four P M",
        ),
        (
            ((1080, 1560),),
            "Vi har åpent i dag fra klokka atten til klokka to neste dag",
            "We are open today from six P M to two A M the next day",
        ),
        (
            ((1080, 1440),),
            "Vi har åpent i dag fra klokka atten til midnatt",
            "We are open today from six P M to midnight",
        ),
    ],
)
def test_todays_hours(spans: tuple[Span, ...], norwegian: str, english: str) -> None:
    assert said("nb", speech.hours_today("nb", spans)) == norwegian
    assert said("en", speech.hours_today("en", spans)) == english


SHUT: tuple[Span, ...] = ()
WEEKS: list[tuple[list[Day], str, str]] = [
    (
        week(OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, SHUT, SHUT),
        "Vi har åpent mandag til fredag fra klokka åtte til klokka seksten lørdag og søndag har vi stengt",
        "We are open Monday to Friday from eight A M to four P M Saturday and Sunday we are closed",
    ),
    (
        week(OFFICE, OFFICE, OFFICE, OFFICE, ((480, 840),), ((600, 840),), SHUT),
        (
            "Vi har åpent mandag til torsdag fra klokka åtte til klokka seksten"
            " fredag fra klokka åtte til klokka fjorten og lørdag fra klokka ti til klokka fjorten"
            " søndag har vi stengt"
        ),
        (
            "We are open Monday to Thursday from eight A M to four P M Friday from eight A M to two P M"
            " and Saturday from ten A M to two P M Sunday we are closed"
        ),
    ),
    (
        week(OFFICE, SHUT, OFFICE, SHUT, OFFICE, SHUT, SHUT),
        (
            "Vi har åpent mandag onsdag og fredag fra klokka åtte til klokka seksten"
            " tirsdag torsdag lørdag og søndag har vi stengt"
        ),
        (
            "We are open Monday Wednesday and Friday from eight A M to four P M"
            " Tuesday Thursday Saturday and Sunday we are closed"
        ),
    ),
    (
        week(*[ALWAYS] * 7),
        "Vi har åpent alle dager hele døgnet",
        "We are open every day around the clock",
    ),
    (week(*[SHUT] * 7), "Vi har stengt alle dager", "We are closed every day"),
    (
        # Thursday first, as seven coming days are: the week is told Monday first all the same.
        week(OFFICE, OFFICE, SHUT, SHUT, SHUT, OFFICE, OFFICE, first=date(2026, 10, 1)),
        "Vi har åpent tirsdag til fredag fra klokka åtte til klokka seksten lørdag til mandag har vi stengt",
        "We are open Tuesday to Friday from eight A M to four P M Saturday to Monday we are closed",
    ),
    (
        # Friday evening until Saturday 02:00, given as a calendar cuts it at midnight.
        week(SHUT, SHUT, SHUT, SHUT, ((1080, 1440),), ((0, 120),), SHUT),
        "Vi har åpent fredag fra klokka atten til klokka to neste dag lørdag til torsdag har vi stengt",
        "We are open Friday from six P M to two A M the next day Saturday to Thursday we are closed",
    ),
]


@pytest.mark.parametrize(("days", "norwegian", "english"), WEEKS)
def test_the_week(days: list[Day], norwegian: str, english: str) -> None:
    assert said("nb", speech.week_hours("nb", days)) == norwegian
    assert said("en", speech.week_hours("en", days)) == english


def test_today_comes_before_the_week() -> None:
    days = WEEKS[0][0]
    parts = speech.spoken_hours("nb", days, MONDAY + timedelta(days=5))
    assert said("nb", parts).startswith("Vi har stengt i dag Vi har åpent mandag til fredag fra klokka åtte")


def test_where_all_days_are_alike_today_needs_no_sentence() -> None:
    assert said("nb", speech.spoken_hours("nb", WEEKS[3][0], MONDAY)) == "Vi har åpent alle dager hele døgnet"


def test_a_week_too_long_for_asterisk_is_told_by_day_and_ends_with_a_whole_day() -> None:
    days = week(*[((480 + at, 720), (751, 960 + at)) for at in range(7)])
    parts = speech.spoken_hours("nb", days, MONDAY)
    assert len(parts) <= MOST_PARTS
    assert said("nb", parts).startswith("Vi har åpent i dag fra klokka åtte til klokka tolv og fra")
    assert "Vi har åpent onsdag" in said("nb", parts)
    assert said("nb", parts).endswith("klokka seksten null to")


@pytest.mark.parametrize(
    ("day", "minute", "norwegian", "english"),
    [
        (MONDAY, 600, "Vi åpner igjen i dag klokka ti", "We open again today at ten A M"),
        (
            date(2026, 9, 29),
            480,
            "Vi åpner igjen i morgen klokka åtte",
            "We open again tomorrow at eight A M",
        ),
        (date(2026, 10, 2), 480, "Vi åpner igjen fredag klokka åtte", "We open again Friday at eight A M"),
        (
            date(2026, 10, 1),
            0,
            "Vi åpner igjen torsdag klokka null null",
            "We open again Thursday at midnight",
        ),
        (
            date(2026, 10, 5),
            480,
            "Vi åpner igjen mandag den femte oktober klokka åtte",
            "We open again Monday the fifth of October at eight A M",
        ),
    ],
)
def test_the_next_opening(day: date, minute: int, norwegian: str, english: str) -> None:
    assert said("nb", speech.next_opening("nb", MONDAY, day, minute)) == norwegian
    assert said("en", speech.next_opening("en", MONDAY, day, minute)) == english


@pytest.mark.parametrize("span", [(-1, 60), (600, 600), (1440, 1500), (0, 2881)])
def test_a_span_that_is_none_is_an_error(span: Span) -> None:
    with pytest.raises(ValueError, match="no span"):
        speech.hours_today("nb", [span])


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    edges = draw(st.lists(st.integers(0, 1439), unique=True, max_size=12).map(sorted))
    if len(edges) % 2:
        edges.append(draw(st.integers(edges[-1] + 1, edges[-1] + 1440)))
    return tuple(zip(edges[::2], edges[1::2], strict=True))


LANGUAGES = st.sampled_from(["nb", "en"])


@given(language=LANGUAGES, days=st.lists(st.one_of(spans(), st.just(ALWAYS)), min_size=1, max_size=7))
def test_whatever_the_hours_each_part_has_words_and_the_sentence_fits(
    language: str, days: list[tuple[Span, ...]]
) -> None:
    sentences: list[Callable[[], tuple[str, ...]]] = [
        lambda: speech.spoken_hours(language, week(*days), MONDAY),
        lambda: speech.week_hours(language, week(*days)),
        lambda: speech.hours_today(language, days[0]),
    ]
    for sentence in sentences:
        parts = sentence()
        assert 0 < len(parts) <= MOST_PARTS
        assert said(language, parts)


@given(language=LANGUAGES, minute=st.integers(0, 1440), value=st.integers(0, 9_999), day=st.dates())
def test_every_time_number_and_date_has_words(language: str, minute: int, value: int, day: date) -> None:
    assert said(language, speech.time_of_day(language, minute))
    assert said(language, speech.number(language, value))
    assert said(language, speech.date_of(language, day))
    assert said(language, speech.duration(language, value * 60))
    assert said(language, speech.next_opening(language, day, day, min(minute, 1439)))


def test_no_part_is_recorded_in_vain() -> None:
    """Each text costs the voice talent a take, so each is used by some sentence."""
    used = {"nb": set[str](), "en": set[str]()}
    for language, parts in used.items():
        for value in range(10_000):
            parts |= {*speech.number(language, value)}
        for minute in range(1441):
            parts |= {*speech.time_of_day(language, minute), *speech.duration(language, minute * 60)}
        for ahead in range(400):
            parts |= {*speech.next_opening(language, MONDAY, MONDAY + timedelta(days=ahead), 0)}
        for days, _, _ in WEEKS:
            parts |= {*speech.spoken_hours(language, days, MONDAY)}
        parts |= {*position_words(language, 4)}
        for waits in (Expected(30, 60, 100), Expected(310, 400, 550)):
            parts |= {*expected_wait_words(language, waits)}
        parts |= {*speech.week_hours(language, WEEKS[0][0]), *speech.hours_today(language, LUNCH)}
    recorded = {language: {part for part, texts in PARTS.items() if language in texts} for language in used}
    assert used == recorded
