"""Short numbers of operators and queues, for operators' telephones: to ring, and to hand callers on.

All of them are exact. Two contexts, because a caller may be sent to what no telephone may ring: numbers
outside, where the plan lets operators hand callers on to them.
"""

from __future__ import annotations

from collections.abc import Iterator

from hotline_ivr.asterisk.queue_turns import DEVICE_HINTS
from hotline_ivr.asterisk.render.outside import outside_extensions
from hotline_ivr.asterisk.render.sections import value
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.config.models import Plan
from hotline_ivr.config.waiting_music import music_class
from hotline_ivr.routing.devices import person_of, phones_of
from hotline_ivr.routing.skills import admissions, step_s

COLLEAGUES = "hotline-colleagues"
"""What an operator's telephone may ring."""
HANDED = "hotline-handed"
"""Where an operator's telephone may send a caller."""


def extension_contexts(plan: Plan, secrets: Secrets) -> str:
    """The contexts, and the hints that show the telephones of an operator as one person."""
    colleagues, handed, hints = [f"[{COLLEAGUES}]"], [f"[{HANDED}]"], [f"[{DEVICE_HINTS}]"]
    for name, operator in sorted(plan.operators.items()):
        phones = "&".join(f"PJSIP/{secrets.phone(each).account}" for each in phones_of(plan, name))
        if operator.devices or operator.extension:
            hints.append(f"exten => {value(person_of(name))},hint,{phones}")
        if operator.extension:
            colleagues += [
                *_operator(operator.extension, name, phones),
                " same => n,Goto(hotline-colleague,operator,1)",
            ]
            handed += [
                *_operator(operator.extension, name, phones),
                " same => n,Goto(hotline-handed-on,operator,1)",
            ]
    for name in sorted(plan.queues):
        colleagues += _queue(plan, name, "hotline-colleague")
        handed += _queue(plan, name, "hotline-handed-on")
    handed += outside_extensions(plan)
    return "\n".join([*colleagues, "", *handed, "", *hints, ""])


def _operator(extension: str, name: str, phones: str) -> Iterator[str]:
    yield f"exten => {value(extension)},1,Set(HOTLINE_PHONES={phones})"
    yield f" same => n,Set(HOTLINE_PERSON_IS={value(person_of(name))})"
    yield f" same => n,Set(HOTLINE_TO={value(name)})"


def _queue(plan: Plan, name: str, goes_on: str) -> Iterator[str]:
    """The arguments of the step `wait` that are this queue's own; see stretch.py."""
    queue = plan.queues[name]
    if queue.extension is None:
        return
    admitted = admissions(plan, name)
    music = {language: music_class(name, queue, language) for language in ("nb", "en")}
    yield f"exten => {value(queue.extension)},1,Set(HOTLINE_TO={value(name)})"
    yield f" same => n,Set(HOTLINE_TO_LEVELS={'.'.join(map(str, admitted))})"
    yield f" same => n,Set(HOTLINE_TO_STEP={step_s(admitted) if admitted else ''})"
    language = '$["${CUT(HOTLINE_STATE,.,1)}" = "en"]'
    yield f" same => n,Set(HOTLINE_TO_MUSIC=${{IF({language}?{music['en']}:{music['nb']})}})"
    yield f" same => n,Goto({goes_on},queue,1)"
