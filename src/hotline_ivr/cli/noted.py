"""Whether the service has noted in the trail what this process does for it: to say so is not enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline_ivr.settings import Settings

# How long after a request its process is begun at the latest, and how many entries others made meanwhile.
_JUST_NOTED = timedelta(minutes=1)
_LOOKED_AT = 500


def stands_in_trail(
    settings: Settings, noted: str, action: str, subject: str, details: Mapping[str, str]
) -> bool:
    """Whether an entry of this request has just been made, with these details among its own."""
    from hotline_ivr.control.audit import AuditTrail

    since = datetime.now(UTC) - _JUST_NOTED
    return any(
        (each.request_id, each.action, each.subject) == (noted, action, subject)
        and details.items() <= each.details.items()
        and each.at > since
        for each in AuditTrail(settings.audit_file).newest(_LOOKED_AT).entries
    )
