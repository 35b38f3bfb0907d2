"""One SIP dialog: requests are sent again, answered, acknowledged and, where asked for, authorised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hotline_ivr.testing.sip_dialog import Dialog, Message, audio

CHALLENGE = 'WWW-Authenticate: Digest realm="asterisk",nonce="17",opaque="0a",algorithm=MD5,qop="auth"'


class FarEnd:
    """Keeps what is sent to it; `answers` gives the head of the answers to each request."""

    def __init__(self, answers: Callable[[Message], list[str]]) -> None:
        self.got: list[Message] = []
        self._answers = answers
        self.dialog = Dialog(
            self.take,
            at="127.0.0.1:5062",
            call_id="17",
            us="<sip:anna@127.0.0.1>;tag=ours",
            them="<sip:21@127.0.0.1>",
            target="sip:21@127.0.0.1:5060",
        )

    def take(self, data: bytes) -> None:
        request = Message.read(data)
        self.got.append(request)
        for status in self._answers(request):
            text = request.answer(status, tag="theirs", contact="<sip:asterisk@127.0.0.1:5061>")
            self.dialog.take_reply(Message.read(text))

    def methods(self) -> list[str]:
        return [message.method for message in self.got]


def ok(request: Message) -> list[str]:
    return [] if request.method == "ACK" else ["100 Trying", "200 OK"]


async def test_a_call_that_is_taken_is_acknowledged_and_goes_to_whoever_took_it() -> None:
    far = FarEnd(ok)
    assert (await far.dialog.request("INVITE", sdp=audio("127.0.0.1", 9))).status == 200
    assert (await far.dialog.request("BYE")).status == 200
    assert far.methods() == ["INVITE", "ACK", "BYE"]
    assert far.got[2].start == "BYE sip:asterisk@127.0.0.1:5061 SIP/2.0"
    assert (far.dialog.our_tag, far.dialog.their_tag) == ("ours", "theirs")
    assert [message.number for message in far.got] == [1, 1, 2]


async def test_a_phone_that_is_asked_for_its_secret_shows_that_it_knows_it() -> None:
    def asks_first(request: Message) -> list[str]:
        if request.method == "INVITE" and not request.header("authorization"):
            return [f"401 Unauthorized\r\n{CHALLENGE}"]
        return ok(request)

    far = FarEnd(asks_first)
    assert (await far.dialog.invite("anna.k3v9", "secret", audio("127.0.0.1", 9))).status == 200
    assert far.methods() == ["INVITE", "ACK", "INVITE", "ACK"]
    shown = far.got[2].header("authorization")
    assert 'username="anna.k3v9"' in shown
    assert 'uri="sip:21@127.0.0.1:5060"' in shown
    assert "secret" not in shown


async def test_what_is_lost_on_the_way_is_sent_again() -> None:
    lost = [True, True]
    far = FarEnd(lambda request: [] if lost and lost.pop() else ok(request))
    assert (await far.dialog.request("BYE")).status == 200
    assert far.methods() == ["BYE"] * 3
    assert len({message.header("via") for message in far.got}) == 1


async def test_an_answer_that_comes_again_is_acknowledged_again() -> None:
    far = FarEnd(ok)
    await far.dialog.request("INVITE")
    far.dialog.take_reply(Message.read(far.got[0].answer("200 OK", tag="theirs")))
    assert far.methods() == ["INVITE", "ACK", "ACK"]


async def test_a_call_that_is_given_up_ends_with_its_own_answer() -> None:
    far = FarEnd(lambda request: ["180 Ringing"] if request.method == "INVITE" else ["200 OK"])
    begun = asyncio.create_task(far.dialog.request("INVITE"))
    await asyncio.sleep(0)
    far.dialog.cancel()
    far.dialog.take_reply(Message.read(far.got[0].answer("487 Request Terminated", tag="theirs")))
    assert (await begun).status == 487
    assert far.methods() == ["INVITE", "CANCEL", "ACK"]
    assert far.got[1].number == 1
    assert len({message.header("via") for message in far.got}) == 1


@pytest.mark.parametrize(
    ("to", "user"), [("<sip:op01@127.0.0.1:5062>", "op01"), ('"A" <sip:+47@h>;tag=1', "+47")]
)
def test_who_is_meant_stands_in_the_address(to: str, user: str) -> None:
    message = Message.read(f"INVITE sip:x@y SIP/2.0\r\nTo: {to}\r\nCSeq: 1 INVITE\r\n\r\nbody".encode())
    assert (message.user("to"), message.method, message.status, message.body) == (user, "INVITE", 0, "body")
