"""Which column of an office's old spreadsheet holds what: by its heading, in Norwegian or English."""

from __future__ import annotations

from collections.abc import Sequence

from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.routing.search_words import placed_words

LEFT_OUT = "-"

HEADINGS: dict[str, tuple[str, ...]] = {
    "date": (
        "dato",
        "date",
        "når",
        "tidspunkt",
        "dag",
        "day",
        "timestamp",
        "tidsstempel",
        "dato og tid",
        "date and time",
    ),
    "time": ("tid", "klokkeslett", "kl", "klokken", "time", "hour", "time of day"),
    "line": ("linje", "line", "hotline", "telefonlinje"),
    "way": ("måte", "kontaktform", "henvendelsestype", "henvendelsesform", "way", "medium", "contact", "how"),
    "number": (
        "telefon",
        "telefonnummer",
        "telefonnr",
        "tlf",
        "nummer",
        "phone",
        "phone number",
        "telephone",
        "number",
        "caller",
        "innringer",
    ),
    "operator": (
        "operatør",
        "saksbehandler",
        "besvart av",
        "mottatt av",
        "operator",
        "answered by",
        "agent",
        "taken by",
        "hvem svarte",
    ),
    "topic": ("tema", "emne", "kategori", "topic", "subject", "category"),
    "question": (
        "spørsmål",
        "henvendelse",
        "hva gjaldt det",
        "gjelder",
        "question",
        "enquiry",
        "inquiry",
        "query",
        "what was asked",
    ),
    "answer": ("svar", "svar gitt", "answer", "answer given", "reply", "response"),
    "outcome": ("resultat", "utfall", "status", "outcome", "result"),
    "heard_of": (
        "hvordan hørte du om oss",
        "hvor hørte du om oss",
        "hørt om oss",
        "kilde",
        "how did you hear of us",
        "how did you hear about us",
        "heard of us",
        "source",
    ),
    "tags": ("stikkord", "tagger", "emneord", "nøkkelord", "tags", "keywords"),
    "language": ("språk", "language"),
    "due": (
        "frist",
        "oppfølging",
        "følges opp",
        "oppfølgingsdato",
        "due",
        "due date",
        "deadline",
        "follow up",
        "follow up date",
    ),
    "owner": ("ansvarlig", "oppfølging av", "eier", "responsible", "owner", "assigned to", "follow up by"),
    "note": ("å gjøre", "gjenstår", "to do", "todo", "follow up note"),
    "done": ("utført", "ferdig", "fulgt opp", "done", "followed up", "completed"),
    "key": ("løpenummer", "saksnummer", "saksnr", "nr", "id", "no", "case number", "case"),
}
"""Fields of an entry, and what people write over the column that holds them."""

MOST_ROWS_ABOVE = 20
"""Rows of titles and blanks that may stand above the headings."""


def _plain(text: str) -> str:
    return " ".join(each.word for each in placed_words(text))


_FIELDS = {_plain(heading): field for field, headings in HEADINGS.items() for heading in (field, *headings)}


def field_of(heading: str) -> str | None:
    """What a column of this heading holds, whatever its capitals and signs; None where nobody knows."""
    return _FIELDS.get(_plain(heading))


def heading_row(rows: Sequence[Sequence[str]], mapped: dict[str, str]) -> int | None:
    """Which of the first rows has the headings: that with most known ones, two at least, or a mapped one."""
    known = {_plain(column) for column in mapped}
    counts = [
        sum(1 for cell in row if field_of(cell) is not None or (cell and _plain(cell) in known))
        for row in rows[:MOST_ROWS_ABOVE]
    ]
    best = max(counts, default=0)
    if best < (1 if mapped else 2):
        return None
    return counts.index(best)


def read_map(given: Sequence[str]) -> dict[str, str]:
    """`COLUMN=FIELD` as somebody typed it. Raises ValueError for what is no field."""
    found: dict[str, str] = {}
    for each in given:
        column, sign, field = each.rpartition("=")
        if not sign or not column.strip():
            raise ValueError(
                f"{quoted(each)}: write COLUMN=FIELD, such as Emne=topic; COLUMN=- leaves it out"
            )
        name = field.strip().casefold()
        if name != LEFT_OUT and name not in HEADINGS:
            raise ValueError(
                f"{quoted(each)}: there is no field {quoted(name)}{did_you_mean(name, HEADINGS)};"
                f" fields are {', '.join(HEADINGS)}"
            )
        found[column.strip()] = name
    return found


def columns_of(headings: Sequence[str], mapped: dict[str, str]) -> list[str | None]:
    """The field of each column. Raises ValueError for a mapped column that is not there, or a field twice."""
    by_name = {_plain(column): field for column, field in mapped.items()}
    there = {_plain(heading) for heading in headings if heading}
    if missing := [column for column in mapped if _plain(column) not in there]:
        names = [heading for heading in headings if heading]
        raise ValueError(
            f"there is no column {quoted(missing[0])}{did_you_mean(missing[0], names)};"
            f" columns are {', '.join(names)}"
        )
    fields = [by_name.get(_plain(each)) or field_of(each) if each else None for each in headings]
    fields = [None if field == LEFT_OUT else field for field in fields]
    for field in HEADINGS:
        same = [headings[place] for place, each in enumerate(fields) if each == field]
        if len(same) > 1:
            raise ValueError(
                f"{' and '.join(map(quoted, same))} would both be {field}:"
                f" leave one out with --map '{same[1]}=-'"
            )
    return fields
