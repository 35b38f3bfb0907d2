"""Carriers' lists as files: those that are new, and what came of those that were compared.

Of each list a file in the state folder tells what was found, under the hash of its content: renamed or copied
it is the same list, corrected it is another.
"""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import ArgumentError
from hotline_ivr.files import replace as put
from hotline_ivr.launch.invoicing import compare_invoice
from hotline_ivr.routing.invoice_found import InvoiceFound, shown_differences
from hotline_ivr.settings import Settings

SETTLED = timedelta(minutes=1)
"""A file that was changed later than so long ago may still be on its way here."""

_PIECE = 1 << 20


class InvoiceMemory:
    """What came of lists. Methods raise OSError where the folder cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def found(self) -> list[InvoiceFound]:
        """All of them, by the names of their files here; what cannot be understood is left out."""
        return [each for file in sorted(self._folder.glob("*.json")) if (each := _read(file)) is not None]

    def of(self, contract: str, content: str) -> InvoiceFound | None:
        file = self._file(contract, content)
        return _read(file) if file.exists() else None

    def keep(self, found: InvoiceFound) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        put(self._file(found.contract, found.content), json.dumps(asdict(found), ensure_ascii=False))

    def untold(self) -> list[InvoiceFound]:
        """Those with something wrong of which nobody has been told."""
        return [each for each in self.found() if each.wrong and not each.told]

    def note_told(self, found: InvoiceFound) -> None:
        self.keep(replace(found, told=True))

    def wrong_of(self, day: str) -> int:
        """How much was wrong with the lists that the night of a day compared."""
        return sum(each.wrong for each in self.found() if each.day == day)

    def _file(self, contract: str, content: str) -> Path:
        return self._folder / f"{contract}-{content}.json"


def _read(file: Path) -> InvoiceFound | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        shown = tuple((str(what), str(text)) for what, text in data.pop("shown"))
        return InvoiceFound(**data, shown=shown)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """A file whose content has not been compared, or could not be by another description of its columns."""

    contract: str
    file: Path
    content: str
    form: str


def new_invoices(
    settings: Settings, plan: Plan, memory: InvoiceMemory, now: datetime
) -> Iterator[NewInvoice]:
    """The new files of all contracts, by contract and name; each content once. Raises OSError."""
    seen = set()
    for name, contract in plan.contracts.items():
        columns = contract.invoice
        if columns is None or columns.files is None:
            continue
        form = hashlib.sha256(columns.model_dump_json().encode()).hexdigest()
        for file in _files(settings, columns.files):
            if file.stat().st_mtime > (now - SETTLED).timestamp():
                continue
            content = _hash(file)
            known = memory.of(name, content)
            again = known is not None and known.error != "" and known.form != form
            if (name, content) not in seen and (known is None or again):
                seen.add((name, content))
                yield NewInvoice(name, file, content, form)


async def compare_new(settings: Settings, plan: Plan, new: NewInvoice, day: str) -> InvoiceFound:
    """Compare one. Raises StoreError."""
    blank = InvoiceFound(new.contract, new.file.name, new.content, new.form, day)
    try:
        compared = await compare_invoice(settings, plan, new.contract, new.file)
    except ArgumentError as error:
        return replace(blank, error=str(error))
    shown = shown_differences(compared.differences)
    return replace(blank, differences=len(compared.differences), shown=shown)


def _files(settings: Settings, written: str) -> list[Path]:
    """Those that a contract's `files` names: all of a folder, or of a pattern; beside the configuration."""
    folder = settings.config.parent if settings.config.is_file() else settings.config
    named = folder.absolute() / written
    found = named.iterdir() if named.is_dir() else map(Path, glob.glob(str(named)))  # noqa: PTH207 - absolute
    return sorted(file for file in found if file.is_file() and not file.name.startswith("."))


def _hash(file: Path) -> str:
    made = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            made.update(piece)
    return made.hexdigest()
