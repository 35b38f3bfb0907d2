"""What no single value shows about recording: that somebody can open it, and the prompts.

As in menu_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hotline_ivr.config.problems import Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.recording import OPERATOR_TAPE_PROMPTS, Recording
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path

_NO = frozenset({"no", "false", "off"})
_PROMPTS_BY_CONSENT = {"none": (), "announce": ("announcement",), "key": ("question", "refused")}


def recording_checks(reading: Reading, prompts: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong; `prompts` None skips those."""
    kept = _mapping(reading.data.get("recordings"))
    sealed = bool(kept.get("public_keys")) or _is_no(kept.get("encrypt"))
    recorded = False
    for section in ("lines", "queues"):
        for name, place in _mapping(reading.data.get(section)).items():
            rule = _mapping(place).get("recording")
            if not isinstance(rule, dict) or _is_no(rule.get("record")):
                continue
            path: Path = (section, name, "recording")
            if not sealed and not recorded:
                yield reading.problem(
                    path,
                    "is to be recorded, and there is no key to encrypt it for",
                    "make one with `hotline recordings keygen --out FILE` on another machine and write its "
                    "public key: recordings: {public_keys: [age1...]}; or say so: recordings: {encrypt: no}",
                    key=True,
                )
            recorded = True
            if prompts is not None:
                yield from _prompts(reading, path, rule, prompts)
    if recorded and kept.get("pause_code") is not None and prompts is not None:
        for prompt in OPERATOR_TAPE_PROMPTS:
            if prompt not in prompts:
                yield _missing(reading, ("recordings", "pause_code"), prompt, prompts)


def _prompts(
    reading: Reading, path: Path, rule: dict[str, object], prompts: Collection[str]
) -> Iterator[Problem]:
    consent = rule.get("consent", Recording.model_fields["consent"].default)
    for field in _PROMPTS_BY_CONSENT.get(str(consent), ()):
        prompt = rule.get(field, Recording.model_fields[field].default)
        if isinstance(prompt, str) and prompt not in prompts:
            yield _missing(reading, (*path, field) if field in rule else path, prompt, prompts)


def _missing(reading: Reading, path: Path, prompt: str, prompts: Collection[str]) -> Problem:
    message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
    return reading.problem(path, message, "write another, or add it to prompts/prompts.yaml")


def _is_no(value: object) -> bool:
    return value is False or (isinstance(value, str) and value.strip().lower() in _NO)


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
