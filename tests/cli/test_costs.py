"""`hotline costs` on a terminal and as JSON, over recorded calls."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.costs import app
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.routing.call_tables import CALL, FOLDER, START, read_call

# The recorded calls arrive on 2026-11-23 from 17:23:20 on, in Oslo.
CONFIGURATION = """
organisation: {name: City, country: "NO"}
lines:
  demo:
    name: Demo
    numbers: ["+47 22 85 12 35"]
    time_zone: Europe/Oslo
    hours: always
    queue: main
queues: {main: {operators: [anna]}}
operators: {anna: {name: Anna}}
trunks: {carrier: {hosts: ["127.0.0.1"]}}
"""
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
    (tmp_path / "hotline.yaml").write_text(CONFIGURATION + CONTRACTS)
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
    # 50.00, and by the second 14 and 6 s at 0.06, 11 s at 0.60.
    assert shown[1].startswith("the same month with cheap would have cost 50.1")
    assert shown[1].endswith("less")
    body = json.loads(run("compare", "cheap", "--month", "2026-11", "--json"))
    assert [each["contract"] for each in body["compared"]] == ["cheap"]


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
    assert "contract telecom" in run("channels", "--month", "2026-11")
    assert run("channels", "--month", "2026-01") == "no call arrived in this month\n"


@pytest.mark.usefixtures("house")
def test_notice_and_the_price_of_leaving_are_told_for_contracts_and_not_for_offers() -> None:
    shown = run("notice", "--leaving", "2027-06-30")
    assert "to end it on 2027-12-31" in shown
    assert "leaving on 2027-06-30: 0 + 50 % x 120.00 x 6 months left until 2027-12-31 = 360.00 NOK" in shown
    assert "cheap" not in shown


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
        "billed 2.29, by our record 2.29, difference 0.00",
    ]
    file.write_text(good.replace("1.69", "9.99").replace("17:23:20", "19:23:20"))
    found = json.loads(run("invoice", str(file), "--contract", "telecom", "--json", code=1))
    assert found["counts"] == {"missing": 1, "amount": 1, "extra": 1}
    assert (found["billed"], found["expected"]) == ("10.59", "2.29")


def test_without_a_contract_it_is_said_plainly(house: Path) -> None:
    (house / "hotline.yaml").write_text(CONFIGURATION)
    assert run("--month", "2026-11") == "no contract holds in this month\n"
    assert "incoming on +4722851235, 14 s: no contract for this number" in run("explain", CALL)
    assert run("notice") == "no contract is written: add one under contracts\n"


def test_a_number_that_no_contract_has_is_counted(house: Path) -> None:
    (house / "hotline.yaml").write_text(
        CONFIGURATION + CONTRACTS.replace('numbers: ["+47 22 85 12 35"]', "numbers: []")
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
        (("notice", "--leaving", "soon"), "'soon' is no day"),
        (("invoice", "gone.csv", "--contract", "telecom"), "gone.csv"),
        (("invoice", "gone.csv", "--contract", "cheap"), "does not say how its invoice looks"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(arguments: tuple[str, ...], why: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(why)):
        run(*arguments)
