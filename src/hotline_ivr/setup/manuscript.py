"""The manuscript for whoever lends the hotline a voice: what to say, and what the file is to be called."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from hotline_ivr.setup.prompt_library import Prompt

Form = Literal["text", "markdown", "csv"]

LANGUAGE_NAMES = {"nb": "Norwegian (bokmål)", "en": "English"}

_SECONDS_PER_WORD = 0.4
"""150 words a minute, a calm voice; the placeholder speaks as fast."""

_SECONDS_PER_STOP = 0.4


def expected_seconds(text: str) -> float:
    """How long a calm voice takes for a text; 0 for no text."""
    stops = max(len(re.findall(r"[.!?:]+(?:\s|$)", text)) - 1, 0)
    return len(text.split()) * _SECONDS_PER_WORD + stops * _SECONDS_PER_STOP


def manuscript(prompts: Iterable[Prompt], form: Form, numbers: Mapping[str, int]) -> str:
    """All prompts, one language after the other. A prompt without text is asked for in words.

    `numbers` by the prompts' ids: what is typed on a telephone to record one.
    """
    ordered = sorted(prompts, key=lambda one: (one.language, one.is_part))
    return {"text": _as_text, "markdown": _as_markdown, "csv": _as_csv}[form](ordered, numbers)


def _as_text(prompts: Sequence[Prompt], numbers: Mapping[str, int]) -> str:
    blocks = [
        f"{_file(one)}   number {numbers[one.prompt]}   about {_length(one)}\n"
        + "\n".join(f"    {line}" for line in _lines(_words(one)))
        for one in prompts
    ]
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def _as_markdown(prompts: Sequence[Prompt], numbers: Mapping[str, int]) -> str:
    parts = []
    for language in dict.fromkeys(one.language for one in prompts):
        rows = [
            f"| {numbers[one.prompt]} | `{_file(one)}` | {_words(one).replace('|', chr(92) + '|')}"
            f" | {_length(one)} |"
            for one in prompts
            if one.language == language
        ]
        head = f"## {LANGUAGE_NAMES[language]}\n\n| number | file | text | about |\n|---|---|---|---|\n"
        parts.append(head + "".join(f"{row}\n" for row in rows))
    return "\n".join(parts)


def _as_csv(prompts: Sequence[Prompt], numbers: Mapping[str, int]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("language", "number", "file", "seconds", "text"))
    for one in prompts:
        seconds = f"{expected_seconds(one.text):.0f}"
        writer.writerow((one.language, numbers[one.prompt], _file(one), seconds, _words(one)))
    return out.getvalue()


def _file(one: Prompt) -> str:
    return f"{one.name}.wav"


def _words(one: Prompt) -> str:
    return " ".join(one.text.split()) or f"(no text yet; used by {', '.join(one.used_by) or 'nobody'})"


def _length(one: Prompt) -> str:
    return f"{max(expected_seconds(one.text), 1):.0f} s" if one.text else "?"


def _lines(text: str, width: int = 80) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
