"""What no single value shows about menus and other ways: what points nowhere, circles, what nobody reaches.

As in cross_checks.py, what was written is looked at and not the models, so that these checks also speak where
a value beside is wrong; what has not the expected shape is passed over.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from hotline_ivr.config.calendar_checks import calendars_of, rules_of
from hotline_ivr.config.problems import FOUND_PROBLEMS, Problem
from hotline_ivr.config.prompt_uses import CALLBACK_PROMPT
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path

# Key of a destination -> section in which its value must stand.
_SECTIONS = {
    "queue": "queues",
    "menu": "menus",
    "collect": "collects",
    "voicemail": "voicemails",
    "callback": "queues",
    "centre": "centres",
}
_PROMPTS = {
    "menus": ("prompt", "short_prompt", "no_input", "wrong_input"),
    "collects": ("prompt", "wrong_input"),
    "voicemails": ("prompt", "thanks"),
}
_WORDS = {
    "menus": "menu",
    "collects": "question for digits",
    "voicemails": "voicemail box",
    "centres": "centre",
}
_NODES = ("menus", "collects", "voicemails")

Node = tuple[str, str]
"""A section and an id in it."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One place to which callers are sent, where it is written."""

    path: Path
    kind: str
    value: str


def menu_checks(reading: Reading, prompts: Collection[str] | None) -> Iterator[Problem]:
    """Yield what is wrong with menus and what they lead to; `prompts` None skips those."""
    ways = {node: list(_ways_of(reading, node)) for node in _nodes(reading)}
    from_lines = list(_ways_of_lines(reading))
    every = [*from_lines, *itertools.chain.from_iterable(ways.values())]
    yield from itertools.islice(_references(reading, every), FOUND_PROBLEMS)
    yield from itertools.islice(_outside(reading, every), FOUND_PROBLEMS)
    if prompts is not None:
        yield from itertools.islice(_prompts(reading, every, prompts), FOUND_PROBLEMS)
    yield from _languages(reading, ways, from_lines)
    yield from _unreachable(reading, ways, from_lines)
    yield from _trapped(reading, ways)
    yield from _silent(reading, ways, from_lines)


def queues_in_use(reading: Reading) -> Iterator[str]:
    """The queues to which menus, digits, rules of calendars and call-backs lead, as they are written."""
    for way in (*_ways_of_lines(reading), *(w for node in _nodes(reading) for w in _ways_of(reading, node))):
        if _SECTIONS.get(way.kind) == "queues":
            yield way.value


def _section(reading: Reading, name: str) -> dict[str, dict[str, object]]:
    section = reading.data.get(name)
    if not isinstance(section, dict):
        return {}
    return {key: value for key, value in section.items() if isinstance(value, dict)}


def _nodes(reading: Reading) -> Iterator[Node]:
    return ((section, name) for section in _NODES for name in _section(reading, section))


def _content(reading: Reading, node: Node) -> dict[str, object]:
    """What is written of a node that is there."""
    section = reading.data[node[0]]
    content = section[node[1]] if isinstance(section, dict) else None
    return content if isinstance(content, dict) else {}


# Ways.


def _ways_of_lines(reading: Reading) -> Iterator[_Way]:
    for line_id, line in _section(reading, "lines").items():
        path: Path = ("lines", line_id)
        if isinstance(menu := line.get("menu"), str):
            yield _Way((*path, "menu"), "menu", menu.strip())
        if isinstance(centre := line.get("centre"), str):
            yield _Way((*path, "centre"), "centre", centre.strip())
        yield from _destination((*path, "closed_to"), line.get("closed_to"))
        rules = line.get("overflow")
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, dict):
                yield from _destination((*path, "overflow", index, "to"), rule.get("to"))
        if isinstance(closing := line.get("closing"), dict):
            yield from _destination((*path, "closing", "to"), closing.get("to"))
    for where, written in rules_of(reading):
        yield from _destination((*where, "to"), written.get("to"))


def _ways_of(reading: Reading, node: Node) -> Iterator[_Way]:
    content = _content(reading, node)
    for key in ("default", "failed"):
        yield from _destination((*node, key), content.get(key))
    if isinstance(keys := content.get("keys"), dict):
        for key, choice in keys.items():
            yield from _destination((*node, "keys", key), choice)
    lookup = content.get("lookup")
    answers = lookup.get("answers") if isinstance(lookup, dict) else None
    if isinstance(answers, dict):
        for answer, place in answers.items():
            yield from _destination((*node, "lookup", "answers", answer), place)


