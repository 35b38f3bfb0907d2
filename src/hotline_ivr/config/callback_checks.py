"""What no single value shows about calling back: a carrier that takes the calls, and the prompt.

As in menu_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hotline_ivr.config.problems import Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted

_DEFAULT_PROMPT = "callback-call"


def callback_checks(reading: Reading, prompts: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong; `prompts` None skips those."""
    trunks = _mapping(reading.data.get("trunks"))
    for name, queue in _mapping(reading.data.get("queues")).items():
        callbacks = _mapping(queue).get("callbacks")
        if not isinstance(callbacks, dict):
            continue
        path = ("queues", name, "callbacks")
        yield from _carrier(reading, path, callbacks.get("trunk"), trunks)
        prompt = callbacks.get("prompt", _DEFAULT_PROMPT)
        if prompts is not None and isinstance(prompt, str) and prompt not in prompts:
            message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
            where, written = ((*path, "prompt"), True) if "prompt" in callbacks else (path, False)
            remedy = "write another, or add it to sounds/prompts.yaml"
            yield reading.problem(where, message, remedy, key=not written)


def _carrier(
    reading: Reading, path: tuple[str, ...], trunk: object, trunks: dict[str, object]
) -> Iterator[Problem]:
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
