"""A telephone for one person: hears, speaks, presses keys, and keeps a ledger. By baresip.

baresip-python is a development dependency and holds one SIP stack a process, so it is imported when the first
phone is asked for, and one Telephones holds all the phones of a test. Everything stays on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self

from hotline_ivr.testing.audio import Audio
from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sip_trace import SipTrace

HEARD_LIMIT_S = 120.0
"""Most that is kept of what one side hears: longer than any test's call, 2 MB at 8 kHz."""

KeysBy = Literal["rtpevent", "info"]
"""How a phone sends keys: RTP telephone-events (RFC 4733), or SIP INFO."""

_FRAME_S = 0.02
_ANSWER_DEADLINE_S = 20.0
_TRACE_DEADLINE_S = 2.0
_MAX_CALLS = 64


class Telephones:
    """The SIP stack of this process and its phones. Use as an async context manager."""

    def __init__(self) -> None:
        self._runtime: Any = None
        self.calls: list[PhoneCall] = []
        self.trace = SipTrace()

    async def __aenter__(self) -> Self:
        import baresip  # noqa: PLC0415 - a development dependency

        settings = (
            f"sip_listen 127.0.0.1:{free_port()}",
            # TCP and TLS would ask for two more ports.
            "sip_transports udp",
            # Loopback loses nothing, but on a busy machine the buffer throws away what it takes for late.
            "audio_jitter_buffer_type off",
        )
        config = baresip.Config(
            net_interface="127.0.0.1",
            max_concurrent_calls=_MAX_CALLS,
            sip_trace=True,
            extra_config_text="\n".join(settings) + "\n",
        )
        self._runtime = baresip.Runtime()
        self.trace.start()
        await self._runtime.start(config)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for call in self.calls:
            await call.leave()
        await self._runtime.close()
        self.trace.stop()

    async def caller(self, number: str, host: str, port: int, *, keys: KeysBy = "rtpevent") -> Phone:
        """Somebody outside, who calls without registering, and whose keys travel in RTP or by SIP INFO."""
        return await self._phone(number, host, port, "", 0, keys=keys)

    async def operator(self, account: str, secret: str, host: str, port: int) -> Phone:
        """An operator's phone, registered.

        Raises baresip.RegistrationError if Asterisk does not take it.
        """
        phone = await self._phone(account, host, port, secret, 600)
        await phone.agent.register(timeout=10)
        return phone

    async def _phone(
        self, user: str, host: str, port: int, secret: str, interval: int, *, keys: KeysBy = "rtpevent"
    ) -> Phone:
        import baresip  # noqa: PLC0415

        account = baresip.Account(
            user,
            f"{host}:{port}",
            secret,
            reg_interval=interval,
            audio_codecs=("pcma", "pcmu"),
            dtmf_mode=keys,
        )
        return Phone(self, user, f"{host}:{port}", await baresip.UserAgent.create(self._runtime, account))

    def ledger(self) -> list[LedgerRow]:
        return sorted((call.row for call in self.calls), key=lambda row: row.started)


class Phone:
    """One account, or one caller's number."""

    def __init__(self, telephones: Telephones, user: str, host: str, agent: Any) -> None:
        self.user = user
        self.agent = agent
        self._telephones = telephones
        self._host = host
        self._incoming: asyncio.Queue[PhoneCall] = asyncio.Queue(_MAX_CALLS)
        self._by_handle: dict[int, PhoneCall] = {}
        # Events of calls that `dial` has begun and not returned yet: a refusal on loopback is that fast.
        self._early: deque[Any] = deque(maxlen=_MAX_CALLS)
        agent.on(self._on_event)
        agent.on_incoming(self._on_incoming)

    async def dial(self, number: str) -> PhoneCall:
        """Begin a call; `wait_answered` tells how it went on."""
        started = time.time()
        native = await self.agent.dial(f"sip:{number}@{self._host}")
        return self._keep(
            PhoneCall(
                native, LedgerRow("", self.user, started, peer=number), self._telephones.trace, self._host
            )
        )

    async def wait_rung(self, deadline: float) -> PhoneCall:
        """The next call to this phone, which rings but is not answered yet.

        Raises TimeoutError after `deadline` seconds.
        """
        async with asyncio.timeout(deadline):
            return await self._incoming.get()

    async def unregister(self) -> None:
        await self.agent.unregister()

    def _on_incoming(self, native: Any) -> None:
        now = time.time()
        row = LedgerRow(native.call_id or "", self.user, now, peer=native.peer or "", ringing=now)
        self._incoming.put_nowait(self._keep(PhoneCall(native, row, self._telephones.trace, self._host)))

    def _keep(self, call: PhoneCall) -> PhoneCall:
        self._telephones.calls.append(call)
        self._by_handle[call.native.handle] = call
        for at, event in self._early:
            if event.call == call.native.handle:
                call.catch_up(at, event)
        self._early.clear()
        return call

    def _on_event(self, event: Any) -> None:
        at = time.time()
        if (call := self._by_handle.get(event.call)) is not None:
            call.on_event(at, event)
        elif event.call:
            self._early.append((at, event))


