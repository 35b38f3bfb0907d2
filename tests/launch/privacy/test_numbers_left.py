"""Numbers where one does not look first: cut lines, what Asterisk says, the trail, nodes that are gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from hotline_ivr.calls.control_desk import Person
from hotline_ivr.launch.phone_control import PhoneControl
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.privacy.purging import purge
from hotline_ivr.routing.control_steps import CheckPin, Effect, Session
from hotline_ivr.routing.pseudonym import is_pseudonym
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.lease_tables import node_lease
from hotline_ivr.store.tables import call, call_event, rejected_line
from tests.calls.asterisk_files import a_call, cel_line
from tests.launch.place import Place
from tests.launch.privacy.persons import CALLED_AT, OTHER, PERSON, a_node, by, every_call
from tests.launch.privacy.test_erasing import rows
from tests.launch.privacy.test_purging import purged
from tests.plans import a_plan


async def rejected(url: str) -> list[bytes]:
    store = open_store(url)
    found = await store.read(lambda on: list(on.scalars(select(rejected_line.c.data))))
    await store.close()
    return found


def cut_lines(at: int) -> bytes:
    """`arrived` lines that a full disk cut behind the number, within what was sent, and before the next."""
    whole = next(cel_line(event) for event in by(a_call("closed_heard_in_full", 700, at), PERSON).events
                 if b"arrived|" in cel_line(event))  # fmt: skip
    number = whole.index(PERSON.encode()) + len(PERSON)
    next_line = cel_line(a_call("closed_heard_in_full", 701, at + 10).events[0])
    return whole[:number] + b"\n" + whole[: number + 9] + b"\n" + whole[:number] + next_line


@pytest.mark.postgres
async def test_a_number_in_a_line_that_was_cut_goes_with_the_numbers(
    tmp_path: Path, database_url: str
) -> None:
    node = a_node(tmp_path, database_url, {"numbers": 5})
    node.write(a_call("closed_heard_in_full", 1))
    node.files.add(cut_lines(0))
    await node.keep()
    assert sum(PERSON.encode() in line for line in await rejected(database_url)) == 3
    size = node.files.cel.stat().st_size
    await purged(node.settings, 4)
    assert sum(PERSON.encode() in line for line in await rejected(database_url)) == 3
    await purged(node.settings, 11)
    for data in (node.files.cel.read_bytes(), *(await rejected(database_url))):
        assert b"98765432" not in data
        assert b"Kzk3" not in data, "what was sent, in base64"
    assert node.files.cel.stat().st_size == size
    assert len(await rejected(database_url)) == 3


@pytest.mark.postgres
async def test_lines_that_were_none_go_with_the_logs(tmp_path: Path, database_url: str) -> None:
    node = a_node(tmp_path, database_url, {"logs": 5})
    node.write(a_call("closed_heard_in_full", 1))
    node.files.add(cut_lines(0) + cut_lines(864_000))
    await node.keep()
    assert len(await rejected(database_url)) == 6
    assert (await purged(node.settings, 11, dry_run=True))["logs"].count == 3
    assert (await purged(node.settings, 11))["logs"].count == 3
    assert len(await rejected(database_url)) == 3


async def test_what_asterisk_says_of_a_caller_goes_with_the_numbers(tmp_path: Path) -> None:
    node = a_node(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", {"numbers": 5})
    await node.keep()

    def said(at: datetime, number: str) -> str:
        when = at.astimezone().strftime("%Y-%m-%d %H:%M:%S.123")
        return (
            f"[{when}] NOTICE[26883] res_pjsip/pjsip_distributor.c: Request 'INVITE' from '\"Kari Hansen\""
            f" <sip:{number}@192.0.2.1>' failed for '192.0.2.1:5060'"
            " (callid: 1a2b@192.0.2.1) - main-1795451000.17\n"
            f"   goes on about {number[3:]}\n"
        )

    names = ("messages.log", "messages.log.20261101T000000000000Z", "console.log")
    old, new = said(CALLED_AT, PERSON), said(CALLED_AT + timedelta(days=10), OTHER)
    for name in names:
        (node.settings.log_dir / name).write_text("Asterisk Ready.\n" + old + new)
    await purged(node.settings, 11)
    for name in names:
        text = (node.settings.log_dir / name).read_text()
        assert len(text) == len("Asterisk Ready.\n" + old + new)
        assert PERSON[3:] not in text
        assert text.count("Kari Hansen") == 1
        assert text.endswith(new), "what is newer stays"
        assert (
            "failed for '192.0.2.1:5060' (callid: 1a2b@192.0.2.1) - main-1795451000.17\n"
            in text.split(new)[0]
        )
    await purged(node.settings, 30)
    for name in names:
        text = (node.settings.log_dir / name).read_text()
        assert OTHER[3:] not in text
        assert "Kari Hansen" not in text


async def test_who_tries_pins_stands_in_the_trail_by_pseudonym(tmp_path: Path) -> None:
    node = a_node(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    book = Rulebook(a_plan())
    nothing = lambda *_: None  # noqa: E731
    control = PhoneControl(
        node.settings, book=lambda: book, hands=nothing, changed=nothing, counted=nothing  # type: ignore[arg-type]
    )  # fmt: skip
    for account in ("", "desk"):
        control.carry_out(Effect(Session(), CheckPin("000000")), Person("main-1.1", PERSON, account, ""))
    text = node.settings.audit_file.read_text()
    assert "98765432" not in text
    assert '"subject": "~' in text
    assert '"via": "telephone ~' in text
    assert '"subject": "phone desk"' in text


async def two_nodes(tmp_path: Path, url: str, keep: dict[str, int]) -> tuple[Place, Settings]:
    """A node with calls, one of which never ended; and another on the same database, which goes on."""
    gone = a_node(tmp_path / "gone", url, keep)
    gone.write(*every_call())
    talking = by(a_call("answered_caller_hangs_up", 950, 9_500), OTHER)
    gone.files.add(b"".join(map(cel_line, talking.events[: len(talking.events) // 2])))
    await gone.keep()
    other = a_node(tmp_path / "other", url, keep)
    return gone, other.settings.model_copy(update={"node": "other"})


@pytest.mark.postgres
async def test_rows_of_a_node_that_is_gone_lose_the_numbers_too(tmp_path: Path, database_url: str) -> None:
    gone, other = await two_nodes(tmp_path, database_url, {"numbers": 5, "keys": 5})
    before = gone.files.cel.read_bytes()
    assert (await purged(other, 29))["numbers"].count == 0, "it may yet come back"
    assert (await purged(other, 50, dry_run=True))["numbers"].count > 20
    await purged(other, 50)
    callers = {row["caller"] for row in await rows(other)}
    assert all(not caller or is_pseudonym(caller) for caller in callers)
    store = open_store(database_url)
    events = await store.read(lambda on: list(on.scalars(select(call_event.c.events))))
    await store.close()
    for number in (PERSON, OTHER):
        assert not any(number.encode() in each for each in events)
    assert gone.files.cel.read_bytes() == before, "its files are on its own machine"


@pytest.mark.postgres
async def test_whole_calls_of_a_node_that_is_gone_go_and_those_of_one_that_serves_stay(
    tmp_path: Path, database_url: str
) -> None:
    _, other = await two_nodes(tmp_path, database_url, {"calls": 5, "logs": 5})
    store = open_store(database_url)
    lease = {"node": "main", "holder": "x", "place": "x", "host": "x", "process": 1, "folder": "x", "turn": 1}
    seen = CALLED_AT + timedelta(days=49)
    await store.write(lambda on: on.execute(insert(node_lease).values(**lease, taken_at=seen, seen_at=seen)))
    assert (await purged(other, 50))["calls"].count == 0
    await store.write(lambda on: on.execute(node_lease.delete()))
    async with privacy_place(other, by="tester", now=datetime.now(UTC) + timedelta(days=400)) as place:
        assert {each.name: each.count for each in await purge(place)}["calls"] > 20
    assert await store.read(lambda on: on.scalar(select(func.count()).select_from(call))) == 0
    await store.close()
