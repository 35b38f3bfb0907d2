"""The files by which calls go on when the service does not answer; see dialplans/hotline-fallback.conf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hotline_ivr.asterisk.render.sections import value
from hotline_ivr.asterisk.stretch import encode_foreseen, event_words, state_word
from hotline_ivr.routing.foreseen import Foreseeable, Foreseen
from hotline_ivr.routing.steps import Decision

# How far ahead opening hours are written down; after that Asterisk repeats the last week.
FALLBACK_DAYS = 14

# Openings on a line of text: Asterisk cuts a variable at 4,096 characters (VAR_BUF_SIZE), a moment is 15.
MOMENTS_A_LINE = 250
# An answer that is longer than this is left out, and its callers go to the line's queue.
LONGEST_ROW = 4_000


def fallback_files(line_id: str, foreseen: Foreseen) -> Mapping[str, str]:
    """File name (relative to fallback_dir) to text: a line's hours, its arrivals, and one file a state."""
    version = foreseen.plan_version
    files = {
        f"{line_id}.txt": _hours(foreseen),
        f"{line_id}.arrived.txt": _lines(
            [_answer(decision, version) for decision in (foreseen.lost, *foreseen.arrivals)]
        ),
    }
    for state, answers in foreseen.answers.items():
        files[f"{line_id}.{state_word(state)}.txt"] = _lines(_rows(answers, version))
    return files


def _hours(foreseen: Foreseen) -> str:
    last = str(int(foreseen.changes[-1][0].timestamp()))
    # Arrivals are counted from 1, as lines of their file: the first one there is for the lost.
    moments = [f"{int(at.timestamp())}:{place + 1}" for at, place in foreseen.changes]
    chunks = [",".join([*chunk, "more"]) for chunk in batched(moments, MOMENTS_A_LINE)]
    chunks[-1] = chunks[-1].removesuffix("more") + "end"
    return _lines([f"1|{last}|end", *chunks])


def _rows(answers: Mapping[Foreseeable, Decision], version: str) -> Iterator[str]:
    """What follows each event, the one for any other event last."""
    rows = [
        (word, _answer(decision, version))
        for event, decision in answers.items()
        for word in event_words(event)
    ]
    for word, answer in sorted(rows, key=lambda row: (not row[0], row[0])):
        if len(answer) <= LONGEST_ROW:
            yield f"{word}>{answer}"


def _answer(decision: Decision, version: str) -> str:
    # The line break that Asterisk reads with the line falls behind the last bar.
    return f"{encode_foreseen(decision, version)}|"


def _lines(texts: Iterator[str] | Sequence[str]) -> str:
    return "".join(f"{value(text)}\n" for text in texts)


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
