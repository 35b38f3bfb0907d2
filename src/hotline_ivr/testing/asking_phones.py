"""Operators' telephones that hand callers over after having asked a colleague: REFER with Replaces.

All are on one port, told apart by the user part of their contact, and need not register. Each of some asks a
colleague of its own, whose telephone is here too: so the ledger can say with whom the colleague talked, and
from when on. What the two say to each other before is no talk with a caller, and no row.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import cycle
from types import TracebackType
from typing import Self
from urllib.parse import quote

from typing_extensions import override

from hotline_ivr.testing.ledger import EndedBy, LedgerRow
from hotline_ivr.testing.sip_dialog import AGAIN_S, Dialog, Message, audio

_HOST = "127.0.0.1"
# Of no use to anybody: nothing is listened to, and nothing said.
_MEDIA_PORT = 9
_DONE_WITHIN_S = 5.0


class Asks(StrEnum):
    """What becomes of a caller whom an operator lets wait for a colleague."""

    HANDS_OVER = "hands over"
    TAKES_BACK = "takes back"
    # The colleague does not want to, and the operator goes on.
    DECLINED = "declined"
    GIVES_UP = "gives up"


@dataclass(frozen=True, slots=True)
class AskTurn:
    """One call: how long each rings and talks, in seconds."""

    deed: Asks
    ring_s: float
    talk_s: float
    asked_ring_s: float
    consult_s: float
    second_talk_s: float


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom the operator asks, and by what the own telephone is known."""

    colleague: str
    extension: str
    account: str
    secret: str


@dataclass
class _Leg:
    """A call to one of the telephones."""

    invite: Message
    peer: tuple[str, int]
    row: LedgerRow
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    dialog: Dialog | None = None
    said: bytes = b""
    acked: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    # Whether a transfer of it came to something; None while that is open.
    told: asyncio.Future[bool] | None = None


@dataclass
class _Asking:
    """An operator asks the colleague for this caller."""

    turn: AskTurn
    caller: str
    handed_at: float = 0.0
    handed: asyncio.Event = field(default_factory=asyncio.Event)


