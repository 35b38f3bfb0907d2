"""Recordings as files: encrypted whole or not at all, whatever is killed, and told apart by name."""

from __future__ import annotations

import os
import tracemalloc
import wave
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.control import recording_files
from hotline_ivr.control.recording_files import RecordingFiles
from hotline_ivr.control.recording_seal import digest_of, make_key, open_sealed, read_private_keys, wav_head
from hotline_ivr.errors import RecordingError
from hotline_ivr.routing.recordings import PartId, Sealed, TapeState

AT = datetime.fromtimestamp(1_800_000_000, UTC)
TALK = bytes(range(256)) * 500  # four seconds
PRIVATE, PUBLIC = make_key()
PART = PartId("main-1.1", 1)


class Place:
    """Both folders, and what Asterisk would write there."""

    def __init__(self, folder: Path) -> None:
        self.kept, self.plain = folder / "recordings", folder / "recordings" / "plain"
        self.plain.mkdir(parents=True)
        self.files = RecordingFiles(self.kept, self.plain)

    def talk(self, name: str = "main-1.1.1.done", samples: bytes = TALK) -> Path:
        path = self.plain / name
        path.write_bytes(samples)
        os.utime(path, (AT.timestamp(),) * 2)
        return path

    def seal(self, keys: list[str]) -> Sealed:
        """Keep the oldest part."""
        sealed = self.files.seal(self.files.plain()[0], keys)
        assert sealed is not None
        return sealed

    def names(self) -> list[str]:
        folders = (self.kept, self.plain)
        return sorted(path.name for folder in folders for path in folder.iterdir() if path.is_file())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def opened(path: Path, key: str = PRIVATE) -> bytes:
    target = BytesIO()
    with path.open("rb") as source:
        open_sealed(source, target, [key], "main-1.1.1")
    return target.getvalue()


def test_a_part_is_kept_as_a_wav_file_that_only_the_private_key_opens(place: Place) -> None:
    place.talk()
    sealed = place.seal([PUBLIC])
    assert place.names() == ["main-1.1.1.age"]
    path = place.files.path(PART)
    assert path is not None
    assert TALK[:64] not in path.read_bytes()
    with wave.open(BytesIO(opened(path)), "rb") as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.readframes(99_999)) == (2, 8000, TALK)
    assert (sealed.file.length_ms, sealed.file.ended_at, sealed.sha256) == (4000, AT, digest_of(path))
    assert path.stat().st_mode & 0o077 == 0
    # The same is known of it from the file alone.
    assert list(place.files.kept()) == [sealed.file]


def test_each_of_several_keys_opens_and_another_one_says_so_in_one_sentence(place: Place) -> None:
    place.talk()
    second, public = make_key()
    place.files.seal(place.files.plain()[0], [PUBLIC, public])
    path = place.kept / "main-1.1.1.age"
    assert opened(path) == opened(path, second)
    with pytest.raises(
        RecordingError, match=r"^main-1.1.1: this private key does not open it; another one does$"
    ):
        opened(path, make_key()[0])
    with pytest.raises(RecordingError, match=r"^this is no private key of age$"):
        opened(path, "AGE-SECRET-KEY-1NONSENSE")


@pytest.mark.parametrize("harm", ["flipped", "cut", "no age"])
def test_a_damaged_file_is_told_and_not_played(place: Place, harm: str) -> None:
    place.talk()
    place.files.seal(place.files.plain()[0], [PUBLIC])
    path = place.kept / "main-1.1.1.age"
    data = bytearray(path.read_bytes())
    data[90_000] ^= 1
    path.write_bytes({"flipped": bytes(data), "cut": bytes(data[:80_000]), "no age": b"RIFX"}[harm])
    with pytest.raises(RecordingError, match="is damaged and cannot be decrypted"):
        opened(path)


def test_a_file_of_keys_may_hold_remarks_and_must_hold_a_key(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(f"# public key: {PUBLIC}\n{PRIVATE}\n", encoding="ascii")
    assert read_private_keys(tmp_path / "good") == [PRIVATE]
    (tmp_path / "bad").write_text(PUBLIC, encoding="ascii")
    for name, why in (("bad", "holds no private key"), ("none", "cannot be read")):
        with pytest.raises(RecordingError, match=why):
            read_private_keys(tmp_path / name)


def test_where_nothing_is_to_be_encrypted_the_wav_file_is_kept(place: Place) -> None:
    place.talk()
    sealed = place.seal([])
    assert (place.kept / "main-1.1.1.wav").read_bytes() == wav_head(len(TALK)) + TALK
    assert (sealed.file.encrypted, list(place.files.kept())) == (False, [sealed.file])


def test_a_service_that_is_killed_while_it_encrypts_begins_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = place.talk()

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recording_files, "seal", killed)
    with pytest.raises(KeyboardInterrupt):
        place.files.seal(place.files.plain()[0], [PUBLIC])
    monkeypatch.undo()
    assert (plain.exists(), place.files.path(PART)) == (True, None)
    place.files.seal(place.files.plain()[0], [PUBLIC])
    assert (place.names(), len(opened(place.kept / "main-1.1.1.age"))) == (["main-1.1.1.age"], 44 + len(TALK))


