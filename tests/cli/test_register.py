"""The register at a terminal: what is shown, what is asked of the service, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store
from hotline_ivr.testing.stack import write_config
from tests.cli.terminal import Terminal, terminal_at
from tests.store.register_entries import NOON
from tests.store.test_promises import Node
from tests.web.api.house import House
from tests.web.api.register_house import REGISTER

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "state").mkdir()
    return Settings.from_environment({"HOTLINE_STATE": str(tmp_path / "state")})


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    from hotline_ivr.store.engine import open_store
    from hotline_ivr.store.migrate import upgrade

    await upgrade(settings.database)
    opened = open_store(settings.database)
    yield opened
    await opened.close()


@pytest.fixture
async def terminal(store: Store, tmp_path: Path) -> AsyncIterator[Terminal]:
    """A terminal at a service whose clock stands at half past twelve."""
    house = House(tmp_path, store)
    house.use(REGISTER)
    sections = ("organisation", "lines", "queues", "operators", "trunks")
    plain = house.plan.model_dump(mode="json", include=set(sections), exclude_defaults=True, by_alias=True)
    write_config(tmp_path / "config", {**plain, **REGISTER})
    async with terminal_at(house, tmp_path) as terminal:
        yield terminal


async def test_an_entry_from_its_call_to_its_follow_up(terminal: Terminal, store: Store) -> None:
    call = await Node(store).had(0, "answered", "+4790012345", operator="anna")
    added = await terminal(
        "register", "add", "--call", call, "--topic", "exams", "--question", "Når er \x1b[31mfristen?",
        "--tag", "Frist",
        "--prepared", "postponed", "--variant", "short",
        "--heard-of", "radio", "--due", "2026-11-23", "--owner", "bjorn", "--note", "send skjema", "--json",
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    entry = json.loads(added.stdout)["entry"]
    assert (entry["line"], entry["operator"], entry["follow_up"]["owner"]) == ("info", "anna", "bjorn")
    listed = (await terminal("register")).stdout
    for word in (
        entry["id"],
        "Studier / Eksamen",
        "answered",
        "fristen?",
        "due 2026-11-23 bjorn: send skjema",
    ):
        assert word in listed
    assert "\x1b" not in listed
    changed = await terminal("register", "change", entry["id"], "--answer", "15. april")
    assert changed.returncode == 0, changed.stderr
    late = await terminal("register", "change", entry["id"], "--seen", "1", "--answer", "Vet ikke")
    assert (late.returncode, "It is of version 2 now" in late.stderr) == (2, True)
    assert entry["id"] in (await terminal("register", "due", "--owner", "bjorn")).stdout
    assert "no entries" in (await terminal("register", "due", "--owner", "anna")).stdout
    done = await terminal("register", "done", entry["id"], "--note", "sendt")
    assert "done by" in done.stdout
    story = (await terminal("register", "show", entry["id"], "--numbers")).stdout
    answered, noted = "answer: nothing -> 15. april", "follow_up.note: send skjema -> sendt"
    given = "postponed short: Utsatt eksamen"
    for word in ("+4790012345", "15. april", "Radio", answered, noted, given):
        assert word in story
    (words,) = [line for line in story.splitlines() if line.startswith("given")]
    assert words.split() == ["given", "Ja."]
    found = await terminal("register", "search", "apr", "frist")
    assert (entry["id"] in found.stdout, "tags" in found.stdout) == (True, True)
    assert "nothing was found" in (await terminal("register", "search", '" OR *')).stdout
    shown = (await terminal("calls", "show", call)).stdout
    assert f"entry {entry['id']}: Studier / Eksamen, answered" in shown
    assert "  answer: 15. april" in shown
    assert "  prepared answer postponed: Ja." in shown
    as_json = json.loads((await terminal("calls", "show", call, "--json")).stdout)
    assert as_json["entries"][0]["question"] == entry["question"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("show", "nobody"), "There is no entry nobody"),
        (("show", "../audit"), "Nothing can have that name"),
        (("add", "--line", "inf", "--question", "x"), "did you mean 'info'?"),
        (("add", "--line", "info", "--question", "x", "--owner", "anna"), "a follow-up needs its day"),
        (("list", "--since", "i går"), "is no time"),
    ],
)
async def test_what_makes_no_sense_is_told_with_a_remedy(
    terminal: Terminal, arguments: tuple[str, ...], why: str
) -> None:
    done = await terminal("register", *arguments)
    assert done.returncode == 2
    assert why in done.stderr


async def test_a_spreadsheet_is_shown_then_imported_without_the_service(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "gammel.csv"
    file.write_text(
        "Dato;Emne;Spørsmål;Merknad\n23.11.2025;Eksamen;Når er fristen?;x\n"
        "24.11.2025;Fees;Hva koster det?;\n",
        encoding="cp1252",
    )
    seen = await terminal("register", "import", str(file), "--dry-run")
    assert seen.returncode == 0, seen.stderr
    for word in (
        "column Emne: topic",
        "column Merknad: left out",
        "Når er fristen?",
        "2 rows would be imported",
    ):
        assert word in seen.stdout
    assert (
        "2 rows imported"
        in (await terminal("register", "import", str(file), "--map", "Merknad=answer")).stdout
    )
    bad = tmp_path / "bad.csv"
    bad.write_text("Dato,Tema,Spørsmål\n24.11.2025,Eksamn,x\n", encoding="utf-8")
    refused = await terminal("register", "import", str(bad))
    assert refused.returncode == 1
    assert "row 2, column Tema: there is no topic 'Eksamn'; did you mean 'Eksamen'?" in refused.stdout
    told = json.loads((await terminal("register", "import", str(bad), "--json")).stdout)
    assert (told["schema"], told["written"], told["refused"][0]["row"]) == ("hotline/register-import/1", 0, 2)
    assert (await terminal("register", "import", str(bad), "--map", "X=topic")).returncode == 2
    listed = json.loads((await terminal("register", "list", "--json", "--until", NOON.isoformat())).stdout)
    assert [each["topic_words"] for each in listed["entries"]] == ["Fees", "Studier / Eksamen"]


async def test_an_import_is_listed_and_taken_back_without_the_service(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "gammel.csv"
    file.write_text("Dato;Emne;Spørsmål\n23.11.2025;Eksamen;Når er fristen?\n", encoding="utf-8")
    assert (await terminal("register", "imports")).stdout == "no imports\n"
    assert (await terminal("register", "import", str(file))).returncode == 0
    (batch,) = json.loads((await terminal("register", "imports", "--json")).stdout)["imports"]
    assert (batch["file"], batch["added"], batch["undone_at"]) == ("gammel.csv", 1, None)
    listed = (await terminal("register", "imports")).stdout
    assert batch["id"] in listed
    assert "gammel.csv" in listed
    unknown = await terminal("register", "import", "--undo", batch["id"][:-1])
    assert (unknown.returncode, f"did you mean '{batch['id']}'?" in unknown.stderr) == (2, True)
    both = await terminal("register", "import", str(file), "--undo", batch["id"])
    assert (both.returncode, "name a spreadsheet, or with --undo" in both.stderr) == (2, True)
    assert (await terminal("register", "import")).returncode == 2
    dry = await terminal("register", "import", "--undo", batch["id"], "--dry-run")
    assert dry.stdout == "1 entries removed, 0 as they were before; nothing has been written\n"
    assert len(json.loads((await terminal("register", "list", "--json")).stdout)["entries"]) == 1
    done = await terminal("register", "import", "--undo", batch["id"])
    assert (done.returncode, done.stdout) == (0, "1 entries removed, 0 as they were before\n")
    assert json.loads((await terminal("register", "list", "--json")).stdout)["entries"] == []
    again = await terminal("register", "import", "--undo", batch["id"])
    assert (again.returncode, "was taken back at" in again.stderr) == (2, True)
    (undone,) = json.loads((await terminal("register", "imports", "--json")).stdout)["imports"]
    assert undone["undone_at"] is not None
    # What is gone can be imported again.
    assert "1 rows imported" in (await terminal("register", "import", str(file))).stdout


async def test_an_import_that_somebody_went_on_with_is_taken_back_only_on_demand(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "gammel.csv"
    file.write_text(
        "Dato;Emne;Spørsmål\n23.11.2025;Eksamen;Når er fristen?\n24.11.2025;Fees;Hva koster det?\n",
        encoding="utf-8",
    )
    assert (await terminal("register", "import", str(file))).returncode == 0
    (batch,) = json.loads((await terminal("register", "imports", "--json")).stdout)["imports"]
    entries = json.loads((await terminal("register", "list", "--json")).stdout)["entries"]
    assert (await terminal("register", "change", entries[0]["id"], "--answer", "15. april")).returncode == 0
    stays = await terminal("register", "import", "--undo", batch["id"], "--json")
    told = json.loads(stays.stdout)
    assert (stays.returncode, told["written"], told["changed"]) == (1, False, [entries[0]["id"]])
    assert entries[0]["id"] in (await terminal("register", "import", "--undo", batch["id"])).stdout
    assert len(json.loads((await terminal("register", "list", "--json")).stdout)["entries"]) == 2
    done = await terminal("register", "import", "--undo", batch["id"], "--changed-too")
    assert done.returncode == 0, done.stdout
    assert json.loads((await terminal("register", "list", "--json")).stdout)["entries"] == []
