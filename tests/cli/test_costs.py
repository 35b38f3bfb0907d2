"""`hotline costs` on a terminal and as JSON, over recorded calls."""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner

from hotline_ivr.cli.costs import app
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.plans import DEMO
from tests.routing.call_tables import CALL, FOLDER, START, read_call

# The recorded calls arrive on 2026-11-23 from 17:23:20 on, in Oslo.
NUMBER = "+4722851235"
CONTRACTS = """
contracts:
  telecom:
    carrier: Example Telecom
    currency: NOK
    time_zone: Europe/Oslo
    from: 2026-01-01
    numbers: ["+47 22 85 12 35"]
    trunks: [carrier]
    channels: 2
    inbound: {per_minute: 0.60, increments: 60/60}
    outbound: {all: {per_minute: 1.20, setup_fee: 0.49, increments: 60/1}}
    included: {minutes: 1}
    fees: {monthly: 100.00, per_channel: 10.00}
    terms: {months: 24, notice_months: 3, exit_fee: {percent: 50}}
    invoice: {number: B, time: T, seconds: S, amount: A}
  cheap:
    offer: yes
    carrier: Other
    currency: NOK
    time_zone: Europe/Oslo
    from: 2026-01-01
    inbound: {per_minute: 0.06}
    outbound: {all: {per_minute: 0.60}}
    fees: {monthly: 50.00}
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An answered call of five seconds, and a minute later one that is handed on to a number outside."""
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    (tmp_path / "hotline.yaml").write_text(DEMO + CONTRACTS)
    monkeypatch.setenv("HOTLINE_DATABASE_URL", url)
    monkeypatch.setenv("HOTLINE_CONFIG", str(tmp_path / "hotline.yaml"))
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    answered = fold(read_call(FOLDER / "answered_caller_hangs_up.txt").events, (), node="main")
    recorded = read_call(FOLDER / "overflowed.txt")
    handed_on = fold(recorded.events, (), node="main")
    assert answered is not None
    assert handed_on is not None
    assert answered.picked_up_at is not None
    assert answered.ended_at is not None
    first = answered._replace(
        id=f"main-{START}.9",
        arrived_at=answered.arrived_at - 60_000_000,
        picked_up_at=answered.picked_up_at - 60_000_000,
        ended_at=answered.ended_at - 60_000_000,
    )
    kept = [KeptEvents("main", CALL, "cel", 1, 0, keep_events(recorded.events))]

    async def write() -> None:
        await upgrade(url)
        store = open_store(url)
        moves = [(None, Position(Source.CEL, 1, 1, 1, "1:a"))]
        batch = Batch("main", moves=moves, records=[first, handed_on], events=kept)
        await DatabaseLedger(store, "main").commit(batch)
        await store.close()

    asyncio.run(write())
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def rows(shown: str) -> dict[str, str]:
    """Text and amount of each line."""
    found = (
        line.strip().removesuffix(" NOK").rsplit(None, 1) for line in shown.splitlines() if "NOK" in line
    )
    return {text.strip(): amount for text, amount in found}


@pytest.mark.usefixtures("house")
def test_a_month_is_shown_with_fees_calls_and_total() -> None:
    shown = run("--month", "2026-11")
    assert shown.startswith("telecom (Example Telecom), 2026-11\n")
    found = rows(shown)
    assert found["monthly fee"] == "100.00"
    assert found["2 channels x 10.00"] == "20.00"
    # One included minute for the first of two; a minute and its set-up fee to the outside.
    assert found["inbound: 2 calls, 2 min billed, 1 of them included"] == "0.60"
    assert found["all: 1 calls, 1 min billed"] == "1.69"
    assert found["total"] == "122.29"
    assert found["of calls, line demo"] == "2.29"


@pytest.mark.usefixtures("house")
def test_programs_get_amounts_as_text() -> None:
    (found,) = json.loads(run("--month", "2026-11", "--contract", "telecom", "--json"))["contracts"]
    assert (found["total"], found["currency"], found["unpriced"]) == ("122.29", "NOK", 0)


@pytest.mark.usefixtures("house")
def test_a_month_without_calls_costs_its_fees_and_one_line_alone_none_of_them() -> None:
    assert rows(run("--month", "2026-10"))["total"] == "120.00"
    assert rows(run("--month", "2026-11", "--line", "demo")) == {"line demo: 3 calls": "2.29"}


@pytest.mark.usefixtures("house")
def test_the_same_month_at_another_carrier() -> None:
    shown = run("compare", "cheap", "--month", "2026-11").splitlines()
    assert shown[0] == "2026-11 costs 122.29 NOK with telecom"
    # 50.00, by the second 14 and 6 s at 0.06, 11 s at 0.60; two channels, which cost nothing there.
    assert shown[1].startswith("with cheap instead of telecom it would have cost 50.1")
    assert shown[1].endswith("less")
    body = json.loads(run("compare", "cheap", "--month", "2026-11", "--json"))
    assert [each["contract"] for each in body["compared"]] == ["cheap"]


