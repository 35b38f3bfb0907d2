"""Alerts by mail, over SMTP.

By aiosmtplib, which needs nothing else and is cancelled at its deadline; smtplib in a thread would hold that
thread for as long as a server likes to say nothing.
"""

from __future__ import annotations

import asyncio
import email.utils
import hashlib
import socket
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib

from hotline_ivr.config.alerts import MailServer
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AlertError
from hotline_ivr.launch.alert_secrets import read_secret
from hotline_ivr.routing.alerts import Alert, Told

DEADLINE = 60.0
"""Seconds for one mail, connecting and a recording of some megabytes included."""

ANSWER = 15.0
"""Seconds that the server may take for one answer."""


class SmtpMail:
    """Mails by the server of the plan in force; see calls/alert_sender.py."""

    def __init__(self, plan: Callable[[], Plan]) -> None:
        self._plan = plan

    async def send(self, alert: Alert, target: str) -> Told:
        plan = self._plan()
        server = plan.alerts.mail
        if server is None:
            return Told(arrived=False, reason="the configuration has no mail server any more", final=True)
        arrived = False
        try:
            message = await asyncio.to_thread(mail_of, alert, target, server, plan.organisation.name)
            async with asyncio.timeout(DEADLINE):
                async with client_of(server) as client:
                    await client.send_message(message, sender=server.sender, recipients=[target])
                    arrived = True
        except (aiosmtplib.SMTPException, AlertError, OSError, TimeoutError) as error:
            if arrived:
                return Told(arrived=True)  # only the goodbye went wrong
            return Told(arrived=False, reason=_reason(error), final=is_final(error))
        return Told(arrived=True)


def client_of(server: MailServer) -> aiosmtplib.SMTP:
    """A connection to the server, not yet open. Raises AlertError if the password cannot be read."""
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=read_secret(server.password) if server.password else None,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        # Else it is asked of DNS, which may take long.
        local_hostname=socket.gethostname(),
        timeout=ANSWER,
    )


def is_final(error: Exception) -> bool:
    """Whether the server refuses this recipient or this message for good: another try would end the same."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return all(each.code >= 500 for each in error.recipients)
        case aiosmtplib.SMTPDataError():
            return error.code >= 500
        case _:
            return False


def mail_of(alert: Alert, target: str, server: MailServer, organisation: str) -> EmailMessage:
    """The mail; reads the recording."""
    message = EmailMessage()
    message["From"] = email.utils.formataddr((organisation, server.sender))
    message["To"] = target
    message["Subject"] = f"[{organisation}] {alert.title}"
    message["Date"] = email.utils.format_datetime(alert.at)
    domain = server.sender.partition("@")[2]
    # Of one alert and one recipient always the same, so that a mail that comes twice can be known by it.
    digest = hashlib.sha256(f"{alert.id}|{target}".encode()).hexdigest()[:24]
    message["Message-ID"] = f"<{digest}.hotline@{domain}>"
    message["X-Hotline-Alert"] = alert.id
    message["Auto-Submitted"] = "auto-generated"
    lost = ""
    audio: bytes | None = None
    if alert.recording:
        try:
            audio = Path(alert.recording).read_bytes()
        except OSError:
            lost = "\nThe recording is not there any more.\n"
    message.set_content(f"{alert.text}\n{lost}")
    if audio is not None:
        name = f"{alert.about}-{alert.at:%Y%m%d-%H%M%S}.wav"
        message.add_attachment(audio, maintype="audio", subtype="wav", filename=name)
    return message


def _reason(error: Exception) -> str:
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            said = "; ".join(f"{each.code} {each.message}" for each in error.recipients)
            return f"the server refuses the recipient: {said}"[:300]
        case TimeoutError():
            return "the server did not answer in time"
        case _:
            return " ".join(str(error).split())[:300] or type(error).__name__
