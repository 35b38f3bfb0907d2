"""What Asterisk has to know of recording: rules as global variables, and keys of operators in a call."""

from __future__ import annotations

from collections.abc import Iterator

from hotline_ivr.asterisk.ami_actions import TapeKey
from hotline_ivr.asterisk.render.sections import section
from hotline_ivr.config.models import Plan
from hotline_ivr.config.recording import Recording
from hotline_ivr.settings import Settings

_TOGGLE = "hotline-tape-toggle"


def tape_globals(plan: Plan, settings: Settings) -> Iterator[tuple[str, str | int]]:
    """Of [globals]; see dialplans/hotline-recording.conf."""
    yield "HOTLINE_PLAIN", str(settings.plain_recordings_dir)
    yield "HOTLINE_SEALED", str(settings.recordings_dir)
    yield "HOTLINE_TAPE_PAUSE", plan.recordings.pause_limit
    yield "HOTLINE_TAPE_FEATURES", "#".join(name for name, _, _ in _features(plan))
    for name, line in sorted(plan.lines.items()):
        yield f"HOTLINE_TONGUE_{name}", line.language
        if line.recording is not None:
            yield f"HOTLINE_TAPE_line_{name}", _rule(line.recording)
    for name, queue in sorted(plan.queues.items()):
        if queue.recording is not None:
            yield f"HOTLINE_TAPE_queue_{name}", _rule(queue.recording)
    for name, centre in sorted(plan.centres.items()):
        if centre.record:
            yield f"HOTLINE_TAPE_centre_{name}", "yes"


def features_conf(plan: Plan) -> str:
    """An operator's channel has these while it records (DYNAMIC_FEATURES), and no other feature."""
    keys = [(name, f"{keys},self,Gosub(hotline-recording,{does},1)") for name, keys, does in _features(plan)]
    return section("general", []) + section("featuremap", []) + section("applicationmap", keys, arrow=True)


def _features(plan: Plan) -> Iterator[tuple[str, str, str]]:
    if plan.recordings.pause_code is not None:
        yield _TOGGLE, plan.recordings.pause_code, "toggle"
    for key in TapeKey:
        yield f"hotline-tape-{key.name.lower()}", key.value, key.name.lower()


def _rule(rule: Recording) -> str:
    if not rule.record:
        return "no"
    return "~".join([rule.consent, rule.asked, str(rule.answer_within), rule.refused, rule.after_transfer])
