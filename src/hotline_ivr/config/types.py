"""The kinds of value that stand in the YAML: each takes the text that an admin wrote, and checks it.

Every scalar arrives as text (see yaml_tree.py), so `no`, `08:00` and `+4722851234` mean what they look like.
A wrong value is refused in plain words with a remedy (see refusal.py).
"""

from __future__ import annotations

import functools
import ipaddress
import re
import unicodedata
import zoneinfo
from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.hours import WeeklyHours
from hotline_ivr.config.phone import Country, PhoneNumber
from hotline_ivr.config.refusal import choices, did_you_mean, kind_of, quoted, refusal, text_of

__all__ = [
    "Country",
    "Duration",
    "Identifier",
    "LanguageCode",
    "Name",
    "Network",
    "PhoneNumber",
    "PromptId",
    "SipContact",
    "SipHost",
    "TimeZone",
    "WeeklyHours",
    "YesNo",
    "duration_seconds",
    "duration_text",
]

ID_PATTERN = r"[a-z][a-z0-9-]{0,30}"
_DURATION = re.compile(r"(?:(\d{1,4})h)? ?(?:(\d{1,5})m)? ?(?:(\d{1,6})s?)?", re.ASCII)
_SIP_CONTACT = r"sip:[A-Za-z0-9_.-]{1,64}@[A-Za-z0-9.:\[\]-]{1,255}"
_SIP_HOST = r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
_NAME_LIMIT = 120
_YES, _NO = ("yes", "true", "on"), ("no", "false", "off")


def _identifier(value: object) -> str:
    text = text_of(value, "an id")
    if re.fullmatch(ID_PATTERN, text, re.ASCII):
        return text
    plain = unicodedata.normalize("NFKD", text.lower().replace("ø", "o").replace("æ", "ae"))
    meant = re.sub(r"[^a-z0-9]+", "-", "".join(c for c in plain if not unicodedata.combining(c))).strip("-")
    hint = f"; did you mean '{meant}'?" if re.fullmatch(ID_PATTERN, meant) else ""
    raise refusal(
        f"{quoted(text)} is not an id{hint}",
        "an id is 1 to 31 small letters a-z, digits and hyphens, and begins with a letter",
    )


def _name(value: object) -> str:
    text = text_of(value, "a name")
    if len(text) > _NAME_LIMIT:
        raise refusal(f"is {len(text)} characters long", f"a name has at most {_NAME_LIMIT}")
    if not text.isprintable():
        # It is shown in tables and written into Asterisk's files, where a line break begins a new setting.
        raise refusal(
            "has a line break or another character that does not show", "write the name on one line"
        )
    return text


def duration_seconds(text: str) -> int:
    """Return the whole seconds of `20s`, `5m`, `1h30m` or `300`. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise refusal(
            f"{quoted(text)} is not a duration", "write 20s, 5m, 1h, 1h30m, or whole seconds such as 300"
        )
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def duration_text(seconds: int) -> str:
    """Write seconds as an admin would: 5400 as `1h30m`."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (left, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _duration(value: object) -> int:
    return duration_seconds(text_of(value, "a duration"))


@functools.cache
def _time_zones() -> frozenset[str]:
    # These stand for "whatever this machine is set to" or for no zone at all.
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"})


def _time_zone(value: object) -> str:
    text = text_of(value, "a time zone")
    if text in _time_zones():
        return text
    by_city = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(_time_zones()) if "/" in zone}
    city = by_city.get(text.casefold().replace(" ", "_"))
    hint = f"; did you mean '{city}'?" if city else did_you_mean(text, _time_zones())
    raise refusal(f"{quoted(text)} is not an IANA time zone{hint}", "write a zone such as Europe/Oslo")


def _language(value: object) -> str:
    text = text_of(value, "a language")
    code = {"nb": "nb", "no": "nb", "en": "en"}.get(text)
    if code is None:
        hint = did_you_mean(text, ("nb", "no", "en"))
        raise refusal(f"there are no prompts in {quoted(text)}{hint}", "write nb (or no) or en")
    return code


def _yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = text_of(value, "yes or no").lower()
    if text not in _YES + _NO:
        raise refusal(f"expects yes or no, not {quoted(text)}", f"write {choices(_YES)}; or {choices(_NO)}")
    return text in _YES


def _network(value: object) -> str:
    """Return one address as it is, and a network as `address/bits`."""
    text = text_of(value, "an IP address or network")
    remedy = "write an address such as 192.0.2.10, or a network such as 192.0.2.0/24"
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        # Asterisk knows a carrier by where its packets come from; a name would be looked up only once.
        raise refusal(f"{quoted(text)} is not an IP address or network", remedy) from None
    if network.prefixlen == 0:
        raise refusal(f"{quoted(text)} is the whole internet: anybody could send calls", remedy)
    if "/" in text and str(network.network_address) != text.partition("/")[0]:
        raise refusal(f"{quoted(text)} is an address within a network; did you mean '{network}'?", remedy)
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _sip_contact(value: object) -> str:
    text = text_of(value, "a SIP address")
    if not re.fullmatch(_SIP_CONTACT, text, re.ASCII):
        raise refusal(f"{quoted(text)} is not a SIP address", "write it as sip:desk@192.0.2.7:5060")
    return text


def _sip_host(value: object) -> str:
    text = text_of(value, "an address")
    if not re.fullmatch(_SIP_HOST, text, re.ASCII):
        raise refusal(f"{quoted(text)} is not an address", "write it as 192.0.2.10 or sip.example.org:5060")
    return text


def _prompt(value: object) -> str:
    if not isinstance(value, str):
        raise refusal(f"expects the id of a prompt, not {kind_of(value)}")
    return _identifier(value)


_ID_SCHEMA = {"type": "string", "pattern": f"^{ID_PATTERN}$"}

Identifier = Annotated[str, BeforeValidator(_identifier), WithJsonSchema(_ID_SCHEMA), Described("id", "main")]
PromptId = Annotated[
    str, BeforeValidator(_prompt), WithJsonSchema(_ID_SCHEMA), Described("id of a prompt", "greeting")
]
Name = Annotated[
    str,
    BeforeValidator(_name),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _NAME_LIMIT}),
    Described("text on one line", "Admission hotline"),
]
Duration = Annotated[
    int,
    BeforeValidator(_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(?=.)([0-9]{1,4}h)? ?([0-9]{1,5}m)? ?([0-9]{1,6}s?)?$"},
                {"type": "integer", "minimum": 0},
            ]
        }
    ),
    Described("duration", "5m"),
]
TimeZone = Annotated[
    str,
    BeforeValidator(_time_zone),
    WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9_+/-]{1,50}$"}),
    Described("IANA time zone", "Europe/Oslo"),
]
LanguageCode = Annotated[
    Literal["nb", "en"],
    BeforeValidator(_language),
    WithJsonSchema({"enum": ["nb", "no", "en"]}),
    Described("language: nb or en", "nb"),
]
YesNo = Annotated[
    bool,
    BeforeValidator(_yes_no),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no", "on", "off"]}]}),
    Described("yes or no", "no"),
]
Network = Annotated[
    str,
    BeforeValidator(_network),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"}),
    Described("IP address or network", "192.0.2.10"),
]
SipContact = Annotated[
    str,
    BeforeValidator(_sip_contact),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIP_CONTACT}$"}),
    Described("SIP address", "sip:desk@192.0.2.7:5060"),
]
SipHost = Annotated[
    str,
    BeforeValidator(_sip_host),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIP_HOST}$"}),
    Described("host, with or without port", "192.0.2.10:5060"),
]
