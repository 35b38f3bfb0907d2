"""How far the logs have been read and which calls are under way, into PostgreSQL by one statement.

As statements of their own these four were a third of the time of an ordinary batch: not for what they do, but
for as many round trips.

Of the calls under way only those between the first and the last that is closed are looked at, by the index:
else the server goes through all there are, and through what is left of those closed since the table was last
vacuumed. `IS TRUE` keeps the planner from making a join of it: rows are held against one hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from hotline_ivr.routing.ledger import Batch, LedgerConflictError, Position

_TURN = """
WITH moved AS (
  UPDATE spool_position AS stands
  SET inode = moves.inode, "offset" = moves.to_offset, fingerprint = moves.fingerprint
  FROM unnest($2::text[], $3::int[], $4::text[], $5::bigint[], $6::text[], $7::bigint[])
    AS moves (source, generation, inode, to_offset, fingerprint, at_offset)
  WHERE stands.node = $1::text AND stands.source = moves.source
    AND stands.generation = moves.generation AND stands."offset" = moves.at_offset
  RETURNING 1
), opened AS (
  INSERT INTO open_call (node, call_id) SELECT $1::text, unnest($8::text[]) ON CONFLICT DO NOTHING
), closed AS (
  DELETE FROM open_call WHERE node = $1::text
    AND call_id >= (SELECT min(id) FROM unnest($9::text[]) AS id)
    AND call_id <= (SELECT max(id) FROM unnest($9::text[]) AS id)
    AND (call_id IN (SELECT unnest($9::text[]))) IS TRUE
)
SELECT count(*) FROM moved
"""


def turn(connection: Connection, batch: Batch) -> Batch:
    """Write that; the batch without it, but with the moves to another generation of a file.

    Raises LedgerConflictError if a log is not where the batch says it was.
    """
    within = [(before, after) for before, after in batch.moves if _is_within(before, after)]
    # The parts of the statement see the same rows: what one inserts another cannot delete.
    closed = set(batch.closed)
    opened = [call for call in dict.fromkeys(batch.opened) if call not in closed]
    if within or opened or closed:
        columns = _columns([(before, after) for before, after in within if before is not None])
        given = (batch.node, *columns, opened, list(closed))
        if connection.exec_driver_sql(_TURN, given).scalar_one() != len(within):
            raise LedgerConflictError(f"the logs of {batch.node} were moved by somebody else")
    left = [move for move in batch.moves if move not in within]
    return replace(batch, moves=left, opened=(), closed=())


def _is_within(before: Position | None, after: Position) -> bool:
    return before is not None and before.generation == after.generation


def _columns(moves: Sequence[tuple[Position, Position]]) -> tuple[list[object], ...]:
    return (
        [after.source.value for _, after in moves],
        [after.generation for _, after in moves],
        [str(after.inode) for _, after in moves],
        [after.offset for _, after in moves],
        [after.fingerprint for _, after in moves],
        [before.offset for before, _ in moves],
    )
