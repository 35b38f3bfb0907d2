"""What is wrong with alerts, duty and the boxes that notify."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult

Spoil = Callable[..., CheckResult]

HOSTS = "    hosts: [192.0.2.10]\n"
ALERTS = """\
alerts:
  mail:
    host: mail.example.org
    user: hotline
    password: file:/run/secrets/mail
    sender: hotline@example.org
  webhooks:
    chat: {url: https://chat.example.org/hooks/x?y=1, secret: env:CHAT_SECRET}
  to:
    - {mail: [ops@example.org, duty], webhooks: [chat]}
    - {kinds: [voicemail], mail: [desk@example.org]}
duty:
  people:
    kari: {name: Kari Nord, mail: kari@example.org, number: 22 85 00 01}
    ola: {name: Ola, mail: ola@example.org}
  weeks: [kari, ola]
  first_week: 2026-08-17
  handover: 08:00
  days:
    - {on: 2026-12-24, who: ola}
voicemails:
  box: {prompt: closed, notify: [mail], mail_to: [duty], keep_days: 90}
"""


@pytest.fixture
def alerting(spoil: Spoil) -> Spoil:
    def checked(*changes: tuple[str, str]) -> CheckResult:
        return spoil((HOSTS, HOSTS + ALERTS), *changes)

    return checked


def shown(result: CheckResult) -> list[str]:
    return [
        f"{p.severity} at {p.source[(p.column or 1) - 1 :]}: {p.message}"
        for p in result.problems
        if "box 'box'" not in p.message and "voicemail 'box'" not in p.message
    ]


def test_alerts_that_are_right_have_no_problem(alerting: Spoil) -> None:
    result = alerting()
    assert [each for each in shown(result) if each.startswith("error")] == []
    assert result.plan is not None
    kinds = ("ghost-open", "record", "asterisk", "disk", "balance", "recording")
    assert result.plan.alerts.to[0].kinds == kinds
    assert result.plan.duty is not None
    assert result.plan.duty.people["kari"].number == "+4722850001"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("file:/run/secrets/mail", "swordfish", "does not say where the secret lies"),
        ("    user: hotline\n", "", "has a login without a `user`"),
        ("host: mail.example.org", "host: mail.example.org:587", "is not the name of a server"),
        ("sender: hotline@example.org", "sender: Hotline <h@example.org>", "is not a mail address"),
        ("ops@example.org, duty", "ops@example.org, dutty", "'dutty' is not a mail address"),
        ("webhooks: [chat]", "webhooks: [chatt]", "there is no web hook 'chatt'; did you mean 'chat'?"),
        ("https://chat.example.org", "chat.example.org", "is not a web address"),
        ("weeks: [kari, ola]", "weeks: [kari, olla]", "there is no person 'olla' on this rota"),
        ("who: ola", "who: per", "there is no person 'per' on this rota"),
        ("kinds: [voicemail]", "kinds: [voicemails]", "voicemails"),
        ("{mail: [ops@example.org, duty], webhooks: [chat]}", "{kinds: [record]}", "tells nobody"),
        ("handover: 08:00", "handover: 25:00", "is not a time of the clock"),
        ("notify: [mail]", "notify: [webhook]", "no web hook is told of messages"),
    ],
)
def test_mistakes_are_named(alerting: Spoil, old: str, new: str, message: str) -> None:
    result = alerting((old, new))
    assert any(message in each.message for each in result.errors), shown(result)


def test_a_secret_that_stands_in_the_yaml_is_not_repeated_in_the_message(alerting: Spoil) -> None:
    (problem,) = alerting(("file:/run/secrets/mail", "swordfish")).errors
    assert "swordfish" not in problem.message
    assert "env:NAME" in (problem.remedy or "")


def test_mail_needs_a_server(alerting: Spoil) -> None:
    server = ALERTS[ALERTS.index("  mail:\n") : ALERTS.index("  webhooks:\n    chat")]
    result = alerting((server, ""))
    places = [p.source.split(":")[0].strip(" -{") for p in result.errors]
    assert len(places) == 3, shown(result)
    assert all(each.message == "there is no mail server to send by" for each in result.errors)


def test_duty_needs_a_rota(alerting: Spoil) -> None:
    rota = ALERTS[ALERTS.index("duty:\n") : ALERTS.index("voicemails:\n")]
    result = alerting((rota, ""))
    assert [each.message for each in result.errors] == ["there is no rota that says who is on duty"] * 2


def test_a_box_that_notifies_needs_somebody(alerting: Spoil) -> None:
    result = alerting((", mail_to: [duty]", ""), ("kinds: [voicemail]", "kinds: [record]"))
    assert [each.message for each in result.errors] == ["nobody gets these mails"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("webhooks: [chat]}", "kinds: [record]}", "nothing is told to web hook 'chat'"),
        ("weeks: [kari, ola]", "weeks: [ola]", "'kari' is never on duty"),
        ("notify: [mail], ", "", "this box sends no mail"),
    ],
)
def test_what_has_no_use_is_warned_of(alerting: Spoil, old: str, new: str, message: str) -> None:
    result = alerting((old, new))
    assert message in [each.message for each in result.warnings], shown(result)


def test_a_mail_server_that_nobody_hears_of_is_warned_of(spoil: Spoil) -> None:
    server = "alerts:\n  mail: {host: mail.example.org, sender: h@example.org}\n"
    result = spoil((HOSTS, HOSTS + server))
    assert [each.message for each in result.warnings] == ["nobody is told of anything"]
