"""New lists of carriers, compared after the nightly balance proof in a process of their own."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from hotline_ivr.launch.apart import run_apart
from hotline_ivr.launch.invoice_files import InvoiceMemory
from hotline_ivr.routing.invoice_found import InvoiceFound

LONGEST = 3600.0
"""Seconds after which it is given up; a hundred thousand lines take about a minute."""


class NightlyInvoices:
    """One node's lists; its files are read in threads."""

    def __init__(self, folder: Path) -> None:
        self._memory = InvoiceMemory(folder)

    async def compare(self, day: date) -> str:
        """Have a process compare what is new; what went wrong, empty if nothing did."""
        return await run_apart("costs", "invoices", "--night", day.isoformat(), longest=LONGEST, good=(0, 1))

    async def untold(self) -> list[InvoiceFound]:
        """Lists that differ or could not be read, of which nobody has been told. Raises OSError."""
        return await asyncio.to_thread(self._memory.untold)

    async def note_told(self, found: InvoiceFound) -> None:
        """Somebody has been told. Raises OSError."""
        await asyncio.to_thread(self._memory.note_told, found)

    async def wrong_of(self, day: str) -> int:
        """How much was wrong with the lists of a day's night. Raises OSError."""
        return await asyncio.to_thread(self._memory.wrong_of, day)
