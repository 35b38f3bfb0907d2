"""Recording is refused where nobody could open it, and its prompts are looked up."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.config.check import check
from hotline_ivr.control.recording_seal import make_key

BASE = """\
organisation: {name: Example University}
lines:
  help:
    name: Help
    numbers: [+47 22 85 12 34]
    time_zone: Europe/Oslo
    hours: always
    queue: main
    LINE
queues: {main: {operators: [anna]QUEUE}}
operators: {anna: {name: Anna Berg}}
trunks: {carrier: {hosts: [192.0.2.10]}}
"""
PRIVATE, PUBLIC = make_key()
PROMPTS = {
    "greeting", "closed", "sorry", "technical", "recording-announce", "recording-question", "recording-off",
    "recording-on", "recording-paused", "recording-full",
}  # fmt: skip


def said(folder: Path, *, line: str = "", queue: str = "", kept: str = "", lacks: str = "") -> str:
    text = BASE.replace("LINE", line).replace("QUEUE", queue)
    (folder / "hotline.yaml").write_text(f"{text}{kept}\n", encoding="utf-8")
    return check(folder, PROMPTS - {lacks}).text


KEYS = f"recordings: {{public_keys: [{PUBLIC}]}}"


@pytest.mark.parametrize(
    "place", [{"line": "recording: {consent: announce}"}, {"queue": ", recording: {consent: key}"}]
)
def test_recording_without_a_key_is_refused_with_the_remedy(tmp_path: Path, place: dict[str, str]) -> None:
    refused = said(tmp_path, **place)
    assert "is to be recorded, and there is no key to encrypt it for" in refused
    assert "hotline recordings keygen" in refused
    assert "encrypt: no" in refused
    assert said(tmp_path, **place, kept=KEYS) == ""
    assert said(tmp_path, **place, kept="recordings: {encrypt: no}") == ""


def test_what_records_nothing_needs_no_key(tmp_path: Path) -> None:
    assert said(tmp_path) == ""
    assert said(tmp_path, queue=", recording: {record: no}") == ""


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (f"recordings: {{public_keys: [{PUBLIC[:-1]}q]}}", "is no public key"),
        (f"recordings: {{public_keys: [{PUBLIC.upper()}]}}", "is no public key"),
        (f"recordings: {{public_keys: [{PRIVATE}]}}", "is a private key, which must never stand here"),
        (f"recordings: {{public_keys: [{PUBLIC}], encrypt: no}}", "has `public_keys` and `encrypt: no`"),
        ("recordings: {encrypt: no, keep_days: 0}", "keep_days"),
        ("recordings: {encrypt: no, pause_code: 7}", "is no code"),
    ],
    # Keys are others each time, and names of tests must not be.
    ids=("misspelt", "capitals", "private", "key and none", "kept no day", "no code"),
)
def test_a_key_or_a_rule_that_cannot_be_is_refused(tmp_path: Path, kept: str, why: str) -> None:
    assert why in said(tmp_path, line="recording: {consent: none}", kept=kept)


@pytest.mark.parametrize(
    ("rule", "lacks", "where"),
    [
        ("{consent: announce}", "recording-announce", "lines.help.recording"),
        ("{consent: key}", "recording-question", "lines.help.recording"),
        ("{consent: key}", "recording-off", "lines.help.recording"),
        ("{consent: key, question: nowhere}", "", "nowhere"),
    ],
)
def test_prompts_of_the_consent_are_looked_up(tmp_path: Path, rule: str, lacks: str, where: str) -> None:
    refused = said(tmp_path, line=f"recording: {rule}", kept=KEYS, lacks=lacks)
    assert "there is no prompt" in refused
    assert where in refused


def test_prompts_of_the_pause_are_looked_up_and_unused_ones_are_not(tmp_path: Path) -> None:
    kept = KEYS.replace("]}", "], pause_code: '*7'}")
    rule = "recording: {consent: none}"
    assert said(tmp_path, line=rule, kept=kept) == ""
    assert "there is no prompt 'recording-paused'" in said(
        tmp_path, line=rule, kept=kept, lacks="recording-paused"
    )
    assert said(tmp_path, line=rule, kept=KEYS, lacks="recording-question") == ""
