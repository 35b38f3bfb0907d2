"""What no single value shows about queues: known callers on two lists, skills that nobody has.

As in menu_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.skills import level_of
from hotline_ivr.config.yaml_tree import Path


def queue_checks(reading: Reading, country: str | None, prompts: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong; `country` reads national numbers, `prompts` None skips those."""
    if prompts is not None:
        yield from itertools.islice(_comfort(reading, prompts), FOUND_PROBLEMS)
    yield from itertools.islice(_known_callers(reading, country), FOUND_PROBLEMS)
    yield from itertools.islice(_needs(reading), FOUND_PROBLEMS)
    yield from itertools.islice(_never_rung(reading), FOUND_PROBLEMS)
    yield from itertools.islice(_skills_for_nothing(reading), FOUND_PROBLEMS)


def able_by_skill(reading: Reading) -> Iterator[str]:
    """Operators who serve a queue that names only skills."""
    skills = _skills(reading)
    for queue in _queues(reading).values():
        if "operators" not in queue and (needs := _names(queue.get("needs"))):
            yield from (name for name, known in skills.items() if level_of(known, needs) is not None)


def _queues(reading: Reading) -> dict[str, dict[str, object]]:
    return {name: _mapping(queue) for name, queue in _mapping(reading.data.get("queues")).items()}


def _names(value: object) -> list[str]:
    return [item.strip() for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _skills(reading: Reading) -> dict[str, dict[str, int]]:
    """Each operator's levels; what is no level is passed over."""
    found: dict[str, dict[str, int]] = {}
    for name, operator in _mapping(reading.data.get("operators")).items():
        written = _mapping(operator).get("skills")
        listed = dict.fromkeys(_names(written), "1") if isinstance(written, list) else _mapping(written)
        found[name] = {
            skill: int(str(level)) for skill, level in listed.items() if str(level).strip().isdecimal()
        }
    return found


def _comfort(reading: Reading, prompts: Collection[str]) -> Iterator[Problem]:
    for name, queue in _queues(reading).items():
        for place, prompt in enumerate(_names(_mapping(queue.get("comfort")).get("prompts"))):
            if prompt not in prompts:
                message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
                path: Path = ("queues", name, "comfort", "prompts", place)
                yield reading.problem(path, message, "write another, or add it to prompts/prompts.yaml")


def _needs(reading: Reading) -> Iterator[Problem]:
    skills = _skills(reading)
    known = sorted({skill for each in skills.values() for skill in each})
    for name, queue in _queues(reading).items():
        needs = _names(queue.get("needs"))
        missing = [(place, skill) for place, skill in enumerate(needs) if skill not in known]
        for place, skill in missing:
            message = f"no operator has the skill {quoted(skill)}{did_you_mean(skill, known)}"
            remedy = f"write it under an operator's skills: {{{skill}: 1}}"
            yield reading.problem(("queues", name, "needs", place), message, remedy)
        if not needs or missing:
            continue
        able = {each for each, own in skills.items() if level_of(own, needs) is not None}
        if "operators" not in queue and not able:
            message = f"nobody can serve this queue: no operator has all of {', '.join(needs)}"
            yield reading.problem(("queues", name, "needs"), message, "give the skills to one operator")
        for place, operator in enumerate(_names(queue.get("operators"))):
            if operator in skills and operator not in able:
                lacking = ", ".join(skill for skill in needs if skill not in skills[operator])
                message = f"{quoted(operator)} lacks what this queue needs: {lacking}"
                remedy = f"add it under operators.{operator}.skills, or take it out of the list"
                yield reading.problem(("queues", name, "operators", place), message, remedy)


def _never_rung(reading: Reading) -> Iterator[Problem]:
    """Operators of levels that `relax` leaves out."""
    skills = _skills(reading)
    for name, queue in _queues(reading).items():
        relax, needs = _mapping(queue.get("relax")), _names(queue.get("needs"))
        if not relax or not needs:
            continue
        listed = _names(queue.get("operators")) if "operators" in queue else list(skills)
        levels = {each: level_of(skills.get(each, {}), needs) for each in listed}
        left_out = {each: level for each, level in levels.items() if level and level > 1}
        never = sorted(each for each, level in left_out.items() if str(level) not in relax)
        if never:
            message = f"operators of a level that is never rung for this queue: {', '.join(never)}"
            remedy = "name their level under relax with the time after which they are rung"
            yield reading.problem(("queues", name, "relax"), message, remedy, severity="warning", key=True)


def _skills_for_nothing(reading: Reading) -> Iterator[Problem]:
    needed = {skill for queue in _queues(reading).values() for skill in _names(queue.get("needs"))}
    told: set[str] = set()
    for name, skills in _skills(reading).items():
        for skill in skills:
            if skill not in needed and skill not in told:
                told.add(skill)
                message = f"no queue needs the skill {quoted(skill)}{did_you_mean(skill, needed)}"
                path: Path = ("operators", name, "skills")
                yield reading.problem(path, message, "write it under a queue's needs", severity="warning")


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _known_callers(reading: Reading, country: str | None) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    for name, listed in _mapping(reading.data.get("known_callers")).items():
        numbers = _mapping(listed).get("numbers")
        for index, text in enumerate(numbers if isinstance(numbers, list) else ()):
            try:
                number = to_e164(str(text), country)
            except ValueError:
                continue  # the model has said so
            path: Path = ("known_callers", name, "numbers", index)
            if (first := seen.setdefault(number, path)) != path:
                message = f"{number} is in list {quoted(str(first[1]))} already, at {reading.place_of(first)}"
                yield reading.problem(path, message, "a caller has one priority: delete one of the two")
