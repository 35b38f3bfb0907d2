"""What a route is, and what its handler is given.

A handler is a plain coroutine: an `Asked` goes in, an answer model comes out, an ApiError is raised. It
sees no HTTP. The same `Route` is served, checked and described in the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, SkipValidation
from pydantic.json_schema import SkipJsonSchema

from hotline_ivr.control.tokens import Role
from hotline_ivr.web.api.problems import Kind

DEADLINE = 10.0
"""Seconds after which a request ends with a problem: longer than SQLite waits for a lock, and PostgreSQL for
a connection is then given up too. Callers' asks never wait for a request."""


class Given(BaseModel):
    """What a client sends. A misspelt name is refused: a filter that is ignored shows too much."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shown(BaseModel):
    """What a client is answered."""

    model_config = ConfigDict(frozen=True)


class FileShown(Shown):
    """A file, as it is. Routes that answer with one say so by `media`."""

    path: str


Pieces = AsyncGenerator[bytes, None]
"""Bytes as they come. Whoever has them closes them; ExportBroken says that the rest is missing."""


class StreamShown(Shown):
    """A file that is made while it is sent."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    pieces: SkipJsonSchema[SkipValidation[Pieces]]
    media: str
    name: str


class JsonShown(Shown):
    """An answer that is JSON already, as its route's answer model has it: made by another process."""

    body: bytes


class Nothing(Given):
    """No values."""


NOTHING = Nothing()


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: the token's name and role. On a public route the role is None."""

    name: str
    role: Role | None
    #: By which way, for the trail: rest, or command where it is a user of this machine at the local door.
    via: str = "rest"

    def may(self, role: Role) -> bool:
        return self.role is not None and self.role >= role


PathT = TypeVar("PathT", bound=Given)
QueryT = TypeVar("QueryT", bound=Given)
BodyT = TypeVar("BodyT", bound=Given)
AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Asked(Generic[PathT, QueryT, BodyT]):
    """A request, read and checked. `now` is aware (UTC).

    `key` is what the client calls it, where the route heeds that; empty if it has no name.
    """

    path: PathT
    query: QueryT
    body: BodyT
    who: Who
    request_id: str
    now: datetime
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[PathT, QueryT, BodyT, AnswerT]):
    """One thing that can be asked. `path` is below /api/v1; `role` None is public."""

    method: str
    path: str
    role: Role | None
    summary: str
    handler: Callable[[Asked[PathT, QueryT, BodyT]], Awaitable[AnswerT]]
    path_model: type[PathT]
    query_model: type[QueryT]
    body_model: type[BodyT]
    answer_model: type[AnswerT]
    #: Problems of its own, beside those that every route may answer.
    errors: tuple[Kind, ...] = ()
    status: int = 200
    #: Where what was made is found, below /api/v1.
    location: Callable[[AnswerT], str] | None = None
    deadline: float = DEADLINE
    #: Whether a second request with the same header `Idempotency-Key` is answered as the first one was.
    keyed: bool = False
    #: What comes back: JSON, or a file of this kind.
    media: str = "application/json"
    #: What else may come back, as the client chooses.
    other_media: tuple[str, ...] = ()

    @property
    def has_body(self) -> bool:
        return self.body_model is not Nothing


AnyRoute = Route[Any, Any, Any, Any]
