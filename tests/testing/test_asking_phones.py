"""A telephone that asks a colleague before it hands a caller over, and its ledger of the two talks."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import pytest
from typing_extensions import override

from hotline_ivr.testing.asking_phones import Asker, AskingPhones, Asks, AskTurn
from hotline_ivr.testing.ledger import EndedBy, LedgerRow
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sip_dialog import Dialog, Message, audio

CALLER = "+4790000001"
ANNA = Asker("bjorn", "21", "anna.k3v9", "secret")


class Switch(asyncio.DatagramProtocol):
    """In Asterisk's place: rings anna for a caller, and bjorn for anna; connects whom a REFER says."""

    def __init__(self, port: int, phones: int) -> None:
        self._port, self._phones = port, ("127.0.0.1", phones)
        self._dialogs: dict[str, Dialog] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.asked: list[str] = []
        self.refused = False

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        address = ("127.0.0.1", self._port)
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sip.close()

    async def ring(self, phone: str, caller: str) -> Dialog | None:
        """The call, if it is taken."""
        dialog = Dialog(
            lambda data: self._sip.sendto(data, self._phones),
            at=f"127.0.0.1:{self._port}",
            call_id=f"to-{phone}",
            us=f"<sip:{caller}@127.0.0.1>;tag=switch",
            them=f"<sip:{phone}@127.0.0.1>",
            target=f"sip:{phone}@127.0.0.1:{self._phones[1]}",
        )
        self._dialogs[dialog.call_id] = dialog
        return dialog if (await dialog.request("INVITE", sdp=audio("127.0.0.1", 9))).status == 200 else None

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.read(data)
        if message.status:
            self._dialogs[message.header("call-id")].take_reply(message)
            return
        self.asked.append(message.method)
        known = message.header("call-id") in self._dialogs
        if message.method == "INVITE" and not known:
            task = asyncio.create_task(self._asks(message))
            self._tasks.add(task)
        elif message.method == "REFER":
            self._answer(message, "202 Accepted")
            self._tasks.add(asyncio.create_task(self._tell(message)))
        elif message.method != "ACK":
            self._answer(message, "200 OK")
            if message.method == "CANCEL":
                self._dialogs["to-bjorn"].cancel()
            elif message.method == "BYE" and not known and ("REFER" not in self.asked or self.refused):
                self._tasks.add(asyncio.create_task(self._end()))

    async def _asks(self, invite: Message) -> None:
        taken = await self.ring("bjorn", "anna.k3v9")
        self._answer(invite, "200 OK" if taken else "486 Busy Here")

    async def _end(self) -> None:
        await self._dialogs["to-bjorn"].request("BYE")

    async def _tell(self, refer: Message) -> None:
        word = "603 Declined" if self.refused else "200 OK"
        await self._dialogs[refer.header("call-id")].request("NOTIFY", sdp=f"SIP/2.0 {word}")

    def _answer(self, request: Message, status: str) -> None:
        contact = f"<sip:switch@127.0.0.1:{self._port}>"
        self._sip.sendto(request.answer(status, tag="switch", contact=contact), self._phones)


async def told(deed: Asks, *, refused: bool = False) -> tuple[list[LedgerRow], list[str]]:
    """The ledger after one call, and what the phones have asked for."""
    ports = free_port(), free_port()
    turn = AskTurn(deed, ring_s=0, talk_s=0.02, asked_ring_s=0.1, consult_s=0.01, second_talk_s=0.05)
    async with (
        Switch(ports[1], ports[0]) as switch,
        AskingPhones(ports[0], ports[1], {"anna": ANNA}, [turn]) as phones,
    ):
        switch.refused = refused
        await switch.ring("anna", CALLER)
        async with asyncio.timeout(10):
            while phones.busy:
                await asyncio.sleep(0.01)
        assert phones.wrong == []
        return phones.rows(), switch.asked


async def test_who_hands_over_is_out_of_it_and_the_colleague_talks_with_the_caller_from_then_on() -> None:
    rows, asked = await told(Asks.HANDS_OVER)
    first, second = rows
    assert [(row.number, row.peer) for row in rows] == [("anna", CALLER), ("bjorn", CALLER)]
    assert first.ended == second.answered == second.started
    assert second.ended is not None
    assert second.answered is not None
    assert second.ended - second.answered >= 0.05
    assert {row.ended_by for row in rows} == {EndedBy.US}
    assert "REFER" in asked


@pytest.mark.parametrize("deed", [Asks.TAKES_BACK, Asks.DECLINED, Asks.GIVES_UP])
async def test_who_asks_in_vain_takes_the_caller_back_and_nobody_else_has_talked(deed: Asks) -> None:
    rows, asked = await told(deed)
    assert [(row.number, row.peer) for row in rows] == [("anna", CALLER)]
    assert "REFER" not in asked


async def test_a_hand_over_that_is_refused_leaves_the_caller_with_the_operator() -> None:
    rows, asked = await told(Asks.HANDS_OVER, refused=True)
    assert [row.number for row in rows] == ["anna"]
    assert rows[0].ended is not None
    assert "REFER" in asked


async def test_a_colleague_who_is_rung_when_nobody_asks_any_more_is_engaged_and_has_not_talked() -> None:
    port, phones = free_port(), free_port()
    turn = AskTurn(Asks.GIVES_UP, 0.02, 0.1, 0.02, 0.02, 0.1)
    async with Switch(port, phones) as switch, AskingPhones(phones, port, {"anna": ANNA}, [turn]) as asking:
        assert await switch.ring("bjorn", "01") is None
        assert asking.rows() == []
