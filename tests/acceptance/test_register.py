"""What an operator writes while the caller is on the line, on a real Asterisk: it stays with the call."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from tests.acceptance.operators import operator_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

CALLER = "+4790060001"
# Longer than anything here takes, on a busy machine.
DEADLINE_S = 30


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    config = plan({"anna": None}, now=datetime.now(UTC))
    config["topics"] = {"studies": {"name": "Studies", "topics": {"exams": {"name": "Exams"}}}}
    config["prepared_answers"] = {
        "deadline": {"title": "Deadlines", "topics": ["exams"], "variants": {"short": {"en": "15 April."}}}
    }
    made = make_stack(config)
    made.start()
    return made


class Client:
    """A console's side of the interface."""

    def __init__(self, stack: HotlineStack, role: str) -> None:
        made = stack.hotline("token", "create", f"console {role}", "--role", role)
        assert made.returncode == 0, made.stderr
        self._secret = made.stdout.strip()
        self._at = f"http://127.0.0.1:{stack.settings.http_port}/api/v1"

    def ask(self, method: str, path: str, body: dict[str, object] | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._at + path, data, headers, method=method)  # noqa: S310  our own
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  our own
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


async def test_an_entry_that_is_saved_during_a_call_is_shown_with_it_and_found(
    stack: HotlineStack, telephones: Telephones
) -> None:
    console, reader = Client(stack, "control"), Client(stack, "read")
    anna = await operator_of(stack, telephones, "anna")
    caller = await telephones.caller(CALLER, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(OPEN)
    ringing = await anna.wait_rung(DEADLINE_S)
    await ringing.answer()

    def spoken_with(records: list[Record]) -> bool:
        return any(each["caller"] == CALLER and each["connected_at"] for each in records)

    records = await stack.wait_calls(spoken_with, DEADLINE_S, "the conversation")
    (row,) = [each for each in records if each["caller"] == CALLER]
    status, entry = await asyncio.to_thread(
        console.ask,
        "POST",
        "/entries",
        {
            "call": row["id"],
            "topic": "exams",
            "question": "When is the deadline for the postponed exam?",
            "prepared": "deadline",
            "variant": "short",
            "outcome": "answered",
            "follow_up": {"due": "2020-01-01", "owner": "anna", "note": "send the form"},
        },
    )
    assert status == 201, entry
    (during,) = [each for each in stack.calls() if each["caller"] == CALLER]
    assert during["ended_at"] is None, "it was saved while they spoke"
    assert (entry["line"], entry["operator"], entry["way"]) == ("open", "anna", "call")
    await call.wait_heard(lambda heard: heard.seconds >= 1, DEADLINE_S, "a second of talk")
    await call.hang_up()
    done = await stack.wait_call(CALLER, DEADLINE_S)
    assert (done["id"], done["outcome"]) == (row["id"], "answered")

    (shown,) = (await asyncio.to_thread(console.ask, "GET", f"/calls/{row['id']}"))[1]["entries"]
    assert (shown["id"], shown["topic_words"], shown["prepared_title"]) == (
        entry["id"],
        "Studies / Exams",
        "Deadlines",
    )
    (masked,) = (await asyncio.to_thread(reader.ask, "GET", f"/calls/{row['id']}"))[1]["entries"]
    assert (masked["question"], masked["topic"]) == (None, "exams")
    story = stack.hotline("calls", "show", row["id"]).stdout
    assert f"entry {entry['id']}: Studies / Exams, answered" in story
    assert "question: When is the deadline for the postponed exam?" in story
    found = json.loads(stack.hotline("register", "search", "postpon", "deadl", "--json").stdout)["found"]
    assert [(each["entry"]["id"], each["entry"]["call"]) for each in found] == [(entry["id"], row["id"])]
    assert entry["id"] in stack.hotline("register", "due").stdout
    assert stack.hotline("register", "done", entry["id"]).returncode == 0
    assert "entry.add" in stack.settings.audit_file.read_text(encoding="utf-8")
    assert "postponed" not in stack.settings.audit_file.read_text(encoding="utf-8")
