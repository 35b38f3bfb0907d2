"""The OpenAPI 3.1 document, made from the routes and their models: what is served is what is described."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, RootModel
from pydantic.json_schema import models_json_schema

from hotline_ivr import __version__
from hotline_ivr.web.api.problems import CONTENT_TYPE, Kind, ProblemDocument
from hotline_ivr.web.api.route import AnyRoute, Asked, FileShown, Nothing, Route, StreamShown

PREFIX = "/api/v1"

_REF = "#/components/schemas/{model}"
_EVERYWHERE = (Kind.INVALID, Kind.FAULT, Kind.TOO_SLOW, Kind.BUSY)
_WITH_TOKEN = (Kind.NOT_AUTHENTICATED, Kind.NOT_ALLOWED, Kind.TOO_MANY_ATTEMPTS, Kind.UNAVAILABLE)
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of your own for this request: a second one of the same name does nothing more.",
    "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,200}$"},
}
_WITH_BODY = (Kind.UNREADABLE, Kind.TOO_LARGE, Kind.NO_JSON)

_Mode = Literal["validation", "serialization"]


class Document(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


def routes(others: Sequence[AnyRoute]) -> tuple[AnyRoute, ...]:
    """The route that shows what the other ones are. Public, so that tools can read it."""
    made: list[Document] = []

    async def show(_asked: Asked[Nothing, Nothing, Nothing]) -> Document:
        if not made:
            # Not at the start, which callers wait for; and not beside asks.
            made.append(Document(await asyncio.to_thread(document, (*others, own))))
        return made[0]

    own = Route(
        method="GET",
        path="/openapi.json",
        role=None,
        summary="This description, for programs",
        path_model=Nothing,
        query_model=Nothing,
        body_model=Nothing,
        answer_model=Document,
        handler=show,
    )
    return (own,)


def document(all_routes: Sequence[AnyRoute]) -> dict[str, Any]:
    """The document of these routes."""
    schemas = _Schemas(all_routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in all_routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "hotline-ivr",
            "version": __version__,
            "description": "A hotline server for Asterisk. Moments in answers are UTC.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `hotline token create`; roles read, control and admin.",
                }
            },
        },
    }


class _Schemas:
    """The JSON Schemas of all models, under names that are unique."""

    def __init__(self, all_routes: Sequence[AnyRoute]) -> None:
        wanted: dict[tuple[type[BaseModel], _Mode], None] = {(ProblemDocument, "serialization"): None}
        for route in all_routes:
            for model in (route.path_model, route.query_model, route.body_model):
                wanted[model, "validation"] = None
            if not issubclass(route.answer_model, StreamShown):
                wanted[route.answer_model, "serialization"] = None
        self._refs, schema = models_json_schema(list(wanted), ref_template=_REF)
        self._all: dict[str, Any] = schema["$defs"]
        # These are told as parameters.
        self._hidden = {self._name(route.path_model) for route in all_routes}
        self._hidden |= {self._name(route.query_model) for route in all_routes}

    def ref(self, model: type[BaseModel], mode: _Mode) -> dict[str, str]:
        return {"$ref": self._refs[model, mode]["$ref"]}

    def parameters(self, model: type[BaseModel], place: str) -> list[dict[str, Any]]:
        schema = self._all[self._name(model)]
        needed = schema.get("required", [])
        found = []
        for name, value in schema.get("properties", {}).items():
            own = dict(value)
            described = own.pop("description", "")
            own.pop("title", None)
            found.append(
                {
                    "name": name,
                    "in": place,
                    "required": place == "path" or name in needed,
                    "description": described,
                    "schema": own,
                }
            )
        return found

    def components(self) -> dict[str, Any]:
        return {name: schema for name, schema in self._all.items() if name not in self._hidden}

    def _name(self, model: type[BaseModel]) -> str:
        return str(self._refs[model, "validation"]["$ref"]).rpartition("/")[2]


def _operation(route: AnyRoute, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "description": f"Role: {route.role.word}." if route.role else "Public.",
        "tags": [route.path.split("/")[1].removesuffix(".json")],
        "parameters": [
            *schemas.parameters(route.path_model, "path"),
            *schemas.parameters(route.query_model, "query"),
            *([_KEY] if route.keyed else []),
        ],
        "responses": _responses(route, schemas),
        "security": [{"token": []}] if route.role else [],
    }
    if route.has_body:
        content = {"application/json": {"schema": schemas.ref(route.body_model, "validation")}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def operation_id(route: AnyRoute) -> str:
    """A name for the operation that is unique and says what it is: `get_lines_line`."""
    words = "".join(char if char.isalnum() else "_" for char in route.path)
    return "_".join(word for word in f"{route.method.lower()}{words}".split("_") if word)


def _answer(route: AnyRoute, schemas: _Schemas) -> dict[str, str]:
    if issubclass(route.answer_model, FileShown | StreamShown):
        return {"type": "string", "format": "binary"}
    return schemas.ref(route.answer_model, "serialization")


def _responses(route: AnyRoute, schemas: _Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": "Made." if route.status == 201 else "Well.",
        "content": {
            media: {"schema": _answer(route, schemas)} for media in (route.media, *route.other_media)
        },
    }
    if route.location:
        answer["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where it is."}}
    kinds = {*_EVERYWHERE, *route.errors}
    kinds |= set(_WITH_TOKEN) if route.role else set()
    kinds |= set(_WITH_BODY) if route.has_body else set()
    if route.path_model is not Nothing:
        kinds.add(Kind.NOT_FOUND)
    problem = {CONTENT_TYPE: {"schema": schemas.ref(ProblemDocument, "serialization")}}
    responses = {str(route.status): answer}
    for status in sorted({kind.status for kind in kinds}):
        titles = [f"{kind.title} (`{kind.code}`)" for kind in Kind if kind in kinds and kind.status == status]
        responses[str(status)] = {"description": "; ".join(titles), "content": problem}
    return responses
