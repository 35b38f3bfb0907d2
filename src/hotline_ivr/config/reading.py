"""A folder of *.yaml files to one mapping, with the place of every value.

The files are one configuration: their top-level keys are put together, and the mappings of ids (lines,
queues, operators, trunks) are joined, so that each may be divided over files as it suits. The same id in two
places is an error, never a silent overwrite. Reading is a function of the path alone: nothing is kept between
two reads.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from hotline_ivr.config.problems import Place, Problem, Severity
from hotline_ivr.config.refusal import kind_of, quoted
from hotline_ivr.config.yaml_tree import Entry, Path, Tree, dotted, read_text, split_lines

MAX_FILE_BYTES = 256 * 1024
"""A thousand operators take 40 KiB; the reader takes about a second for each 90 KiB."""

MAX_BYTES = 1024 * 1024
"""All files together, so that reading ends within some twelve seconds whatever is in the folder."""

MAX_FILES = 200
"""A folder with more YAML files than this is not the one that was meant."""


@dataclass(slots=True)
class Reading:
    """What the files say. With `complete` false a file could not be read, so that keys may be missing."""

    root: str
    data: dict[str, object] = field(default_factory=dict)
    complete: bool = True
    places: dict[Path, Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def place_of(self, path: Path, *, key: bool = False) -> Place | None:
        """Find the place of a path, or of the nearest thing around it; `key` asks for the key itself."""
        for length in range(len(path), 0, -1):
            if entry := self.places.get(path[:length]):
                # Around a missing thing the key is shown, whatever its value.
                wanted = entry.key if key or length < len(path) else None
                return wanted or entry.place
        return None

    def problem(
        self,
        path: Path,
        message: str,
        remedy: str,
        *,
        severity: Severity = "error",
        key: bool = False,
        at: str = "",
    ) -> Problem:
        """Make the problem of a path; `at` is the wrong part of its text, for the caret."""
        while path and (above := self.places.get(path[:-1])) and above.scalar:
            path = path[:-1]  # a part of a text, such as the second interval of a day, has no path of its own
        place = self.place_of(path, key=key)
        if place is None:
            return Problem(self.root, None, None, dotted(path), message, remedy, severity)
        source = self._source(place)
        inside = source.find(at, place.column - 1) if at else -1
        column = inside + 1 if inside >= 0 else place.column
        return Problem(place.file, place.line, column, dotted(path), message, remedy, severity, source)

    def _source(self, place: Place) -> str:
        return self.lines[place.file][place.line - 1]


def read(path: FilePath, joined: Collection[str]) -> Reading:
    """Read a folder (or one file). `joined` are the top-level keys whose mappings are put together.

    Raises nothing: whatever is wrong is among the reading's problems.
    """
    reading = Reading(str(path))
    room = MAX_BYTES
    for file in _files(path, reading):
        text = _text_of(file, reading)
        if text is None:
            reading.complete = False
            continue
        room -= len(text)
        if room < 0:
            what = f"this folder holds more than {MAX_BYTES // 1024} KiB"
            _whole(reading, str(path), what, "give the folder of the configuration")
            break
        name = str(file)
        reading.lines[name] = split_lines(text)
        tree = read_text(text, name)
        reading.problems += tree.problems
        reading.complete = reading.complete and tree.complete
        _put_together(reading, tree, name, joined)
    return reading


def _files(path: FilePath, reading: Reading) -> list[FilePath]:
    """List the files to read, sorted by name."""
    try:
        if not path.is_dir():
            # A path that is not there is told apart when it is opened.
            return [path]
        names = sorted(file.name for file in path.iterdir() if not file.name.startswith("."))
    except (OSError, ValueError) as error:
        _whole(reading, str(path), f"cannot be read ({_why(error)})", "give the folder of the YAML files")
        return []
    for name in names:
        if name.endswith(".yml"):
            _whole(
                reading, str(path / name), "is not read", "name it .yaml, or take it away", severity="warning"
            )
    files = [path / name for name in names if name.endswith(".yaml")]
    if not files:
        _whole(reading, str(path), "this folder holds no *.yaml file", "write one, or give another folder")
    if len(files) > MAX_FILES:
        _whole(
            reading, str(path), f"more than {MAX_FILES} *.yaml files", "give the folder of the configuration"
        )
        return []
    return files


def _text_of(file: FilePath, reading: Reading) -> str | None:
    """Return the file's text, or None with a problem."""
    name = str(file)
    try:
        # A pipe or device would keep us waiting for ever, also one that takes a file's place at this moment.
        with open(file, "rb", opener=_at_once) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                _whole(reading, name, "is not a file", "give a file, or a folder of *.yaml files")
                return None
            raw = stream.read(MAX_FILE_BYTES + 1)
    except IsADirectoryError:
        _whole(reading, name, "is not a file", "give a file, or a folder of *.yaml files")
        return None
    except FileNotFoundError:
        _whole(reading, name, "there is no such file or folder", "give the folder of the YAML files")
        return None
    except (OSError, ValueError) as error:
        _whole(reading, name, f"cannot be read ({_why(error)})", "let the service's user read it")
        return None
    if len(raw) > MAX_FILE_BYTES:
        _whole(reading, name, f"is larger than {MAX_FILE_BYTES // 1024} KiB", "divide it into several files")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reading.problems.append(_not_utf8(name, raw, error.start))
        return None


