"""pjsip.conf: carriers, known by address, and operators' phones, known by account and secret."""

from __future__ import annotations

from hotline_ivr.asterisk.render.extensions import HANDED
from hotline_ivr.asterisk.render.sections import section
from hotline_ivr.asterisk.secrets import PhoneSecret, Secrets
from hotline_ivr.config.models import Operator, Plan, Trunk
from hotline_ivr.routing.devices import device_of, phones_of
from hotline_ivr.settings import Settings

TRUNK_PREFIX = "trunk-"
QUALIFY_S = 15
"""How often one of several telephones of an operator is asked whether it is there."""


def pjsip_conf(plan: Plan, settings: Settings, secrets: Secrets) -> str:
    parts = [_global(), _transport(settings)]
    parts += [_trunk(trunk_id, trunk) for trunk_id, trunk in sorted(plan.trunks.items())]
    parts += [
        _phone(secrets.phone(phone), plan.operators[operator], device_of(phone))
        for operator in sorted(plan.operators)
        for phone in phones_of(plan, operator)
    ]
    return "\n".join(parts)


def _global() -> str:
    return section(
        "global",
        [
            ("type", "global"),
            ("user_agent", "hotline-ivr"),
            # Phones name themselves; what names no phone is a carrier if its address is one.
            ("endpoint_identifier_order", "username,ip"),
            # A phone that was switched off is known to be gone so soon (s) after its registration is over.
            ("contact_expiration_check_interval", 5),
            ("debug", "no"),
        ],
    )


def _transport(settings: Settings) -> str:
    pairs: list[tuple[str, str | int]] = [
        ("type", "transport"),
        ("protocol", "udp"),
        ("bind", f"{settings.sip_host}:{settings.sip_port}"),
    ]
    if settings.external_address:
        pairs += [
            ("external_media_address", settings.external_address),
            ("external_signaling_address", settings.external_address),
        ]
    return section("udp", pairs)


def _media(codecs: str) -> list[tuple[str, str | int]]:
    return [
        ("disallow", "all"),
        ("allow", codecs),
        # Audio goes through Asterisk: callers and operators rarely see each other's network.
        ("direct_media", "no"),
        ("rtp_symmetric", "yes"),
        ("force_rport", "yes"),
        ("rewrite_contact", "yes"),
        # Keys out of band where the phone can, else in the audio. Those that come as SIP INFO are taken all
        # the same; sent so, the key that wakes a queue would reach the phone that is rung just then.
        ("dtmf_mode", "auto"),
        ("timers", "no"),
    ]


def _trunk(trunk_id: str, trunk: Trunk) -> str:
    name = TRUNK_PREFIX + trunk_id
    endpoint = section(
        name,
        [
            ("type", "endpoint"),
            ("transport", "udp"),
            ("context", "hotline-numbers"),
            ("identify_by", "ip"),
            # A caller may not move a call of ours elsewhere.
            ("allow_transfer", "no"),
            ("language", "en"),
            *_media(",".join(trunk.codecs)),
            *_limit(trunk_id, trunk),
        ],
    )
    identify = section(
        f"{name}-identify",
        [("type", "identify"), ("endpoint", name), *(("match", host) for host in trunk.hosts)],
    )
    return endpoint + identify


def _limit(trunk_id: str, trunk: Trunk) -> list[tuple[str, str | int]]:
    """What its channels say of themselves, for dialplans/hotline-guard.conf."""
    if not trunk.channels:
        return []
    ordinary = trunk.channels - trunk.reserve
    return [("set_var", f"HOTLINE_TRUNK={trunk_id}"), ("set_var", f"HOTLINE_TRUNK_MOST={ordinary}")]


def _phone(own: PhoneSecret, operator: Operator, device: str) -> str:
    account = own.account
    contact = operator.devices[device].sip_contact if device else operator.sip_contact
    pairs: list[tuple[str, str | int]] = [
        ("type", "endpoint"),
        ("transport", "udp"),
        ("context", "hotline-phones"),
        ("identify_by", "username"),
        ("auth", account),
        ("aors", account),
        # Of what the operator hears before being connected; callers' prompts name their language.
        ("language", operator.language),
        ("device_state_busy_at", 1),
        # Where this phone may send a caller: rendered extensions, and no number that costs money.
        ("set_var", f"TRANSFER_CONTEXT={HANDED}"),
        *_media("opus,g722,alaw,ulaw"),
    ]
    auth = [("type", "auth"), ("auth_type", "userpass"), ("username", account), ("password", own.secret)]
    aor: list[tuple[str, str | int]] = [("type", "aor"), ("minimum_expiration", 30)]
    if device:
        # Another stands in for it, so that it was switched off is worth to be known soon.
        aor += [("qualify_frequency", QUALIFY_S), ("qualify_timeout", "3.0")]
    if contact:
        aor.append(("contact", contact))
    else:
        # One phone an account; a phone that comes back takes the place of its former self.
        aor += [("max_contacts", 1), ("remove_existing", "yes")]
    return section(account, pairs) + section(account, auth) + section(account, aor)
