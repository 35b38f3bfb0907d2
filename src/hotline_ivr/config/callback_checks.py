"""What no single value shows about calling back: a carrier that takes the calls, and the prompt.

As in menu_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hotline_ivr.config.callback_offer import NOBODY_PROMPT, OFFER_PROMPTS
from hotline_ivr.config.problems import Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path

_DEFAULT_PROMPT = "callback-call"
_DEFAULT_OFFER = "callback-offer"
_DEFAULT_TOLD = "callback-operator"


def callback_checks(reading: Reading, prompts: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong; `prompts` None skips those."""
    trunks = _mapping(reading.data.get("trunks"))
    for name, queue in _mapping(reading.data.get("queues")).items():
        callbacks = _mapping(queue).get("callbacks")
        if not isinstance(callbacks, dict):
            continue
        path: Path = ("queues", name, "callbacks")
        yield from _carrier(reading, path, callbacks.get("trunk"), trunks)
        prompt = callbacks.get("prompt", _DEFAULT_PROMPT)
        if prompts is not None:
            yield from _prompt(reading, path, callbacks, prompt, prompts)
            if callbacks.get("first") == "operator":
                yield from _told(reading, path, callbacks, prompts)
        if "offer" in callbacks:
            yield from _offer(reading, path, callbacks, prompts)


def _told(
    reading: Reading, path: Path, callbacks: dict[str, object], prompts: Collection[str]
) -> Iterator[Problem]:
    told = callbacks.get("operator_prompt", _DEFAULT_TOLD)
    yield from _prompt(reading, path, callbacks, told, prompts, field="operator_prompt")
    yield from _prompt(reading, path, {}, NOBODY_PROMPT, prompts)


def _prompt(
    reading: Reading,
    path: Path,
    written: dict[str, object],
    prompt: object,
    prompts: Collection[str],
    *,
    field: str = "prompt",
) -> Iterator[Problem]:
    """`path` is where the prompt stands under `field`, or where it is meant without being written."""
    if not isinstance(prompt, str) or prompt in prompts:
        return
    message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
    named = field in written
    remedy = "write another, or add it to sounds/prompts.yaml"
    yield reading.problem((*path, field) if named else path, message, remedy, key=not named)


def _offer(
    reading: Reading, path: Path, callbacks: dict[str, object], prompts: Collection[str] | None
) -> Iterator[Problem]:
    here, written = (*path, "offer"), _mapping(callbacks["offer"])
    reasons = callbacks.get("reasons", ["callback"])
    if isinstance(reasons, list) and "callback" not in map(str, reasons):
        message = "callers would be promised a call that `reasons` leaves out"
        yield reading.problem(here, message, "add callback to `reasons`, or delete the offer", key=True)
    if prompts is None:
        return
    yield from _prompt(reading, here, written, written.get("prompt", _DEFAULT_OFFER), prompts)
    for prompt in OFFER_PROMPTS:
        yield from _prompt(reading, here, {}, prompt, prompts)


def _carrier(reading: Reading, path: Path, trunk: object, trunks: dict[str, object]) -> Iterator[Problem]:
    if isinstance(trunk, str) and trunk not in trunks:
        message = f"there is no trunk {quoted(trunk)}{did_you_mean(trunk, trunks)}"
        yield reading.problem((*path, "trunk"), message, f"write one of: {', '.join(list(trunks)[:10])}")
    elif isinstance(trunk, str):
        if "outbound" not in _mapping(trunks[trunk]):
            message = f"trunk {quoted(trunk)} takes no calls from here"
            yield reading.problem((*path, "trunk"), message, f"give trunks.{trunk} its `outbound` address")
    elif not any("outbound" in _mapping(each) for each in trunks.values()):
        message = "no carrier takes calls from here, so nobody can be called back"
        yield reading.problem(path, message, "give a trunk its `outbound` address", key=True)


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}
