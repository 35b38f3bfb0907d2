"""Two readers of YAML: without the fast one nothing is different but the time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from yaml import YAMLError

from hotline_ivr.config import yaml_compose
from hotline_ivr.config.yaml_compose import (
    RefusedError,
    compose,
    compose_by_libyaml,
    compose_by_ruamel,
    is_read_alike,
)
from hotline_ivr.config.yaml_tree import read_text

SHIPPED = sorted((Path(__file__).parents[2] / "config").rglob("*.yaml"))
_PIECES = st.lists(
    st.sampled_from(
        [
            *"ab:-,'\"[]{}#<=012~\n\r ",
            ": ",
            "- ",
            "\n  ",
            "\n- ",
            "'b'",
            '"c"',
            "{a: 1}",
            "a@b",
            "@",
            "ø",
            "😀",
        ]
    )
)


@settings(max_examples=400)
@given(_PIECES.map("".join))
def test_what_libyaml_accepts_ruamel_reads_alike(text: str) -> None:
    assume(is_read_alike(text))
    try:
        quick = compose_by_libyaml(text)
    except (YAMLError, RefusedError):
        return
    assert quick == compose_by_ruamel(text)


@pytest.mark.parametrize("file", SHIPPED, ids=str)
def test_every_shipped_file_is_read_alike(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert compose_by_libyaml(text) == compose_by_ruamel(text)


@pytest.mark.parametrize(
    "text",
    ["|#", "!~!", "a:\n &b: c", "a\x85b", "\ufeffa: 1", "%YAML 1.1\n---\na", "&1:>{~0", "?`\n...\n\n...\n"],
)
def test_what_the_two_take_for_different_things_is_left_to_ruamel(text: str) -> None:
    assert not is_read_alike(text)


@pytest.mark.parametrize(
    "text", ["a: 1\nb: [x, 'y']\n", "a: [\n", "", "a: 1\na: 2\n", "- \n- b\n", "a: 1\n\tb: 2"]
)
def test_without_libyaml_everything_is_the_same(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    quick = read_text(text, "x.yaml")
    monkeypatch.setattr(yaml_compose, "CParser", None)
    assert read_text(text, "x.yaml") == quick


def test_the_quick_reader_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_compose, "compose_by_ruamel", None)
    assert compose("a: sip:anna@127.0.0.1\n").node is not None
