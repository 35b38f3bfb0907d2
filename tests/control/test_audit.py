"""The trail read back from its end, whatever the length of its lines and whatever a power cut left."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.control import audit
from hotline_ivr.control.audit import AuditEntry, AuditTrail

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


def entry(subject: str) -> AuditEntry:
    return AuditEntry(NOW, "kari", "command", "override.set", subject, {"kind": "close"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trail")


@given(
    lengths=st.lists(st.integers(1, 400), max_size=12),
    spoilt=st.sets(st.integers(0, 11)),
    limit=st.integers(1, 5),
    block=st.integers(7, 700),
)
def test_page_by_page_from_the_end_is_the_whole_trail_backwards(
    folder: Path, lengths: list[int], spoilt: set[int], limit: int, block: int
) -> None:
    path = folder / "audit.jsonl"
    path.unlink(missing_ok=True)
    trail = AuditTrail(path)
    for index, length in enumerate(lengths):
        trail.note(entry("å" * length))
        if index in spoilt:
            with path.open("ab") as file:
                file.write(b'{"at": "2026-\xff\n')
    found: list[AuditEntry] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "_BLOCK", block)
        part = trail.newest(limit)
        found += part.entries
        while part.start:
            assert len(part.entries) == limit
            part = trail.newest(limit, part.start)
            found += part.entries
    assert found == list(trail.entries())[::-1]


def test_only_the_end_of_a_long_trail_is_read(tmp_path: Path) -> None:
    trail = AuditTrail(tmp_path / "audit.jsonl")
    trail.note(entry("new"))
    line = (tmp_path / "audit.jsonl").read_bytes()
    # A file with a hole of a gigabyte before it: who reads it whole is seen by the deadline of tests.
    with (tmp_path / "audit.jsonl").open("wb") as file:
        file.seek(2**30)
        file.write(b"\n" + line)
    assert [each.subject for each in trail.newest(1).entries] == ["new"]


def test_a_trail_that_nobody_has_written_is_empty(tmp_path: Path) -> None:
    assert AuditTrail(tmp_path / "audit.jsonl").newest(5) == audit.TrailPart((), 0)
