"""What no single value shows about control by telephone: its lines, keys, numbers and prompts.

As in cross_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hotline_ivr.config.control import CONTROL_PROMPTS
from hotline_ivr.config.floor import OPERATOR_PROMPTS
from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.problems import Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path


def control_checks(
    reading: Reading, country: str | None, prompts: Collection[str] | None
) -> Iterator[Problem]:
    """Yield what is wrong with `control` and `floor.code`; `country` reads national numbers, `prompts` None
    skips those."""
    yield from _floor(reading, prompts)
    control = reading.data.get("control")
    if not isinstance(control, dict):
        return
    yield from _numbers(reading, control, country)
    yield from _lines(reading, control)
    if prompts is not None:
        yield from _prompts(reading, control, prompts)


def _floor(reading: Reading, prompts: Collection[str] | None) -> Iterator[Problem]:
    """The operators' own codes: not that of the control menu, and everything it says can be heard."""
    floor = _mapping(reading.data.get("floor"))
    taken = {_mapping(reading.data.get("control")).get("code"): "the control menu"}
    for key, reaches in (("code", "the operators' menu"), ("do_not_disturb_code", "do-not-disturb")):
        written = floor.get(key)
        if written is not None and written in taken:
            message = f"{written} already reaches {taken[written]}"
            yield reading.problem(("floor", key), message, "give one of them another code")
        taken.setdefault(written, reaches)
    if prompts is None:
        return
    named: list[tuple[Path, object]] = [
        (("floor", "pause_reasons", name, "prompt"), _mapping(reason).get("prompt"))
        for name, reason in _mapping(floor.get("pause_reasons")).items()
    ]
    for key in ("code", "do_not_disturb_code"):
        if floor.get(key) is not None:
            named += [(("floor", key), prompt) for prompt in OPERATOR_PROMPTS]
    for path, prompt in named:
        if isinstance(prompt, str) and prompt not in prompts:
            message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
            yield reading.problem(path, message, "add it to prompts/prompts.yaml")


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _numbers(reading: Reading, control: dict[str, object], country: str | None) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for line_id, line in _mapping(reading.data.get("lines")).items():
        for number in _e164(_mapping(line).get("numbers"), country).values():
            taken.setdefault(number, f"reaches line {quoted(line_id)}")
    for index, number in _e164(control.get("numbers"), country).items():
        if number in taken:
            message = f"{number} already {taken[number]}"
            remedy = "callers must not reach the control menu: give it a number of its own"
            yield reading.problem(("control", "numbers", index), message, remedy)
        taken.setdefault(number, "stands in this list")


def _e164(written: object, country: str | None) -> dict[int, str]:
    """The numbers of a list that can be read, by their place in it."""
    found = {}
    for index, text in enumerate(written) if isinstance(written, list) else ():
        try:
            found[index] = to_e164(str(text).strip(), country)
        except ValueError:
            continue  # the model has said so
    return found


def _lines(reading: Reading, control: dict[str, object]) -> Iterator[Problem]:
    known = _mapping(reading.data.get("lines"))
    keys: dict[int, str] = {}
    for place, (line_id, entry) in enumerate(_mapping(control.get("lines")).items(), 1):
        path: Path = ("control", "lines", line_id)
        if known and line_id not in known:
            message = f"there is no line {quoted(line_id)}{did_you_mean(line_id, known)}"
            yield reading.problem(path, message, f"write one of: {', '.join(list(known)[:10])}", key=True)
        written = str(_mapping(entry).get("key", place)).strip()
        if not (written.isascii() and written.isdigit()):
            continue  # the model has said so
        key = int(written)
        if key in keys:
            message = f"key {key} already stands for line {quoted(keys[key])}"
            yield reading.problem(path, message, f"give it another: `key: {_free(keys)}`", key=True)
        keys.setdefault(key, line_id)


def _free(keys: Collection[int]) -> int:
    return next(key for key in range(1, 100 + len(keys)) if key not in keys)


def _prompts(reading: Reading, control: dict[str, object], prompts: Collection[str]) -> Iterator[Problem]:
    for line_id, entry in _mapping(control.get("lines")).items():
        prompt = _mapping(entry).get("prompt")
        if isinstance(prompt, str) and prompt.strip() not in prompts:
            message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
            remedy = f"add {quoted(prompt)} to prompts/prompts.yaml, or leave it out: the key is said then"
            yield reading.problem(("control", "lines", line_id, "prompt"), message, remedy)
    if missing := [prompt for prompt in CONTROL_PROMPTS if prompt not in prompts]:
        message = f"the menu's prompts are not there: {', '.join(missing[:5])}"
        yield reading.problem(("control",), message, "run `hotline prompts list`; install again", key=True)
