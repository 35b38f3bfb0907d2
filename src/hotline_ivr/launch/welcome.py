"""What a person reads who has just started the hotline: how to call it, and how to answer."""

from __future__ import annotations

from datetime import UTC, datetime

from hotline_ivr.asterisk.secrets import ensure_secrets
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.devices import all_phones, device_of, phones_of
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings


def welcome(settings: Settings, plan: Plan, asterisk_version: str) -> str:
    """A short text; secrets are named by their file, never shown."""
    secrets = ensure_secrets(settings.secrets_file, all_phones(plan))
    server = f"{settings.external_address or settings.sip_host}:{settings.sip_port}"
    now = datetime.now(UTC)
    lines = [
        "",
        f"{plan.organisation.name}: Asterisk {asterisk_version}, SIP at {server} (UDP)",
        "",
        "To call, with any SIP phone, no registration:",
    ]
    book = Rulebook(plan)
    for line_id, line in plan.lines.items():
        state = "open now" if book.situation(line_id, now).open else "closed now"
        lines.append(f"  sip:{line.numbers[0]}@{server}   {line.name} ({state})")
    lines += ["", f"To answer, register a SIP phone at {server}; its secret is in {settings.secrets_file}:"]
    for operator_id, operator in plan.operators.items():
        for phone in phones_of(plan, operator_id):
            device = operator.devices.get(device_of(phone))
            named = f"{operator.name}, {device.name}" if device else operator.name
            lines.append(f"  {secrets.phone(phone).account:<20} {named}")
    lines += [
        "",
        f"Health: http://{settings.http_host}:{settings.http_port}/readyz",
        "Calls: hotline calls   Stop: Ctrl-C",
        "",
    ]
    return "\n".join(lines)
