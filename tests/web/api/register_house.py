"""A house with a register, and an entry that is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from tests.web.api.house import Caller, House

REGISTER: dict[str, Any] = {
    "topics": {
        "studies": {
            "name": {"nb": "Studier", "en": "Studies"},
            "topics": {"exams": {"name": {"nb": "Eksamen", "en": "Exams"}}},
        },
        "fees": {"name": "Fees", "retired": "yes"},
    },
    "prepared_answers": {
        "postponed": {
            "title": {"nb": "Utsatt eksamen", "en": "Postponed exam"},
            "topics": ["exams"],
            "variants": {"short": {"nb": "Ja.", "en": "Yes."}},
        }
    },
    "advertising": {"radio": {"name": "Radio"}, "paper": {"name": "Paper", "retired": "yes"}},
    "entries": {"outcomes": {"answered": {"nb": "Løst", "en": "Solved"}}},
}

ASKED = {"line": "info", "question": "Når er fristen?", "outcome": "answered"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite:///{tmp_path / 'register.db'}"
    await upgrade(url)
    opened = open_store(url)
    yield opened
    await opened.close()


@pytest.fixture
async def house(store: Store, tmp_path: Path) -> House:
    made = House(tmp_path, store)
    made.use(REGISTER)
    return made


@pytest.fixture
async def caller(house: House) -> AsyncIterator[Caller]:
    async with TestClient(TestServer(house.app())) as client:
        yield Caller(client, house.secrets)


async def made(caller: Caller, **values: Any) -> Any:
    answer = await caller.ask("POST", "/entries", "control", json=ASKED | values)
    body = await answer.json()
    assert answer.status == 201, body
    assert answer.headers["Location"] == f"/api/v1/entries/{body['id']}"
    return body


async def change(caller: Caller, entry: Any, **values: Any) -> Any:
    answer = await caller.ask(
        "PATCH", f"/entries/{entry['id']}", "control", json={"version": entry["version"], **values}
    )
    body = await answer.json()
    assert answer.status == 200, body
    return body
