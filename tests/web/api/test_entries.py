"""The register over the interface: who may see and write what, and two people at one entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.register_privacy import OfCalls, erase_entries
from tests.store.test_promises import Node
from tests.web.api.house import NOW, Caller, House
from tests.web.api.register_house import ASKED, REGISTER, caller, change, house, made, store

__all__ = ["caller", "house", "store"]


async def test_an_entry_about_a_call_takes_line_operator_and_time_from_it(
    caller: Caller, house: House, store: Store
) -> None:
    call = await Node(store).had(0, "answered", "+4790012345", operator="anna")
    entry = await made(
        caller, line=None, call=call, topic="exams", prepared="postponed", variant="short", heard_of="radio"
    )
    assert (entry["call"], entry["line"], entry["way"], entry["operator"]) == (call, "info", "call", "anna")
    assert (entry["at"], entry["language"]) == ("2026-11-23T09:00:00Z", "nb")
    assert (entry["topic_words"], entry["outcome_words"]) == ("Studier / Eksamen", "Løst")
    assert (entry["prepared_title"], entry["heard_of_words"]) == ("Utsatt eksamen", "Radio")
    second = await made(caller, line=None, call=call, question="Og hva koster det?")
    shown = await caller.get(f"/calls/{call}", "control")
    # The clock stands, so either may come first.
    assert {each["id"] for each in shown["entries"]} == {entry["id"], second["id"]}
    assert shown["entries"][0]["caller"] == "+47 •••• 345"
    assert [(each.action, each.subject) for each in house.trail.entries()] == [
        ("entry.add", entry["id"]),
        ("entry.add", second["id"]),
    ]
    assert "frist" not in house.folder.joinpath("audit.jsonl").read_text(encoding="utf-8")


async def test_a_call_that_the_record_does_not_know_yet_needs_its_line(caller: Caller) -> None:
    problem = await caller.problem(
        422, "POST", "/entries", "control", json={**ASKED, "line": None, "call": "main-9.9"}
    )
    assert problem["errors"][0]["where"] == "body.call"
    assert (await made(caller, call="main-9.9"))["line"] == "info"


async def test_a_call_is_on_its_own_line(caller: Caller, store: Store) -> None:
    call = await Node(store).had(0, "answered")
    problem = await caller.problem(
        422, "POST", "/entries", "control", json={**ASKED, "line": "other", "call": call}
    )
    assert problem["detail"] == "This call is on line 'info'."


async def test_who_may_only_read_sees_topics_and_no_words_of_anybody(caller: Caller) -> None:
    entry = await made(
        caller,
        number="90 01 23 45",
        tags=["Exam, late", "exam"],
        answer="Ask Kari",
        follow_up={"due": "2026-11-24", "owner": "anna", "note": "ring Kari"},
    )
    assert entry["tags"] == ["exam", "late"]
    await change(caller, entry, answer="Ask Ola", number="+4790012346")
    shown = await caller.get(f"/entries/{entry['id']}")
    for text in ("Kari", "Ola", "fristen", "exam", "90012345", "90012346"):
        assert text not in str(shown)
    assert [each["field"] for each in shown["versions"][1]["changes"]] == ["number", "answer"]
    assert shown["entry"]["number"] == "+47 •••• 346"
    await caller.problem(403, "GET", "/entries?tag=exam")
    await caller.problem(403, "GET", "/entries/search?q=frist")
    await caller.problem(403, "GET", "/entries?numbers=true")
    await caller.problem(403, "POST", "/entries", json=ASKED)
    await caller.problem(403, "PATCH", f"/entries/{entry['id']}", json={"version": 2})
    full = await caller.get("/entries?numbers=true", "control")
    assert full["entries"][0]["number"] == "+4790012346"


async def test_of_two_people_at_one_entry_the_second_is_told(caller: Caller, house: House) -> None:
    entry = await made(caller)
    changed = await change(caller, entry, answer="Den 15. april.", topic="exams")
    assert (changed["version"], changed["question"]) == (2, "Når er fristen?")
    problem = await caller.problem(
        409, "PATCH", f"/entries/{entry['id']}", "control", json={"version": 1, "answer": "Vet ikke"}
    )
    assert problem["code"] == "changed"
    assert problem["detail"] == (
        "It is of version 2 now, written by control token at 2026-11-23T12:30:00+00:00:"
        " read it again, and change that."
    )
    story = await caller.get(f"/entries/{entry['id']}?language=en", "control")
    assert story["entry"]["topic_words"] == "Studies / Exams"
    assert [(each["version"], each["by"], each["via"]) for each in story["versions"]] == [
        (1, "control token", "rest"),
        (2, "control token", "rest"),
    ]
    assert story["versions"][1]["changes"] == [
        {"field": "topic", "before": "", "after": "exams"},
        {"field": "answer", "before": "", "after": "Den 15. april."},
    ]
    last = list(house.trail.entries())[-1]
    assert (last.action, last.details) == ("entry.change", {"version": "2", "fields": "topic, answer"})
    assert (await change(caller, changed))["version"] == 2, "nothing was different"
    assert (await change(caller, changed, answer=None))["answer"] == ""


def with_answer(**variants: dict[str, str]) -> dict[str, Any]:
    answer = {"title": "Utsatt eksamen", "topics": ["exams"], "variants": variants}
    return {**REGISTER, "prepared_answers": {"postponed": answer}}


async def test_a_prepared_answer_stays_what_it_said_when_it_was_given_and_is_found_by_it(
    caller: Caller, house: House
) -> None:
    house.use(with_answer(short={"nb": "Fristen er 15. april.", "en": "The deadline is 15 April."}))
    entry = await made(caller, question="Når?", prepared="postponed", variant="short")
    english = await made(caller, question="When?", prepared="postponed", variant="short", language="en")
    assert (entry["prepared_text"], english["prepared_text"]) == (
        "Fristen er 15. april.",
        "The deadline is 15 April.",
    )
    house.use(with_answer(short={"nb": "Fristen er 1. mai."}, long={"nb": "Fristen er den første mai."}))
    assert (await change(caller, entry, answer="Og lykke til"))["prepared_text"] == "Fristen er 15. april."
    found = (await caller.get("/entries/search?q=15%20april", "control"))["found"]
    assert {each["entry"]["id"] for each in found} == {entry["id"], english["id"]}
    assert {each["snippet"]["field"] for each in found} == {"prepared_text"}
    other = await change(caller, {**entry, "version": 2}, variant="long")
    assert other["prepared_text"] == "Fristen er den første mai."
    assert (await change(caller, other, variant=None))["prepared_text"] is None, "it may be either"
    assert (await change(caller, {**other, "version": 4}, prepared=None))["prepared_text"] == ""
    assert (await caller.get(f"/entries/{entry['id']}"))["entry"]["prepared_text"] is None, "role read"


async def test_a_prepared_answer_of_one_variant_needs_no_name_of_it(caller: Caller, house: House) -> None:
    house.use(with_answer(only={"nb": "Ja."}))
    assert (await made(caller, prepared="postponed"))["prepared_text"] == "Ja."


async def test_a_follow_up_is_due_and_then_done(caller: Caller) -> None:
    due = {"due": "2026-11-23", "owner": "anna", "note": "send skjema"}
    entry = await made(caller, follow_up=due)
    later = await made(caller, follow_up={"due": "2026-11-24"})
    assert [each["id"] for each in (await caller.get("/entries/follow-ups"))["entries"]] == [entry["id"]]
    everything = (await caller.get("/entries/follow-ups?all=true"))["entries"]
    assert [each["id"] for each in everything] == [entry["id"], later["id"]]
    unowned = await caller.get("/entries/follow-ups?all=true&owner=")
    assert [each["id"] for each in unowned["entries"]] == [later["id"]]
    page = await caller.get("/entries/follow-ups?all=true&limit=1")
    assert [
        each["id"]
        for each in (await caller.get(f"/entries/follow-ups?all=true&cursor={page['next']}"))["entries"]
    ] == [later["id"]]
    done = await change(caller, entry, follow_up={**due, "done": True})
    assert done["follow_up"]["done_by"] == "control token"
    again = await change(caller, done, follow_up={**due, "note": "sendt", "done": True})
    assert again["follow_up"]["done_at"] == done["follow_up"]["done_at"]
    assert (await caller.get("/entries/follow-ups"))["entries"] == []
    assert [each["id"] for each in (await caller.get("/entries?follow_up=done"))["entries"]] == [entry["id"]]
    await caller.problem(422, "GET", "/entries/follow-ups?cursor=bm9uZQ")


async def test_what_makes_no_sense_is_refused_all_at_once_with_what_was_meant(caller: Caller) -> None:
    wrong = {
        **ASKED,
        "line": "inf",
        "topic": "exam",
        "prepared": "postpone",
        "heard_of": "radyo",
        "operator": "ana",
        "follow_up": {"due": "2026-11-24", "owner": "bjørn"},
    }
    problem = await caller.problem(422, "POST", "/entries", "control", json=wrong)
    assert {each["where"]: each["message"].partition(".")[0] for each in problem["errors"]} == {
        "body.line": "there is no line 'inf'; did you mean 'info'?",
        "body.topic": "there is no topic 'exam'; did you mean 'exams'?",
        "body.prepared": "there is no prepared answer 'postpone'; did you mean 'postponed'?",
        "body.heard_of": "there is no advertising channel 'radyo'; did you mean 'radio'?",
        "body.operator": "there is no operator 'ana'; did you mean 'anna'?",
        "body.follow_up.owner": "there is no operator 'bjørn'; did you mean 'bjorn'?",
    }
    for values in (
        {"number": "12"},
        {"number": "<script>"},
        {"variant": "short"},
        {"question": ""},
        {"question": "x" * 4001},
        {"outcome": "solved"},
        {"topic": "fees"},
        {"heard_of": "paper"},
        {"follow_up": {"due": "tomorrow"}},
        {"at": "2026-11-23T12:00:00"},
        {"stars": 5},
    ):
        await caller.problem(422, "POST", "/entries", "control", json={**ASKED, **values})
    await caller.problem(404, "GET", "/entries/nobody")
    await caller.problem(404, "GET", "/entries/UPPER")
    await caller.problem(404, "PATCH", "/entries/nobody", "control", json={"version": 1})


async def test_a_topic_that_was_retired_or_deleted_stays_readable_where_it_is(
    caller: Caller, house: House
) -> None:
    entry = await made(caller, topic="exams")
    house.use(
        {
            **REGISTER,
            "topics": {
                "studies": {"name": "Studies", "topics": {"exams": {"name": "Exams", "retired": "yes"}}}
            },
        }
    )
    changed = await change(caller, entry, answer="15. april")
    assert (changed["topic"], changed["topic_words"]) == ("exams", "Studies / Exams")
    await caller.problem(422, "POST", "/entries", "control", json={**ASKED, "topic": "exams"})
    house.use({"topics": {}})
    shown = (await caller.get(f"/entries/{entry['id']}"))["entry"]
    assert shown["topic_words"] == "Studies / Exams"
    assert (await change(caller, changed, answer="16. april"))["topic_words"] == "Studies / Exams"


async def test_a_topic_finds_those_below_it_and_pages_follow_one_another(caller: Caller) -> None:
    entries = [await made(caller, topic=topic) for topic in ("exams", "studies", None)]
    found = await caller.get("/entries?topic=studies")
    assert {each["id"] for each in found["entries"]} == {each["id"] for each in entries[:2]}
    first = await caller.get("/entries?limit=2")
    rest = await caller.get(f"/entries?limit=2&cursor={first['next']}")
    assert {each["id"] for each in (*first["entries"], *rest["entries"])} == {each["id"] for each in entries}
    assert rest["next"] is None
    await caller.problem(422, "GET", "/entries?cursor=bm9uZQ")


async def test_a_search_shows_where_the_words_stand(caller: Caller) -> None:
    await made(caller, question="<b>Når</b> er fristen for utsatt eksamen?")
    await made(caller, question="Annet", answer="Se eksamenssiden")
    page = await caller.get("/entries/search?q=eksam&limit=1", "control")
    (hit,) = page["found"]
    begin, end = hit["snippet"]["marks"][0]
    assert hit["snippet"]["text"][begin:end] == "eksamen"
    assert hit["entry"]["question"].startswith("<b>")
    second = await caller.get(f"/entries/search?q=eksam&limit=1&cursor={page['next']}", "control")
    assert second["found"][0]["snippet"]["field"] == "answer"
    assert second["next"] is None
    nothing = await caller.get("/entries/search?q=%22%20OR%20(*", "control")
    assert nothing["found"] == []
    await caller.problem(422, "GET", "/entries/search?q=x&cursor=bm9uZQ", "control")


async def test_what_a_form_offers_leaves_out_what_is_retired(caller: Caller) -> None:
    choices = await caller.get("/entries/choices?language=en")
    assert [each["words_path"] for each in choices["topics"]] == ["Studies", "Studies / Exams"]
    assert choices["outcomes"][0] == {"id": "answered", "words": "Solved"}
    assert [each["id"] for each in choices["heard_of"]] == ["radio"]
    assert choices["prepared"][0]["variants"] == [{"id": "short", "text": "Yes."}]


async def test_what_was_erased_is_not_written_again(caller: Caller, store: Store) -> None:
    entry = await made(caller, call="main-1.0")
    await store.write(lambda on: erase_entries(on, OfCalls(["main-1.0"]), NOW, "admin"))
    await caller.problem(
        409, "PATCH", f"/entries/{entry['id']}", "control", json={"version": 1, "answer": "x"}
    )
    shown = await caller.get(f"/entries/{entry['id']}", "control")
    assert shown["entry"]["question"] == ""
    assert shown["entry"]["erased_at"] is not None


async def test_a_trail_that_cannot_be_written_is_told(caller: Caller, house: House) -> None:
    house.disk_full = True
    problem = await caller.problem(503, "POST", "/entries", "control", json=ASKED)
    assert problem["detail"].startswith("The entry is kept as ")


async def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    away = open_store(f"sqlite:///{tmp_path / 'nowhere' / 'hotline.db'}")
    house = House(tmp_path, away)
    async with TestClient(TestServer(house.app())) as client:
        asked = Caller(client, house.secrets)
        for path in ("/entries", "/entries/follow-ups", "/entries/search?q=x", "/entries/abc"):
            await asked.problem(503, "GET", path, "control")
        await asked.problem(503, "POST", "/entries", "control", json=ASKED)
    await away.close()
