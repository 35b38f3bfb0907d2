"""The interface of a service that really runs, as a process of its own, while its Asterisk is down."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import HotlineStack

pytestmark = pytest.mark.timeout(120)


def config() -> dict[str, Any]:
    """Always the same: the hours of its closed line go by the day on which the tests began."""
    return plan({"anna": None}, now=_BEGUN)


_BEGUN = datetime.now(UTC)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HotlineStack]:
    folder = tmp_path_factory.mktemp("node")
    with HotlineStack(folder, config()) as stack:
        stack.start_service()
        stack.wait_alive()
        yield stack


def ask(stack: HotlineStack, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.settings.http_port}/api/v1{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def token(stack: HotlineStack, name: str, role: str) -> str:
    done = stack.hotline("token", "create", name, "--role", role)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_token_from_the_terminal_closes_a_line_of_the_running_service(stack: HotlineStack) -> None:
    desk = token(stack, "desk", "control")
    status, line = ask(stack, "GET", "/lines/open", desk)
    assert (status, line["now"]["open"]) == (200, True)

    status, made = ask(stack, "POST", "/lines/open/overrides", desk, {"kind": "close", "seconds": 3600})
    assert status == 201
    listed = json.loads(stack.hotline("overrides", "--json").stdout)["overrides"]
    assert [(each["id"], each["by"]) for each in listed] == [(made["id"], "desk")]

    status, cleared = ask(stack, "DELETE", "/lines/open/overrides", desk)
    assert (status, cleared["ended"][0]["id"]) == (200, made["id"])
    status, trail = ask(stack, "GET", "/audit", token(stack, "boss", "admin"))
    assert status == 200
    # Other tests of this service make tokens too.
    told = [(e["action"], e["subject"]) for e in trail["entries"] if e["subject"] in {"desk", "boss", "open"}]
    assert told == [
        ("token.create", "boss"),
        ("override.clear", "open"),
        ("override.set", "open"),
        ("token.create", "desk"),
    ]


def test_calls_lines_and_check_are_answered(stack: HotlineStack) -> None:
    desk = token(stack, "reader", "control")
    assert ask(stack, "GET", "/calls", desk) == (200, {"calls": [], "next": None})
    status, checked = ask(stack, "POST", "/check", desk)
    assert (status, checked["good"]) == (200, True)
    assert checked["version"] == checked["version_in_use"]
    assert ask(stack, "GET", "/openapi.json", "")[1]["openapi"] == "3.1.0"


def test_a_check_over_the_interface_finds_what_the_command_finds(stack: HotlineStack) -> None:
    """Also what only a look at the prompts and at the days to come tells."""
    doubtful = config()
    doubtful["lines"]["open"] |= {"languages": ["nb"], "greeting": "hello", "calendar": "office"}
    del doubtful["lines"]["open"]["hours"]
    party = {"on": "2020-01-01"}
    doubtful["calendars"] = {"office": {"hours": "always", "closures": {"party": party}}}
    texts = stack.settings.config / "prompts" / "prompts.yaml"
    texts.parent.mkdir()
    texts.write_text("hello: {en: Good day.}\n", encoding="utf-8")
    stack.write_config(doubtful)
    try:
        status, checked = ask(stack, "POST", "/check", token(stack, "checker", "control"))
        done = stack.hotline("check", "--json")
    finally:
        stack.write_config(config())
        texts.unlink()
        texts.parent.rmdir()
    assert (status, checked["good"], checked["warnings"]) == (200, True, len(checked["problems"]))
    told = {each["path"]: each["message"] for each in checked["problems"]}
    assert "has no words in nb" in told["lines.open.greeting"]
    assert "has been over since 2020-01-01" in told["calendars.office.closures.party"]
    assert told == {each["path"]: each["message"] for each in json.loads(done.stdout)["problems"]}


def test_a_token_that_is_revoked_at_the_terminal_is_refused_at_once(stack: HotlineStack) -> None:
    secret = token(stack, "leaver", "read")
    assert ask(stack, "GET", "/lines", secret)[0] == 200
    assert stack.hotline("token", "revoke", "leaver").returncode == 0
    status, problem = ask(stack, "GET", "/lines", secret)
    assert (status, problem["code"]) == (401, "not-authenticated")
    assert f'"request_id": "{problem["request_id"]}"' in Path(stack.log_of("serve")).read_text()


def test_an_admin_has_the_running_service_take_what_is_on_disk(stack: HotlineStack) -> None:
    boss = token(stack, "chief", "admin")
    status, problem = ask(stack, "POST", "/apply", boss)
    assert (status, problem["code"]) == (409, "unchanged")
    changed = config()
    changed["lines"]["open"]["name"] = "Another name"
    stack.write_config(changed)
    status, proposal = ask(stack, "GET", "/plan", boss)
    assert (status, [each["subject"] for each in proposal["differences"]]) == (200, ["line open"])

    status, applied = ask(stack, "POST", "/apply", boss)
    assert (status, applied) == (200, {"version": proposal["proposed"], "before": proposal["running"]})
    assert ask(stack, "GET", "/lines/open", boss)[1]["name"] == "Another name"
    used = ask(stack, "GET", "/history", boss)[1]["configurations"]
    assert [each["version"] for each in used[:2]] == [proposal["proposed"], proposal["running"]]
    with urllib.request.urlopen(
        f"http://127.0.0.1:{stack.settings.http_port}/hours/open.json", timeout=10
    ) as page:
        assert json.load(page)["name"] == "Another name"
    # Other tests go by what the service began with.
    stack.write_config(config())
    assert ask(stack, "POST", "/apply", boss)[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /api/v1/lines HTTP/1.1\r\nHost: a\r\nX-Request-ID: a\x00b\r\n\r\n",
        b"GET /api/v1/lines HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /api/v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/v1/check HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_without_a_traceback_anywhere(stack: HotlineStack, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", stack.settings.http_port), timeout=10) as line:
        line.sendall(sent)
        answer = line.recv(65_536)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert stack.get("/healthz")[0] == 200
    log = Path(stack.log_of("serve")).read_text()
    assert "Error handling request" in log
    assert "Traceback" not in log
    assert b"Traceback" not in answer
