"""An export on this machine: from the node's database to a file, or to standard output."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

from hotline_ivr.errors import ArgumentError
from hotline_ivr.exports.costs import COSTS
from hotline_ivr.exports.placing import placed, workplace
from hotline_ivr.exports.writing import Order, Told, export, output
from hotline_ivr.launch.plans import plan_of_record
from hotline_ivr.settings import Settings
from hotline_ivr.store.streaming import read_at_length


def export_to_file(settings: Settings, order: Order, target: Path, told: Told) -> int:
    """Put the file in its place; how many rows it holds. Until it is whole, what was there stays.

    Raises ArgumentError, StoreError, OutputError, and OSError where the folder is none of ours.
    """
    order.kinds()
    with placed(target) as (draft, folder), draft.open("r+b") as file:
        return _export(settings, order, file, folder, told)


def export_to_stream(settings: Settings, order: Order, stream: BinaryIO, told: Told) -> int:
    """Write it to a stream as it comes; a format that cannot be written so, when it is whole."""
    order.kinds()
    scratch = settings.exports_dir
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with workplace(scratch) as folder:
        if order.format in {"csv", "ndjson"}:
            return _export(settings, order, stream, folder, told)
        with (folder / "draft").open("x+b") as file:
            rows = _export(settings, order, file, folder, told)
            file.seek(0)
            with output():
                shutil.copyfileobj(file, stream, 1 << 18)
                stream.flush()
            return rows


def _export(settings: Settings, order: Order, file: BinaryIO, folder: Path, told: Told) -> int:
    plan = plan_of_record(settings)
    if plan is None and [kind.name for kind in order.kinds()] == [COSTS.name]:
        raise ArgumentError(
            "what calls cost cannot be told without contracts: the configuration cannot be read"
            " (`hotline check` says why), and no service has run here with a good one"
        )
    return read_at_length(
        settings.database, lambda connection: export(order, connection, plan, file, folder=folder, told=told)
    )
