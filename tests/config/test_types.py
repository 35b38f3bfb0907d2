"""Every kind of value: what an admin may write, what comes of it, and what is said otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from hotline_ivr.config.types import (
    Duration,
    Identifier,
    LanguageCode,
    Name,
    Network,
    PromptId,
    SipContact,
    TimeZone,
    YesNo,
    duration_seconds,
    duration_text,
)


def read(kind: Any, written: object) -> object:
    return TypeAdapter(kind).validate_python(written)


def refused(kind: Any, written: object) -> str:
    """Return what is said about a wrong value."""
    with pytest.raises(ValidationError) as caught:
        read(kind, written)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("20s", 20),
        ("300", 300),
        ("0", 0),
        ("5m", 300),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("1h30m15s", 5415),
        ("1h15s", 3615),
        ("90m", 5400),
    ],
)
def test_a_duration_is_read(written: str, seconds: int) -> None:
    assert read(Duration, written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "ten",
        "5 minutes",
        "-5s",
        "5.5m",
        "30s1h",
        "s",
        "5mm",
        "\u0661s",
        "5m\n5",
        "99999999999s",
    ],
)
def test_what_is_no_duration_is_refused_and_shown(written: str) -> None:
    assert "duration" in refused(Duration, written)


@given(st.integers(min_value=0, max_value=9999 * 3600))
def test_a_duration_written_by_us_is_read_as_itself(seconds: int) -> None:
    assert duration_seconds(duration_text(seconds)) == seconds


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        seconds = duration_seconds(text)
    except ValueError:
        return
    assert seconds >= 0
    assert text.isascii()


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (Identifier, "main", "main"),
        (Identifier, "a1-b", "a1-b"),
        (PromptId, "closed", "closed"),
        (Name, " Bjørn Dahl ", "Bjørn Dahl"),
        (TimeZone, "Europe/Oslo", "Europe/Oslo"),
        (TimeZone, "UTC", "UTC"),
        (LanguageCode, "no", "nb"),
        (LanguageCode, "nb", "nb"),
        (LanguageCode, "en", "en"),
        (YesNo, "yes", True),
        (YesNo, "No", False),
        (YesNo, True, True),
        (Network, "192.0.2.10", "192.0.2.10"),
        (Network, "192.0.2.10/32", "192.0.2.10"),
        (Network, "192.0.2.0/24", "192.0.2.0/24"),
        (Network, "2001:DB8::7", "2001:db8::7"),
        (SipContact, "sip:desk@192.0.2.7:5060", "sip:desk@192.0.2.7:5060"),
    ],
)
def test_a_value_is_read(kind: Any, written: object, value: object) -> None:
    assert read(kind, written) == value


@pytest.mark.parametrize(
    ("kind", "written", "said"),
    [
        (Identifier, "Main", "'Main' is not an id; did you mean 'main'?"),
        (Identifier, "bjørn", "'bjørn' is not an id; did you mean 'bjorn'?"),
        (Identifier, "Bjørn Åse", "'Bjørn Åse' is not an id; did you mean 'bjorn-ase'?"),
        (Identifier, "7up", "'7up' is not an id"),
        (Identifier, "main\n", None),
        (Identifier, "a" * 32, f"'{'a' * 32}' is not an id"),
        (Identifier, [], "expects an id, not a list"),
        (PromptId, "../../etc/passwd", "'../../etc/passwd' is not an id; did you mean 'etc-passwd'?"),
        (PromptId, "closed&sorry", "'closed&sorry' is not an id; did you mean 'closed-sorry'?"),
        (Name, "", "expects a name, not nothing"),
        (Name, "a" * 121, "is 121 characters long"),
        (Name, "Anna\n[evil]", "has a line break or another character that does not show"),
        (Name, "Anna\u202eBerg", "has a line break or another character that does not show"),
        (TimeZone, "europe/oslo", "'europe/oslo' is not an IANA time zone; did you mean 'Europe/Oslo'?"),
        (TimeZone, "Oslo", "'Oslo' is not an IANA time zone; did you mean 'Europe/Oslo'?"),
        (TimeZone, "new york", "'new york' is not an IANA time zone; did you mean 'America/New_York'?"),
        (TimeZone, "localtime", "'localtime' is not an IANA time zone"),
        (TimeZone, "../../etc/passwd", "'../../etc/passwd' is not an IANA time zone"),
        (LanguageCode, "norsk", "there are no prompts in 'norsk'"),
        (LanguageCode, "NB", "there are no prompts in 'NB'; did you mean 'nb'?"),
        (YesNo, "maybe", "expects yes or no, not 'maybe'"),
        (Network, "sip.carrier.example", "'sip.carrier.example' is not an IP address or network"),
        (
            Network,
            "192.0.2.10/24",
            "'192.0.2.10/24' is an address within a network; did you mean '192.0.2.0/24'?",
        ),
        (Network, "0.0.0.0/0", "'0.0.0.0/0' is the whole internet: anybody could send calls"),
        (Network, "::/0", "'::/0' is the whole internet: anybody could send calls"),
        (SipContact, "desk@192.0.2.7", "'desk@192.0.2.7' is not a SIP address"),
        (SipContact, "sip:desk@host\r\ntransport=x", "'sip:desk@host\r\ntransport=x' is not a SIP address"),
    ],
)
def test_a_wrong_value_is_refused_in_plain_words(kind: Any, written: object, said: str | None) -> None:
    if said is None:
        assert read(kind, written) == "main", "space around a text never matters"
    else:
        assert refused(kind, written).startswith(said)
