"""`hotline balance` on a terminal and as JSON."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.main import app
from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch.balance_nightly import prove_apart
from tests.calls.asterisk_files import a_call
from tests.launch.place import DAY, Place
from tests.plans import DEMO

HELD = DAY.isoformat()
CONTRACT = """
contracts:
  nordtel:
    carrier: Nordtel
    currency: NOK
    time_zone: Europe/Oslo
    from: 2026-01-01
    numbers: ["+47 22 85 12 35"]
    trunks: [carrier]
    inbound: {per_minute: 0.60, increments: 60/60}
    invoice: {number: Number, time: Start, seconds: Seconds, amount: Amount}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    config = tmp_path / "hotline.yaml"
    config.write_text(DEMO)
    monkeypatch.setenv("HOTLINE_DATABASE_URL", url)
    monkeypatch.setenv("HOTLINE_CONFIG", str(config))
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    made = Place(tmp_path / "state", url)
    made.write(a_call("answered_caller_hangs_up"), a_call("abandoned_in_queue", 1, 20))
    asyncio.run(made.keep())
    return made


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["balance", *arguments], catch_exceptions=False)
    return result.exit_code, result.stdout


def delete(place: Place, call: str) -> None:
    asyncio.run(place.change(f"DELETE FROM call WHERE id = '{call}'"))  # noqa: S608 - our own id


@pytest.mark.usefixtures("place")
def test_an_even_day_shows_its_sums_and_ends_well() -> None:
    code, said = run("--day", HELD)
    assert code == 0
    assert "demo: 2 calls arrived: abandoned 1, answered 1" in said
    assert "reach back to 2026-11-23 17:23:20 +0100" in said
    assert said.endswith("the balance is even\n")


@pytest.mark.usefixtures("place")
def test_a_day_without_calls_is_even_and_the_time_may_be_any() -> None:
    assert run("--day", "2026-11-22")[0] == 0
    code, said = run("--since", "2026-11-23T17:23:21", "--until", "2026-11-24", "--json")
    data = json.loads(said)
    assert (code, data["schema"], data["arrivals"]) == (0, "hotline/balance/1", 1)


def test_a_difference_is_named_with_its_call_and_code_1(place: Place) -> None:
    gone = a_call("abandoned_in_queue", 1, 20).id
    delete(place, gone)
    code, said = run("--day", HELD)
    assert code == 1
    assert f"{gone}: no-row: it arrived at line demo" in said
    assert "THE BALANCE IS NOT EVEN" in said
    data = json.loads(run("--day", HELD, "--json")[1])
    assert data["shown"][0]["reason"] == "no-row"
    assert run("--day", HELD, "--no-files")[0] == 0


def test_what_the_nightly_process_has_found_is_shown_afterwards(place: Place) -> None:
    assert run("--past") == (0, "no night has been looked at yet\n")
    assert asyncio.run(prove_apart(DAY)) == ""
    assert run("--past") == (0, f"{HELD} main: 2 calls arrived, even\n")
    delete(place, a_call("abandoned_in_queue", 1, 20).id)
    assert asyncio.run(prove_apart(DAY)) == ""
    assert "NOT EVEN, 1 differences\n  main-1795451001.0: no-row" in run("--past")[1]
    assert json.loads(run("--past", "--json")[1])["nights"][0]["day"] == HELD


def test_a_proof_that_fails_says_why(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    del place
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "sqlite:////nowhere/hotline.db")
    assert asyncio.run(prove_apart(DAY)).startswith("exit code 4: /nowhere/hotline.db does not exist")


def test_a_carriers_list_is_compared_too(place: Place, tmp_path: Path) -> None:
    del place
    (tmp_path / "hotline.yaml").write_text(DEMO + CONTRACT)
    bill = tmp_path / "bill.csv"
    bill.write_text(
        "Number,Start,Seconds,Amount\n"
        "+4722851235,2026-11-23 17:23:20,6,0.60\n"
        "+4722851235,2026-11-23 19:00:00,6,0.60\n"
    )
    code, said = run("--day", HELD, "--invoice", str(bill), "--contract", "nordtel")
    assert code == 1
    assert "invoice: 2 lines, 1 matched" in said
    assert "extra: row 3" in said


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--day", "yesterday"],
        ["--day", HELD, "--since", HELD],
        ["--until", HELD],
        ["--since", "2026-11-24", "--until", HELD],
        ["--invoice", "bill.csv"],
        ["--contract", "nordtel"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ArgumentError):
        run(*arguments)
