"""What callers without a telephone hear is kept as it was sent to them."""

from __future__ import annotations

import asyncio
import socket

from hotline_ivr.testing.audio import is_silent, level_dbfs
from hotline_ivr.testing.ears import RATE, Ears
from hotline_ivr.testing.ledger import LedgerRow

SQUARE = (b"\x2a" * 8 + b"\xaa" * 8) * 10
"""20 ms of a square wave at the top of what A-law holds; of silence."""
SILENCE = b"\xd5" * 160


def packet(number: int, payload: bytes, kind: int = 8) -> bytes:
    return bytes((0x80, kind)) + number.to_bytes(2) + (number * 160).to_bytes(4) + b"test" + payload


async def test_each_number_has_heard_what_was_sent_to_its_port() -> None:
    one, other = "+4790000001", "+4790000002"
    async with Ears([one, other]) as ears:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(5):
                sender.sendto(packet(number, SQUARE), ("127.0.0.1", ears.ports[one]))
                sender.sendto(packet(number, SILENCE), ("127.0.0.1", ears.ports[other]))
                # Keys in the audio are no audio.
                sender.sendto(packet(number, b"\x01\x0a\x00\xa0", 101), ("127.0.0.1", ears.ports[one]))
        rows = [LedgerRow(number, number, 0.0) for number in (one, other)]
        async with asyncio.timeout(5):
            while not all(len(call.pieces) == 5 for call in ears.heard(rows)):
                await asyncio.sleep(0.01)
        loud, quiet = ears.heard(rows)
    assert [audio.seconds for _, audio in loud.heard_at()] == [160 / RATE] * 5
    assert level_dbfs(loud.heard_at()[0][1]) > -1
    assert all(is_silent(audio) for _, audio in quiet.heard_at())
