"""Having Asterisk make a call by a file in its spool, so that the manager account needs no right to dial.

A file is moved into `outgoing` whole, under the attempt's name. Asterisk keeps it there while it dials and
moves it to `outgoing_done` then, so that one of the two has it for ever: whoever finds neither knows that it
was never there. Old ones are removed when their attempts are long over.
"""

from __future__ import annotations

from pathlib import Path

from hotline_ivr.asterisk.home import CALL_FOLDERS
from hotline_ivr.asterisk.render.sections import value
from hotline_ivr.files import replace, sync_folder
from hotline_ivr.routing.callbacks import Dialling
from hotline_ivr.routing.skills import step_s

# Longer than the pair of local channels takes to be there; the person's ringing is not within it.
_PAIR_SECONDS = 15


def call_file(call: Dialling, until: int) -> str:
    """The file's text; `until` is the last second (epoch) in which the call may still be made."""
    variables: dict[str, object] = {
        "ATTEMPT": call.id,
        "UNTIL": until,
        "LINE": call.line,
        "NUMBER": call.line_number,
        "PERSON": call.rings,
        "CARRIER": call.carrier,
        "HOST": call.host,
        "RING": call.ring,
        "PRESS": f"{call.language}/{call.prompt}~{call.press_within}~{call.press_tries}",
        "QUEUE": call.queue,
        "LONGEST": call.longest,
        "JOINED": int(call.joined_at.timestamp()),
        "SORRY": f"{call.language}/{call.sorry}",
        "LEVELS": ".".join(map(str, call.admitted_s)),
        "LEVELS_STEP": step_s(call.admitted_s) if call.admitted_s else "",
        "TOLD": "+".join(call.told),
    }
    leg = "person" if call.told else "leg"
    lines = [
        f"Channel: Local/s@hotline-callback-{leg}/n",
        f"WaitTime: {_PAIR_SECONDS}",
        # One attempt of ours is one call; when to ring again is for the service to say.
        "MaxRetries: 0",
        "Archive: yes",
        f"Context: {'hotline-callback-operator' if call.told else 'hotline-callback'}",
        "Extension: s",
        "Priority: 1",
        *(f"Setvar: __HOTLINE_{name}={value(str(text))}" for name, text in variables.items()),
    ]
    return "\n".join([*lines, ""])


class CallSpool:
    """The folders of calls to make. Methods raise OSError; call them in threads."""

    def __init__(self, spool: Path) -> None:
        self._drafts, self._outgoing, self._done = (spool / name for name in CALL_FOLDERS)

    def knows(self, attempt: str) -> bool:
        """Whether the file was ever there."""
        name = _name(attempt)
        # In this order: it is moved from the first to the second.
        return (self._outgoing / name).exists() or (self._done / name).exists()

    def leave(self, attempt: str, text: str) -> None:
        """Have it made; Asterisk sees the whole file or none."""
        draft = self._drafts / _name(attempt)
        replace(draft, text)
        draft.replace(self._outgoing / draft.name)
        # Asterisk may dial at once: after a power cut it must still be known that it was there.
        sync_folder(self._outgoing)

    def tidy(self, before: float) -> None:
        """Remove what was archived before this moment (epoch): those attempts are long over."""
        for path in self._done.glob("*.call"):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def _name(attempt: str) -> str:
    return f"{value(attempt).replace('/', '_')}.call"
