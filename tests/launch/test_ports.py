"""A port in use is a clear message."""

from __future__ import annotations

import socket

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.launch.ports import check_ports
from hotline_ivr.settings import Settings


def free_ports() -> dict[str, int]:
    """Ports nobody holds; they are released at once, so this is a hint and not a promise."""
    names = ["sip_port", "ami_port", "agi_port", "http_port"]
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: one.getsockname()[1] for name, one in zip(names, sockets, strict=True)}
    for one in sockets:
        one.close()
    return ports


def test_free_ports_pass() -> None:
    check_ports(Settings.model_validate(free_ports()), asterisk=True, service=True)


def test_every_port_in_use_is_named_with_its_variable() -> None:
    ports = free_ports()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with udp, socket.create_server(("127.0.0.1", ports["agi_port"])):
        udp.bind(("127.0.0.1", ports["sip_port"]))
        with pytest.raises(SetupError) as caught:
            check_ports(Settings.model_validate(ports), asterisk=True, service=True)
    text = str(caught.value)
    assert f"UDP port {ports['sip_port']} on 127.0.0.1 (HOTLINE_SIP_PORT): in use" in text
    assert f"TCP port {ports['agi_port']} on 127.0.0.1 (HOTLINE_AGI_PORT): in use" in text
    assert "HOTLINE_AMI_PORT" not in text


def test_audio_ports_must_leave_room_for_a_call() -> None:
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with taken:
        taken.bind(("127.0.0.1", 0))
        first = min(taken.getsockname()[1], 65_535 - 3)
        settings = Settings.model_validate({**free_ports(), "rtp_first": first, "rtp_last": first + 3})
        with pytest.raises(SetupError) as caught:
            check_ports(settings, asterisk=True, service=True)
        check_ports(settings, asterisk=False, service=True)
    told = str(caught.value)
    assert f"UDP ports {first} to {first + 3} on 127.0.0.1 (HOTLINE_RTP_FIRST, HOTLINE_RTP_LAST): " in told
    assert "of 4 are free, and a call takes 4" in told


def test_audio_ports_in_use_here_and_there_are_no_matter() -> None:
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with taken:
        taken.bind(("127.0.0.1", 0))
        first = min(taken.getsockname()[1], 65_535 - 99)
        settings = Settings.model_validate({**free_ports(), "rtp_first": first, "rtp_last": first + 99})
        check_ports(settings, asterisk=True, service=True)


def test_ports_of_a_part_that_is_not_started_are_not_looked_at() -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports["http_port"])):
        check_ports(Settings.model_validate(ports), asterisk=True, service=False)


def test_an_address_that_is_not_ours_is_told_apart_from_a_port_in_use() -> None:
    settings = Settings.model_validate({**free_ports(), "sip_host": "192.0.2.200"})
    with pytest.raises(SetupError, match=r"192\.0\.2\.200 \(HOTLINE_SIP_PORT\): Cannot assign"):
        check_ports(settings, asterisk=True, service=False)
