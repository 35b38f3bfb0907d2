"""Whether the ports we are about to use are free, with a clear word when they are not."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings

PORTS_A_CALL = 4
"""Audio of the caller and of the operator, each with its reports (RTP and RTCP, RFC 3550 section 11)."""


def check_ports(settings: Settings, *, asterisk: bool, service: bool) -> None:
    """Raise SetupError naming every port that somebody else holds, and the setting that moves it."""
    taken = list(_taken(settings, asterisk=asterisk, service=service))
    if taken:
        raise SetupError(
            "\n".join(taken) + "\nStop the program that holds it, or choose another port with the variable."
        )


def _taken(settings: Settings, *, asterisk: bool, service: bool) -> Iterator[str]:
    wanted: list[tuple[str, int, str, int]] = []
    if asterisk:
        wanted.append((settings.sip_host, settings.sip_port, "HOTLINE_SIP_PORT", socket.SOCK_DGRAM))
        wanted.append((settings.ami_bind, settings.ami_port, "HOTLINE_AMI_PORT", socket.SOCK_STREAM))
    if service:
        wanted.append((settings.agi_host, settings.agi_port, "HOTLINE_AGI_PORT", socket.SOCK_STREAM))
        wanted.append((settings.http_host, settings.http_port, "HOTLINE_HTTP_PORT", socket.SOCK_STREAM))
    for host, port, variable, kind in wanted:
        if (problem := _problem(host, port, kind)) is not None:
            protocol = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
            yield f"{protocol} port {port} on {host} ({variable}): {problem}"
    if asterisk and (narrow := _narrow(settings)):
        yield narrow


def _narrow(settings: Settings) -> str:
    """Whether too few audio ports are free. Asterisk goes past those in use, so one call's worth will do."""
    if _problem(settings.sip_host, 0, socket.SOCK_DGRAM) is not None:
        # No port of this address can be had, which is told of the first of them.
        return ""
    wanted = range(settings.rtp_first, settings.rtp_last + 1)
    free = 0
    for port in wanted:
        free += _problem(settings.sip_host, port, socket.SOCK_DGRAM) is None
        if free == PORTS_A_CALL:
            return ""
    where = f"{settings.rtp_first} to {settings.rtp_last} on {settings.sip_host}"
    return (
        f"UDP ports {where} (HOTLINE_RTP_FIRST, HOTLINE_RTP_LAST): "
        f"{free} of {len(wanted)} are free, and a call takes {PORTS_A_CALL}"
    )


def _problem(host: str, port: int, kind: int) -> str | None:
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return "in use" if error.errno == 98 else str(error.strerror)
    return None