@dataclass(frozen=True, slots=True)
class _Chunk:
    at: float
    pcm: bytes


class PhoneCall:
    """One call at one phone: its ledger row, what is heard, and what is said."""

    def __init__(self, native: Any, row: LedgerRow, trace: SipTrace, host: str = "") -> None:
        self.native = native
        self._host = host
        self._row = row
        self._trace = trace
        self.digits = ""
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()
        self._chunks: list[_Chunk] = []
        self._heard_bytes = 0
        self._rate = 0
        self._listener: asyncio.Task[None] | None = None
        native.on_dtmf(self._on_digit)

    @property
    def port(self) -> int:
        """SIP port of the Asterisk at the other side."""
        return int(self._host.rpartition(":")[2] or 0)

    @property
    def row(self) -> LedgerRow:
        """This call in the ledger, by what was on the wire."""
        seen = self._trace.row(self._row.call_id)
        return self._row if seen is None else replace(seen, number=self._row.number, peer=self._row.peer)

    # What happens on the line.

    def on_event(self, now: float, event: Any) -> None:
        """One event of the SIP stack, at a moment in seconds since the epoch."""
        if not self._row.call_id and event.call_id:
            self._row = replace(self._row, call_id=event.call_id)
        match event.event.name:
            case "CALL_ESTABLISHED":
                self._row = replace(self._row, answered=now, code=200)
                self._answered.set()
                self._listener = self._listener or asyncio.create_task(self._listen(), name="listen")
            case "CALL_CLOSED":
                self._row = replace(self._row, ended=now)
                self._ended.set()
            case _:
                pass

    def catch_up(self, now: float, event: Any) -> None:
        """One event that came before `dial` returned, which the library has kept from its own call too."""
        # Else a call that was answered so fast stays "outgoing" there, and could never be handed over.
        self.native._on_stack_event(event)  # noqa: SLF001
        self.on_event(now, event)

    def _on_digit(self, event: Any) -> None:
        self.digits += event.digit

    async def _listen(self) -> None:
        import baresip  # noqa: PLC0415

        with contextlib.suppress(baresip.AudioNotActive):
            while not self._ended.is_set():
                self._collect(baresip)
                await asyncio.sleep(_FRAME_S)
            self._collect(baresip)

    def _collect(self, baresip: Any) -> None:
        audio = self.native.audio
        with contextlib.suppress(baresip.AudioRestarted):
            info = audio.info()
            if not info.rx_ready:
                return
            self._rate = info.rx_sample_rate
            pcm = audio.read(info.rx_capacity)
            if pcm and self._heard_bytes < HEARD_LIMIT_S * self._rate * 2:
                self._chunks.append(_Chunk(time.time(), pcm))
                self._heard_bytes += len(pcm)

    # What the person at the phone does.

    async def wait_answered(self, deadline: float = _ANSWER_DEADLINE_S) -> None:
        """Raises TimeoutError after `deadline` seconds, ConnectionError if the call ended unanswered."""
        await self._first_of(self._answered, self._ended, deadline, "an answer")
        if not self._answered.is_set():
            await self._traced(lambda row: row.ended is not None)
            raise ConnectionError(f"not answered: {self.row}")
        await self._traced(lambda row: row.answered is not None)

    async def wait_ended(self, deadline: float) -> None:
        """Until either side has hung up. Raises TimeoutError after `deadline` seconds."""
        await self._first_of(self._ended, self._ended, deadline, "the end of the call")
        await self._traced(lambda row: row.ended is not None)

    async def _traced(self, condition: Callable[[LedgerRow], bool]) -> None:
        # The trace comes through another thread than the events, and may be the later of the two.
        end = time.monotonic() + _TRACE_DEADLINE_S
        while time.monotonic() < end:
            # Not our own row: it has an end as soon as the event, but knows no status.
            seen = self._trace.row(self._row.call_id)
            if seen is not None and condition(seen):
                return
            await asyncio.sleep(_FRAME_S)

    async def _first_of(self, one: asyncio.Event, other: asyncio.Event, deadline: float, what: str) -> None:
        waits = [asyncio.create_task(event.wait()) for event in {one, other}]
        try:
            done, _ = await asyncio.wait(waits, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not done:
            raise TimeoutError(f"waited {deadline} s for {what}: {self.row}")

    async def answer(self, after_s: float = 0.0) -> None:
        """Pick up an incoming call once it has rung for `after_s` seconds."""
        await asyncio.sleep(max(0.0, self._row.started + after_s - time.time()))
        await self.native.answer()
        await self.wait_answered()

    async def hang_up(self) -> None:
        """BYE, or CANCEL or a refusal where the call is not answered yet; nothing if it is over."""
        if self._ended.is_set():
            return
        import baresip  # noqa: PLC0415

        # The far end may be faster: then its BYE is already on its way to us as an event.
        with contextlib.suppress(baresip.StaleHandleError):
            await self.native.hangup()
        await self.wait_ended(5)

    async def transfer(self, to: str) -> None:
        """Hand the other side on at once (SIP REFER); our call is over then.

        Raises ConnectionError if that is refused or comes to nothing: the call goes on.
        """
        await self._handed_on(self.native.transfer(f"sip:{to}@{self._host}"))

    async def transfer_to(self, asked: PhoneCall) -> None:
        """Hand the other side over to whom we have asked in another call (REFER with Replaces).

        Both of our calls are over then; raises as `transfer`.
        """
        await self._handed_on(self.native.attended_transfer(asked.native))

    async def transfer_unanswered(self, asked: PhoneCall) -> None:
        """As `transfer_to`, while the other telephone still rings, as many telephones do; raises as that."""
        from baresip._native import lib  # noqa: PLC0415

        # Before that there is no call yet to which anybody could be handed over.
        await asked._traced(lambda row: row.ringing is not None)
        native = self.native
        await native.hold()
        # Its own method waits for an answer first.
        transfer = native._execute_transfer(  # noqa: SLF001
            f"{native.handle} {asked.native.handle}",
            cmd=lib.BP_CMD_CALL_REPLACE_TRANSFER,
            timeout=_ANSWER_DEADLINE_S,
        )
        await self._handed_on(transfer)

    async def _handed_on(self, transfer: Awaitable[None]) -> None:
        import baresip  # noqa: PLC0415

        try:
            await transfer
        except baresip.TransferFailed as error:
            raise ConnectionError(str(error)) from None

    async def leave(self) -> None:
        """Hang up if need be, and stop listening."""
        with contextlib.suppress(TimeoutError):
            await self.hang_up()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def send_keys(self, digits: str) -> None:
        """Keys by RTP telephone-events (RFC 4733), or by SIP INFO if the phone was made so."""
        await self.native.send_dtmf(digits)

    async def say(self, sound: Audio) -> None:
        """Speak `sound` to its end, in step with the clock."""
        import baresip  # noqa: PLC0415

        rate = self.native.audio.info().tx_sample_rate
        pcm = sound.at_rate(rate).pcm()
        begun, sent = time.monotonic(), 0
        while sent < len(pcm) and not self._ended.is_set():
            due = int((time.monotonic() - begun + 5 * _FRAME_S) * rate) * 2
            if due > sent:
                # A change of the call, such as the end of a hold, takes what is on its way.
                with contextlib.suppress(baresip.AudioRestarted):
                    sent += self.native.audio.write(pcm[sent : min(due, len(pcm))])
            await asyncio.sleep(_FRAME_S)

    # What was heard.

    def heard(self, since: float | None = None) -> Audio:
        """What has been heard, from a moment in time on (seconds since the epoch)."""
        chunks = (chunk.pcm for chunk in self._chunks if since is None or chunk.at >= since)
        return Audio.from_pcm(b"".join(chunks), self._rate or 8000)

    def heard_at(self) -> list[tuple[float, Audio]]:
        """What has been heard piece by piece, each with the moment of its end (seconds since the epoch)."""
        rate = self._rate or 8000
        return [(chunk.at, Audio.from_pcm(chunk.pcm, rate)) for chunk in self._chunks]

    async def wait_heard(
        self, condition: Callable[[Audio], bool], deadline: float, what: str, *, since: float | None = None
    ) -> Audio:
        """What has been heard, once `condition` holds for it; looked at four times a second.

        It is called in a thread, since recognising takes long, and other callers' keys must not wait for it.
        Raises TimeoutError after `deadline` seconds.
        """
        end = time.monotonic() + deadline
        while not await asyncio.to_thread(condition, heard := self.heard(since)):
            if time.monotonic() > end:
                raise TimeoutError(
                    f"waited {deadline} s to hear {what}; heard {heard.seconds:.1f} s: {self.row}"
                )
            await asyncio.sleep(0.25)
        return heard
