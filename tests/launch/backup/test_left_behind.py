"""What a backup or an export leaves that is stopped or killed: it is found, and taken away."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.exports.placing import EXPORT, workplace
from hotline_ivr.launch.backup.leftovers import clear_left_behind, left_by_backups, prefix_of
from hotline_ivr.launch.left_behind import left_behind
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.privacy.proof import prove
from hotline_ivr.launch.privacy.purging import purge
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.settings import Settings
from tests.launch.backup.test_backup import backed_up, filled, run_and_kill
from tests.launch.place import Place
from tests.launch.privacy.persons import PERSON, a_node
from tests.launch.privacy.test_erasing import erased


async def killed(tmp_path: Path) -> tuple[Place, Path]:
    """A node whose backup was killed: all of the record lies in the folder, under no name that is listed."""
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    folder = tmp_path / "backups"
    folder.mkdir()
    assert await run_and_kill(node.settings, ["backup", str(folder)], 2) == -signal.SIGKILL
    assert b"98765432" in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return node, folder


async def proof_of(settings: Settings) -> tuple[str, ...]:
    async with privacy_place(settings, by="tester") as place:
        return (await prove(place, NumberForms(PERSON))).places


async def test_what_a_killed_backup_left_is_found_and_goes_with_an_erasure(tmp_path: Path) -> None:
    node, folder = await killed(tmp_path)
    assert any(each.startswith(f"{folder}/.hotline-snapshot-main-") for each in await proof_of(node.settings))
    done = await erased(node.settings)
    assert done.proof.places == ()
    assert list(folder.iterdir()) == []


async def test_what_a_killed_backup_left_goes_with_the_next_also_where_that_is_elsewhere(
    tmp_path: Path,
) -> None:
    node, folder = await killed(tmp_path)
    # As they were named by earlier versions.
    former = folder / ".hotline-snapshot-abcd_123"
    former.mkdir()
    (former / "database.sqlite").write_bytes(b"98765432")
    (folder / ".hotline-main-4711.partial").write_bytes(b"98765432")
    made = await backed_up(node.settings, tmp_path / "another")
    assert list(folder.iterdir()) == []
    assert list(made.path.parent.iterdir()) == [made.path]
    assert left_by_backups(node.settings) == []


async def test_a_backup_that_is_told_to_end_takes_away_what_it_has_begun(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    folder = tmp_path / "backups"
    folder.mkdir()
    code = await run_and_kill(node.settings, ["backup", str(folder)], 3, by=signal.SIGTERM)
    assert code != 0
    assert list(folder.iterdir()) == []


async def test_two_backups_at_once_do_not_take_away_each_others_work(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    folder = tmp_path / "backups"
    folder.mkdir()
    with (
        only_one(node.settings.backup_lock, "A backup"),
        workplace(folder, prefix_of(node.settings)) as under_way,
    ):
        (under_way / "draft").write_text(PERSON)
        with pytest.raises(SetupError, match="A backup already runs"):
            await backed_up(node.settings, folder)
        assert (under_way / "draft").read_text() == PERSON
    # Another node's in the same folder stays as well.
    with workplace(folder, ".hotline-snapshot-second-") as theirs:
        await backed_up(node.settings, folder)
        assert theirs.exists()


async def test_exports_that_were_killed_go_at_a_start_a_purge_and_an_erasure(tmp_path: Path) -> None:
    node = a_node(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", {"numbers": 1})
    await node.keep()
    exports = node.settings.exports_dir

    def leave() -> Path:
        dead = exports / f"{EXPORT}dead.part"
        dead.mkdir(parents=True)
        (dead / "draft").write_text(PERSON)
        return dead

    dead = leave()
    clear_left_behind(node.settings)
    assert not dead.exists()
    leave()
    async with privacy_place(node.settings, by="tester") as place:
        await purge(place, dry_run=True)
        assert dead.exists()
        await purge(place)
    assert not dead.exists()
    leave()
    assert (await erased(node.settings)).proof.places == ()
    assert not dead.exists()


async def test_an_erasure_names_what_is_under_way_and_what_no_purge_reaches_with_the_remedy(
    tmp_path: Path,
) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    made = await backed_up(node.settings, tmp_path / "backups")
    state = node.settings.state_dir
    aside = state / "before-restore-20261101T000000Z"
    aside.mkdir()
    (aside / "x").write_text(PERSON)
    (state / "hotline.db").write_text(PERSON)
    node.settings.exports_dir.mkdir()
    with (
        workplace(node.settings.exports_dir) as export,
        workplace(made.path.parent, prefix_of(node.settings)) as backup,
    ):
        for folder in (export, backup):
            (folder / "draft").write_text(PERSON)
        places = (await erased(node.settings)).proof.places
    for path, remedy in (
        (aside / "x", f"delete {aside} when you no longer need it"),
        (state / "hotline.db", "no longer used"),
        (export / "draft", "an export that is under way"),
        (backup / "draft", "a backup that is being made"),
    ):
        (told,) = [each for each in places if each.startswith(f"{path}:")]
        assert remedy in told


async def test_the_doctor_tells_of_copies_that_are_older_than_numbers_may_be(tmp_path: Path) -> None:
    import os

    node = a_node(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", {"numbers": 30})
    assert (await left_behind(node.settings)).ok
    aside = node.settings.state_dir / "before-restore-20261101T000000Z"
    aside.mkdir()
    fresh = await left_behind(node.settings)
    assert fresh.ok
    assert aside.name in fresh.seen
    os.utime(aside, (0, 0))
    old = await left_behind(node.settings)
    assert not old.ok
    assert "delete" in old.remedy
