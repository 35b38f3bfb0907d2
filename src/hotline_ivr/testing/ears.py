"""What SIPp's callers hear: SIPp looks at no audio, so their calls name ports at which it is kept here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from typing_extensions import override

from hotline_ivr.testing.audio import Audio
from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.phone import HEARD_LIMIT_S

RATE = 8000
_HEAD = 12
"""Bytes before the audio of an RTP packet that has no extensions, as Asterisk's have none here."""
_PIECE_LIMIT = int(HEARD_LIMIT_S / 0.02)


def _alaw() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Samples of each A-law byte (ITU-T G.711)."""
    coded = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (coded >> 4) & 7, coded & 15
    size = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
    )
    return np.where(coded & 0x80, size, -size).astype(np.int16)


_SAMPLES = _alaw()


class _Ear(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.pieces: list[tuple[float, bytes]] = []

    @override
    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        if len(data) > _HEAD and data[1] & 0x7F == 8 and len(self.pieces) < _PIECE_LIMIT:
            self.pieces.append((time.time(), data[_HEAD:]))


@dataclass(frozen=True, slots=True)
class HeardCall:
    """A call of SIPp's with what its caller heard."""

    row: LedgerRow
    pieces: Sequence[tuple[float, bytes]]

    def heard_at(self) -> list[tuple[float, Audio]]:
        """Piece by piece, each with the moment of its end (seconds since the epoch)."""
        return [
            (at, Audio.from_pcm(_SAMPLES[np.frombuffer(data, np.uint8)].tobytes(), RATE))
            for at, data in self.pieces
        ]


class Ears:
    """One for each number, which calls once. Use as an async context manager."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self._numbers = tuple(numbers)
        self._ears: dict[str, _Ear] = {}
        self._sockets: list[asyncio.DatagramTransport] = []
        self.ports: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in self._numbers:
            socket, ear = await loop.create_datagram_endpoint(_Ear, local_addr=("127.0.0.1", 0))
            self._sockets.append(socket)
            self._ears[number] = ear
            self.ports[number] = socket.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for socket in self._sockets:
            socket.close()

    def heard(self, rows: Iterable[LedgerRow]) -> list[HeardCall]:
        """Each call of these with what was heard in it."""
        return [HeardCall(row, self._ears[row.number].pieces) for row in rows]
