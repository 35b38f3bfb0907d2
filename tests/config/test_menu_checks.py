"""What is wrong between menus, and what they lead to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult

Spoil = Callable[..., CheckResult]

MENUS = """\
trunks:
  carrier:
    outbound: 192.0.2.10:5060
menus:
  first:
    prompt: greeting
    keys:
      1: {queue: main}
      2: {menu: second}
      3: {collect: customer}
      4: {voicemail: box}
      5: {callback: main}
      6: {transfer: 22 85 00 00}
      7: {language: en}
      9: back
      "*": repeat
    default: {message: closed}
  second:
    prompt: greeting
    keys:
      1: back
      0: operator
collects:
  customer:
    prompt: greeting
    lookup:
      url: http://crm.example.org/x
      answers:
        gold: {queue: main}
voicemails:
  box:
    prompt: greeting
"""
ALL = ("trunks:\n  carrier:\n", MENUS)
WITH_MENU = ("    queue: main\n", "    queue: main\n    menu: first\n    languages: [en]\n")
PROMPTS = ("greeting", "closed", "sorry", "callback")


@pytest.fixture
def menus(spoil: Spoil) -> Spoil:
    """Checks the good configuration with menus, after replacements."""

    def checked(*changes: tuple[str, str]) -> CheckResult:
        hosts = ("    hosts: [192.0.2.10]\n", "")
        text = (ALL[0], MENUS.replace("192.0.2.10:5060", "192.0.2.10:5060\n    hosts: [192.0.2.10]"))
        return spoil(hosts, text, WITH_MENU, *changes, prompts=PROMPTS)

    return checked


def shown(result: CheckResult) -> list[str]:
    return [f"{p.severity} at {p.source[(p.column or 1) - 1 :]}: {p.message}" for p in result.problems]


def test_menus_that_are_right_have_no_problem(menus: Spoil) -> None:
    result = menus()
    assert shown(result) == []
    assert result.plan is not None
    assert result.plan.menus["first"].keys["9"].do == "back"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{queue: main}", "{queue: mian}", "there is no queue 'mian'; did you mean 'main'?"),
        ("{menu: second}", "{menu: secnd}", "there is no menu 'secnd'; did you mean 'second'?"),
        (
            "{collect: customer}",
            "{collect: custom}",
            "there is no collect 'custom'; did you mean 'customer'?",
        ),
        ("{voicemail: box}", "{voicemail: boxx}", "there is no voicemail 'boxx'; did you mean 'box'?"),
        ("{callback: main}", "{callback: min}", "there is no queue 'min'; did you mean 'main'?"),
        ("gold: {queue: main}", "gold: {menu: fist}", "there is no menu 'fist'; did you mean 'first'?"),
        ("menu: first\n", "menu: frst\n", "there is no menu 'frst'; did you mean 'first'?"),
        ("{message: closed}", "{message: close}", "there is no prompt 'close'; did you mean 'closed'?"),
        ("1: back", "1: bakc", "'bakc' is nothing a key can do; did you mean 'back'?"),
        ("1: back", "1: {}", "does nothing"),
        ("1: back", "1: {queue: main, menu: first}", "does 2 things (queue, menu)"),
        ("1: back", "11: back", "'11' is not a key of a telephone"),
        ("crm.example.org/x", "crm.example.org/x y", "is not a web address"),
        ("7: {language: en}", "7: {language: sv}", "there are no prompts in 'sv'"),
        ("languages: [en]", "languages: []", "line 'admission' leads here, and has no language 'en'"),
        ("    outbound: 192.0.2.10:5060\n", "", "no carrier takes calls from here"),
    ],
)
def test_what_leads_nowhere_is_an_error_at_its_place(menus: Spoil, old: str, new: str, message: str) -> None:
    errors = [line for line in shown(menus((old, new))) if line.startswith("error") and message in line]
    assert len(errors) == 1, shown(menus((old, new)))


def test_a_key_that_is_there_twice_is_an_error(menus: Spoil) -> None:
    assert any("1" in line and line.startswith("error") for line in shown(menus(("2: {menu", "1: {menu"))))


def test_menus_without_a_way_out_are_an_error(menus: Spoil) -> None:
    closed_circle = "keys:\n      1: back\n      2: {menu: second}\n    default: {menu: second}\n"
    result = menus(("keys:\n      1: back\n      0: operator\n", closed_circle))
    assert "error at second:: callers go round in menus and never come out" in shown(result)


def test_a_circle_of_silence_into_which_only_a_key_leads_is_none(menus: Spoil) -> None:
    """Whoever has pressed a key can press another, and the line's own menu lets silence out."""
    keys = "keys:\n      1: back\n"
    again = (keys + "      0: operator\n", keys + "    default: {menu: second}\n")
    out = ("1: back\n    default: {menu: second}", "1: {menu: first}\n    default: {menu: second}")
    assert shown(menus(again, out)) == []
    everybody = ("    default: {message: closed}\n", "    default: {menu: second}\n")
    assert shown(menus(again, out, everybody)) == [
        "warning at second:: who presses nothing goes round here: second -> second"
    ]


