"""Rows of an office's old spreadsheet as entries of the register, and every row that cannot be one.

Words of the configuration are recognised in either language, by id or as they are shown; topics that are
retired by now are taken, because the sheet is old. Nothing is guessed: what is unclear is told with its row
and column.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.config.labels import words_in
from hotline_ivr.config.models import Plan
from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.register import OUTCOME_WORDS, WAY_WORDS
from hotline_ivr.config.topics import placed_topics
from hotline_ivr.routing.entries import Entry, EntryText, FollowUp
from hotline_ivr.routing.entry_rules import (
    LONGEST_NOTE,
    LONGEST_TEXT,
    by_words,
    language_of,
    topic_words,
)
from hotline_ivr.routing.sheet_cells import Cell, cell_moment, cell_text
from hotline_ivr.routing.sheet_dates import Order, order_of, read_date, read_moment
from hotline_ivr.routing.sheet_keys import base_of, base_of_number, keyed_anew
from hotline_ivr.routing.sheet_texts import all_tags, cut, too_long, whole
from hotline_ivr.routing.wall import zone_of

EARLIEST = 1990
"""A year before this one is a slip of the pen, or a cell that holds something else."""

_YES = frozenset({"ja", "yes", "x", "j", "y", "true", "sann", "1", "ok", "done", "utført", "ferdig"})
_NO = frozenset({"", "nei", "no", "n", "false", "usann", "0"})
_LANGUAGES = {
    "norsk": "nb",
    "bokmål": "nb",
    "norwegian": "nb",
    "no": "nb",
    "nynorsk": "nn",
    "engelsk": "en",
    "english": "en",
}
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be an entry; `row` counts as the spreadsheet does, `column` is its heading."""

    row: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row as an entry; `key` is the same each time that this row is read, and for rows that ask the same.

    `old_key` is by what it would be known if it was imported when keys were hashes of all cells.
    `shortened` are fields that were too long and have been cut, as was asked for.
    """

    row: int
    key: str
    entry: Entry
    shortened: tuple[str, ...] = ()
    old_key: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """By what rows are read. `line` is that of rows that name none; `now` is aware.

    `due` is the day of follow-ups that stand in their row without one; `shorten` cuts what is too long.
    Without these such rows are refused: nothing of a row is left out unsaid.
    """

    plan: Plan
    node: str
    by: str
    now: datetime
    new_id: Callable[[], str]
    line: str | None = None
    order: Order | None = None
    due: date | None = None
    shorten: bool = False
    #: The installation's number key, of which keys of rows are made.
    secret: bytes = b""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """The cells of a row by field."""

    number: int
    cells: Mapping[str, Cell]


class _CellError(Exception):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


def read_rows(
    rows: Sequence[SheetRow], headings: Mapping[str, str], reader: Reader
) -> tuple[list[GoodRow], list[Refused]]:
    """Every row as an entry, or with every reason why not; `headings` names the column of each field."""
    order = reader.order or order_of(
        each for row in rows for name in ("date", "due") if isinstance(each := row.cells.get(name), str)
    )
    good: list[GoodRow] = []
    refused: list[Refused] = []
    seen: Counter[str] = Counter()
    for row in rows:
        found = _Row(row, reader, order)
        entry = found.entry()
        if entry is None:
            for field, message in found.wrong:
                refused.append(Refused(row.number, headings.get(field, field), message))
            continue
        digest = found.old_digest(entry)
        seen[digest] += 1
        old = keyed_anew(reader.secret, f"{digest}-{seen[digest]}")
        good.append(GoodRow(row.number, found.key(entry), entry, tuple(found.shortened), old))
    return good, refused


class _Row:
    """One row while it is read; all that is wrong is collected."""

    def __init__(self, row: SheetRow, reader: Reader, order: Order | None) -> None:
        self._cells, self._reader, self._plan, self._order = row.cells, reader, reader.plan, order
        self.wrong: list[tuple[str, str]] = []
        self.shortened: list[str] = []

    def entry(self) -> Entry | None:
        reader, plan = self._reader, self._plan
        line = self._try(self._line, "")
        at = self._try(lambda: self._at(line), None)
        topic = self._try(self._topic, "")
        answer = self._try(lambda: self._lines("answer", LONGEST_TEXT), "")
        made: dict[str, Any] = {
            "way": self._try(self._way, Way.CALL),
            "number": self._try(self._number, ""),
            "operator": self._try(lambda: self._operator("operator"), ""),
            "outcome": self._try(lambda: self._outcome(answer), EntryOutcome.OTHER),
            "heard_of": self._try(self._heard_of, ""),
            "language": self._try(self._language, "") or language_of(plan, line),
            "follow_up": self._try(lambda: self._follow_up(at), None),
        }
        question = self._try(lambda: self._lines("question", LONGEST_TEXT), "")
        tags = self._try(self._tags, ())
        if not question and not topic and not self.wrong:
            self.wrong.append(("question", "is empty, and so is the topic: nobody knows what it is about"))
        if self.wrong or at is None:
            return None
        return Entry(
            id=reader.new_id(),
            version=1,
            node=reader.node,
            call=None,
            line=line,
            at=at,
            topic=topic,
            topic_words=topic_words(plan, topic),
            text=EntryText(question, answer, tags),
            created_at=reader.now,
            created_by=reader.by,
            changed_at=reader.now,
            changed_by=reader.by,
            changed_via="import",
            **made,
        )

    def key(self, entry: Entry) -> str:
        """What names this row: its number where the sheet has one, else its day and what was asked."""
        secret = self._reader.secret
        if number := self._text("key"):
            return base_of_number(secret, entry.line, number)
        day = entry.at.astimezone(zone_of(self._plan.lines[entry.line].time_zone)).date()
        return base_of(secret, entry.line, day, entry.text.question, entry.topic)

    def old_digest(self, entry: Entry) -> str:
        """What once named it: its number, else all that stands in mapped cells."""
        if key := self._text("key"):
            parts = ["key", entry.line, key]
        else:
            parts = [
                "row",
                entry.line,
                *(f"{name}={cell_text(self._cells[name])}" for name in sorted(self._cells)),
            ]
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]

    def _try(self, read: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return read()
        except _CellError as wrong:
            self.wrong.append((wrong.field, wrong.message))
            return otherwise

    def _text(self, field: str) -> str:
        return cell_text(self._cells.get(field))

    def _lines(self, field: str, limit: int) -> str:
        text = whole(self._text(field))
        self._fits(field, too_long(text, limit))
        return cut(text, limit)

    def _tags(self) -> tuple[str, ...]:
        tags, trouble = all_tags(self._text("tags"))
        self._fits("tags", trouble)
        return tags

    def _fits(self, field: str, trouble: str | None) -> None:
        if trouble is None:
            return
        if not self._reader.shorten:
            raise _CellError(field, f"{trouble}: shorten it there, or have it cut with --shorten")
        self.shortened.append(field)

    def _line(self) -> str:
        text, lines = self._text("line"), self._plan.lines
        if not text:
            if self._reader.line is not None:
                return self._reader.line
            if len(lines) == 1:
                return next(iter(lines))
            raise _CellError(
                "line", f"is empty: name the line of such rows with --line; lines are {', '.join(lines)}"
            )
        return self._one("line", text, {name: {"": line.name} for name, line in lines.items()})

    def _at(self, line: str) -> datetime | None:
        if not line:
            return None
        cell, clock = self._cells.get("date"), self._cells.get("time")
        zone = zone_of(self._plan.lines[line].time_zone)
        try:
            at = cell_moment(cell, clock, lambda text, own: read_moment(text, own, zone, self._order), zone)
        except ValueError as error:
            raise _CellError("date", str(error)) from None
        if at.year < EARLIEST or at > self._reader.now + timedelta(days=1):
            raise _CellError(
                "date", f"{at.date().isoformat()} is no day on which anybody can have asked this"
            )
        return at

    def _topic(self) -> str:
        text = self._text("topic")
        placed = placed_topics(self._plan.topics)
        for separator in ("/", ">"):
            # A whole path, as it is shown.
            wanted = [part.strip().casefold() for part in text.split(separator)]
            paths = [
                name
                for name, each in placed.items()
                if any(
                    [words_in(label, code).casefold() for label in each.names] == wanted
                    for code in ("nb", "en")
                )
            ]
            if len(paths) == 1:
                return paths[0]
        return self._one("topic", text, {name: each.topic.name for name, each in placed.items()})

    def _way(self) -> Way:
        text = self._text("way")
        return (
            Way(self._one("way", text, {each.value: WAY_WORDS[each] for each in Way})) if text else Way.CALL
        )

    def _outcome(self, answer: str) -> EntryOutcome:
        text = self._text("outcome")
        if not text:
            return EntryOutcome.ANSWERED if answer else EntryOutcome.OTHER
        own = self._plan.entries.outcomes
        labels = {each.value: own.get(each.value) or OUTCOME_WORDS[each] for each in EntryOutcome}
        return EntryOutcome(self._one("outcome", text, labels))

    def _heard_of(self) -> str:
        labels = {name: each.name for name, each in self._plan.advertising.items()}
        return self._one("heard_of", self._text("heard_of"), labels)

    def _operator(self, field: str) -> str:
        labels = {name: {"": each.name} for name, each in self._plan.operators.items()}
        return self._one(field, self._text(field), labels)

    def _language(self) -> str:
        text = self._text("language").casefold()
        if not text or text in _LANGUAGES:
            return _LANGUAGES.get(text, "")
        if not _LANGUAGE.fullmatch(text):
            raise _CellError(
                "language", f"{quoted(text)} is no language; write nb, en, or two letters of ISO 639"
            )
        return text

    def _number(self) -> str:
        text = self._text("number")
        if not text:
            return ""
        try:
            return to_e164(f"+{text[2:]}" if text.startswith("00") else text, self._plan.organisation.country)
        except ValueError as error:
            raise _CellError("number", str(getattr(error, "context", {}).get("message", error))) from None

    def _follow_up(self, at: datetime | None) -> FollowUp | None:
        done = self._done()
        due = self._due()
        if due is None:
            stands = [name for name in ("owner", "note") if self._text(name)] + (["done"] if done else [])
            if not stands:
                return None
            if self._reader.due is None:
                raise _CellError(
                    stands[0],
                    "stands without the day until which something is to be done: write that day there,"
                    " or name one for all such rows with --due 2026-12-01",
                )
            due = self._reader.due
        made = FollowUp(due, self._operator("owner"), self._lines("note", LONGEST_NOTE))
        return replace(made, done_at=at, done_by=self._reader.by) if done else made

    def _due(self) -> date | None:
        cell = self._cells.get("due")
        if cell_text(cell) == "":
            return None
        try:
            day = cell.date() if isinstance(cell, datetime) else cell
            return day if isinstance(day, date) else read_date(cell_text(cell), self._order)[0]
        except ValueError as error:
            raise _CellError("due", str(error)) from None

    def _done(self) -> bool:
        done = self._text("done").casefold()
        if done not in _YES | _NO:
            raise _CellError("done", f"{quoted(done)}: write yes or no")
        return done in _YES

    def _one(self, field: str, text: str, labels: Mapping[str, Mapping[str, str]]) -> str:
        """The one id that is meant by its words; empty for nothing."""
        if not text:
            return ""
        found = by_words(labels, text)
        if len(found) == 1:
            return found[0]
        if found:
            raise _CellError(field, f"{quoted(text)} may be {' or '.join(found)}: write its id")
        known = list(dict.fromkeys(words for each in labels.values() for words in each.values()))
        raise _CellError(field, f"there is no {field} {quoted(text)}{did_you_mean(text, [*labels, *known])}")
