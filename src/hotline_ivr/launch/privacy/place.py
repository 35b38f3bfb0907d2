"""What every work on persons' data needs: the node, its plan, its database, its key, and the moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.config.models import Plan
from hotline_ivr.config.phone import to_e164
from hotline_ivr.control.number_key import pseudonyms
from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch.plans import running_plan
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.pseudonym import Pseudonyms
from hotline_ivr.routing.redaction import Redactor
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import check_schema, require_file


@dataclass(frozen=True, slots=True)
class PrivacyPlace:
    """One node at one moment (aware, UTC). `by` is who wants it."""

    settings: Settings
    plan: Plan
    store: Store
    pseudonyms: Pseudonyms
    now: datetime
    by: str = "hotline"
    #: A node that is gone: its rows are meant, and no files.
    retired: str = ""

    @property
    def node(self) -> str:
        return self.retired or self.settings.node

    @property
    def country(self) -> str:
        return self.plan.organisation.country

    @property
    def database_file(self) -> Path | None:
        """The file of SQLite; None where a server has the record."""
        url = self.settings.database
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None

    def everybody(self, *, digits: bool = False) -> Redactor:
        """Takes numbers and names of all out, or the digits that they entered."""
        return Redactor(self.pseudonyms, self.country, numbers=not digits, digits=digits)

    def person(self, number: str) -> Redactor:
        """Takes one person out. Raises ArgumentError for what is no telephone number."""
        try:
            e164 = to_e164(f"+{number[2:]}" if number.startswith("00") else number, self.country)
        except ValueError as error:
            raise ArgumentError(str(error)) from None
        return Redactor(self.pseudonyms, self.country, e164, forms=NumberForms(e164, self.country))


@asynccontextmanager
async def privacy_place(
    settings: Settings, *, by: str, now: datetime | None = None
) -> AsyncIterator[PrivacyPlace]:
    """The place, with its database open. Raises ConfigError, SetupError and StoreError."""
    require_file(settings.database)
    store = open_store(settings.database)
    try:
        await check_schema(store)
        yield PrivacyPlace(
            settings,
            running_plan(settings),
            store,
            pseudonyms(settings.number_key_file),
            now or datetime.now(UTC),
            by,
        )
    finally:
        await store.close()
