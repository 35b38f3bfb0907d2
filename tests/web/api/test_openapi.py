"""The description is valid, whole, and what the documentation tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from hotline_ivr.web.api.openapi import PREFIX, operation_id
from hotline_ivr.web.api.problems import Kind
from hotline_ivr.web.api.route import Nothing
from tests.web.api.house import Caller, House

DOCS = (Path(__file__).parents[3] / "docs" / "rest.md").read_text(encoding="utf-8")


@pytest.fixture
async def document(caller: Caller) -> Any:
    return await caller.get("/openapi.json", role=None)


def test_the_description_is_openapi_3_1(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_described_with_its_role(document: Any, house: House) -> None:
    described = {
        (method.upper(), path): operation["security"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert described == {
        (route.method, route.path): [{"token": []}] if route.role else [] for route in house.routes()
    }


def test_what_may_be_sent_is_described_as_it_is_checked(document: Any) -> None:
    parameters = {each["name"]: each for each in document["paths"]["/calls"]["get"]["parameters"]}
    assert (
        parameters["limit"]["schema"] | {"minimum": 1, "maximum": 500, "default": 50}
        == (parameters["limit"]["schema"])
    )
    assert all(each["description"] for each in parameters.values())
    assert not any(each["required"] for each in parameters.values())
    (line,) = document["paths"]["/lines/{line}/overrides"]["post"]["parameters"]
    assert (line["in"], line["required"]) == ("path", True)
    wish = document["components"]["schemas"]["NewOverride"]
    assert wish["additionalProperties"] is False
    assert wish["required"] == ["kind"]


def test_every_problem_that_a_route_may_answer_is_described(document: Any) -> None:
    responses = document["paths"]["/lines/{line}/overrides"]["post"]["responses"]
    assert set(responses) == {"201", "400", "401", "403", "404", "413", "415", "422", "429", "500", "503"}
    assert set(responses["503"]["content"]) == {"application/problem+json"}
    assert "Location" in responses["201"]["headers"]


def test_operations_have_names_of_their_own(house: House) -> None:
    names = [operation_id(route) for route in house.routes()]
    assert len(set(names)) == len(names)
    assert "post_lines_line_overrides" in names


def test_no_two_routes_are_the_same(house: House) -> None:
    served = [(route.method, route.path) for route in house.routes()]
    assert len(set(served)) == len(served)


def test_every_route_is_in_the_documentation_with_its_role(house: House) -> None:
    for route in house.routes():
        role = route.role.word if route.role else "public"
        row = rf"^\| `{re.escape(f'{route.method} {PREFIX}{route.path}')}` \| {role} \|"
        assert re.search(row, DOCS, re.MULTILINE), f"docs/rest.md has no row for {route.method} {route.path}"


def test_the_documentation_tells_no_route_that_is_not_there(house: House) -> None:
    told = set(re.findall(rf"^\| `([A-Z]+) {PREFIX}(\S+)` \|", DOCS, re.MULTILINE))
    assert told == {(route.method, route.path) for route in house.routes()}


@pytest.mark.parametrize("kind", Kind)
def test_every_problem_is_in_the_documentation(kind: Kind) -> None:
    assert f"| `{kind.code}` | {kind.status} |" in DOCS


def test_every_value_that_may_be_sent_is_in_the_documentation(house: House) -> None:
    for route in house.routes():
        for model in (route.query_model, route.body_model):
            if model is not Nothing:
                names = [field.alias or name for name, field in model.model_fields.items()]
                missing = [name for name in names if f"`{name}`" not in DOCS]
                assert not missing, f"docs/rest.md does not tell of {missing} of {route.path}"
