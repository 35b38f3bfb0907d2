"""One YAML text to nodes with positions, within bounds.

ruamel.yaml, which is pure Python and reads YAML 1.2, says what a text means and what is wrong with it.
libyaml reads the same events many times as fast, so it goes first where it is there; whatever it refuses,
and whatever the two could take for different things, is read by ruamel. So without libyaml nothing is
different but the time. tests/config/test_yaml_compose.py holds the two against one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from ruamel.yaml import YAML

try:
    from yaml import YAMLError as LibyamlError
    from yaml._yaml import CParser
except ImportError:  # an installation without the C library
    CParser, LibyamlError = None, ValueError

MAX_DEPTH = 40
"""Levels within one another. The deepest sensible configuration has 6; Python's own stack ends near 1,000."""

MAX_ALIASES = 100
"""Uses of `*name` in a file. Aliases of aliases multiply: nine levels of nine make 400 million values."""

# libyaml is of YAML 1.1: it breaks lines at some of these, and takes anchors, tags, blocks, directives and
# the ends of documents a little otherwise. Long files that a script writes hold none of them. An @ within a
# word, as in every mail and SIP address, is a character like others to both.
_READ_OTHERWISE: Final = re.compile(
    "[\t\x85\u2028\u2029\ufeff&*!|>?%\\\\`]|(?<![0-9A-Za-z])@|^(?:---|\\.\\.\\.)", re.MULTILINE
)


@dataclass(slots=True)
class Scalar:
    """`index` counts the characters before it; `plain` is without quotes and no block."""

    index: int
    text: str
    plain: bool


@dataclass(slots=True)
class Sequence:
    index: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    index: int
    pairs: list[tuple[Node, Node]] = field(default_factory=list)


Node = Scalar | Sequence | Mapping
_Kind = TypeVar("_Kind", Scalar, Sequence, Mapping)


@dataclass(slots=True)
class Document:
    """What one text holds; `node` None is nothing. `tags`: where explicit tags stand, and which."""

    node: Node | None = None
    tags: list[tuple[int, str]] = field(default_factory=list)


class RefusedError(Exception):
    """Reading stops at the character of this index."""

    def __init__(self, index: int, message: str, remedy: str) -> None:
        super().__init__(message)
        self.index, self.message, self.remedy = index, message, remedy


def compose(text: str) -> Document:
    """Read a text of one document. Raises RefusedError, or whatever ruamel says is wrong."""
    if CParser is not None and is_read_alike(text):
        try:
            return compose_by_libyaml(text)
        except (LibyamlError, RefusedError):
            # The words and the place are always ruamel's; it may also find that nothing is wrong.
            pass
    return compose_by_ruamel(text)


def is_read_alike(text: str) -> bool:
    """Whether libyaml, where it accepts this text, is sure to read it as ruamel does."""
    return not _READ_OTHERWISE.search(text)


def compose_by_libyaml(text: str) -> Document:
    """Raises yaml.YAMLError or RefusedError."""
    parser = CParser(text)
    return _Composer(iter(parser.get_event, None), text).document()


def compose_by_ruamel(text: str) -> Document:
    """Raises ruamel's YAMLError or RefusedError; a few wrong escapes are a ValueError."""
    return _Composer(iter(YAML(typ="safe", pure=True).parse(text)), text).document()


class _Composer:
    """Events to nodes; both parsers name their events and what is in them alike."""

    def __init__(self, events: Iterator[Any], text: str) -> None:
        self._events, self._text = events, text
        self._found = Document()
        self._anchors: dict[str, Node] = {}
        self._aliases = 0

    def document(self) -> Document:
        for event in self._events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if self._found.node is not None:
                    raise RefusedError(
                        event.start_mark.index,
                        "a second document begins here",
                        "delete the line '---'; use two files",
                    )
                self._found.node = self._node(next(self._events), 1)
        return self._found

    def _node(self, event: Any, depth: int) -> Node:
        kind, index = type(event).__name__, event.start_mark.index
        if kind == "AliasEvent":
            return self._alias(event.anchor, index)
        if event.tag is not None:
            self._found.tags.append((index, str(event.tag)))
        if kind == "ScalarEvent":
            if not event.value and not event.style:
                # Nothing stands there: the two differ in how much of the blanks before it they have passed.
                index = len(self._text[:index].rstrip(" \r\n"))
            return self._anchored(event.anchor, Scalar(index, event.value, not event.style))
        if depth > MAX_DEPTH:
            message = f"more than {MAX_DEPTH} levels within one another"
            raise RefusedError(index, message, "see the examples in the documentation")
        return self._sequence(event, depth) if kind == "SequenceStartEvent" else self._mapping(event, depth)

    def _alias(self, name: str, index: int) -> Node:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise RefusedError(index, f"more than {MAX_ALIASES} aliases", "write the values out")
        if name not in self._anchors:
            message = "no anchor of this name stands before it"
            raise RefusedError(index, message, "put the anchor (&name) before the alias")
        return self._anchors[name]

    def _anchored(self, name: str | None, node: _Kind) -> _Kind:
        """Before its content is read: what holds an alias of itself is refused where it is written out."""
        if name is not None:
            self._anchors[name] = node
        return node

    def _sequence(self, event: Any, depth: int) -> Sequence:
        made = self._anchored(event.anchor, Sequence(event.start_mark.index))
        while type(item := next(self._events)).__name__ != "SequenceEndEvent":
            made.items.append(self._node(item, depth + 1))
        return made

    def _mapping(self, event: Any, depth: int) -> Mapping:
        made = self._anchored(event.anchor, Mapping(event.start_mark.index))
        while type(key := next(self._events)).__name__ != "MappingEndEvent":
            name, value = self._node(key, depth + 1), self._node(next(self._events), depth + 1)
            if isinstance(value, Scalar) and value.plain and not value.text:
                # Nothing stands there, and the two would put it before or behind a comment.
                value = Scalar(name.index, "", plain=True)
            made.pairs.append((name, value))
        return made
