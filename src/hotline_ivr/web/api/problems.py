"""What goes wrong, as RFC 9457 problem documents. A client goes by `code`, a person reads `detail`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

CONTENT_TYPE = "application/problem+json"

MOST_ERRORS = 20
"""A request with more wrong values than this is no typing mistake."""

_LONGEST_NAME = 60
_TYPE = "urn:hotline-ivr:problem:"


class Kind(Enum):
    """Every kind of problem: status and title. The name, in small letters, is its code."""

    UNREADABLE = (400, "The request cannot be read")
    NOT_AUTHENTICATED = (401, "No token, or one that is not good")
    NOT_ALLOWED = (403, "The token may not do this")
    NOT_FOUND = (404, "There is nothing of that name")
    NO_SUCH_METHOD = (405, "This cannot be done here")
    NOT_NOW = (409, "This cannot be done now")
    UNCHANGED = (409, "There is nothing to change")
    CHANGED = (409, "Somebody else has changed it")
    TOO_LARGE = (413, "The body is too large")
    NO_JSON = (415, "The body is not plain JSON")
    INVALID = (422, "A value makes no sense")
    REFUSED = (422, "The configuration is refused")
    TOO_MANY_ATTEMPTS = (429, "Too many requests without a good token")
    FAULT = (500, "A fault of ours")
    UNAVAILABLE = (503, "A part that this needs is away")
    TOO_SLOW = (503, "It took too long")
    BUSY = (503, "Too much at once")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def title(self) -> str:
        return self.value[1]

    @property
    def code(self) -> str:
        return self.name.lower().replace("_", "-")


class WrongValue(BaseModel):
    """One value that cannot be used."""

    where: str = Field(description="Its place: `query.limit`, `body.kind`.", examples=["query.limit"])
    message: str = Field(description="What is wrong with it.")


class ProblemDocument(BaseModel):
    """An RFC 9457 problem document."""

    type: str = Field(description="`urn:hotline-ivr:problem:` and the code.")
    title: str = Field(description="What kind of problem this is; the same each time.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened, and what to do.")
    code: str = Field(description="The kind of problem, for programs.", examples=["not-found"])
    request_id: str = Field(description="The request's id, by which the log tells more.")
    errors: tuple[WrongValue, ...] = Field((), description="What is wrong, with `invalid` and `refused`.")


class ApiError(Exception):
    """A request that ends in a problem document."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: tuple[WrongValue, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = errors

    def response(self, request_id: str) -> web.Response:
        kind = self.kind
        document = ProblemDocument(
            type=f"{_TYPE}{kind.code}",
            title=kind.title,
            status=kind.status,
            detail=self.detail,
            code=kind.code,
            request_id=request_id,
            errors=self.errors,
        )
        return _response(document, self.headers)


def from_http(error: web.HTTPException, request_id: str) -> web.Response:
    """What aiohttp itself refuses: no such route or method, and the like."""
    kept = {name: value for name, value in error.headers.items() if name in {"Allow", "Retry-After"}}
    match error.status:
        case 404:
            problem = ApiError(Kind.NOT_FOUND, "There is no such page: docs/rest.md lists them.")
        case 405:
            detail = f"Only these methods: {error.headers.get('Allow', '')}."
            problem = ApiError(Kind.NO_SUCH_METHOD, detail, headers=kept)
        case 413:
            problem = ApiError(Kind.TOO_LARGE, "The body is larger than this route takes.")
        case status:
            title = HTTPStatus(status).phrase
            document = ProblemDocument(
                type=f"{_TYPE}http-{status}",
                title=title,
                status=status,
                detail=title,
                code=f"http-{status}",
                request_id=request_id,
            )
            return _response(document, kept)
    return problem.response(request_id)


def invalid(place: str, refused: ValidationError) -> ApiError:
    """What pydantic refuses, without saying back what was sent."""
    found = refused.errors(include_url=False, include_context=False, include_input=False)
    errors = tuple(
        WrongValue(where=_where(place, each), message=_PLAIN.get(each["type"]) or _unprefixed(each["msg"]))
        for each in found[:MOST_ERRORS]
    )
    detail = "; ".join(f"{each.where}: {each.message}" for each in errors[:3])
    return ApiError(Kind.INVALID, detail, errors=errors)


_PLAIN = {
    "extra_forbidden": "there is no such key; the OpenAPI document names those there are",
    "missing": "is required here",
}
"""What pydantic says for programmers, in plain words."""


def _unprefixed(message: str) -> str:
    return message.removeprefix("Value error, ")


def wrong_value(where: str, message: str) -> ApiError:
    """One value that only a handler can judge."""
    return ApiError(Kind.INVALID, message, errors=(WrongValue(where=where, message=message),))


def _where(place: str, error: ErrorDetails) -> str:
    # The name of an unknown key is the client's own text.
    return ".".join([place, *(str(step)[:_LONGEST_NAME] for step in error["loc"])])


def _response(document: ProblemDocument, headers: Mapping[str, str]) -> web.Response:
    body = document.model_dump_json(exclude_defaults=True).encode()
    return web.Response(body=body, status=document.status, content_type=CONTENT_TYPE, headers=dict(headers))
