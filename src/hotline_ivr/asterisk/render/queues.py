"""queues.conf: static queues. Who serves them is set while running and kept by Asterisk."""

from __future__ import annotations

from hotline_ivr.asterisk.queue_turns import DEVICE_QUEUE
from hotline_ivr.asterisk.render.sections import section
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.config.models import Plan, Queue
from hotline_ivr.routing.devices import phones_of
from hotline_ivr.routing.skills import admissions, longest_waiting_first, rules


def queues_conf(plan: Plan, secrets: Secrets) -> str:
    general = section(
        "general",
        [
            # Members and pauses outlive a restart of Asterisk, and so an absence of ours.
            ("persistentmembers", "yes"),
            ("autofill", "yes"),
            ("shared_lastcall", "yes"),
            ("log_membername_as_agent", "yes"),
            # An operator of several queues is left to whoever came first in any of them: the priority is the
            # moment of joining, less a head start.
            ("force_longest_waiting_caller", "prio" if longest_waiting_first(plan) else "no"),
        ],
    )
    queues = "".join(
        section(queue_id, _queue(queue_id, queue)) for queue_id, queue in sorted(plan.queues.items())
    )
    return general + queues + _devices(plan, secrets)


def _devices(plan: Plan, secrets: Secrets) -> str:
    """Telephones of operators who have several: whether each of them is there. Nobody waits in this queue."""
    members = [
        f"PJSIP/{secrets.phone(phone).account},0,{phone}"
        for operator in sorted(plan.operators)
        if len(phones := phones_of(plan, operator)) > 1
        for phone in phones
    ]
    if not members:
        return ""
    return section(DEVICE_QUEUE, [("joinempty", "no"), *(("member", each) for each in members)])


def queue_rules_conf(plan: Plan) -> str:
    """When callers admit operators of the next level; see [hotline-levels] in the dialplan."""
    return "".join(
        section(
            f"{name}.{before}", [("penaltychange", f"{at},{penalty}") for at, penalty in changes], arrow=True
        )
        for name in sorted(plan.queues)
        for before, changes in rules(admissions(plan, name)).items()
    )


def offer_context(queue_id: str) -> str:
    """Where the key of the offer to be rung back leads from a queue (rendered in extensions.conf)."""
    return f"hotline-offer-{queue_id}"


def _queue(queue_id: str, queue: Queue) -> list[tuple[str, str | int]]:
    return [
        *([("context", offer_context(queue_id))] if queue.offer is not None else []),
        ("strategy", queue.strategy),
        ("musicclass", "default"),
        ("timeout", queue.ring_time),
        ("timeoutpriority", "app"),
        ("retry", 1),
        ("wrapuptime", queue.wrap_up),
        ("maxlen", queue.max_waiting),
        ("ringinuse", "no"),
        ("autofill", "yes"),
        # A phone that cannot be reached serves nobody; somebody on a break will be back.
        ("joinempty", "yes" if queue.join_when_empty else "unavailable,invalid,unknown"),
        # A phone that drops off the network for a second must not throw out everybody who waits.
        ("leavewhenempty", "no"),
        ("announce-frequency", 0),
        ("announce-holdtime", "no"),
        ("announce-position", "no"),
        # The dialplan pauses a phone that takes up and is gone at once.
        ("setinterfacevar", "yes"),
        # Who is rung after somebody has declined is rung for the whole time, and not for what is left of it.
        ("timeoutrestart", "yes"),
        ("reportholdtime", "no"),
    ]
