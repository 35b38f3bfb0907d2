"""How often the record's keeper looks at Asterisk's files: as soon as a call has ended, else now and then.

A look costs some milliseconds of CPU, most of that the commit, however few calls it finds. So in between it
is only glanced for the end of a call, which costs microseconds, and after each look the record rests for
several times the CPU that it took: where more happens than there is time for, looks find more, and do not
become more. It is CPU and not the time on the clock, which others who are busy make longer too: then the end
of a call would be the later for it, and nobody else better off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Spent(NamedTuple):
    """What a look took, in seconds: on the clock, and of CPU."""

    time: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, and how patiently (seconds)."""

    # From one look at the files to the next, where no call ends: about so long after it all else is written.
    poll: float = 0.25
    # From one glance to the next; and so long at least everybody else has the processor after a look.
    shortest_poll: float = 0.02
    # How many times the CPU of a look the rest after it is: with four the record takes a fifth of a processor
    # at most, unless one look takes more CPU than a fourth of the longest rest.
    rests: float = 4.0
    # After a failure, doubled each time up to the second, less a random part.
    first_retry: float = 0.5
    longest_retry: float = 30.0
    # What stop() gives to the last pass.
    last_pass: float = 10.0

    def rest(self, cpu: float) -> float:
        """Seconds for which nothing is done after a look that took so many seconds of CPU."""
        return min(self.poll, max(self.shortest_poll, self.rests * cpu))

    def await_look(self, last: Spent, call_ended: Callable[[], bool], wait: Callable[[float], bool]) -> None:
        """Return when it is time for the look after the last one. Runs in a thread.

        `wait` lets so many seconds pass, and says whether nothing is to be waited for any more.
        """
        rest = self.rest(last.cpu)
        left = self.poll - last.time - rest
        stopping = wait(rest)
        while left > 0 and not stopping and not call_ended():
            stopping = wait(min(left, self.shortest_poll))
            left -= self.shortest_poll
