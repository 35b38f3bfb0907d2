"""The register over the interface: entries are listed, searched, written and changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

import structlog

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.entries import Entry, changes
from hotline_ivr.routing.entry_rules import language_of, with_topics_below
from hotline_ivr.routing.search_words import query_words
from hotline_ivr.routing.snippets import snippet
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.register import ChangedMeanwhile
from hotline_ivr.store.register_list import MOST_FOUND, EntryFilter
from hotline_ivr.store.register_requests import KnownRequest, RequestKey
from hotline_ivr.web.api.entries_again import check_same, key_of, mark_noted
from hotline_ivr.web.api.entries_cursor import day_cursor, moment_cursor, skip_cursor
from hotline_ivr.web.api.entries_given import EntryChange, EntryGiven, EntryPath, checked, filled
from hotline_ivr.web.api.entries_query import (
    ChosenQuery,
    EntriesQuery,
    FollowUpsQuery,
    SearchQuery,
    WordsQuery,
)
from hotline_ivr.web.api.entries_shown import (
    EntryPage,
    EntryShown,
    EntryStoryShown,
    FoundPage,
    Sight,
    entry_shown,
    found_shown,
    story_shown,
)
from hotline_ivr.web.api.entry_choices import ChoicesShown, choices_shown
from hotline_ivr.web.api.problems import ApiError, Kind, wrong_value
from hotline_ivr.web.api.register_desk import RegisterDesk
from hotline_ivr.web.api.route import AnyRoute, Asked, Nothing, Route
from hotline_ivr.web.api.values import to_cursor

log = structlog.get_logger()

Result = TypeVar("Result")


def routes(desk: RegisterDesk) -> tuple[AnyRoute, ...]:
    """The routes of the register. Those of fixed names come before those by id."""
    return (*_lists(desk), *_single(desk))


def _lists(desk: RegisterDesk) -> tuple[AnyRoute, ...]:
    listed: AnyRoute = Route(
        method="GET",
        path="/entries",
        role=Role.READ,
        summary="Entries of the register, newest first",
        path_model=Nothing,
        query_model=EntriesQuery,
        body_model=Nothing,
        answer_model=EntryPage,
        handler=partial(list_entries, desk),
        errors=(Kind.UNAVAILABLE,),
    )
    due: AnyRoute = Route(
        method="GET",
        path="/entries/follow-ups",
        role=Role.READ,
        summary="What is still to be done, that which is due first at the head",
        path_model=Nothing,
        query_model=FollowUpsQuery,
        body_model=Nothing,
        answer_model=EntryPage,
        handler=partial(list_follow_ups, desk),
        errors=(Kind.UNAVAILABLE,),
    )
    found: AnyRoute = Route(
        method="GET",
        path="/entries/search",
        role=Role.CONTROL,
        summary="Entries in which words stand, the best first",
        path_model=Nothing,
        query_model=SearchQuery,
        body_model=Nothing,
        answer_model=FoundPage,
        handler=partial(search, desk),
        errors=(Kind.UNAVAILABLE,),
    )
    offered: AnyRoute = Route(
        method="GET",
        path="/entries/choices",
        role=Role.READ,
        summary="What a form for an entry offers",
        path_model=Nothing,
        query_model=WordsQuery,
        body_model=Nothing,
        answer_model=ChoicesShown,
        handler=partial(show_choices, desk),
    )
    return (listed, due, found, offered)


def _single(desk: RegisterDesk) -> tuple[AnyRoute, ...]:
    added: AnyRoute = Route(
        method="POST",
        path="/entries",
        role=Role.CONTROL,
        summary="Write an entry, about a call or without one",
        path_model=Nothing,
        query_model=Nothing,
        body_model=EntryGiven,
        answer_model=EntryShown,
        handler=partial(add_entry, desk),
        errors=(Kind.UNAVAILABLE,),
        status=201,
        location=lambda entry: f"/entries/{entry.id}",
        keyed=True,
    )
    one: AnyRoute = Route(
        method="GET",
        path="/entries/{id}",
        role=Role.READ,
        summary="One entry and who changed what in it",
        path_model=EntryPath,
        query_model=ChosenQuery,
        body_model=Nothing,
        answer_model=EntryStoryShown,
        handler=partial(show_entry, desk),
        errors=(Kind.UNAVAILABLE,),
    )
    changed: AnyRoute = Route(
        method="PATCH",
        path="/entries/{id}",
        role=Role.CONTROL,
        summary="Change an entry, unless somebody else has meanwhile",
        path_model=EntryPath,
        query_model=Nothing,
        body_model=EntryChange,
        answer_model=EntryShown,
        handler=partial(change_entry, desk),
        errors=(Kind.CHANGED, Kind.NOT_NOW, Kind.UNAVAILABLE),
    )
    return (added, one, changed)


async def list_entries(desk: RegisterDesk, asked: Asked[Nothing, EntriesQuery, Nothing]) -> EntryPage:
    query = asked.query
    await desk.numbers.admit(asked, "numbers.read", "entries")
    if query.tag is not None and not asked.who.may(Role.CONTROL):
        raise ApiError(Kind.NOT_ALLOWED, "Tags are people's own words: to choose by one needs role control.")
    after = None if query.cursor is None else moment_cursor(query.cursor)
    # One more than is shown tells whether there is a next page.
    wanted = EntryFilter(**_chosen(desk, query), limit=query.limit + 1, after=after)
    found = await _of_database(desk.register.find(wanted))
    last = found[query.limit - 1].entry if len(found) > query.limit else None
    following = None if last is None else to_cursor(str(to_micros(last.at)), last.id)
    return _page(desk, asked, found[: query.limit], following)


async def list_follow_ups(desk: RegisterDesk, asked: Asked[Nothing, FollowUpsQuery, Nothing]) -> EntryPage:
    query = asked.query
    await desk.numbers.admit(asked, "numbers.read", "follow-ups")
    after = None if query.cursor is None else day_cursor(query.cursor)
    due = query.until or (None if query.all else _today(desk, query.line, asked.now))
    wanted = EntryFilter(line=query.line, owner=query.owner, due=due, limit=query.limit + 1)
    found = await _of_database(desk.register.follow_ups(wanted, after))
    last = found[query.limit - 1].entry if len(found) > query.limit else None
    following = None
    if last is not None and last.follow_up is not None:
        following = to_cursor(last.follow_up.due.isoformat(), last.id)
    return _page(desk, asked, found[: query.limit], following)


async def search(desk: RegisterDesk, asked: Asked[Nothing, SearchQuery, Nothing]) -> FoundPage:
    query = asked.query
    await desk.numbers.admit(asked, "numbers.read", "entries")
    skip = 0 if query.cursor is None else skip_cursor(query.cursor)
    wanted = EntryFilter(**_chosen(desk, query), limit=query.limit + 1)
    found = await _of_database(desk.register.search(query.q, wanted, skip))
    words, sight = query_words(query.q), _sight(desk, asked)
    shown = []
    for each in found[: query.limit]:
        text = each.entry.text
        texts = (
            ("question", text.question),
            ("tags", ", ".join(text.tags)),
            ("answer", text.answer),
            ("prepared_text", each.entry.prepared_text or ""),
        )
        shown.append(found_shown(each, snippet(texts, words), sight))
    more = len(found) > query.limit and skip + query.limit < MOST_FOUND
    return FoundPage(found=tuple(shown), next=to_cursor(str(skip + query.limit)) if more else None)


async def show_choices(desk: RegisterDesk, asked: Asked[Nothing, WordsQuery, Nothing]) -> ChoicesShown:
    return choices_shown(desk.plan(), asked.query.language)


async def show_entry(desk: RegisterDesk, asked: Asked[EntryPath, ChosenQuery, Nothing]) -> EntryStoryShown:
    await desk.numbers.admit(asked, "numbers.read", asked.path.id)
    story = await _of_database(desk.register.story(asked.path.id))
    if story is None:
        raise _unknown(asked.path.id)
    return story_shown(story, _sight(desk, asked))


async def add_entry(desk: RegisterDesk, asked: Asked[Nothing, Nothing, EntryGiven]) -> EntryShown:
    given, plan, who = asked.body, desk.plan(), asked.who
    key = key_of(asked)
    if key is not None and (before := await _of_database(desk.register.requested(key))) is not None:
        return await _again(desk, asked, key, before)
    blank = await _blank(desk, asked)
    entry = filled(blank, given, plan, who.name, asked.now)
    if not entry.language:
        entry = replace(entry, language=language_of(plan, entry.line))
    before = await _of_database(desk.register.add(checked(entry, plan), key))
    if key is not None and before is not None:
        return await _again(desk, asked, key, before)
    await _note_added(desk, asked, key, entry)
    return entry_shown(entry, "", Sight(plan, texts=True))


async def _again(
    desk: RegisterDesk, asked: Asked[Nothing, Nothing, EntryGiven], key: RequestKey, before: KnownRequest
) -> EntryShown:
    """What was asked for before, as it is now; into the trail if it could not be written there then."""
    story = await _of_database(desk.register.story(before.entry_id))
    if story is None:
        raise _unknown(before.entry_id)
    check_same(story, asked, desk.plan())
    if not before.noted:
        await _note_added(desk, asked, key, story.versions[0])
    return entry_shown(story.entry, "", Sight(desk.plan(), texts=True))


async def _note_added(
    desk: RegisterDesk, asked: Asked[Nothing, Nothing, EntryGiven], key: RequestKey | None, entry: Entry
) -> None:
    details = {"line": entry.line, **({"call": entry.call} if entry.call else {})}
    await _into_trail(desk, asked, "entry.add", entry.id, details)
    if key is not None:
        await mark_noted(desk, key)


async def _blank(desk: RegisterDesk, asked: Asked[Nothing, Nothing, EntryGiven]) -> Entry:
    """An entry with what its call tells. Raises ApiError for a call that nobody knows."""
    given, now = asked.body, asked.now
    line, operator, at = "", "", now
    if given.call is not None:
        call = await _of_database(desk.register.call(given.call))
        if call is not None:
            line, operator, at = call.line, call.operator, call.arrived_at
            if given.line not in {None, line}:
                raise wrong_value("body.line", f"This call is on line '{line}'.")
        elif given.line is None:
            # The record may be behind; with its line the entry can be kept all the same.
            message = f"There is no call {given.call} in the record yet: name its line too."
            raise wrong_value("body.call", message)
    return Entry(
        id=desk.new_id(),
        version=1,
        node=desk.node,
        call=given.call,
        line=line,
        way=Way.OTHER if given.call is None else Way.CALL,
        at=at,
        operator=operator if operator in desk.plan().operators else "",
        outcome=EntryOutcome.OTHER,
        created_at=now,
        created_by=asked.who.name,
        changed_at=now,
        changed_by=asked.who.name,
        changed_via=asked.who.via,
    )


async def change_entry(desk: RegisterDesk, asked: Asked[EntryPath, Nothing, EntryChange]) -> EntryShown:
    entry_id, given, plan = asked.path.id, asked.body, desk.plan()
    story = await _of_database(desk.register.story(entry_id))
    if story is None:
        raise _unknown(entry_id)
    before = story.entry
    if before.erased_at is not None:
        raise ApiError(Kind.NOT_NOW, "The texts of this entry were erased for privacy: it stays as it is.")
    if before.version != given.version:
        raise _changed(before)
    if before.call is not None and given.line not in {None, before.line}:
        raise wrong_value("body.line", f"The call of this entry is on line '{before.line}'.")
    filled_in = filled(before, given, plan, asked.who.name, asked.now)
    different = changes(before, filled_in)
    if not different:
        # Two versions of the same would be no history.
        return entry_shown(before, story.caller, Sight(plan, texts=True))
    after = replace(
        checked(filled_in, plan, before),
        changed_at=asked.now,
        changed_by=asked.who.name,
        changed_via=asked.who.via,
    )
    written = await _of_database(desk.register.change(after, given.version))
    if written is None:
        raise _unknown(entry_id)
    if isinstance(written, ChangedMeanwhile):
        raise _changed(written.now)
    # The trail may be kept for years, so it says which fields, and not what stood in them.
    details = {"version": str(written.version), "fields": ", ".join(each.field for each in different)}
    await _into_trail(desk, asked, "entry.change", entry_id, details)
    return entry_shown(written, story.caller, Sight(plan, texts=True))


def _changed(now: Entry) -> ApiError:
    when = now.changed_at.isoformat(timespec="seconds")
    detail = (
        f"It is of version {now.version} now, written by {now.changed_by} at {when}:"
        " read it again, and change that."
    )
    return ApiError(Kind.CHANGED, detail)


def _sight(desk: RegisterDesk, asked: Asked[Any, Any, Nothing]) -> Sight:
    query = asked.query
    return Sight(desk.plan(), asked.who.may(Role.CONTROL), query.numbers, query.language, desk.visible)


def _page(
    desk: RegisterDesk, asked: Asked[Nothing, Any, Nothing], found: Any, following: str | None
) -> EntryPage:
    sight = _sight(desk, asked)
    shown = tuple(entry_shown(each.entry, each.caller, sight) for each in found)
    return EntryPage(at=asked.now, entries=shown, next=following)


def _chosen(desk: RegisterDesk, query: EntriesQuery | SearchQuery) -> dict[str, Any]:
    chosen = query.chosen()
    if query.topic is not None:
        chosen["topics"] = with_topics_below(desk.plan(), query.topic)
    return chosen


def _today(desk: RegisterDesk, line: str | None, now: datetime) -> date:
    """The day on the line's clock; of several lines, on the one that is ahead: nothing is told too late."""
    plan = desk.plan()
    lines = [plan.lines[line]] if line in plan.lines else list(plan.lines.values())
    return max(now.astimezone(zone_of(each.time_zone)).date() for each in lines)


async def _of_database(answer: Awaitable[Result]) -> Result:
    try:
        return await answer
    except StoreError as error:
        log.warning("the register cannot be used", reason=str(error))
        raise ApiError(Kind.UNAVAILABLE, "The database cannot be used now; nothing was written.") from None


async def _into_trail(
    desk: RegisterDesk,
    asked: Asked[Any, Nothing, Any],
    action: str,
    entry_id: str,
    details: Mapping[str, str],
) -> None:
    who = asked.who
    entry = AuditEntry(asked.now, who.name, who.via, action, entry_id, details, asked.request_id)
    try:
        await asyncio.to_thread(desk.note, entry)
    except OSError as error:
        log.error("an entry could not be noted in the trail", reason=str(error))  # noqa: TRY400
        detail = f"The entry is kept as {entry_id}, but that could not be written into the trail."
        raise ApiError(Kind.UNAVAILABLE, detail) from None


def _unknown(entry_id: str) -> ApiError:
    return ApiError(Kind.NOT_FOUND, f"There is no entry {entry_id}.")
