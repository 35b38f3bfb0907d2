"""Which prompts a plan names, where, and in which languages callers may hear them there.

Found by the type of the fields, so that a new key that holds a prompt's id is seen without a word here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from hotline_ivr.config.callback_offer import NOBODY_PROMPT, OFFER_PROMPTS
from hotline_ivr.config.control import CONTROL_PROMPTS
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.floor import OPERATOR_PROMPTS
from hotline_ivr.config.guard import ALL_BUSY
from hotline_ivr.config.models import Configuration, Line, Operator
from hotline_ivr.config.recording import OPERATOR_TAPE_PROMPTS
from hotline_ivr.config.types import PromptId

Path = tuple[str, ...]

_FOR_OPERATORS = frozenset({"operator_announcement", "operator_prompt"})

ALWAYS_USED = ("technical",)
"""Prompts that every call may come to, whatever the plan says."""

CALLBACK_PROMPT = "callback"
"""Prompt for whoever was promised to be called back; places name the queue and never this prompt."""


@dataclass(frozen=True, slots=True)
class Use:
    """A place that names a prompt, such as `lines.admission.greeting`, and the languages it may be heard
    in."""

    where: str
    languages: tuple[str, ...]
    path: Path = field(default=(), compare=False)
    """The place as keys, one by one: names of holidays hold dots."""


def _use(path: Path, languages: tuple[str, ...]) -> Use:
    return Use(".".join(path), languages, path)


def prompt_uses(plan: Configuration) -> dict[str, tuple[Use, ...]]:
    """The uses of each prompt, by its id, in the order of the plan."""
    found: dict[str, list[Use]] = {}
    languages = _languages_by_place(plan)
    for section in type(plan).model_fields:
        held = getattr(plan, section)
        for key, item in held.items() if isinstance(held, Mapping) else ():
            heard = (item.language,) if isinstance(item, Operator) else languages[f"{section}.{key}"]
            for path, prompt in (*_prompts(item, (section, key)), *_promises(item, (section, key))):
                operators = path[-1] in _FOR_OPERATORS
                found.setdefault(prompt, []).append(_use(path, _of_operators(plan) if operators else heard))
    for line_id, line in plan.lines.items():
        for prompt in ALWAYS_USED:
            found.setdefault(prompt, []).append(_use(("lines", line_id), _languages(line)))
    for path, prompt, language in _of_control(plan):
        found.setdefault(prompt, []).append(_use(path, (language,)))
    for path, prompt, spoken in _of_guard(plan):
        found.setdefault(prompt, []).append(_use(path, spoken))
    for path, prompt in _of_floor(plan):
        found.setdefault(prompt, []).append(_use(path, (plan.floor.language,)))
    for name, queue in plan.queues.items():
        if queue.callbacks is not None and queue.callbacks.operator_first:
            use = _use(("queues", name, "callbacks", "first"), _of_operators(plan))
            found.setdefault(NOBODY_PROMPT, []).append(use)
    for path, prompt, spoken in (*_of_offers(plan), *_of_recordings(plan)):
        found.setdefault(prompt, []).append(_use(path, spoken))
    return {prompt: tuple(uses) for prompt, uses in found.items()}


def _of_operators(plan: Configuration) -> tuple[str, ...]:
    return tuple(dict.fromkeys(operator.language for operator in plan.operators.values()))


def _of_control(plan: Configuration) -> Iterator[tuple[Path, str, str]]:
    """Place, prompt and language of everything that the control number says."""
    if plan.control is None:
        return
    for prompt in (*CONTROL_PROMPTS, *ALWAYS_USED):
        yield ("control",), prompt, plan.control.language
    for line_id, line in plan.control.lines.items():
        if line.prompt is not None:
            yield ("control", "lines", line_id, "prompt"), line.prompt, plan.control.language


def _of_guard(plan: Configuration) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Place, prompt and languages of what callers over a limit hear, where a line does not say it itself."""
    limited = any(trunk.channels for trunk in plan.trunks.values())
    told = plan.guard.over_limit or ALL_BUSY
    listed = [*((f"block.{place}", entry) for place, entry in enumerate(plan.guard.block))]
    for place, each in (("blocked", plan.guard.blocked), ("flood.away", plan.guard.flood.away), *listed):
        if each is not None and each.message is not None:
            spoken = tuple(dict.fromkeys(line.language for line in plan.lines.values()))
            yield ("guard", place), each.message, spoken
    for line_id, line in plan.lines.items():
        if (limited or line.is_limited) and line.over_limit is None and told.message is not None:
            yield ("lines", line_id), told.message, (line.language,)


