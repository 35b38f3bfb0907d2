"""What was built from what, also when the list of it was damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.setup.manifest import NAME, Manifest, fingerprint


def test_what_was_put_is_held_by_the_next_one(tmp_path: Path) -> None:
    Manifest(tmp_path).put("nb/greeting", "a1")
    again = Manifest(tmp_path)
    assert again.holds("nb/greeting", "a1")
    assert not again.holds("nb/greeting", "b2")
    again.drop("nb/greeting")
    assert Manifest(tmp_path).names() == ()


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00\xff"])
def test_a_damaged_manifest_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert Manifest(tmp_path).names() == ()


def test_a_fingerprint_tells_where_one_part_ends() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("ab", b"c") == fingerprint("ab", "c")
