"""What befell the machine on which calls were taken: starts of Asterisk, and clocks that were set."""

from __future__ import annotations

from typing import NamedTuple

from hotline_ivr.routing.log_clocks import ONE_CLOCK, LogClocks
from hotline_ivr.routing.restarts import NEVER, Restarts


class Machine(NamedTuple):
    """One node's machine, as far as it is known."""

    restarts: Restarts = NEVER
    clocks: LogClocks = ONE_CLOCK


UNDISTURBED = Machine()
