"""A first configuration, written from one of the examples with the organisation's own name and number.

The examples are whole configurations that work as they stand; what is the organisation's own in them stands
there as the literal words of `Template` and of EXAMPLE_*, and is replaced by the answers. So nobody reads a
template language, and what is tested is what is written.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import phonenumbers
from pydantic import TypeAdapter, ValidationError

from hotline_ivr.config.check import check
from hotline_ivr.config.reference import schema_text
from hotline_ivr.config.types import Country, LanguageCode, Name, PhoneNumber, TimeZone
from hotline_ivr.errors import ArgumentError, SetupError
from hotline_ivr.routing.review import review
from hotline_ivr.routing.speech import is_part
from hotline_ivr.setup.prompt_sources import read_sources
from hotline_ivr.setup.share import examples_source, sounds_source
from hotline_ivr.setup.tools import make_folder

EXAMPLE_NUMBER, EXAMPLE_TIME_ZONE, EXAMPLE_LANGUAGE, EXAMPLE_COUNTRY = (
    "+47 22 85 12 34",
    "Europe/Oslo",
    "nb",
    "NO",
)

EXAMPLE_DAY = date(2028, 3, 16)
"""The evening of the municipality. Each date with a year in the examples moves along with it."""

SCHEMAS: Final[Mapping[str, str]] = {
    "../../hotline.schema.json": "hotline.schema.json",
    "../../../../sounds/prompts.schema.json": "prompts.schema.json",
}
"""Where the examples find their schemas, and where the written files do."""

NAMES_IN_ENGLISH: Final[Mapping[str, str]] = {
    "Opptakstelefonen": "Admission hotline",
    "Kundeservice": "Customer support",
    "Spør ordføreren": "Ask the mayor",
    "Hjelpetelefonen": "Helpline",
    "Vaktsentralen": "Night centre",
    "Lunsj": "Lunch",
    "Matpause": "Meal",
    "Kort pause": "Short break",
}
"""What people at work are shown; the examples have it in EXAMPLE_LANGUAGE."""

# A first week of shifts is a Monday and may stay in the past.
_DATE = re.compile(r"(?<!first_week: )\b20\d\d-\d\d-\d\d\b")
_PLAIN = re.compile(r"\w[\w .&()'/+-]*", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Template:
    """One of the examples: what it is for, and the organisation that it speaks of."""

    about: str
    organisation: str


TEMPLATES: Final[Mapping[str, Template]] = {
    "university": Template("admission hotline: by day, closed for lunch", "Example University"),
    "isp": Template("internet provider: round the clock", "Example Broadband"),
    "municipal": Template("municipality: a single evening", "Example Municipality"),
    "charity": Template("helpline: own volunteers and an outside call centre", "Example Aid"),
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the organisation says about itself. Make it by `answers`, which checks."""

    name: str
    number: str
    time_zone: str
    language: str
    country: str
    day: date
    """The day of a hotline that is open once."""


def answers(
    *, name: str, number: str, time_zone: str, language: str, day: date, country: str | None = None
) -> Answers:
    """Check each answer; the country is the number's own unless given. Raises ArgumentError with a remedy."""
    international = checked("number", number, country or EXAMPLE_COUNTRY)
    region = phonenumbers.region_code_for_number(phonenumbers.parse(international))
    return Answers(
        name=checked("name", name),
        number=phonenumbers.format_number(
            phonenumbers.parse(international), phonenumbers.PhoneNumberFormat.INTERNATIONAL
        ),
        time_zone=checked("time_zone", time_zone),
        language=checked("language", language),
        country=checked("country", country or region or EXAMPLE_COUNTRY),
        day=day,
    )


def checked(what: str, text: str, country: str | None = None) -> str:
    """One answer as the configuration takes it. Raises ArgumentError naming what is wrong and the remedy."""
    kinds: dict[str, Any] = {
        "name": Name,
        "number": PhoneNumber,
        "time_zone": TimeZone,
        "language": LanguageCode,
        "country": Country,
    }
    try:
        return str(TypeAdapter(kinds[what]).validate_python(text, context={"country": country}))
    except ValidationError as refused:
        first = refused.errors()[0]
        remedy = first.get("ctx", {}).get("remedy", "")
        raise ArgumentError(f"{first['msg']}" + (f"; {remedy}" if remedy else "")) from None


def filled(text: str, template: Template, given: Answers) -> str:
    """A file of an example with the organisation's own words in it."""
    if given.language != EXAMPLE_LANGUAGE:
        # Each language takes the place of the other: the line's own, and the one that a menu offers.
        text = re.sub(
            r"\b(languages?: \[?)(nb|en)\b",
            lambda found: found[1] + ("en" if found[2] == "nb" else "nb"),
            text,
        )
        # Before the organisation's own name is in the text, which may be any of these.
        for name, english in NAMES_IN_ENGLISH.items():
            text = re.sub(rf"\bname: {name}\b", f"name: {english}", text)
    own = given.name if _PLAIN.fullmatch(given.name) else json.dumps(given.name, ensure_ascii=False)
    text = text.replace(f"name: {template.organisation}\n", f"name: {own}\n")
    text = text.replace(template.organisation, given.name)
    text = text.replace(EXAMPLE_NUMBER, given.number).replace(EXAMPLE_TIME_ZONE, given.time_zone)
    text = re.sub(r"\b(country|holidays): NO\b", rf"\1: {given.country}", text)
    text = _DATE.sub(lambda found: str(date.fromisoformat(found[0]) + (given.day - EXAMPLE_DAY)), text)
    for there, here in SCHEMAS.items():
        text = text.replace(f"$schema={there}\n", f"$schema={here}\n")
    return text


def write_configuration(folder: Path, template: str, given: Answers, today: date) -> tuple[Path, ...]:
    """Write the example `template` into `folder`, whole or not at all; the files that were written.

    Raises SetupError when something is there already, ArgumentError when the result would not pass
    `hotline check --strict`.
    """
    if any(folder.glob("*.yaml")) or any((folder / "prompts").glob("*")):
        raise SetupError(f"{folder} holds a configuration already; give another folder, or move it away")
    source = examples_source() / template
    make_folder(folder)
    with tempfile.TemporaryDirectory(prefix=".hotline-init-", dir=folder) as made:
        fresh = Path(made)
        for file in sorted(source.rglob("*.yaml")):
            target = fresh / file.relative_to(source)
            target.parent.mkdir(exist_ok=True)
            target.write_text(
                filled(file.read_text(encoding="utf-8"), TEMPLATES[template], given), encoding="utf-8"
            )
        (fresh / "hotline.schema.json").write_text(schema_text(), encoding="utf-8")
        shutil.copyfile(sounds_source() / "prompts.schema.json", fresh / "prompts" / "prompts.schema.json")
        _must_be_good(fresh, today)
        (folder / "prompts").mkdir(exist_ok=True)
        written = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
        for path in written:
            (fresh / path).replace(folder / path)
    return tuple(folder / path for path in written)


def _must_be_good(fresh: Path, today: date) -> None:
    found = (name.partition("/")[2] for name in read_sources(sounds_source(), fresh / "prompts"))
    prompts = [prompt for prompt in found if not is_part(prompt)]
    result = check(fresh, prompts, lambda plan: review(plan, today))
    if result.problems:
        raise ArgumentError("these answers give no configuration:\n" + result.text.replace(f"{fresh}/", ""))
