"""What no single value shows: names that point nowhere, and things that are there twice or for nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotline_ivr.config.check import CheckResult, check

Spoil = Callable[..., CheckResult]

SECOND_LINE = """
  evening:
    name: Evening
    numbers: [{number}]
    time_zone: Europe/Oslo
    hours: always
    queue: {queue}
queues:"""


def shown(result: CheckResult) -> list[str]:
    """Return the problems as `severity at <what the caret points to>: message`."""
    return [f"{p.severity} at {p.source[(p.column or 1) - 1 :]}: {p.message}" for p in result.problems]


def test_a_right_configuration_has_no_problem(spoil: Spoil) -> None:
    result = spoil(prompts=("greeting", "closed", "sorry"))
    assert result.problems == ()
    assert result.plan is not None


def test_a_queue_that_is_not_there(spoil: Spoil) -> None:
    result = spoil(("queue: main", "queue: mian"))
    assert shown(result) == ["error at mian: there is no queue 'mian'; did you mean 'main'?"]
    assert result.problems[0].remedy == "write one of: main; or add 'mian' under queues"


def test_an_operator_that_is_not_there_or_is_there_twice(spoil: Spoil) -> None:
    result = spoil(("[anna, bjorn]", "[anna, bjornn, anna]"))
    assert [line.split(";")[0] for line in shown(result)] == [
        "error at bjornn, anna]: there is no operator 'bjornn'",
        "error at anna]: 'anna' is in this queue twice",
    ]


@pytest.mark.parametrize("number", ["+47 22 85 12 34", "+4722851234", "22 85 12 34", "0047 22851234"])
def test_a_number_on_two_lines_however_it_is_written(spoil: Spoil, tmp_path: Path, number: str) -> None:
    result = spoil(("\nqueues:", SECOND_LINE.format(number=number, queue="main")))
    where = f"{tmp_path}/hotline.yaml:6:15"
    assert shown(result) == [f"error at {number}]: +4722851234 already reaches line 'admission', at {where}"]
    assert result.problems[0].line == 13


def test_a_number_is_read_by_the_organisations_country(spoil: Spoil) -> None:
    swedish = ("  name: Example University", "  name: Example University\n  country: SE")
    result = spoil(swedish, ("+47 22 85 12 34", "08-12 34 56 78"))
    assert result.plan is not None
    assert result.plan.lines["admission"].numbers == ("+46812345678",)


def test_a_wrong_country_does_not_make_the_numbers_wrong_in_another_country(spoil: Spoil) -> None:
    wrong = ("  name: Example University", "  name: Example University\n  country: no")
    assert shown(spoil(wrong)) == ["error at no: 'no' is not a country code; did you mean 'NO'?"]


def test_a_number_that_is_handed_out_to_nobody_is_a_warning(spoil: Spoil) -> None:
    result = spoil(("+47 22 85 12 34", "+47 19 99 99 99"))
    assert shown(result) == [
        "warning at +47 19 99 99 99]: no such number is handed out in its country (+4719999999)"
    ]
    assert result.plan is not None


def test_an_operator_in_no_queue_and_a_queue_without_a_line_are_warnings(spoil: Spoil) -> None:
    idle = "  spare:\n    operators: [anna]\noperators:\n  chandra:\n    name: Chandra Rao\n"
    result = spoil(("operators:\n  anna", idle + "  anna"))
    assert shown(result) == [
        "warning at spare:: no line sends callers to queue 'spare'",
        "warning at chandra:: operator 'chandra' is in no queue",
    ]
    assert result.plan is not None


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("192.0.2.10", "192.0.2.10", True),
        ("192.0.2.0/24", "192.0.2.10", True),
        ("192.0.2.10", "192.0.0.0/16", True),
        ("2001:db8::/32", "2001:db8::7", True),
        ("192.0.2.0/25", "192.0.2.128/25", False),
        ("::1", "0.0.0.1", False),
    ],
)
def test_an_address_belongs_to_one_carrier(spoil: Spoil, first: str, second: str, clash: bool) -> None:
    result = spoil(("[192.0.2.10]", f"['{first}']\n  other:\n    hosts: ['{second}']"))
    expected = [f"error at '{second}']: this address belongs to trunk 'carrier' too, at"] if clash else []
    assert [line.rpartition(" ")[0] for line in shown(result)] == expected


def test_a_line_that_never_opens_is_an_error(spoil: Spoil) -> None:
    result = spoil(("08:00-12:00, 12:30-16:00", "closed"))
    assert shown(result) == ["error at hours:: this line would never open"]


def test_a_prompt_that_is_not_there(spoil: Spoil) -> None:
    result = spoil(("queue: main", "queue: main\n    greeting: greting"), prompts=("greeting", "closed"))
    assert shown(result) == [
        "error at admission:: there is no prompt 'sorry'",
        "error at greting: there is no prompt 'greting'; did you mean 'greeting'?",
    ]


def test_a_misspelt_section_is_one_mistake_and_not_one_for_each_name_in_it(spoil: Spoil) -> None:
    assert shown(spoil(("\nqueues:", "\nqueue:"))) == [
        "error at queue:: unknown key 'queue'; did you mean 'queues'?"
    ]


def test_a_line_with_another_mistake_is_cross_checked_all_the_same(spoil: Spoil) -> None:
    result = spoil(("queue: main", "queue: mian"), ("Europe/Oslo", "Europe/Olso"))
    assert len(result.errors) == 2


def test_names_are_not_called_unknown_when_a_file_could_not_be_read(tmp_path: Path, good: str) -> None:
    """Bjorn stands in the broken file, and so does the whole section of carriers."""
    head, _, tail = good.partition("  bjorn:")
    (tmp_path / "a.yaml").write_text(head, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("operators: [\n  bjorn:" + tail, encoding="utf-8")
    result = check(tmp_path)
    assert [problem.file for problem in result.problems] == [f"{tmp_path}/b.yaml"]
    assert result.plan is None


def test_thousands_of_wrong_names_are_told_within_seconds(tmp_path: Path, good: str) -> None:
    wrong = ", ".join(f"operator-{number}" for number in range(8000))
    people = "".join(f"\n  person-{number}:\n    name: Person" for number in range(2000))
    text = good.replace("[anna, bjorn]", f"[{wrong}]").replace("\noperators:", f"\noperators:{people}")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    result = check(tmp_path)
    assert len(result.errors) > 100
    assert result.text.count("\n") < 500


def test_a_queue_to_which_only_a_menu_leads_is_used(spoil: Spoil) -> None:
    night = "queues:\n  night: {operators: [anna]}\n"
    assert "no line sends callers to queue 'night'" in spoil(("queues:\n", night)).text
    menu = "menus:\n  main: {prompt: menu, keys: {1: {callback: night}}}\n"
    assert (
        spoil(("queues:\n", menu + night), ("    queue: main\n", "    queue: main\n    menu: main\n")).text
        == ""
    )
