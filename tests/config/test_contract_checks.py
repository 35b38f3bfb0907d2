"""Mistakes in contracts, each with its place."""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import pytest

from hotline_ivr.config.check import CheckResult, check
from hotline_ivr.routing.review import review
from tests.config.conftest import GOOD

TODAY = date(2026, 11, 23)
TELECOM = "carrier: T, currency: NOK, time_zone: Europe/Oslo, from: 2026-01-01"
NUMBERS = "numbers: [+47 22 85 12 34]"


def checked(folder: Path, *contracts: str) -> CheckResult:
    written = "".join(
        f"  {name}: {{{TELECOM}, {rest}}}\n" for name, _, rest in (each.partition(" ") for each in contracts)
    )
    (folder / "hotline.yaml").write_text(f"{GOOD}contracts:\n{written}", encoding="utf-8")
    return check(folder, None, partial(review, today=TODAY))


@pytest.mark.parametrize(
    ("contract", "path", "message"),
    [
        ("inbound: {per_minute: '0,39'}", "inbound.per_minute", "'0,39' is not an amount; did you mean '0.39'?"),
        ("inbound: {per_minute: -1}", "inbound.per_minute", "'-1' is not an amount"),
        ("inbound: {per_minute: 0.1234567}", "inbound.per_minute", "0.1234567 has 7 decimals; in NOK at most 6"),
        ("fees: {monthly: 9.999}", "fees.monthly", "9.999 has 3 decimals; in NOK at most 2"),
        ("inbound: {per_minute: 1, increments: 60}", "inbound.increments", "'60' are no billing steps"),
        ("inbound: {per_minute: 1, increments: 0/1}", "inbound.increments", "'0/1' are no billing steps"),
        ("inbound: {per_minute: 1, bands: {a: {hours: {mon-fri: '08:00-16:00'}, per_minute: 2}, b: {hours: {fri: '15:00-18:00'}, per_minute: 3}}}",
         "inbound", "the hours of bands 'a' and 'b' overlap (from Friday 15:00)"),
        ("inbound: {per_minute: 1, bands: {a: {hours: {sun: '22:00-02:00'}, per_minute: 2}, b: {hours: {mon: '01:00-03:00'}, per_minute: 3}}}",
         "inbound", "overlap (from Monday 01:00)"),
        ("until: 2025-12-31", "until", "ends before it begins"),
        ("trunks: [carier]", "trunks.0", "there is no trunk 'carier'; did you mean 'carrier'?"),
        ("included: {minutes: 10, calls: [inbuond]}", "included.calls.0", "there is no class 'inbuond' here; did you mean 'inbound'?"),
        ("outbound: {a: {prefixes: [+47], per_minute: 1}, b: {prefixes: [+47], per_minute: 2}}", "outbound.b.prefixes.0", "prefix +47 stands at"),
        ("outbound: {a: {per_minute: 1}, b: {per_minute: 2}}", "outbound.b", "has no prefixes, as has class 'a'"),
        ("outbound: {a: {prefixes: ['47'], per_minute: 1}}", "outbound.a.prefixes.0", "'47' is not a prefix"),
        ("outbound: {inbound: {per_minute: 1}}", "outbound.inbound", "is the class of calls to our numbers"),
        ("discounts: {term: [{months: 24, percent: 5}, {months: 12, percent: 10}]}", "discounts", "has discounts out of order"),
        ("discounts: {term: [{months: 24, percent: 101}]}", "discounts.term.0.percent", "'101' is not a percentage"),
        ("invoice: {number: B, time: T, amount: A, time_format: '%H:%M'}", "invoice", "is not the form of a day and time"),
        ("invoice: {number: B, time: T, amount: A, time_format: '%Y-%m-%d %H:%M:%S %H'}", "invoice", "is not the form of a day and time"),
        ("holidays: XX", "holidays", "no holidays are known for 'XX'"),
    ],
)  # fmt: skip
def test_a_mistake_is_an_error_at_its_place(tmp_path: Path, contract: str, path: str, message: str) -> None:
    result = checked(tmp_path, f"a {NUMBERS}, {contract}")
    assert [(found.path, message in found.message) for found in result.errors] == [
        (f"contracts.a.{path}", True)
    ], result.text
    assert all(found.line == len(GOOD.splitlines()) + 2 for found in result.errors)


