"""A page of costs as it is answered, made beside the service: its rows would hold up callers' asks."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from hotline_ivr.exports.cells import without_surrogates
from hotline_ivr.exports.columns import Cell, Column, Personal, Row, Source
from hotline_ivr.exports.cost_page import CostsWanted, cost_page, words_of
from hotline_ivr.exports.costs import COSTS
from hotline_ivr.exports.formats import plain_amount
from hotline_ivr.routing.disclosure import Disclosure
from hotline_ivr.store.columns import from_micros
from hotline_ivr.web.api.values import to_cursor


def cost_body(source: Source, wanted: CostsWanted, now: datetime, disclosure: Disclosure) -> bytes:
    """JSON as `CostPage` has it. Raises what the database raises."""
    rows, beyond = cost_page(source, wanted, now)
    following = None if beyond is None else to_cursor(*words_of(beyond))
    page = {"costs": [_shown(row, disclosure) for row in rows], "next": following}
    return json.dumps(page, separators=(",", ":")).encode()


def _shown(row: Row, disclosure: Disclosure) -> dict[str, Any]:
    return {
        column.exact_name: _value(column, value, disclosure)
        for column, value in zip(COSTS.columns, row, strict=True)
    }


def _value(column: Column, value: Any, disclosure: Disclosure) -> Any:
    if value is None:
        return None
    match column.cell:
        case Cell.MOMENT:
            return from_micros(value).isoformat().replace("+00:00", "Z")
        case Cell.MONEY:
            return plain_amount(value)
        case Cell.TEXT | Cell.NUMBER:
            told = disclosure.number(value) if value and column.personal is Personal.NUMBER else value
            return without_surrogates(told)
        case Cell.DURATION | Cell.COUNT | Cell.FLAG:
            return value