class AskingPhones(asyncio.DatagramProtocol):
    """Use as an async context manager. `askers` are by operator; each call takes the next of `turns`."""

    def __init__(
        self, port: int, sip_port: int, askers: Mapping[str, Asker], turns: Sequence[AskTurn]
    ) -> None:
        self._at, self._asterisk = f"{_HOST}:{port}", (_HOST, sip_port)
        self._port, self._askers, self._turns = port, askers, cycle(turns)
        self._colleagues = {asker.colleague for asker in askers.values()}
        self._legs: dict[str, _Leg] = {}
        self._consults: dict[str, Dialog] = {}
        self._asking: dict[str, _Asking] = {}
        self._kept: list[LedgerRow] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.wrong: list[str] = []
        self.done: list[Asks] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(_HOST, self._port))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sip.close()

    def rows(self) -> list[LedgerRow]:
        """Talks with callers that are over, and rings, in the order in which they began."""
        return sorted(self._kept, key=lambda row: row.started)

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    # Bytes.

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        now, message = time.time(), Message.read(data)
        call_id = message.header("call-id")
        leg = self._legs.get(call_id)
        if message.status:
            dialog = self._consults.get(call_id) or (leg.dialog if leg else None)
            if dialog is not None:
                dialog.take_reply(message)
        elif message.method == "INVITE" and leg is None:
            self._rung(message, addr, now)
        elif message.method == "INVITE" and leg is not None and leg.said:
            self._sip.sendto(leg.said, addr)
        elif message.method == "ACK":
            if leg is not None:
                leg.acked.set()
        else:
            self._sip.sendto(message.answer("200 OK", tag=leg.tag if leg else ""), addr)
            if leg is not None:
                self._went_on(leg, message, now)

    def _went_on(self, leg: _Leg, message: Message, now: float) -> None:
        match message.method:
            case "CANCEL" if leg.row.answered is None:
                self._say(leg, "487 Request Terminated")
                self._end(leg, now, EndedBy.THEM, 487)
            case "BYE":
                self._end(leg, now, EndedBy.THEM)
            case "NOTIFY" if leg.told is not None and not leg.told.done():
                status = message.body.partition(" ")[2][:3]
                if status.isdigit() and int(status) >= 200:
                    leg.told.set_result(int(status) < 300)
            case _:
                pass

    def _rung(self, invite: Message, addr: tuple[str, int], now: float) -> None:
        row = LedgerRow(
            invite.header("call-id"), invite.user("to"), now, peer=invite.user("from"), ringing=now
        )
        leg = _Leg(invite, addr, row)
        self._legs[row.call_id] = leg
        asking = self._asking.get(row.number)
        if asking is not None:
            work = self._asked(leg, asking)
        elif row.number in self._colleagues:
            work = self._asked_too_late(leg)
        else:
            work = self._called(leg, next(self._turns))
        task = asyncio.create_task(self._guarded(leg, work), name=f"{row.number} is rung")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, leg: _Leg, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except TimeoutError as error:
            self.wrong.append(f"{leg.row}: {error!r}")
        finally:
            self._legs.pop(leg.row.call_id, None)

    def _say(self, leg: _Leg, status: str, sdp: str = "") -> None:
        leg.said = leg.invite.answer(status, tag=leg.tag, contact=f"<sip:phone@{self._at}>", sdp=sdp)
        self._sip.sendto(leg.said, leg.peer)

    @staticmethod
    def _end(leg: _Leg, now: float, by: EndedBy, code: int = 0) -> None:
        if leg.row.ended is None:
            leg.row = replace(leg.row, ended=now, ended_by=by, code=code or leg.row.code)
        leg.ended.set()

    # An operator whom a queue has rung.

    async def _called(self, leg: _Leg, turn: AskTurn) -> None:
        try:
            if await self._answers(leg, turn.ring_s):
                await self._talks(leg, turn)
                await self._hangs_up(leg)
        finally:
            self._kept.append(leg.row)

    async def _talks(self, leg: _Leg, turn: AskTurn) -> None:
        asker = self._askers.get(leg.row.number)
        if await _over(leg, turn.talk_s / 2) or asker is None or leg.dialog is None:
            return
        if (await leg.dialog.request("INVITE", sdp=self._audio("sendonly"))).status != 200:
            await _over(leg, _DONE_WITHIN_S)
            return
        asking = self._asking[asker.colleague] = _Asking(turn, leg.row.peer)
        consult, begun = self._begin(asker)
        try:
            if await self._ask(leg, asker, asking, consult, begun):
                return
        finally:
            if self._asking.get(asker.colleague) is asking:
                del self._asking[asker.colleague]
            if begun.done() and not begun.cancelled() and begun.result().status == 200:
                await consult.request("BYE")
            self._consults.pop(consult.call_id, None)
        if not leg.ended.is_set():
            await leg.dialog.request("INVITE", sdp=self._audio("sendrecv"))
            await _over(leg, turn.talk_s / 2)

    def _begin(self, asker: Asker) -> tuple[Dialog, asyncio.Task[Message]]:
        target = f"sip:{asker.extension}@{self._asterisk[0]}:{self._asterisk[1]}"
        us = f"<sip:{asker.account}@{self._at}>;tag={secrets.token_hex(4)}"
        consult = self._dialog(secrets.token_hex(12), us, f"<{target}>", target)
        self._consults[consult.call_id] = consult
        return consult, asyncio.create_task(
            consult.invite(asker.account, asker.secret, self._audio()), name="asks"
        )

    async def _ask(
        self, leg: _Leg, asker: Asker, asking: _Asking, consult: Dialog, begun: asyncio.Task[Message]
    ) -> bool:
        """Whether the caller is with the colleague then."""
        turn = asking.turn
        if turn.deed is Asks.GIVES_UP:
            await asyncio.wait({begun}, timeout=turn.asked_ring_s / 2)
            if not begun.done():
                consult.cancel()
        status = (await begun).status
        if turn.deed is not Asks.HANDS_OVER:
            self.done.append(turn.deed)
        if status != 200 or turn.deed is Asks.GIVES_UP:
            return False
        if await _over(leg, turn.consult_s) or turn.deed is not Asks.HANDS_OVER or leg.dialog is None:
            return False
        leg.told = asyncio.get_running_loop().create_future()
        replaces = f"{consult.call_id};to-tag={consult.their_tag};from-tag={consult.our_tag}"
        at = f"{asker.extension}@{self._asterisk[0]}:{self._asterisk[1]}"
        sent = time.time()
        final = await leg.dialog.request("REFER", f"Refer-To: <sip:{at}?Replaces={quote(replaces, safe='')}>")
        if final.status != 202:
            return False
        async with asyncio.timeout(_DONE_WITHIN_S):
            done = await leg.told
        if done:
            asking.handed_at = sent
            # The talk is over with that, whatever becomes of the telephone's own call.
            leg.row = replace(leg.row, ended=sent, ended_by=EndedBy.US)
            asking.handed.set()
            self.done.append(turn.deed)
        return done

    # A colleague who is asked.

    async def _asked(self, leg: _Leg, asking: _Asking) -> None:
        turn = asking.turn
        if turn.deed is Asks.DECLINED:
            await _over(leg, turn.asked_ring_s)
            self._say(leg, "486 Busy Here")
            return
        if not await self._answers(leg, turn.asked_ring_s):
            return
        await _first(leg.ended, asking.handed)
        if not asking.handed.is_set():
            return
        await _over(leg, turn.second_talk_s)
        await self._hangs_up(leg)
        at = asking.handed_at
        self._kept.append(replace(leg.row, peer=asking.caller, started=at, ringing=at, answered=at))

    async def _asked_too_late(self, leg: _Leg) -> None:
        """Whoever asked has given up meanwhile: the call was on its way."""
        self._say(leg, "486 Busy Here")

    # What any of them does.

    async def _answers(self, leg: _Leg, after_s: float) -> bool:
        self._say(leg, "180 Ringing")
        if await _over(leg, after_s):
            return False
        leg.dialog = self._dialog(
            leg.row.call_id,
            f"{leg.invite.header('to')};tag={leg.tag}",
            leg.invite.header("from"),
            leg.invite.header("contact").partition("<")[2].partition(">")[0],
        )
        leg.row = replace(leg.row, answered=time.time(), code=200)
        self._say(leg, "200 OK", self._audio())
        while not leg.acked.is_set() and not leg.ended.is_set():
            await _first(leg.acked, leg.ended, within_s=AGAIN_S)
            if not leg.acked.is_set():
                self._sip.sendto(leg.said, leg.peer)
        return True

    async def _hangs_up(self, leg: _Leg) -> None:
        if leg.ended.is_set() or leg.dialog is None:
            return
        self._end(leg, time.time(), EndedBy.US)
        await leg.dialog.request("BYE")

    def _dialog(self, call_id: str, us: str, them: str, target: str) -> Dialog:
        send: Callable[[bytes], object] = lambda data: self._sip.sendto(data, self._asterisk)  # noqa: E731
        return Dialog(send, at=self._at, call_id=call_id, us=us, them=them, target=target)

    def _audio(self, direction: str = "sendrecv") -> str:
        return audio(_HOST, _MEDIA_PORT, direction)


async def _over(leg: _Leg, within_s: float) -> bool:
    """Whether the far end has hung up within so many seconds."""
    await _first(leg.ended, within_s=within_s)
    return leg.ended.is_set()


async def _first(*events: asyncio.Event, within_s: float | None = None) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
