"""Which rows of a spreadsheet are entries already, which were corrected in it since, and which are new."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.sheet_changes import SheetChange, change_of, said
from hotline_ivr.routing.sheet_keys import base_and_number, is_old, numbered
from hotline_ivr.routing.sheet_rows import GoodRow


@dataclass(frozen=True, slots=True)
class Imported:
    """A row of before: its key, and all versions of its entry, oldest first."""

    key: str
    versions: tuple[Entry, ...]
    #: The key that it would have today, where it was made in an older way; empty where that is not known.
    base: str = ""

    @property
    def is_erased(self) -> bool:
        return not self.versions or self.versions[-1].erased_at is not None


@dataclass(slots=True)
class Matched:
    """Rows that are new, with their keys; those that were there; and those that say something else by now."""

    fresh: list[tuple[str, GoodRow]] = field(default_factory=list)
    known: int = 0
    changes: list[SheetChange] = field(default_factory=list)


def matched(rows: Sequence[GoodRow], before: Sequence[Imported], fields: Sequence[str]) -> Matched:
    """Hold rows against what was imported before; `fields` are those of `compared`.

    Of several rows with the same key those that say the same as an entry are that entry, in whatever order
    they stand. What is left over of both is the same in the order in which it stands; but where one of these
    entries has been erased nobody can tell which row was it, so these rows are neither changed nor new.
    """
    found, old = Matched(), {each.key: each for each in before if is_old(each.key)}
    by_base: defaultdict[str, list[Imported]] = defaultdict(list)
    numbers: defaultdict[str, int] = defaultdict(int)
    for each in before:
        if not is_old(each.key):
            base, number = base_and_number(each.key)
            by_base[base].append(each)
            numbers[base] = max(numbers[base], number)
        elif each.base:
            by_base[each.base].append(each)
    groups: defaultdict[str, list[GoodRow]] = defaultdict(list)
    taken: set[str] = set()
    for row in rows:
        if row.old_key in old and row.old_key not in taken:
            taken.add(row.old_key)
            found.known += 1
        else:
            groups[row.key].append(row)
    for base, some in groups.items():
        there = [each for each in by_base[base] if each.key not in taken]
        new = _group(some, there, fields, found)
        for row in new:
            numbers[base] += 1
            found.fresh.append((numbered(base, numbers[base]), row))
    found.fresh.sort(key=lambda each: each[1].row)
    found.changes.sort(key=lambda each: each.row)
    return found


def _group(
    rows: Sequence[GoodRow], there: Sequence[Imported], fields: Sequence[str], found: Matched
) -> Sequence[GoodRow]:
    """Rows of one key; those that are new."""
    others, entries = _without_the_same(rows, there, fields)
    found.known += len(rows) - len(others)
    found.known += min(len(others), len(entries))
    if not any(each.is_erased for each in entries):
        for row, entry in zip(others, entries, strict=False):
            change = change_of(row.row, row.entry, entry.versions, fields)
            found.changes += [change] if change else []
    return others[len(entries) :]


def _without_the_same(
    rows: Sequence[GoodRow], there: Sequence[Imported], fields: Sequence[str]
) -> tuple[list[GoodRow], list[Imported]]:
    same: defaultdict[Any, deque[Imported]] = defaultdict(deque)
    for each in there:
        if not each.is_erased:
            for words in {said(version, fields) for version in _spoken(each.versions)}:
                same[words].append(each)
    gone: set[str] = set()
    left: list[GoodRow] = []
    for row in rows:
        fitting = same[said(row.entry, fields)]
        while fitting and fitting[0].key in gone:
            fitting.popleft()
        if fitting:
            gone.add(fitting.popleft().key)
        else:
            left.append(row)
    return left, [each for each in there if each.key not in gone]


def _spoken(versions: Sequence[Entry]) -> Sequence[Entry]:
    """As the sheet last said it, and as it is now."""
    imported = [each for each in versions if each.changed_via == "import"]
    return (*imported[-1:], versions[-1])