def test_a_comparison_says_which_contract_it_replaces_and_what_no_contract_has(house: Path) -> None:
    written = DEMO + CONTRACTS.replace('numbers: ["+47 22 85 12 35"]', "numbers: []")
    (house / "hotline.yaml").write_text(written)
    shown = run("compare", "cheap", "--instead-of", "telecom", "--month", "2026-11").splitlines()
    assert shown[1].startswith("with cheap instead of telecom it would have cost 50.11 NOK, 71.58 less")
    assert shown[-1] == "no contract for +4722851235: 2 connections without a price"
    body = json.loads(run("compare", "cheap", "--month", "2026-11", "--json"))
    assert body["without_contract"] == {"+4722851235": 2}
    assert body["compared"][0]["instead_of"] == ["telecom"]


@pytest.mark.usefixtures("house")
def test_the_price_of_a_call_is_explained_with_its_formula() -> None:
    assert run("explain", CALL).splitlines() == [
        "incoming on +4722851235, 14 s (inbound, contract telecom):",
        "  1 min x 0.60 = 0.60 NOK",
        "dialled +47 •••• 000 by carrier, 11 s (all, contract telecom):",
        "  set-up 0.49 + 1 min x 1.20 = 1.69 NOK",
    ]
    assert "1 min included = 0.00 NOK" in run("explain", f"main-{START}.9")
    connections = json.loads(run("explain", CALL, "--json"))["connections"]
    assert [each["amount"] for each in connections] == ["0.60", "1.69"]


def test_whom_we_dialled_is_masked_unless_asked_for_which_stands_in_the_trail(house: Path) -> None:
    """They may be callers who were called back. The invoice bills a call of somebody else, none of ours."""
    file = house / "invoice.csv"
    file.write_text("T,B,S,A\n2026-11-23 17:23:23,+4798765432,11,1.69\n")
    trail = house / "audit.jsonl"
    for asked in (("explain", CALL), ("invoice", str(file), "--contract", "telecom")):
        for form in ((), ("--json",)):
            shown = run(*asked, *form, code=asked[0] == "invoice")
            assert "22850000" not in shown
            assert "98765432" not in shown
            assert NUMBER in shown
            assert not trail.exists()
    assert "dialled +4722850000 by carrier" in run("explain", CALL, "--numbers")
    assert "+4798765432" in run("invoice", str(file), "--contract", "telecom", "--numbers", code=1)
    noted = list(AuditTrail(trail).entries())
    assert [(each.action, each.subject) for each in noted] == [
        ("numbers.read", CALL),
        ("numbers.read", "costs"),
    ]


@pytest.mark.usefixtures("house")
def test_a_call_nobody_made_is_a_finding() -> None:
    run("explain", "main-9.9\x1b[2J", code=1)


@pytest.mark.usefixtures("house")
def test_channels_are_held_against_those_bought() -> None:
    found = {
        each["kind"]: each for each in json.loads(run("channels", "--month", "2026-11", "--json"))["channels"]
    }
    assert (found["contract"]["peak"], found["contract"]["bought"]) == (2, 2)
    assert (found["number"]["peak"], found["trunk"]["peak"]) == (1, 1)
    assert (found["contract"]["arrivals"], found["contract"]["met_limit"]) == (2, 0)
    assert (found["trunk"]["arrivals"], found["trunk"]["met_limit"]) == (None, None)
    shown = run("channels", "--month", "2026-11")
    assert "contract telecom" in shown
    assert "met limit" in shown
    assert "by theory" in shown
    assert run("channels", "--month", "2026-01") == "no call arrived in this month\n"


@pytest.mark.usefixtures("house")
def test_notice_and_the_price_of_leaving_are_told_for_contracts_and_not_for_offers() -> None:
    shown = run("notice", "--leaving", "2027-06-30")
    assert "to end it on 2027-12-31" in shown
    assert "leaving on 2027-06-30: 0 + 50 % x 120.00 x 6 months left until 2027-12-31 = 360.00 NOK" in shown
    assert "cheap" not in shown


