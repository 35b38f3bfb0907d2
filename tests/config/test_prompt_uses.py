"""Which prompts a plan names, and in which languages."""

from __future__ import annotations

from hotline_ivr.config.models import Configuration
from hotline_ivr.config.prompt_uses import Use, prompt_uses

LINE = {"numbers": ["+4722851234"], "time_zone": "Europe/Oslo", "hours": "always", "queue": "main"}


def plan(**parts: object) -> Configuration:
    whole: dict[str, object] = {
        "organisation": {"name": "Example"},
        "queues": {"main": {"operators": ["anna"]}},
        "operators": {"anna": {"name": "Anna"}},
        "trunks": {"carrier": {"hosts": ["192.0.2.1"]}},
    }
    return Configuration.model_validate({**whole, **parts}, context={"country": "NO"})


def test_each_prompt_of_a_line_is_used_in_its_language() -> None:
    uses = prompt_uses(plan(lines={"desk": {"name": "Desk", **LINE, "greeting": "hello"}}))
    assert uses["hello"] == (Use("lines.desk.greeting", ("nb",)),)
    assert uses["closed"] == (Use("lines.desk.closed_message", ("nb",)),)
    assert set(uses) == {"hello", "closed", "sorry", "technical"}


def test_further_languages_of_a_line_count() -> None:
    uses = prompt_uses(plan(lines={"desk": {"name": "Desk", **LINE, "languages": ["en"]}}))
    assert uses["greeting"][0].languages == ("nb", "en")


def test_where_a_line_sends_its_callers_counts_too() -> None:
    lines = {"desk": {"name": "Desk", **LINE, "closed_to": {"message": "elsewhere"}}}
    uses = prompt_uses(plan(lines=lines))
    assert uses["elsewhere"] == (Use("lines.desk.closed_to.message", ("nb",)),)


def test_what_two_lines_share_is_heard_in_the_languages_of_both() -> None:
    english = {"name": "Desk", **LINE, "numbers": ["+4722851235"], "language": "en"}
    uses = prompt_uses(plan(lines={"a": {"name": "Desk", **LINE}, "b": english}))
    assert [use.languages for use in uses["greeting"]] == [("nb",), ("en",)]


def test_who_promises_to_call_back_has_to_say_so_in_the_languages_of_the_line() -> None:
    menus = {"main": {"prompt": "menu", "keys": {"9": {"callback": "main"}}}}
    lines = {"desk": {"name": "Desk", **LINE, "languages": ["en"], "menu": "main"}}
    uses = prompt_uses(plan(menus=menus, lines=lines))
    assert uses["callback"] == (Use("menus.main.keys.9.callback", ("nb", "en")),)


def test_a_closed_line_that_promises_to_call_back_says_so_too() -> None:
    uses = prompt_uses(plan(lines={"desk": {"name": "Desk", **LINE, "closed_to": {"callback": "main"}}}))
    assert uses["callback"] == (Use("lines.desk.closed_to.callback", ("nb",)),)