def _destination(path: Path, written: object) -> Iterator[_Way]:
    if isinstance(written, dict):
        for kind, value in written.items():
            if isinstance(kind, str) and isinstance(value, str):
                yield _Way((*path, kind), kind, value.strip())


# What is wrong with them.


def _references(reading: Reading, ways: list[_Way]) -> Iterator[Problem]:
    for way in ways:
        section = _SECTIONS.get(way.kind)
        if section is None:
            continue
        known = reading.data.get(section, {})
        if isinstance(known, dict) and way.value not in known:
            kind = section.removesuffix("s")
            message = f"there is no {kind} {quoted(way.value)}{did_you_mean(way.value, known)}"
            few = ", ".join(itertools.islice(known, 10)) + (", ..." if len(known) > 10 else "")
            add = f"add {quoted(way.value)} under {section}"
            yield reading.problem(way.path, message, f"write one of: {few}; or {add}" if few else add)


def _outside(reading: Reading, ways: list[_Way]) -> Iterator[Problem]:
    """Nobody can be transferred without a carrier that takes calls from us."""
    if any("outbound" in trunk for trunk in _section(reading, "trunks").values()):
        return
    for way in ways:
        if way.kind == "transfer":
            message = "no carrier takes calls from here, so nobody can be transferred outside"
            yield reading.problem(way.path, message, "give a trunk its `outbound` address")


def _prompts(reading: Reading, ways: list[_Way], prompts: Collection[str]) -> Iterator[Problem]:
    named: list[tuple[Path, str]] = [(way.path, way.value) for way in ways if way.kind == "message"]
    for section, name in _nodes(reading):
        content = _content(reading, (section, name))
        written = ((key, content.get(key)) for key in _PROMPTS[section])
        named += [((section, name, key), text.strip()) for key, text in written if isinstance(text, str)]
    named += [(way.path, CALLBACK_PROMPT) for way in ways if way.kind == "callback"]
    for path, prompt in named:
        if prompt not in prompts:
            message = f"there is no prompt {quoted(prompt)}{did_you_mean(prompt, prompts)}"
            few = ", ".join(sorted(prompts)[:10])
            yield reading.problem(
                path, message, f"write one of: {few}; or add {quoted(prompt)} to sounds/prompts.yaml"
            )


def _languages(reading: Reading, ways: dict[Node, list[_Way]], begin: list[_Way]) -> Iterator[Problem]:
    """A menu may offer only languages that every line has from which it is reached."""
    told: set[Path] = set()
    for line_id, line in _section(reading, "lines").items():
        own = line.get("languages")
        has = {str(line.get("language", "nb")), *(map(str, own) if isinstance(own, list) else ())}
        calendars = calendars_of(reading, line.get("calendar"))
        starts = [way for way in begin if _begins(way, line_id, calendars)]
        for node in _reached(ways, starts):
            for way in ways.get(node, ()):
                if way.kind != "language" or way.path in told or _code(way.value) in map(_code, has):
                    continue
                told.add(way.path)
                message = f"line {quoted(line_id)} leads here, and has no language {quoted(way.value)}"
                yield reading.problem(way.path, message, f"add it to lines.{line_id}.languages")


def _begins(way: _Way, line_id: str, calendars: Collection[str]) -> bool:
    """Whether callers of the line may be sent there by the line itself, or by one of its calendars."""
    section, name = way.path[:2]
    return name == line_id if section == "lines" else name in calendars


def _code(language: str) -> str:
    return "nb" if language.strip() == "no" else language.strip()


def _unreachable(reading: Reading, ways: dict[Node, list[_Way]], begin: list[_Way]) -> Iterator[Problem]:
    reached = set(_reached(ways, begin))
    on_the_way = (way for node in reached for way in ways[node])
    centres = {way.value for way in (*begin, *on_the_way) if way.kind == "centre"}
    lost = [node for node in ways if node not in reached]
    lost += [("centres", name) for name in _section(reading, "centres") if name not in centres]
    for node in lost:
        message = f"no line leads to this {_WORDS[node[0]]}"
        remedy = "lead to it from a line or a menu, or delete it"
        yield reading.problem(node, message, remedy, severity="warning", key=True)


