"""What is wrong between topics, prepared answers and the rest: ids that stand twice, names that lead nowhere.

As in cross_checks, the data is looked at as it was written, so that one mistake does not hide another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.topics import DEEPEST
from hotline_ivr.config.yaml_tree import Path

_YES = frozenset({"yes", "true", "on"})


def register_checks(reading: Reading) -> Iterator[Problem]:
    """Yield the problems of topics and prepared answers."""
    placed: dict[str, tuple[Path, bool]] = {}
    yield from islice(_topics(reading, reading.data.get("topics"), ("topics",), placed), FOUND_PROBLEMS)
    yield from islice(_answers(reading, placed), FOUND_PROBLEMS)
    yield from islice(_retired(reading, placed), FOUND_PROBLEMS)


def _topics(
    reading: Reading,
    section: object,
    above: Path,
    placed: dict[str, tuple[Path, bool]],
    *,
    retired: bool = False,
) -> Iterator[Problem]:
    """Note where every topic stands, and yield those whose id is taken."""
    # Deeper ones are refused by the model, and nothing may follow them without an end.
    if not isinstance(section, Mapping) or len(above) > 2 * DEEPEST:
        return
    for name, topic in section.items():
        path: Path = (*above, str(name))
        if name in placed:
            first = reading.place_of(placed[name][0])
            yield reading.problem(
                path,
                f"topic {quoted(str(name))} stands at {first} already",
                "give one of the two another id: entries know a topic by its id alone",
                key=True,
            )
            continue
        gone = retired or (isinstance(topic, Mapping) and topic.get("retired") in _YES)
        placed[str(name)] = (path, gone)
        if isinstance(topic, Mapping):
            below = (*path, "topics")
            yield from _topics(reading, topic.get("topics"), below, placed, retired=gone)


def _named(reading: Reading) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """Each topic that a prepared answer names, and where."""
    answers = reading.data.get("prepared_answers")
    for answer_id, answer in answers.items() if isinstance(answers, Mapping) else ():
        topics = answer.get("topics") if isinstance(answer, Mapping) else None
        for index, name in enumerate(topics if isinstance(topics, list) else ()):
            if isinstance(name, str):
                yield ("prepared_answers", str(answer_id), "topics", index), name.strip(), answer


def _answers(reading: Reading, placed: Mapping[str, tuple[Path, bool]]) -> Iterator[Problem]:
    for path, name, _ in _named(reading):
        if name not in placed:
            few = ", ".join(islice(placed, 10))
            remedy = f"write one of: {few}" if few else f"add {quoted(name)} under topics"
            yield reading.problem(
                path, f"there is no topic {quoted(name)}{did_you_mean(name, placed)}", remedy
            )


def _retired(reading: Reading, placed: Mapping[str, tuple[Path, bool]]) -> Iterator[Problem]:
    for path, name, answer in _named(reading):
        if name in placed and placed[name][1] and answer.get("retired") not in _YES:
            yield reading.problem(
                path,
                f"topic {quoted(name)} is retired, and this answer is not",
                "name the topic that took its place, or retire the answer too",
                severity="warning",
            )
