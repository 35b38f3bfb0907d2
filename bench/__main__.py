"""`make bench`: the performance goals, measured as ratios within one run on this machine.

    python -m bench                     all of it, about half an hour
    python -m bench calls --rates 50   P1 and P2 alone, at another rate
    python -m bench calls --saturate    and the highest rate that each arm sustains

An absolute time never travels between machines; the ratios do. Everything is also written as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import (
    accuracy,
    agi_server,
    calendars,
    crowd,
    day,
    delivery,
    durable,
    export,
    record,
    register,
    waits,
)
from bench.calls import measure
from bench.figures import Shape
from bench.machine import describe
from bench.report import method, table
from hotline_ivr.settings import Settings

PARTS = (
    "calls",
    "agi",
    "record",
    "durable",
    "export",
    "calendars",
    "delivery",
    "waits",
    "day",
    "crowd",
    "register",
)
ON_DEMAND = ("accuracy",)
"""Parts that take more than an hour."""

Found = tuple[dict[str, object], list[str]]
"""The figures of a part, and how they are told."""


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - {*PARTS, *ON_DEMAND}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; parts are {', '.join(PARTS + ON_DEMAND)}")
    parts: dict[str, Callable[[], Found]] = {
        "calls": lambda: _calls(arguments),
        "agi": lambda: _agi(arguments.agi_rounds),
        "record": _record,
        "durable": _durable,
        "export": lambda: _export(arguments.databases),
        "calendars": _calendars,
        "delivery": _delivery,
        "waits": _waits,
        "day": _day,
        "crowd": _crowd,
        "accuracy": _accuracy,
        "register": _register,
    }
    about = describe()
    _say(*(f"{name}: {value}" for name, value in about.items()))
    results: dict[str, object] = {"about": about}
    wanted = {name: parts[name] for name in arguments.parts or PARTS}
    told, failed = _measured(wanted, results)
    _say("", "=== figures", *told, "", f"written to {_write(results, arguments.json)}")
    if failed:
        _say(f"no figures of: {', '.join(failed)}; why is told above")
    return 1 if failed else 0


def _measured(
    parts: Mapping[str, Callable[[], Found]], results: dict[str, object]
) -> tuple[list[str], list[str]]:
    """What is told of each part, and the parts that failed: half an hour's figures shall not go with them."""
    told: list[str] = []
    failed: list[str] = []
    for name, part in parts.items():
        _say("", f"--- {name}")
        try:
            results[name], lines = part()
        except Exception:  # noqa: BLE001  whatever it is, the other parts are measured
            _say(traceback.format_exc())
            failed.append(name)
        else:
            told += ["", *lines]
    return told, failed


def _calls(arguments: argparse.Namespace) -> Found:
    shape = Shape(arguments.goal, tuple(arguments.rates), arguments.seconds, arguments.blocks)
    _say(method(shape))
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        outcome = measure(Path(folder), shape, _say)
    return {"shape": asdict(shape), **outcome.as_json()}, table(outcome)


def _agi(rounds: int) -> Found:
    figures = agi_server.figures(rounds)
    return asdict(figures), agi_server.table(figures).splitlines()


def _record() -> Found:
    found = record.measure()
    return asdict(found), [
        f"record: {found.cpu_ms_a_call:.3f} CPU-ms a call of {found.events_a_call} events, reading to commit",
        f"        writer / bare executemany: {found.ratio_to_bare_sql:.2f} (target >= 0.85)",
    ]


def _durable() -> Found:
    found = durable.measure(_say)
    return asdict(found), durable.table(found)


def _export(databases: Sequence[str]) -> Found:
    found = export.measure(_say, databases=databases)
    return {"exports": [asdict(each) for each in found]}, export.table(found)


def _waits() -> Found:
    found = waits.measure()
    return {each.name: asdict(each) for each in found}, waits.table(found)


def _calendars() -> Found:
    found = calendars.measure()
    return {**asdict(found), "ratio": found.ratio}, calendars.table(found)


def _delivery() -> Found:
    found = delivery.measure(_say)
    return {"floors": delivery.as_json(found)}, delivery.table(found)


def _day() -> Found:
    found = day.measure(_say)
    return {"lines": day.as_json(found)}, day.table(found)


def _crowd() -> Found:
    found = crowd.measure(_say)
    return {**asdict(found), "ratio": found.ratio}, crowd.table(found)


def _accuracy() -> Found:
    found = accuracy.measure()
    return asdict(found), accuracy.table(found)


def _register() -> Found:
    found = register.measure(_say)
    return {"searches": [asdict(each) for each in found]}, register.table(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    default = Shape()
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help=f"what to measure: {', '.join(PARTS)}; default these. Only when named: {', '.join(ON_DEMAND)}",
    )
    parser.add_argument("--goal", type=int, default=default.goal, help="calls/s up to which is searched")
    parser.add_argument(
        "--rates", type=int, nargs="+", default=(), help="no search: blocks at these rates (calls/s)"
    )
    parser.add_argument("--seconds", type=int, default=default.seconds, help="length of one arm")
    parser.add_argument("--blocks", type=int, default=default.blocks, help="blocks of A B B A")
    parser.add_argument("--agi-rounds", type=int, default=5, help="rounds of P3 and P4")
    parser.add_argument(
        "--databases",
        nargs="+",
        choices=export.DATABASES,
        default=export.DATABASES,
        help="of which the exports are measured",
    )
    parser.add_argument(
        "--json", type=Path, help="where to write the figures; default is below the state folder"
    )
    return parser


def _write(results: Mapping[str, object], path: Path | None) -> Path:
    if path is None:
        path = (
            Settings.from_environment().state_dir
            / "bench"
            / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return path


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