def test_a_service_that_is_killed_before_the_plain_file_goes_doubles_nothing(place: Place) -> None:
    place.talk()
    first = place.seal([PUBLIC])
    kept = (place.kept / "main-1.1.1.age").read_bytes()
    place.talk()
    again = place.seal([PUBLIC])
    assert (again.file, place.names()) == (first.file, ["main-1.1.1.age"])
    assert (place.kept / "main-1.1.1.age").read_bytes() == kept


def test_a_disk_that_is_full_costs_no_recording(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.talk()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording_files, "seal", full)
    with pytest.raises(OSError, match="No space"):
        place.files.seal(place.files.plain()[0], [PUBLIC])
    place.files.clear_drafts()
    assert place.names() == ["main-1.1.1.done"]


def test_a_part_in_which_nothing_was_said_leaves_no_file(place: Place) -> None:
    place.talk(samples=b"")
    sealed = place.seal([PUBLIC])
    assert (sealed.file.size, sealed.file.length_ms, place.names()) == (0, 0, [])


def test_an_hour_needs_no_more_memory_than_a_minute(place: Place) -> None:
    path = place.talk(samples=b"")
    with path.open("wb") as file:
        file.truncate(3600 * 32_000)
    tracemalloc.start()
    place.files.seal(place.files.plain()[0], [PUBLIC])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert next(iter(place.files.kept())).length_ms == 3_600_000


def test_what_asterisk_is_writing_is_told_from_what_it_has_closed(place: Place) -> None:
    place.talk("main-1.1.2.raw")
    for name in ("main-1.2.1.done", "readme", ".hidden.1.done", "main-1.2.x.done", "full", "a b.1.done"):
        place.talk(name)
    found = {part.id.name: part.closed for part in place.files.plain()}
    assert found == {"main-1.1.2": False, "main-1.2.1": True}
    lost = next(part for part in place.files.plain() if not part.closed)
    place.files.close(lost)
    assert all(part.closed for part in place.files.plain())


def test_what_goes_on_is_read_from_the_dialplans_word_and_nothing_else(place: Place) -> None:
    told = {
        "main-1.1_main-1.2.live": "paused~PJSIP/anna.25gx-00000001~1800000060~end\n",
        "main-1.3_main-1.4.live": "on~PJSIP/anna.25gx-00000001~0~en",
        "main-1.5_main-1.6.live": "on~PJSIP/a\r\nAction: Hangup~0~end",
        "nothing.live": "on~PJSIP/a-1~0~end",
    }
    for name, text in told.items():
        place.talk(name, text.encode())
    (tape,) = place.files.tapes()
    assert (tape.call_id, tape.state, tape.channel) == (
        "main-1.1",
        TapeState.PAUSED,
        "PJSIP/anna.25gx-00000001",
    )
    assert tape.due.timestamp() == 1_800_000_060
    place.files.forget(tape)
    place.files.forget(tape)
    assert place.files.tapes() == ()


def test_deleting_takes_what_is_not_encrypted_too(place: Place) -> None:
    place.talk()
    place.files.seal(place.files.plain()[0], [PUBLIC])
    place.talk()
    place.talk("main-1.1.2.done")
    place.files.remove(PART)
    place.files.remove(PART)
    assert place.names() == ["main-1.1.2.done"]


@pytest.mark.parametrize("call", ["../x", "", ".x", "a/b", "a b"])
def test_no_name_leads_out_of_the_folder(place: Place, call: str) -> None:
    with pytest.raises(ValueError, match="no recording is named like this"):
        place.files.path(PartId(call, 1))


def test_too_little_space_is_told_by_a_file(place: Place) -> None:
    assert not place.files.is_full()
    place.files.set_full(full=True)
    assert place.files.is_full()
    place.files.set_full(full=False)
    place.files.set_full(full=False)
    assert (place.files.is_full(), place.files.plain_is_short()) == (False, False)
    assert place.files.free_mb() > 0
