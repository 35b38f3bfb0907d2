"""P10, P12 and R1: the crowd's configuration, a plain reading of the floor, and how the figures are told."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bench import crowd, killed, resync
from hotline_ivr.config.check import check
from hotline_ivr.settings import Settings
from hotline_ivr.testing.ports import free_port


def test_many_serve_conversations_that_last_and_others_the_short_calls(tmp_path: Path) -> None:
    yaml = YAML(typ="safe", pure=True)
    with (tmp_path / "hotline.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(crowd.crowded(5070, 5071), file)
    plan = check(tmp_path, frozenset({"greeting", "closed", "sorry", "technical"})).plan
    assert plan is not None
    lasting, short = plan.queues.values()
    assert (len(lasting.operators), len(short.operators)) == (crowd.MANY, crowd.SHORT_OPERATORS)
    assert not set(lasting.operators) & set(short.operators)
    assert {plan.operators[name].sip_contact for name in short.operators} == {
        f"sip:{name}@127.0.0.1:5071" for name in short.operators
    }


def test_a_plain_reading_ends_with_the_list_wherever_the_network_cuts_it() -> None:
    port = free_port(socket.SOCK_STREAM)
    answer = [
        b"Asterisk Call Manager\r\n",
        b"Event: QueueMember\r\n\r\nEvent: QueueStatus",
        b"Complete\r\n\r\n",
    ]

    def serve(listener: socket.socket) -> None:
        with listener.accept()[0] as link:
            for piece in answer:
                link.sendall(piece)
            link.recv(1000)

    with socket.create_server(("127.0.0.1", port)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        seconds, size = resync.read_plainly(
            Settings.from_environment({"HOTLINE_AMI_PORT": str(port)}), "secret"
        )
    assert seconds > 0
    assert size == sum(map(len, answer))


def test_a_connection_that_ends_before_the_list_is_no_reading() -> None:
    port = free_port(socket.SOCK_STREAM)

    def close(listener: socket.socket) -> None:
        with listener.accept()[0] as link:
            # What was sent is read, or the close would be a reset.
            link.recv(1000)

    with socket.create_server(("127.0.0.1", port)) as listener:
        threading.Thread(target=close, args=(listener,), daemon=True).start()
        with pytest.raises(OSError, match="Asterisk closed the connection"):
            resync.read_plainly(Settings.from_environment({"HOTLINE_AMI_PORT": str(port)}), "secret")


def test_the_ratio_is_of_what_calls_cost_beside_many_and_beside_few() -> None:
    picture = resync.Figures(1060, 300, 400_000, 40.0, 60.0, 1.5, 1.9)
    found = crowd.Figures(
        crowd.Beside(50, 0.1, 16.0, 300, 300),
        crowd.Beside(1000, 0.9, 24.0, 299, 300),
        picture,
        killed.Figures(1300, 0, 1300, 0, 1.2, 1.9),
    )
    assert found.ratio == 1.5
    told = "\n".join(crowd.table(found))
    assert "beside 1000: 24.0 ms a call, 299 of 300 completed" in told
    assert "ratio 1.50, worst round 1.90" in told
    assert "killed beside 1300 calls: 0 dropped, 1300 in the record once, 0 doubled" in told
    assert "alive again after 1.2 s; floor right 0.7 s later" in told
