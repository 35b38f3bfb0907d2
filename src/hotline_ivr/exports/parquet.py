"""Writing rows as Parquet, typed, for whoever reckons with a million of them. Needs pyarrow, an extra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from hotline_ivr.errors import ArgumentError
from hotline_ivr.exports.cells import without_surrogates
from hotline_ivr.exports.columns import Cell, Column, Kind, Row

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 20_000
"""Rows of a group, which are in memory until they are written."""

# Whole digits enough for any bill, and the ten decimals that the smallest part of a price may have.
_PRECISION, _SCALE = 28, 10


class ParquetWriter:
    """One kind in a file. Moments are UTC to the microsecond, durations milliseconds, amounts decimals."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415  an extra
            import pyarrow.parquet as pq  # noqa: PLC0415
        except ModuleNotFoundError:
            raise ArgumentError("Parquet needs its library: pip install 'hotline-ivr[parquet]'") from None
        self._file, self._arrow, self._parquet = file, pa, pq
        self._writer: Any = None
        self._columns: tuple[Column, ...] = ()
        self._schema: pa.Schema | None = None
        self._held: list[Row] = []

    def begin(self, kind: Kind) -> None:
        if self._writer is not None:
            raise ValueError("a Parquet file holds one kind")
        self._columns = kind.columns
        self._schema = self._arrow.schema(
            [
                self._arrow.field(column.name, self._type(column.cell), metadata={"about": column.about})
                for column in kind.columns
            ]
        )
        self._writer = self._parquet.ParquetWriter(self._file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Row]) -> None:
        self._held += rows
        if len(self._held) >= GROUP:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if not self._held:
            return
        arrays = [
            self._arrow.array(
                [_plain(column.cell, row[place]) for row in self._held], self._type(column.cell)
            )
            for place, column in enumerate(self._columns)
        ]
        self._writer.write_batch(self._arrow.record_batch(arrays, schema=self._schema))
        self._held = []

    def _type(self, cell: Cell) -> Any:
        pa = self._arrow
        match cell:
            case Cell.TEXT | Cell.NUMBER:
                return pa.string()
            case Cell.MOMENT:
                return pa.timestamp("us", tz="UTC")
            case Cell.DURATION:
                return pa.duration("ms")
            case Cell.COUNT:
                return pa.int64()
            case Cell.MONEY:
                return pa.decimal128(_PRECISION, _SCALE)
            case Cell.FLAG:
                return pa.bool_()


def _plain(cell: Cell, value: Any) -> Any:
    if value is None:
        return None
    match cell:
        case Cell.TEXT | Cell.NUMBER:
            return without_surrogates(value)
        case Cell.MONEY:
            return value.amount
        case Cell.FLAG:
            return bool(value)
        case _:
            return value
