"""What every HTTP answer has: the request's id, headers that keep browsers out, a problem for an error."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from structlog.contextvars import bound_contextvars
from typing_extensions import override

from hotline_ivr.web.api.problems import ApiError, Kind, from_http

log = structlog.get_logger()

REQUEST_ID = web.RequestKey("request_id", str)
TOKEN_NAME = web.RequestKey("token_name", str)

_ID_HEADER = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Which library of which version answers is nobody's business.
    "Server": "hotline",
}


class NotHttpFilter(logging.Filter):
    """Takes the traceback from what aiohttp logs of bytes that are no HTTP: anybody may send those."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            record.exc_info = None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Around everything: an exception of whatever sort ends here, as a problem without a traceback."""
    given = request.headers.getall(_ID_HEADER, [])
    # What another wrote goes into our log: only words that are an id.
    sane = len(given) == 1 and _SANE_ID.fullmatch(given[0])
    request_id = given[0] if sane else secrets.token_hex(8)
    request[REQUEST_ID] = request_id
    begun = time.monotonic()
    with bound_contextvars(request_id=request_id):
        try:
            response = await handler(request)
        except ApiError as problem:
            response = problem.response(request_id)
        except web.HTTPException as error:
            response = from_http(error, request_id)
        except Exception:
            log.exception("a fault while a request was answered", method=request.method)
            detail = "The log tells more, under this request's id."
            response = ApiError(Kind.FAULT, detail).response(request_id)
        _log(request, response, time.monotonic() - begun)
    for name, value in HEADERS.items():
        # A page that is for everybody says so itself.
        response.headers.setdefault(name, value)
    response.headers[_ID_HEADER] = request_id
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _log(request: web.Request, response: web.StreamResponse, seconds: float) -> None:
    """One line a request to the interface: changes, and who was refused, are told; reading is not."""
    route = request.match_info.route.resource
    quiet = request.method in {"GET", "HEAD"} and response.status < 500
    level = log.debug if quiet or route is None else log.info
    level(
        "request",
        method=request.method,
        # As it stands in the table of routes: the path itself is the client's text.
        route=route.canonical if route is not None else "",
        status=response.status,
        token=request.get(TOKEN_NAME, ""),
        ms=round(seconds * 1000, 1),
    )
