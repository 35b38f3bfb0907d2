"""A service that stands by: everything is loaded, and nothing is done until the supervisor says so.

It holds no lock, port or file. What the reading of the configuration needs is loaded too, by reading it once
for nothing. So beside a crowd of calls a service that was killed is followed soon.
"""

from __future__ import annotations

import sys

import structlog

from hotline_ivr.errors import HotlineError
from hotline_ivr.launch.plans import check_on_disk
from hotline_ivr.settings import Settings

log = structlog.get_logger()


def stand_by(settings: Settings) -> bool:
    """Wait to be told; False if whoever would have told us is gone."""
    try:
        check_on_disk(settings)
    except HotlineError as error:
        # Whether it is good is for the moment in which it is used.
        log.warning("the configuration could not be read ahead", reason=str(error))
    return sys.stdin.readline() != ""