def _reached(ways: dict[Node, list[_Way]], begin: list[_Way]) -> Iterator[Node]:
    seen: set[Node] = set()
    todo = deque(begin)
    while todo:
        way = todo.popleft()
        node = (_SECTIONS.get(way.kind, ""), way.value)
        if node in ways and node not in seen:
            seen.add(node)
            yield node
            todo.extend(ways[node])


def _trapped(reading: Reading, ways: dict[Node, list[_Way]]) -> Iterator[Problem]:
    """Menus and questions for digits whose every way, silence included, leads only to others of that kind."""
    free = _free(reading, ways)
    for node in ways:
        if node not in free:
            message = "callers go round in menus and never come out"
            what = "one of its keys, or its `default`" if node[0] == "menus" else "its `default`"
            remedy = f"give {what}, a queue, a message or another end"
            yield reading.problem(node, message, remedy, key=True)


def _silent(reading: Reading, ways: dict[Node, list[_Way]], begin: list[_Way]) -> Iterator[Problem]:
    """Where who never presses a key goes round: not everybody has keys to press, or finds them.

    A circle that only a key leads into is none: whoever is there can press another.
    """
    after = {node: goal for node in ways if (goal := _without_a_key(reading, node)) in ways}
    silent = {(_SECTIONS.get(way.kind, ""), way.value) for way in begin}
    todo = list(silent)
    while todo:
        follows = after.get(todo.pop())
        if follows is not None and follows not in silent:
            silent.add(follows)
            todo.append(follows)
    free = _free(reading, ways)
    for circle in _circles(after):
        # Where nobody comes out, that has been told.
        if circle[0] in silent and circle[0] in free:
            names = [name for _, name in (*circle, circle[0])]
            way = " -> ".join(names if len(names) < 7 else [*names[:5], "...", names[-1]])
            message = f"who presses nothing goes round here: {way}"
            remedy = "let one `default` lead to a queue, a message or another end"
            yield reading.problem(circle[0], message, remedy, severity="warning", key=True)


def _circles(after: dict[Node, Node]) -> Iterator[list[Node]]:
    """The circles of steps of which each has one that follows, once each."""
    seen: dict[Node, Node] = {}
    for start in after:
        walk: list[Node] = []
        node = start
        while node in after and node not in seen:
            seen[node] = start
            walk.append(node)
            node = after[node]
        if seen.get(node) == start:
            yield walk[walk.index(node) :]


def _without_a_key(reading: Reading, node: Node) -> Node:
    """Where a place sends who presses nothing; a node that is not there where that is none of them."""
    content = _content(reading, node)
    written = (
        content.get("failed", content.get("default")) if node[0] == "collects" else content.get("default")
    )
    ways = list(_destination((*node, "default"), written))
    return (_SECTIONS.get(ways[0].kind, ""), ways[0].value) if len(ways) == 1 else ("", "")


def _free(reading: Reading, ways: dict[Node, list[_Way]]) -> set[Node]:
    """The places from which some way leads to an end."""
    before: dict[Node, list[Node]] = {}
    for node, found in ways.items():
        for way in found:
            before.setdefault((_SECTIONS.get(way.kind, ""), way.value), []).append(node)
    todo = [node for node, found in ways.items() if _leads_out(reading, node, found)]
    free = set(todo)
    while todo:
        more = [node for node in before.get(todo.pop(), ()) if node not in free]
        free.update(more)
        todo += more
    return free


def _leads_out(reading: Reading, node: Node, ways: list[_Way]) -> bool:
    """Whether a place has an end of its own: the operator, a queue, or what else asks for no key."""
    content = _content(reading, node)
    keys = content.get("keys")
    operator = isinstance(keys, dict) and any(_does(choice) == "operator" for choice in keys.values())
    ends = {way.kind for way in ways} - {"menu", "collect", "do", "language"}
    return node[0] == "voicemails" or bool(ends) or operator or "default" not in content


def _does(choice: object) -> object:
    return choice.get("do") if isinstance(choice, dict) else choice
