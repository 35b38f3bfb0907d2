"""Which lines send callers to which queue, by themselves or through menus and digits that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.models import Line, Plan


def lines_of_queues(plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """Ids of the lines that lead to each queue while they are open; call-backs do not count."""
    found: dict[str, list[str]] = {queue: [] for queue in plan.queues}
    for line_id, line in plan.lines.items():
        for queue in _queues(plan, line):
            if queue in found:
                found[queue].append(line_id)
    return {queue: tuple(lines) for queue, lines in found.items()}


def _queues(plan: Plan, line: Line) -> set[str]:
    """The queues that a caller of an open line can come to."""
    found = {line.queue}
    waiting = [("menu", line.menu)] if line.menu else []
    seen: set[tuple[str, str | None]] = set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            for way in _ways(plan, *node):
                if way.queue:
                    found.add(way.queue)
                waiting += [("menu", way.menu)] if way.menu else []
                waiting += [("collect", way.collect)] if way.collect else []
    return found


def _ways(plan: Plan, kind: str, name: str | None) -> Iterator[Destination]:
    if name is None:
        return
    ways: list[Destination | None] = []
    if kind == "menu" and (menu := plan.menus.get(name)):
        ways = [*menu.keys.values(), menu.default]
    elif kind == "collect" and (collect := plan.collects.get(name)):
        ways = [collect.default, collect.failed]
        ways += collect.lookup.answers.values() if collect.lookup else ()
    yield from (way for way in ways if way is not None)
