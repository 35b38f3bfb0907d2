"""Who is let in, who is not, and what those are told who keep knocking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from hotline_ivr.web.api.auth import ADDRESSES, ATTEMPTS, WINDOW, FailedAttempts
from tests.web.api.house import Caller, Client, House, problem_of

LISTS = ("/calls", "/lines", "/overrides", "/audit")


@pytest.mark.parametrize("path", LISTS)
async def test_nobody_reads_anything_without_a_token(caller: Caller, path: str) -> None:
    response = await caller.ask("GET", path, role=None)
    problem = await problem_of(response, 401)
    assert problem["code"] == "not-authenticated"
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="hotline"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer hotline_wrong",
        "Bearer ",
        "Bearer",
        "Basic aG90bGluZTpob3RsaW5l",
        "Bearer " + "x" * 5000,
        "Bearer hotline_\u00e6\u00f8\u00e5",
        "Bearer hotline_' OR '1'='1",
    ],
)
async def test_what_is_no_token_of_ours_lets_nobody_in(caller: Caller, header: str) -> None:
    response = await caller.ask("GET", "/lines", role=None, headers={"Authorization": header})
    await problem_of(response, 401)
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


async def test_two_authorization_headers_are_none(client: Client, house: House) -> None:
    good = ("Authorization", f"Bearer {house.secrets['admin']}")
    await problem_of(await client.get("/api/v1/lines", headers=[good, good]), 401)


async def test_the_scheme_is_read_whatever_its_letters(client: Client, house: House) -> None:
    headers = {"Authorization": f"bEaReR {house.secrets['read']}"}
    assert (await client.get("/api/v1/lines", headers=headers)).status == 200


async def test_an_expired_or_revoked_token_is_none_from_the_next_request_on(
    caller: Caller, house: House
) -> None:
    await caller.get("/lines")
    house.tokens.revoke("read token")
    await caller.problem(401, "GET", "/lines")
    await caller.get("/lines", "control")
    house.now += timedelta(days=1)
    await caller.problem(401, "GET", "/lines", "control")


@pytest.mark.parametrize(
    ("method", "path", "role", "needed"),
    [
        ("POST", "/lines/info/overrides", "read", "control"),
        ("DELETE", "/lines/info/overrides", "read", "control"),
        ("DELETE", "/overrides/abcdef", "read", "control"),
        ("POST", "/blocks", "read", "control"),
        ("DELETE", "/blocks/abcdef", "read", "control"),
        ("POST", "/check", "read", "control"),
        ("GET", "/audit", "control", "admin"),
    ],
)
async def test_a_lower_role_is_told_which_one_is_needed(
    caller: Caller, house: House, method: str, path: str, role: str, needed: str
) -> None:
    response = await caller.ask(method, path, role, json={"kind": "close"} if method == "POST" else None)
    problem = await problem_of(response, 403)
    assert problem["detail"] == f"This needs a token of role {needed}; yours has role {role}."
    assert f'error="insufficient_scope", scope="{needed}"' in response.headers["WWW-Authenticate"]
    assert house.overrides.all() == ()


async def test_a_body_is_not_even_read_for_somebody_without_a_token(caller: Caller) -> None:
    problem = await caller.problem(401, "POST", "/lines/info/overrides", None, data=b"x" * 100_000)
    assert problem["code"] == "not-authenticated"


async def test_tokens_that_cannot_be_read_let_nobody_in_and_say_no_more(caller: Caller, house: House) -> None:
    (house.folder / "tokens.json").write_text("{")
    problem = await caller.problem(503, "GET", "/lines", "admin")
    assert problem["code"] == "unavailable"
    assert str(house.folder) not in problem["detail"]


async def test_who_keeps_knocking_is_slowed_and_fills_no_log(caller: Caller, house: House) -> None:
    with capture_logs() as logs:
        for _ in range(ATTEMPTS):
            await caller.problem(401, "GET", "/lines", None)
        for _ in range(5):
            response = await caller.ask("GET", "/lines", None)
            assert (await problem_of(response, 429))["code"] == "too-many-attempts"
            assert 1 <= int(response.headers["Retry-After"]) <= WINDOW
    warnings: list[Any] = [entry for entry in logs if entry["log_level"] == "warning"]
    assert len(warnings) == ATTEMPTS + 1
    assert {entry["address"] for entry in warnings} == {"127.0.0.1"}
    house.seconds += WINDOW
    await caller.problem(401, "GET", "/lines", None)


async def test_a_wrong_client_locks_out_no_good_one_behind_the_same_proxy(caller: Caller) -> None:
    for _ in range(ATTEMPTS + 1):
        await caller.ask("GET", "/lines", None)
    await caller.problem(429, "GET", "/lines", None)
    await caller.get("/lines")


async def test_no_secret_is_logged(caller: Caller, house: House) -> None:
    wrong = "hotline_" + "w" * 43
    with capture_logs() as logs:
        await caller.get("/lines")
        await caller.ask("GET", "/lines", None, headers={"Authorization": f"Bearer {wrong}"})
    assert logs
    assert wrong not in str(logs)
    assert house.secrets["read"] not in str(logs)


def test_failures_are_counted_for_so_many_addresses_only() -> None:
    failed = FailedAttempts(lambda: 0.0)
    for number in range(ADDRESSES * 3):
        failed.count(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}")
    assert len(failed) == ADDRESSES


def test_all_addresses_of_one_ipv6_network_are_one() -> None:
    failed = FailedAttempts(lambda: 0.0)
    counts = [failed.count(f"2001:db8::{number:x}%eth0")[0] for number in range(1, 4)]
    assert counts == [1, 2, 3]
    assert failed.count("2001:db8:0:1::1")[0] == 1
    assert failed.count("")[0] == 1