def test_a_currency_is_written_as_iso_has_it(tmp_path: Path) -> None:
    (tmp_path / "hotline.yaml").write_text(
        f"{GOOD}contracts:\n  a: {{{TELECOM.replace('NOK', 'nok')}}}\n", encoding="utf-8"
    )
    (found,) = check(tmp_path).errors
    assert found.message == "'nok' is not a currency; did you mean 'NOK'?"


def test_a_number_or_trunk_has_one_contract_at_a_time(tmp_path: Path) -> None:
    result = checked(
        tmp_path, f"a {NUMBERS}, trunks: [carrier], until: 2026-06-30", f"b {NUMBERS}, trunks: [carrier]"
    )
    assert [found.path for found in result.errors] == ["contracts.b.numbers.0", "contracts.b.trunks.0"]
    assert "is in contract 'a' too" in result.errors[0].message
    assert "both are in force on 2026-01-01" in result.errors[0].message


def test_one_contract_may_follow_another_and_an_offer_stand_beside_both(tmp_path: Path) -> None:
    later = TELECOM.replace("2026-01-01", "2026-07-01")
    (tmp_path / "hotline.yaml").write_text(
        f"{GOOD}contracts:\n  a: {{{TELECOM}, {NUMBERS}, until: 2026-06-30}}\n  b: {{{later}, {NUMBERS}}}\n"
        f"  c: {{{TELECOM}, {NUMBERS}, offer: yes}}\n",
        encoding="utf-8",
    )
    result = check(tmp_path, None, partial(review, today=TODAY))
    assert result.problems == (), result.text


@pytest.mark.parametrize(
    ("contract", "path", "message"),
    [
        ("numbers: [+47 22 85 12 34, +47 22 85 12 35]", "contracts.a.numbers.1", "+4722851235 is paid for, and reaches no line"),
        ("numbers: []", "lines.admission.numbers.0", "no contract that is in force on 2026-11-23 has +4722851234"),
        (f"{NUMBERS}, until: 2026-10-31", "contracts.a.until", "ended on 2026-10-31, and none has taken its place"),
        (f"{NUMBERS}, terms: {{months: 12, renews_months: 12, notice_days: 20}}", "contracts.a.terms", "give notice by 2026-12-11 to end it on 2026-12-31 (18 days left)"),
        (f"{NUMBERS}, outbound: {{a: {{prefixes: [+47, +474], per_minute: 1}}}}", "contracts.a.outbound.a.prefixes.1", "prefix +474 is shadowed by +47 of the same class"),
    ],
)  # fmt: skip
def test_what_an_admin_should_look_at_is_a_warning(
    tmp_path: Path, contract: str, path: str, message: str
) -> None:
    result = checked(tmp_path, f"a {contract}")
    assert not result.errors, result.text
    assert any(found.path == path and message in found.message for found in result.warnings), result.text


def test_without_contracts_nobody_is_warned_of_their_lack(tmp_path: Path) -> None:
    (tmp_path / "hotline.yaml").write_text(GOOD, encoding="utf-8")
    assert check(tmp_path, None, partial(review, today=TODAY)).problems == ()


def test_amounts_are_kept_as_they_are_written_and_change_the_version(tmp_path: Path) -> None:
    first = checked(tmp_path, f"a {NUMBERS}, inbound: {{per_minute: 0.10}}").plan
    second = checked(tmp_path, f"a {NUMBERS}, inbound: {{per_minute: 0.11}}").plan
    assert first is not None
    assert second is not None
    assert first.contracts["a"].inbound is not None
    assert str(first.contracts["a"].inbound.per_minute) == "0.10"
    assert first.version != second.version
