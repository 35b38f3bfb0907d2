"""The messages of callers, wired together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hotline_ivr.calls.voicemail_keeper import Tell, VoicemailKeeper
from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.voicemail_files import VoicemailFiles
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store
from hotline_ivr.store.messages import DatabaseMessages


class VoicemailParts:
    """One node's messages."""

    def __init__(self, settings: Settings, store: Store, *, plan: Callable[[], Plan], tell: Tell) -> None:
        self.files = VoicemailFiles(settings.voicemail_dir)
        self.messages = DatabaseMessages(store, settings.node)
        self._trail = AuditTrail(settings.audit_file)
        self.keeper = VoicemailKeeper(
            settings.node,
            self.files,
            self.messages,
            plan=plan,
            tell=tell,
            note=self._note_deleted,
            clock=_now,
        )

    def _note_deleted(self, counted: Mapping[str, int]) -> None:
        for box, count in counted.items():
            details = {"messages": str(count)}
            self._trail.note(AuditEntry(_now(), "hotline", "retention", "voicemail.delete", box, details))


def _now() -> datetime:
    return datetime.now(UTC)