def test_the_present_month_and_day_are_those_of_the_contracts_clock(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On this machine's clock it is the old year still; in Auckland the new one has begun."""
    (house / "hotline.yaml").write_text(
        DEMO + CONTRACTS.replace("time_zone: Europe/Oslo", "time_zone: Pacific/Auckland")
    )
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        with time_machine.travel(datetime(2026, 12, 31, 20, tzinfo=UTC), tick=False):
            assert run().startswith("telecom (Example Telecom), 2027-01\n")
            assert "leaving on 2027-01-01:" in run("notice")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_invoice_that_agrees_is_well_and_one_that_does_not_is_a_finding(house: Path) -> None:
    file = house / "invoice.csv"
    good = (
        "T,B,S,A\n2026-11-23 17:22:21,+4722851235,6,0.00\n"
        "2026-11-23 17:23:20,+4722851235,14,0.60\n2026-11-23 17:23:23,+4722850000,11,1.69\n"
    )
    file.write_text(good)
    shown = run("invoice", str(file), "--contract", "telecom")
    assert shown.splitlines() == [
        "3 lines of the invoice, 3 matched; no difference",
        "compared from 2026-11-01 to 2026-11-30",
        "billed 2.29, by our record 2.29, difference 0.00",
    ]
    file.write_text(good.replace("1.69", "9.99").replace("17:23:20", "19:23:20"))
    found = json.loads(run("invoice", str(file), "--contract", "telecom", "--json", code=1))
    assert found["counts"] == {"missing": 1, "amount": 1, "extra": 1}
    assert (found["billed"], found["expected"]) == ("10.59", "2.29")


def test_an_invoice_of_other_days_is_compared_with_those(house: Path) -> None:
    """A carrier that bills from the 15th to the 14th; its list has the second call, and its fees."""
    file = house / "invoice.csv"
    file.write_text(
        "T,B,S,A\n2026-11-23 17:23:20,+4722851235,14,0.60\n2026-11-23 17:23:23,+4722850000,11,1.69\n"
        "2026-11-23 17:22:21,+4722851235,6,0.00\n2026-12-14 00:00:00,,,120.00\n2026-12-14 00:00:00,,,122.29\n"
    )
    days = ("--from", "2026-11-15", "--to", "2026-12-14")
    shown = run("invoice", str(file), "--contract", "telecom", *days)
    assert "compared from 2026-11-15 to 2026-12-14" in shown
    # In other days none of our calls is missing, and its lines lie outside; the fee is due there too.
    other = ("--from", "2026-10-15", "--to", "2026-11-14")
    found = json.loads(run("invoice", str(file), "--contract", "telecom", *other, "--json"))
    assert (found["outside"], found["counts"]) == (3, {})
    file.write_text(file.read_text().replace(",120.00", ",220.00"))
    found = json.loads(run("invoice", str(file), "--contract", "telecom", *days, "--json", code=1))
    assert found["counts"] == {"fee": 4}


def test_a_contract_may_say_on_which_day_its_billing_month_begins(house: Path) -> None:
    written = DEMO + CONTRACTS.replace("S, amount: A}", "S, amount: A, month_begins: 15}")
    (house / "hotline.yaml").write_text(written)
    file = house / "invoice.csv"
    file.write_text("T,B,S,A\n2026-11-23 17:22:21,+4722851235,6,0.00\n")
    found = json.loads(run("invoice", str(file), "--contract", "telecom", "--json", code=1))
    assert (found["from"], found["to"]) == ("2026-11-15", "2026-12-14")


def test_without_a_contract_it_is_said_plainly(house: Path) -> None:
    (house / "hotline.yaml").write_text(DEMO)
    assert run("--month", "2026-11") == "no contract holds in this month\n"
    assert "incoming on +4722851235, 14 s: no contract for this number" in run("explain", CALL)
    assert run("notice") == "no contract is written: add one under contracts\n"


def test_a_number_that_no_contract_has_is_counted(house: Path) -> None:
    (house / "hotline.yaml").write_text(
        DEMO + CONTRACTS.replace('numbers: ["+47 22 85 12 35"]', "numbers: []")
    )
    assert "no contract for +4722851235: 2 connections without a price" in run("--month", "2026-11")


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--month", "November"), "'November' is no month: write 2026-09"),
        (("--month", "2026-13"), "is no month"),
        (("--contract", "nobody"), "there is no contract 'nobody'. Contracts are: telecom, cheap"),
        (("--line", "nobody"), "there is no line 'nobody'"),
        (("compare", "nobody"), "there is no contract 'nobody'"),
        (("compare", "cheap", "--instead-of", "nobody"), "there is no contract 'nobody'"),
        (("compare", "cheap", "--instead-of", "cheap"), "contract 'cheap' does not hold in"),
        (("notice", "--leaving", "soon"), "'soon' is no day"),
        (("invoice", "gone.csv", "--contract", "telecom"), "gone.csv"),
        (("invoice", "gone.csv", "--contract", "telecom", "--from", "2026-11-01"), "give --from and --to"),
        (
            ("invoice", "gone.csv", "--contract", "telecom", "--from", "2026-11-02", "--to", "2026-11-01"),
            "ends before it begins",
        ),
        (("invoice", "gone.csv", "--contract", "cheap"), "does not say how its invoice looks"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(arguments: tuple[str, ...], why: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(why)):
        run(*arguments)