def _at_once(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK)


def _not_utf8(file: str, raw: bytes, index: int) -> Problem:
    good = split_lines(raw[:index].decode("utf-8-sig", "replace"))
    # The rest of the line is shown as Latin-1, which is what it most often is, and never fails.
    rest = raw[index:].splitlines()[0][:100].decode("latin-1")
    message = f"the byte 0x{raw[index]:02X} is not UTF-8"
    remedy = "save the file as UTF-8"
    return Problem(file, len(good), len(good[-1]) + 1, "", message, remedy, source=good[-1] + rest)


def _whole(reading: Reading, file: str, message: str, remedy: str, *, severity: Severity = "error") -> None:
    """Note a problem of a whole file or folder."""
    reading.complete = reading.complete and severity != "error"
    reading.problems.append(Problem(file, None, None, "", message, remedy, severity))


def _why(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _put_together(reading: Reading, tree: Tree, file: str, joined: Collection[str]) -> None:
    if tree.data is None:
        return
    if not isinstance(tree.data, dict):
        message = f"the file holds {kind_of(tree.data)}, not keys with values"
        place = tree.places[()].value
        source = reading.lines[file][place.line - 1]
        remedy = "begin with a key such as lines:"
        reading.complete = False
        reading.problems.append(Problem(file, place.line, place.column, "", message, remedy, source=source))
        return
    taken: set[Path] = set()
    for key, value in tree.data.items():
        _add(reading, tree, key, value, taken, can_join=key in joined)
    # Once for the whole file: with a search for each id, a file of many ids would take minutes.
    reading.places.update(
        (path, entry) for path, entry in tree.places.items() if path[:1] in taken or path[:2] in taken
    )


def _add(reading: Reading, tree: Tree, key: str, value: object, taken: set[Path], *, can_join: bool) -> None:
    before = reading.data.get(key)
    if key not in reading.data or (can_join and before is None):
        reading.data[key] = value
        taken.add((key,))
    elif can_join and isinstance(before, dict) and isinstance(value, dict):
        for name, item in value.items():
            if name in before:
                _twice(reading, tree, (key, name))
            else:
                before[name] = item
                taken.add((key, name))
    elif not (can_join and value is None):
        _twice(reading, tree, (key,))


def _twice(reading: Reading, tree: Tree, path: Path) -> None:
    first = reading.place_of(path, key=True)
    place = tree.places[path].key or tree.places[path].value
    source = reading.lines[place.file][place.line - 1]
    message = f"{quoted(str(path[-1]))} is here again; first at {first}"
    remedy = "delete one of the two, or give one another name"
    reading.problems.append(
        Problem(place.file, place.line, place.column, dotted(path), message, remedy, source=source)
    )
