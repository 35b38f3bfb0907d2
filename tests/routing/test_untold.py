"""Prompts without words in a language of the callers."""

from __future__ import annotations

from typing import Any

from hotline_ivr.routing.untold import untold
from tests.plans import a_plan

ALL = {
    f"{language}/{name}" for language in ("nb", "en") for name in ("greeting", "closed", "sorry", "technical")
}


def told(prompts: set[str], **line: Any) -> list[tuple[str, str]]:
    return [(".".join(map(str, each.path)), each.message) for each in untold(a_plan(**line), prompts)]


def test_a_line_whose_prompts_are_there_in_all_its_languages_has_no_remark() -> None:
    assert told(ALL, languages=["en"]) == []


def test_a_prompt_that_is_missing_in_one_language_of_its_line_is_named_where_it_stands() -> None:
    said = 'prompt "closed" has no words in en, in which callers come here'
    assert told(ALL - {"en/closed"}, languages=["en"]) == [("lines.info.closed_message", said)]


def test_a_language_that_no_caller_of_the_line_has_may_be_missing() -> None:
    assert told(ALL - {"en/closed"}) == []


def test_the_only_language_of_a_line_counts_though_the_prompt_is_there_in_another() -> None:
    assert [place for place, _ in told(ALL - {"nb/greeting"})] == ["lines.info.greeting"]


def test_a_prompt_that_is_nowhere_is_an_error_and_not_told_twice() -> None:
    assert told(ALL - {"nb/closed", "en/closed"}) == []


def test_a_holiday_with_a_dot_in_its_name_is_a_place_of_its_own() -> None:
    calendar = {"country": "CA", "days": {"St. John's Day": {"hours": "closed", "message": "closed"}}}
    line = {"name": "Desk", "numbers": ["+4722851234"], "time_zone": "Europe/Oslo", "queue": "main"}
    sections = {
        "calendars": {"desk": {"hours": "always", "holidays": calendar}},
        "lines": {"info": {**line, "calendar": "desk", "languages": ["en"]}},
    }
    found = [each.path for each in untold(a_plan(sections=sections), ALL - {"en/closed"})]
    assert ("calendars", "desk", "holidays", "days", "St. John's Day", "message") in found
