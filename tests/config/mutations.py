"""A configuration file spoilt as people, editors, programs and disks do: each from a seed."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from ruamel.yaml import YAML

Spoil = Callable[[random.Random, bytes], bytes]

INSERTED = (
    b"\x00", b"\x1b[2J", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xed\xa0\x80", b"\r", b"\t", b"\xc2\x85",
    b"\xe2\x80\xa8", b"\x7f", b"'", b'"', b"[", b"}", b": ", b"\n", b"#", b"|", b"- ",
)  # fmt: skip

LINES = (
    "---",
    "...",
    "%YAML 1.1",
    "<<: *x",
    "x: &x",
    "- item",
    "? key",
    "lines:",
    "   ",
    "\tx: 1",
    "'open",
    "[",
)

VALUES = (
    "0000-00-00", "9999-12-31", "0001-01-01", "02-29", "2023-02-29", "12-31 to 01-01", "01-01 to 12-31",
    "easter+400", "easter - 49", "fifth monday of february", "last sunday of october",
    "9999-12-31 to 9999-12-31", "Europe/Nowhere", "../../etc/passwd", "UTC", "Africa/Casablanca",
    "Antarctica/Troll", "/etc/localtime", "25:00-26:00", "00:00-24:00", "24:00-00:00", "23:59-23:58",
    "02:00-03:00", "always", "closed", "08:00-08:00", "99999999999999999999h", "-5s", "0s", "1e309", "0",
    "-1", "9" * 400, "9" * 5000, "٣", "\u202egnp.exe", "${SHELL(id)}", "a|b~c", "%s{0}", "[]", "{}", "~",
    "[[[[]]]]", "*x", "&x y", "!!int 3", "!!python/name:os.system", "'", "true", "+47 22 85 12 34",
    "+999999999999999", "main", "x" * 70_000, '"\\UFFFFFFFF"', "|", ">-", "2026-03-29T02:30",
    "holidays.ics", "{menu: main}", "{transfer: '+4722851234'}", "back", '"*"', "NO", "ZZ",
)  # fmt: skip


def by_bytes(rng: random.Random, raw: bytes) -> bytes:
    at, size = rng.randrange(len(raw)), rng.randrange(1, 40)
    match rng.randrange(8):
        case 0:
            return raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :]
        case 1:
            return raw[:at]
        case 2:
            return raw[:at] + raw[at + size :]
        case 3:
            return raw[: at + size] + raw[at:]
        case 4:
            return raw.decode().encode(rng.choice(["utf-16", "utf-32", "utf-8-sig", "utf-16-be"]))
        case 5:
            return raw.replace(b"\n", rng.choice([b"\r", b"\r\n", b" ", b"\n\n"]))
        case _:
            return raw[:at] + rng.choice(INSERTED) + raw[at:]


def by_lines(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.decode().split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(7):
        case 0:
            del lines[at]
        case 1:
            lines[at], lines[other] = lines[other], lines[at]
        case 2:
            lines.insert(other, lines[at])
        case 3:
            lines[at] = " " * rng.randrange(1, 5) + lines[at]
        case 4:
            lines[at] = lines[at].lstrip()
        case 5:
            lines[at : at + 2] = [" ".join(lines[at : at + 2])]
        case _:
            lines.insert(at, rng.choice(LINES))
    return "\n".join(lines).encode()


def by_tree(rng: random.Random, raw: bytes) -> bytes:
    yaml = YAML(typ="safe", pure=True)
    data = yaml.load(raw)
    spots = list(_spots(data))
    holder, key = rng.choice(spots)
    from_holder, from_key = rng.choice(spots)
    match rng.randrange(7):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice([f"{key}s", str(key).upper(), str(key)[1:], "", "x" * 90, 7, True])] = (
                holder.pop(key)
            )
        case 2:
            holder[key] = from_holder[from_key]
        case 3:
            holder[key] = [holder[key]]
        case 4:
            holder[key] = {"a": holder[key]}
        case 5:
            holder[key] = rng.choice(
                [None, True, 10**400, -1, 0.5, "", [], {}, "main", 2**63, [None], {"x": None}]
            )
        case _:
            holder[key] = str(holder[key])
    written = io.StringIO()
    yaml.dump(data, written)
    return written.getvalue().encode()


def by_values(rng: random.Random, raw: bytes) -> bytes:
    found = list(re.finditer(r"(?<=[:\[{,-] )([^\s\[\]{}#,][^\n#\]},]*)", raw.decode()))
    chosen = rng.choice(found)
    return (raw.decode()[: chosen.start()] + rng.choice(VALUES) + raw.decode()[chosen.end() :]).encode()


def _spots(data: Any) -> Any:
    for key in list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield data, key
        yield from _spots(data[key])


SPOILS: Mapping[str, Spoil] = {
    "bytes": by_bytes,
    "lines": by_lines,
    "tree": by_tree,
    "values": by_values,
}
