"""From HTTP to checked values: path, query and body, each with its bounds."""

from __future__ import annotations

import re
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from hotline_ivr.web.api.problems import ApiError, Kind, invalid, wrong_value
from hotline_ivr.web.api.route import Given

MOST_BODY = 16_384
"""Bytes of a body; what is sent here is a handful of words."""

MOST_DEPTH = 16
"""Brackets within brackets; what is sent here has one."""

KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

GivenT = TypeVar("GivenT", bound=Given)


def read_path(request: web.Request, model: type[GivenT]) -> GivenT:
    """The values in the path. One that cannot be a name is the name of nothing."""
    try:
        return model.model_validate(dict(request.match_info))
    except ValidationError:
        raise ApiError(Kind.NOT_FOUND, "Nothing can have that name.") from None


def read_query(request: web.Request, model: type[GivenT]) -> GivenT:
    """The values of the query string. None may stand there twice: which one was meant?"""
    given = request.query
    for name in given:
        if len(given.getall(name)) > 1:
            raise wrong_value(f"query.{name[:60]}", "Stands there more than once.")
    try:
        return model.model_validate(dict(given))
    except ValidationError as refused:
        raise invalid("query", refused) from None


def read_key(request: web.Request) -> str:
    """The header `Idempotency-Key`; empty without one."""
    given = request.headers.getall(KEY_HEADER, [])
    if not given:
        return ""
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise wrong_value(
            f"header.{KEY_HEADER}", "Send one of 1 to 200 characters that show, without blanks."
        )
    return given[0]


async def read_body(request: web.Request, model: type[GivenT]) -> GivenT:
    """The JSON in the body."""
    if request.content_type != "application/json" or request.headers.get("Content-Encoding"):
        detail = "Send JSON as it is, with `Content-Type: application/json`."
        raise ApiError(Kind.NO_JSON, detail)
    raw = await _bounded(request)
    if _is_deeper(raw, MOST_DEPTH):
        raise ApiError(Kind.UNREADABLE, f"The JSON is nested deeper than {MOST_DEPTH}.")
    try:
        # Strict: what stands in JSON has its type already, and "5" is not 5.
        return model.model_validate_json(raw, strict=True)
    except ValidationError as refused:
        if any(each["type"] == "json_invalid" for each in refused.errors(include_context=False)):
            raise ApiError(Kind.UNREADABLE, "The body is no JSON.") from None
        raise invalid("body", refused) from None


async def _bounded(request: web.Request) -> bytes:
    too_large = ApiError(Kind.TOO_LARGE, f"A body has {MOST_BODY} bytes at most.")
    if (request.content_length or 0) > MOST_BODY:
        raise too_large
    raw = bytearray()
    try:
        async for chunk in request.content.iter_any():
            raw += chunk
            if len(raw) > MOST_BODY:
                raise too_large
    except (web.RequestPayloadError, ConnectionError):
        raise ApiError(Kind.UNREADABLE, "The body broke off.") from None
    return bytes(raw)


def _is_deeper(raw: bytes, most: int) -> bool:
    """Whether brackets outside strings nest deeper than `most`, whatever else is wrong with the text."""
    depth = 0
    in_string = escaped = False
    for byte in raw:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > most:
                return True
        elif byte in b"]}":
            depth -= 1
    return False
