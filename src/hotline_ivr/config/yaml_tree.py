"""One YAML text to plain data with the place of every value.

Every plain scalar stays the text that was written: YAML's guesses (`no` is false, `08:30` is a number,
`+4722851234` loses its plus) are no help to somebody who writes opening hours and telephone numbers. Only the
null forms become None. Nothing in the text may name a type, and every limit below keeps a hostile or broken
file from taking memory or time.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from hotline_ivr.config.problems import Place, Problem
from hotline_ivr.config.refusal import quoted
from hotline_ivr.config.yaml_compose import Mapping, Node, RefusedError, Scalar, Sequence, compose

MAX_VALUES = 50_000
"""Values in a file once its aliases are written out; a thousand operators take 2,000."""

Path = tuple[str | int, ...]

_NULL: Final = ("", "~", "null", "Null", "NULL")
_LINE_BREAK = re.compile("\r\n|[\r\n]")
_NOT_YAML = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SAME_INDENT = "give the keys of one mapping the same indentation, in spaces"
_PLAINER: Final = (
    # What the YAML parser says, what it means to an admin, and the remedy. The first that fits is taken.
    (
        "mapping values are not allowed",
        "a ':' where no key can stand",
        "put a text that has ': ' in it in quotes; or the lines above are indented differently",
    ),
    (
        "could not find expected ':'",
        "this is neither `key: value` nor a list item",
        "add the ':' and the value",
    ),
    ("expected <block end>", "this does not fit with the lines before it", _SAME_INDENT),
    (
        "that cannot start any token",
        "this character cannot begin a value",
        "quote it; indent with spaces, not tabs",
    ),
    ("expected ',' or", "a list or mapping in brackets is not ended", "add the missing ',' or the bracket"),
    (
        "expected the node content",
        "a value is missing, or a bracket is out of place",
        "add it, or quote the text",
    ),
    (
        "scanning a block scalar",
        "after | or > at the end of a line, text follows on the next",
        "quote the text",
    ),
    (
        "not allowed here",
        "a list item or '?' where none can stand",
        "give neighbours the same indentation; or quote it",
    ),
    ("expected '<document start>'", "this stands outside the mapping that the file began with", _SAME_INDENT),
    ("scanning an anchor", "'&' begins an anchor, and no name follows", "quote the text"),
    ("scanning an alias", "'*' begins an alias, and no name follows", "quote the text"),
    ("unexpected document separator", "a quote is opened and never closed", "close it"),
    ("unexpected end of stream", "a quote is opened and never closed", "close it"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a value stands: its key (None in a list) and itself. `scalar` is false where nothing stands."""

    key: Place | None
    value: Place
    scalar: bool

    @property
    def place(self) -> Place:
        """What to point at: a value that can be read at its place, and for the rest the key."""
        return self.value if self.scalar or self.key is None else self.key