def test_digits_that_nobody_types_go_by_failed_or_else_by_default(menus: Spoil) -> None:
    into = ("    default: {message: closed}\n", "    default: {collect: customer}\n")
    circle = "warning at first:: who presses nothing goes round here: first -> customer -> first"
    for written, told in (
        ("    default: {menu: first}\n", [circle]),
        ("    default: {menu: first}\n    failed: {queue: main}\n", []),
        ("    failed: {menu: first}\n", [circle]),
    ):
        assert shown(menus(into, ("    lookup:\n", written + "    lookup:\n"))) == told


def test_what_no_line_leads_to_is_a_warning(menus: Spoil) -> None:
    result = menus(("      2: {menu: second}\n", ""), ("      4: {voicemail: box}\n", ""))
    assert shown(result) == [
        "warning at second:: no line leads to this menu",
        "warning at box:: no line leads to this voicemail box",
    ]


def test_a_queue_that_only_a_menu_leads_to_is_in_use(menus: Spoil) -> None:
    second = "queues:\n  other:\n    operators: [anna]\n"
    assert shown(menus(("queues:\n", second), ("1: {queue: main}", "1: {queue: other}"))) == []


@pytest.mark.parametrize(
    ("digits", "right"),
    [("79927398713", True), ("79927398710", False), ("123", False), ("12a", False), ("", False)],
)
def test_digits_are_checked_by_luhn(digits: str, right: bool) -> None:
    from hotline_ivr.config.menus import Collect

    collect = Collect.model_validate({"prompt": "x", "check_digit": "luhn", "min_digits": "4"})
    assert collect.accepts(digits) is right


@pytest.mark.parametrize(
    ("digits", "right"), [("12345678903", True), ("12345678901", False), ("2345676", True)]
)
def test_digits_are_checked_by_mod_11(digits: str, right: bool) -> None:
    """12345678903 is an account number as banks print it in their own examples."""
    from hotline_ivr.config.menus import Collect

    collect = Collect.model_validate({"prompt": "x", "check_digit": "mod11"})
    assert collect.accepts(digits) is right


@pytest.mark.parametrize(
    ("digits", "right"), [("4711", True), ("5711", False), ("47110", False), ("0047", True)]
)
def test_digits_may_have_to_look_like_a_pattern(digits: str, right: bool) -> None:
    from hotline_ivr.config.menus import Collect

    collect = Collect.model_validate({"prompt": "x", "patterns": ["4NNN", "0047"]})
    assert collect.accepts(digits) is right


def test_more_fewest_digits_than_most_is_refused(menus: Spoil) -> None:
    wrong = ("    lookup:", "    min_digits: 9\n    max_digits: 4\n    lookup:")
    assert any("min_digits is 9, more than max_digits, 4" in line for line in shown(menus(wrong)))