def _of_recordings(plan: Configuration) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Place, prompt and languages of what operators hear after the code of the pause."""
    if plan.recordings.pause_code is not None:
        for prompt in OPERATOR_TAPE_PROMPTS:
            yield ("recordings", "pause_code"), prompt, _of_operators(plan)


def _of_offers(plan: Configuration) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Place, prompt and languages of what is said to those who press the key of a queue's offer."""
    spoken = tuple(dict.fromkeys(code for line in plan.lines.values() for code in _languages(line)))
    for name, queue in plan.queues.items():
        if queue.callbacks is not None and queue.callbacks.offer is not None:
            for prompt in OFFER_PROMPTS:
                yield ("queues", name, "callbacks", "offer"), prompt, spoken


def _of_floor(plan: Configuration) -> Iterator[tuple[Path, str]]:
    """Place and prompt of what operators hear at their own phones."""
    if plan.floor.code is None:
        return
    for prompt in (*OPERATOR_PROMPTS, *ALWAYS_USED):
        yield ("floor", "code"), prompt
    for name, reason in plan.floor.pause_reasons.items():
        if reason.prompt is not None:
            yield ("floor", "pause_reasons", name, "prompt"), reason.prompt


def _languages(line: Line) -> tuple[str, ...]:
    return tuple(dict.fromkeys((line.language, *line.languages)))


def _languages_by_place(plan: Configuration) -> dict[str, tuple[str, ...]]:
    """Languages of the lines that lead to a place; of all lines where none is seen to."""
    spoken = tuple(dict.fromkeys(code for line in plan.lines.values() for code in _languages(line)))
    heard: dict[str, dict[str, None]] = {}
    for line_id, line in plan.lines.items():
        for place in _reached(plan, f"lines.{line_id}", line):
            heard.setdefault(place, {}).update(dict.fromkeys(_languages(line)))
    places = (
        f"{section}.{key}"
        for section in type(plan).model_fields
        if isinstance(held := getattr(plan, section), Mapping)
        for key in held
    )
    return {place: tuple(heard.get(place, spoken)) for place in places}


def _reached(plan: Configuration, place: str, item: BaseModel) -> set[str]:
    """The places to which `item` leads: a field `menu` names one of `menus`, and so on."""
    reached, waiting = {place}, [item]
    while waiting:
        for name, value in _leaves(waiting.pop()):
            section = getattr(plan, f"{name}s", None)
            if not isinstance(section, Mapping) or not isinstance(value, str) or value not in section:
                continue
            if (goal := f"{name}s.{value}") not in reached:
                reached.add(goal)
                waiting.append(section[value])
    return reached


def _leaves(item: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every plain value within `item` and the field that holds it."""
    if isinstance(item, BaseModel):
        for field in type(item).model_fields:
            yield from _leaves(getattr(item, field), field)
    elif isinstance(item, Mapping):
        for value in item.values():
            yield from _leaves(value, name)
    elif isinstance(item, tuple):
        for value in item:
            yield from _leaves(value, name)
    else:
        yield name, item


def _prompts(item: object, path: Path, hint: Any = None) -> Iterator[tuple[Path, str]]:
    """Each prompt's id within `item`, and where it stands."""
    if isinstance(item, BaseModel):
        for name, field_hint in _hints(type(item)).items():
            yield from _prompts(getattr(item, name), (*path, name), field_hint)
    elif isinstance(item, Mapping):
        for key, value in item.items():
            yield from _prompts(value, (*path, str(key)), hint)
    elif isinstance(item, tuple):
        for value in item:
            yield from _prompts(value, path, hint)
    elif isinstance(item, str) and _holds_prompts(hint):
        yield path, item


def _promises(item: object, path: Path) -> Iterator[tuple[Path, str]]:
    """The prompt of every promise within `item`, and where the promise stands."""
    if isinstance(item, Destination) and item.callback is not None:
        yield (*path, "callback"), CALLBACK_PROMPT
    elif isinstance(item, BaseModel):
        for name in type(item).model_fields:
            yield from _promises(getattr(item, name), (*path, name))
    elif isinstance(item, Mapping):
        for key, value in item.items():
            yield from _promises(value, (*path, str(key)))


@functools.cache
def _hints(model: type[BaseModel]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


def _holds_prompts(hint: Any) -> bool:
    return hint == PromptId or any(_holds_prompts(part) for part in get_args(hint))