@dataclass(slots=True)
class Tree:
    """What one text held. With `complete` false it could not be read as a whole, and `data` is None."""

    data: object = None
    complete: bool = True
    places: dict[Path, Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def split_lines(text: str) -> tuple[str, ...]:
    """Split as YAML 1.2 and every editor do: at LF, CR LF and CR."""
    return tuple(_LINE_BREAK.split(text))


def read_text(text: str, file: str) -> Tree:
    """Read one file's text. Whatever is wrong becomes a problem of the tree; nothing is raised."""
    builder = _Builder(file, text)
    if bad := _NOT_YAML.search(text):
        place = builder.at_index(bad.start())
        what = f"the character U+{ord(bad.group()):04X} may not stand in YAML"
        builder.stop(place, what, "delete it; if it came from another program, save the text anew as UTF-8")
        return builder.tree
    try:
        document = compose(text)
        for index, tag in document.tags:
            builder.problem(
                builder.at_index(index),
                f"the tag {quoted(tag)} is not read here",
                "delete it: all values are text",
            )
        if document.node is not None:
            builder.tree.data = builder.build(document.node, (), None)
    except RefusedError as refused:
        builder.stop(builder.at_index(refused.index), refused.message, refused.remedy)
    except YAMLError as error:
        builder.stop_at_syntax(error)
    except (ValueError, OverflowError, AttributeError):
        # An escape such as "\UFFFFFFFF" passes ruamel's scanner and breaks in chr(), without a place.
        builder.stop(
            Place(file, 1, 1), "cannot be read as YAML", "look for a wrong escape (\\) in double quotes"
        )
    return builder.tree


class _Builder:
    """Turns nodes into data, noting places; holds the problems of one file."""

    def __init__(self, file: str, text: str) -> None:
        self.tree = Tree()
        self._file, self._lines, self._length = file, split_lines(text), len(text)
        self._starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
        self._values = 0
        self._open: set[int] = set()

    def at(self, mark: Any) -> Place:
        """Count for ourselves: ruamel leaves out byte order marks, and counts otherwise for YAML 1.1."""
        return self.at_index(mark.index)

    def at_index(self, index: int) -> Place:
        line = bisect.bisect_right(self._starts, min(index, self._length))
        return Place(self._file, line, min(index, self._length) - self._starts[line - 1] + 1)

    def problem(self, place: Place, message: str, remedy: str, path: Path = ()) -> None:
        source = self._lines[place.line - 1]
        shown = dotted(path)
        self.tree.problems.append(
            Problem(place.file, place.line, place.column, shown, message, remedy, source=source)
        )

    def stop(self, place: Place, message: str, remedy: str) -> None:
        self.tree.data, self.tree.complete = None, False
        self.problem(place, message, remedy)

    def stop_at_syntax(self, error: YAMLError) -> None:
        said = f"{getattr(error, 'context', None) or ''} {getattr(error, 'problem', None) or error}".strip()
        raw = (f"cannot be read as YAML ({said})", "see the examples in the documentation")
        message, remedy = next(((plain, fix) for words, plain, fix in _PLAINER if words in said), raw)
        mark = (error.problem_mark or error.context_mark) if isinstance(error, MarkedYAMLError) else None
        self.stop(self.at(mark) if mark else Place(self._file, 1, 1), message, remedy)

    def build(self, node: Node, path: Path, key: Place | None) -> object:
        """Return a node's data. Raises RefusedError where reading must stop."""
        self._values += 1
        if self._values > MAX_VALUES:
            raise RefusedError(node.index, f"more than {MAX_VALUES} values", "write fewer aliases")
        place = self.at_index(node.index)
        if isinstance(node, Scalar):
            empty = node.plain and node.text in _NULL
            self.tree.places[path] = Entry(key, place, not empty)
            return None if empty else node.text
        self.tree.places[path] = Entry(key, place, scalar=False)
        if id(node) in self._open:
            raise RefusedError(node.index, "this holds an alias of itself", "write the values out")
        self._open.add(id(node))
        data = self._mapping(node, path) if isinstance(node, Mapping) else self._list(node, path)
        self._open.remove(id(node))
        return data

    def _list(self, node: Sequence, path: Path) -> list[object]:
        return [self.build(item, (*path, index), None) for index, item in enumerate(node.items)]

    def _mapping(self, node: Mapping, path: Path) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value_node in node.pairs:
            place = self.at_index(key_node.index)
            if not isinstance(key_node, Scalar):
                self.problem(place, "a key is a word, not a list or mapping", "write key: value", path)
                continue
            key = key_node.text
            if key == "<<":
                self.problem(place, "merge keys (<<) are not read here", "write the values out", path)
            elif key in data:
                first = self.tree.places[*path, key].key
                self.problem(
                    place,
                    f"{quoted(key)} is here twice; first at {first}",
                    "delete one of the two",
                    (*path, key),
                )
            else:
                data[key] = self.build(value_node, (*path, key), place)
        return data


def dotted(path: Path) -> str:
    """Write a path as `lines.main.numbers.0`."""
    return ".".join(str(step) for step in path)
