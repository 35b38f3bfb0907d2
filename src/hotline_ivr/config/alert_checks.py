"""What no single value shows about alerts: web hooks and people that are not there, mail without a server.

As in centre_checks.py, what was written is looked at and not the models.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hotline_ivr.config.mailing import ON_DUTY
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path

_VOICEMAIL = "voicemail"


def alert_checks(reading: Reading) -> Iterator[Problem]:
    """Yield what is wrong with `alerts`, `duty` and the boxes that notify."""
    yield from islice(_people(reading), FOUND_PROBLEMS)
    yield from islice(_webhooks(reading), FOUND_PROBLEMS)
    yield from islice(_mails(reading), FOUND_PROBLEMS)
    yield from islice(_boxes(reading), FOUND_PROBLEMS)
    yield from _silent(reading)


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _listed(value: object) -> list[tuple[int, object]]:
    return list(enumerate(value)) if isinstance(value, list) else []


def _texts(value: object) -> list[tuple[int, str]]:
    return [(place, item.strip()) for place, item in _listed(value) if isinstance(item, str)]


def _alerts(reading: Reading) -> dict[str, object]:
    return _mapping(reading.data.get("alerts"))


def _routes(reading: Reading) -> list[tuple[int, dict[str, object]]]:
    return [(place, _mapping(route)) for place, route in _listed(_alerts(reading).get("to"))]


def _people(reading: Reading) -> Iterator[Problem]:
    """Everybody in the rota is somebody, and everybody has a turn."""
    duty = _mapping(reading.data.get("duty"))
    people = _mapping(duty.get("people"))
    named: list[tuple[Path, str]] = [
        (("duty", "weeks", place), name) for place, name in _texts(duty.get("weeks"))
    ]
    for place, days in _listed(duty.get("days")):
        if isinstance(who := _mapping(days).get("who"), str):
            named.append((("duty", "days", place, "who"), who.strip()))
    for path, name in named:
        if people and name not in people:
            message = f"there is no person {quoted(name)} on this rota{did_you_mean(name, people)}"
            few = ", ".join(list(people)[:10])
            yield reading.problem(
                path, message, f"write one of: {few}; or add {quoted(name)} under duty.people"
            )
    if named:
        for name in people.keys() - {name for _, name in named}:
            message, remedy = (
                f"{quoted(name)} is never on duty",
                "name the id in `weeks` or `days`, or delete it",
            )
            yield reading.problem(("duty", "people", name), message, remedy, severity="warning", key=True)


def _webhooks(reading: Reading) -> Iterator[Problem]:
    known = _mapping(_alerts(reading).get("webhooks"))
    used: set[str] = set()
    for place, route in _routes(reading):
        for index, name in _texts(route.get("webhooks")):
            used.add(name)
            if name not in known:
                message = f"there is no web hook {quoted(name)}{did_you_mean(name, known)}"
                path: Path = ("alerts", "to", place, "webhooks", index)
                few = f"write one of: {', '.join(list(known)[:10])}; or add" if known else "add"
                yield reading.problem(path, message, f"{few} {quoted(name)} under alerts.webhooks")
    for name in known:
        if name not in used:
            message, remedy = f"nothing is told to web hook {quoted(name)}", "name it in a route of alerts.to"
            yield reading.problem(("alerts", "webhooks", name), message, remedy, severity="warning", key=True)


def _mails(reading: Reading) -> Iterator[Problem]:
    """Whoever gets mail needs a server that sends it, and `duty` needs a rota."""
    lists: list[tuple[Path, object]] = [
        (("alerts", "to", place, "mail"), route.get("mail")) for place, route in _routes(reading)
    ]
    for name, box in _mapping(reading.data.get("voicemails")).items():
        lists.append((("voicemails", name, "mail_to"), _mapping(box).get("mail_to")))
    for path, written in lists:
        addresses = _texts(written)
        if addresses and "mail" not in _alerts(reading):
            remedy = "write alerts.mail with host and sender"
            yield reading.problem(path, "there is no mail server to send by", remedy, key=True)
        for place, address in addresses:
            if address == ON_DUTY and "duty" not in reading.data:
                remedy = "write a rota under `duty`, or a mail address"
                yield reading.problem((*path, place), "there is no rota that says who is on duty", remedy)


def _boxes(reading: Reading) -> Iterator[Problem]:
    """A box that notifies has somebody to notify."""
    of_kind = [
        route for _, route in _routes(reading) if _VOICEMAIL in dict(_texts(route.get("kinds"))).values()
    ]
    reached = {
        "mail": any(route.get("mail") for route in of_kind),
        "webhook": any(route.get("webhooks") for route in of_kind),
    }
    for name, written in _mapping(reading.data.get("voicemails")).items():
        box = _mapping(written)
        for place, way in _texts(box.get("notify")):
            if way == "mail" and not reached["mail"] and not box.get("mail_to"):
                remedy = "write `mail_to`, or `mail` in a route of alerts.to with the kind voicemail"
                yield reading.problem(
                    ("voicemails", name, "notify", place), "nobody gets these mails", remedy
                )
            if way == "webhook" and not reached["webhook"]:
                remedy = "write `webhooks` in a route of alerts.to with the kind voicemail"
                message = "no web hook is told of messages"
                yield reading.problem(("voicemails", name, "notify", place), message, remedy)
        if box.get("mail_to") and "mail" not in dict(_texts(box.get("notify"))).values():
            message, remedy = "this box sends no mail", "write `notify: [mail]`, or delete `mail_to`"
            yield reading.problem(
                ("voicemails", name, "mail_to"), message, remedy, severity="warning", key=True
            )


def _silent(reading: Reading) -> Iterator[Problem]:
    alerts = _alerts(reading)
    boxes = _mapping(reading.data.get("voicemails")).values()
    if "mail" in alerts and "to" not in alerts and not any(_mapping(box).get("mail_to") for box in boxes):
        message, remedy = "nobody is told of anything", "write `to: [{mail: [ops@example.org]}]` under alerts"
        yield reading.problem(("alerts", "mail"), message, remedy, severity="warning", key=True)
