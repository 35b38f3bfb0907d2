"""The pause of a recording under way: by keys that only the service sends to the operator's channel.

The dialplan does it and tells what it does in a small file, so that the operator's own code and this are the
same, and a service that was killed in the middle of a pause finds it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from hotline_ivr.errors import ArgumentError, AsteriskError, AsteriskRefused, AsteriskUnreachable
from hotline_ivr.routing.recordings import Tape, TapeState

log = structlog.get_logger()

LOOKS, LOOK_S = 40, 0.05
"""How often, and after how many seconds each, it is looked whether the dialplan has done it."""

LOOKS_FOR_TAPE = 4
"""How often, after as many seconds each, a tape is looked for: one that is just being told of is not seen."""


class Tapes(Protocol):
    """What goes on; see control/recording_files.py. Called in threads. Raises OSError."""

    def tapes(self) -> Sequence[Tape]: ...

    def forget(self, tape: Tape) -> None: ...

    def is_off(self, call_id: str) -> bool: ...

    def set_off(self, call_id: str, *, off: bool) -> None: ...


class TapeControl(Protocol):
    """Raises AsteriskRefused where the call is over, another AsteriskError where nobody can be asked."""

    async def pause_tape(self, channel: str) -> None: ...

    async def resume_tape(self, channel: str) -> None: ...

    async def stop_tape(self, channel: str) -> None: ...


class RecordingPauses:
    """Pauses of one node. `clock` gives the time (aware, UTC)."""

    def __init__(self, tapes: Tapes, control: TapeControl, clock: Callable[[], datetime]) -> None:
        self._tapes, self._control, self._clock = tapes, control, clock
        # A stop that comes after the wish to go on would end what has just begun.
        self._stopping = asyncio.Lock()

    async def pause(self, call_id: str) -> Tape:
        """Pause; how it stands then. Raises ArgumentError, AsteriskError, or OSError."""
        return await self._change(call_id, TapeState.PAUSED, self._control.pause_tape)

    async def resume(self, call_id: str) -> Tape:
        """Go on, also with what was stopped and deleted; how it stands then. Raises as `pause`."""
        async with self._stopping:
            if await asyncio.to_thread(self._tapes.is_off, call_id):
                # First the tape that writes what nobody will keep.
                if (await self._tape(call_id)).state in {TapeState.ON, TapeState.PAUSED}:
                    await self._change(call_id, TapeState.STOPPED, self._control.stop_tape)
                await asyncio.to_thread(lambda: self._tapes.set_off(call_id, off=False))
            return await self._change(call_id, TapeState.ON, self._control.resume_tape)

    async def end_due(self, tapes: Sequence[Tape]) -> None:
        """Go on with what has been paused for long enough."""
        now = self._clock()
        for tape in tapes:
            if tape.state is TapeState.PAUSED and tape.due <= now:
                await self._press(tape, self._control.resume_tape)

    async def stop_deleted(self, tapes: Sequence[Tape]) -> None:
        """End the recording of calls whose recording was deleted."""
        async with self._stopping:
            for tape in tapes:
                if tape.state in {TapeState.ON, TapeState.PAUSED} and await asyncio.to_thread(
                    self._tapes.is_off, tape.call_id
                ):
                    await self._press(tape, self._control.stop_tape)

    async def begin_asked(self, tapes: Sequence[Tape]) -> None:
        """Record colleagues to whom a caller was handed after asking: the tape of who asked is over.

        The dialplan begins only where the caller is the one with whom the colleague talks.
        """
        going_on = {tape.call_id for tape in tapes if tape.state not in {TapeState.ASKED, TapeState.OVER}}
        for tape in tapes:
            if tape.state is TapeState.ASKED and tape.call_id not in going_on:
                await self._press(tape, self._control.resume_tape)

    async def stop_all(self, tapes: Sequence[Tape]) -> int:
        """End all that is being recorded; how many that is."""
        on = [tape for tape in tapes if tape.state is TapeState.ON]
        for tape in on:
            await self._press(tape, self._control.stop_tape)
        return len(on)

    async def _press(self, tape: Tape, how: Callable[[str], Awaitable[None]]) -> None:
        try:
            await how(tape.channel)
        except AsteriskRefused:
            # The operator's channel is gone, as after a restart of Asterisk.
            await asyncio.to_thread(self._tapes.forget, tape)
        except AsteriskError as error:
            log.warning("a recording could not be paused or go on; it is tried again", reason=str(error))

    async def _change(self, call_id: str, wanted: TapeState, how: Callable[[str], Awaitable[None]]) -> Tape:
        tape = await self._tape(call_id)
        if tape.state is wanted:
            return tape
        if wanted is TapeState.PAUSED and tape.state is TapeState.STOPPED:
            raise ArgumentError(f"call {call_id} is not recorded any more: its recording was deleted")
        try:
            await how(tape.channel)
        except AsteriskRefused:
            raise ArgumentError(f"call {call_id} is over, or Asterisk refuses to be told") from None
        for _ in range(LOOKS):
            if (tape := await self._tape(call_id)).state is wanted:
                return tape
            await asyncio.sleep(LOOK_S)
        if tape.state is TapeState.FULL:
            raise ArgumentError(f"call {call_id} is not recorded: there is too little space on the disk")
        raise AsteriskUnreachable(f"Asterisk has not told within {LOOKS * LOOK_S:g} s that it has done it")

    async def _tape(self, call_id: str) -> Tape:
        for look in range(LOOKS_FOR_TAPE):
            found = [
                tape
                for tape in await asyncio.to_thread(self._tapes.tapes)
                if tape.call_id == call_id and tape.state not in {TapeState.OVER, TapeState.ASKED}
            ]
            if found:
                # A caller who was handed on has one tape that goes on and others whose operator is gone.
                return max(found, key=lambda tape: tape.changed)
            if look + 1 < LOOKS_FOR_TAPE:
                await asyncio.sleep(LOOK_S)
        raise ArgumentError(f"call {call_id} is not being recorded now")
