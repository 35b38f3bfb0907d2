"""What the voice talent is given to read."""

from __future__ import annotations

import csv
import io

import pytest

from hotline_ivr.setup.manuscript import Form, expected_seconds, manuscript
from hotline_ivr.setup.prompt_library import Prompt

PROMPTS = (
    Prompt("greeting", "nb", "placeholder", "Velkommen til oss. Vent litt.", ()),
    Prompt("summer", "nb", "missing", "", ("lines.desk.greeting",)),
    Prompt("greeting", "en", "placeholder", "Welcome | hold on.", ()),
)
NUMBERS = {"greeting": 7, "summer": 12}


@pytest.mark.parametrize(("text", "seconds"), [("", 0), ("åtte", 0.4), ("En to. Tre fire.", 2.0)])
def test_a_calm_voice_takes_so_long(text: str, seconds: float) -> None:
    assert expected_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("form", ["text", "markdown", "csv"])
def test_every_form_has_text_and_file_name_of_each_prompt(form: Form) -> None:
    text = manuscript(PROMPTS, form, NUMBERS)
    for part in ("nb/greeting.wav", "Velkommen til oss. Vent litt.", "en/greeting.wav", "nb/summer.wav"):
        assert part in text
    assert "no text yet; used by lines.desk.greeting" in text


def test_a_spreadsheet_reads_it() -> None:
    rows = list(csv.DictReader(io.StringIO(manuscript(PROMPTS, "csv", NUMBERS))))
    assert [row["language"] for row in rows] == ["en", "nb", "nb"]
    assert [row["number"] for row in rows] == ["7", "7", "12"]
    assert rows[0]["text"] == "Welcome | hold on."


def test_a_bar_in_a_text_does_not_break_the_table() -> None:
    assert "Welcome \\| hold on." in manuscript(PROMPTS, "markdown", NUMBERS)


def test_nothing_to_record_is_an_empty_manuscript() -> None:
    assert manuscript((), "text", {}) == ""
