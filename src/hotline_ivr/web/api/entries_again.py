"""A new entry that is asked for a second time under the same key: it is answered, and not made again."""

from __future__ import annotations

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.entries import changes
from hotline_ivr.store.register_list import EntryStory
from hotline_ivr.store.register_requests import RequestKey
from hotline_ivr.web.api.entries_given import EntryGiven, filled
from hotline_ivr.web.api.problems import wrong_value
from hotline_ivr.web.api.register_desk import RegisterDesk
from hotline_ivr.web.api.route import Asked, Nothing

log = structlog.get_logger()


def key_of(asked: Asked[Nothing, Nothing, EntryGiven]) -> RequestKey | None:
    """The key of this request; None if it has none."""
    return RequestKey(asked.who.name, asked.key) if asked.key else None


def check_same(story: EntryStory, asked: Asked[Nothing, Nothing, EntryGiven], plan: Plan) -> None:
    """Raises ApiError if what is asked for is not what was asked for under this key before."""
    first, given = story.versions[0], asked.body
    if first.erased_at is not None:
        # Nobody can tell any more.
        return
    again = filled(first, given, plan, asked.who.name, asked.now)
    if given.call != first.call or changes(first, again):
        raise wrong_value("header.Idempotency-Key", f"Was used before, for entry {first.id}: take a new one.")


async def mark_noted(desk: RegisterDesk, key: RequestKey) -> None:
    """Keep that the trail has it. Where that fails a second try writes into the trail again."""
    try:
        await desk.register.noted(key)
    except StoreError as error:
        log.warning("it cannot be kept that the trail has an entry", reason=str(error))
