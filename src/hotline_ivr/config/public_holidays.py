"""Public holidays of a country, as the `holidays` package knows them, and what a line does on them.

The package's names change with the machine's language unless one is asked for, so both the country's own
names and the English ones are asked for by name, and either may be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.day_hours import DayHours
from hotline_ivr.config.described import Described
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.refusal import choices, did_you_mean, quoted, refusal
from hotline_ivr.config.types import Name, PromptId

ENGLISH = "en_US"
YEARS_LOOKED_AT = range(2020, 2041)
"""A holiday that is on the list in none of these years is a misspelt one."""


@lru_cache(maxsize=1)
def countries() -> Mapping[str, tuple[str, ...]]:
    """Codes of all countries that the package knows, with their subdivisions."""
    import holidays  # noqa: PLC0415 - 0.1 s that a configuration without holidays need not spend

    return {code: tuple(parts) for code, parts in holidays.list_supported_countries().items()}


@lru_cache(maxsize=512)
def holidays_of(country: str, subdivision: str | None, year: int) -> Mapping[date, tuple[str, ...]]:
    """The holidays of a year: names in the country's language, then the English ones where they differ."""
    import holidays  # noqa: PLC0415

    native = holidays.country_holidays(country, subdiv=subdivision).default_language
    found: dict[date, list[str]] = {}
    for language in dict.fromkeys((native, ENGLISH)):
        listed = holidays.country_holidays(country, subdiv=subdivision, years=year, language=language)
        for day, names in listed.items():
            for name in names.split("; "):
                if name not in found.setdefault(day, []):
                    found[day].append(name)
    return {day: tuple(names) for day, names in sorted(found.items()) if day.year == year}


def names_of(country: str, subdivision: str | None) -> tuple[str, ...]:
    """Every name that a holiday of the country may be written by."""
    years = (holidays_of(country, subdivision, year) for year in YEARS_LOOKED_AT)
    return tuple(dict.fromkeys(name for days in years for names in days.values() for name in names))


def is_named(names: tuple[str, ...], written: str) -> bool:
    """Whether a holiday goes by the written name; also a day in lieu, `Boxing Day (observed)`."""
    return any(name.casefold() == written.casefold() or _in_lieu(name, written) for name in names)


def _in_lieu(name: str, written: str) -> bool:
    return name.casefold().startswith(f"{written.casefold()} (")


def _country(code: str) -> str:
    plain = code.upper()
    if plain not in countries():
        raise refusal(
            f"no holidays are known for {quoted(code)}", "write the two letters of a country, such as NO"
        )
    return plain


HolidayCountry = Annotated[
    str,
    AfterValidator(_country),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{2}$"}),
    Described("two-letter country code", "NO"),
]
HolidayName = Annotated[Name, Described("name of a holiday", "Ascension Day")]


class Holiday(Model):
    """What one holiday does otherwise than the rest."""

    hours: DayHours | None = Field(
        None, description="Hours of this holiday; without them it is closed.", examples=["10:00-14:00"]
    )
    greeting: PromptId | None = Field(
        None, description="Greeting while it is open.", examples=["greeting-holiday"]
    )
    message: PromptId | None = Field(
        None, description="Closed message on this holiday.", examples=["closed-may17"]
    )
    to: Destination | None = Field(
        None, description="Where callers go while it is closed.", examples=["{voicemail: main}"]
    )


class PublicHolidays(Model):
    """Public holidays of a country; on all of them the line is closed unless hours are written."""

    country: HolidayCountry | None = Field(
        None,
        description="Country; may be left out to change inherited holidays by `days` and `except`.",
        examples=["NO"],
    )
    subdivision: Name | None = Field(
        None, description="Part of the country with holidays of its own.", examples=["ENG"]
    )
    hours: DayHours | None = Field(
        None, description="Hours of all these holidays; without them they are closed.", examples=["closed"]
    )
    greeting: PromptId | None = Field(
        None, description="Greeting while they are open.", examples=["greeting-holiday"]
    )
    message: PromptId | None = Field(
        None, description="Closed message on these holidays.", examples=["closed-holiday"]
    )
    to: Destination | None = Field(
        None, description="Where callers go while they are closed.", examples=["{voicemail: main}"]
    )
    days: dict[HolidayName, Holiday] = Field(
        {}, description="Single holidays that differ, by name in the country's language or in English."
    )
    except_: tuple[HolidayName, ...] = Field(
        (),
        alias="except",
        description="Holidays that are days like any other.",
        examples=["[Ascension Day]"],
    )

    @model_validator(mode="after")
    def _known_here(self) -> Self:
        if self.country is None:
            if self.subdivision:
                raise refusal("has a `subdivision` and no `country`", "write the country as well")
            return self
        known = countries()[self.country]
        if self.subdivision and self.subdivision not in known:
            few = choices(known[:20]) if known else "none"
            raise refusal(
                f"{self.country} has no subdivision {quoted(self.subdivision)}"
                f"{did_you_mean(self.subdivision, known)}",
                f"known: {few}",
            )
        return self
