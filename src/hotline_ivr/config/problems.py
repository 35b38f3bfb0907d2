"""What is wrong in the configuration, where, and what to write instead; and how that is shown.

    config/queues.yaml:13:5: error: unknown key 'stategy'; did you mean 'strategy'?  [queues.main.stategy]
         13 |     stategy: ringall
            |     ^
            = known here: operators, strategy, ring_time, max_waiting, wrap_up and join_when_empty

Everything that comes from the file is escaped before it is shown: a configuration may come from anybody's
mail, and a terminal obeys control characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from typing_extensions import override

Severity = Literal["error", "warning"]

FOUND_PROBLEMS = 200
"""A check that compares names stops after so many errors: each comparison takes some milliseconds."""

SHOWN_PROBLEMS = 100
"""More problems than this come from one cause; a longer list would bury it."""

SHOWN_LINE = 100
"""So many characters of a source line are shown, around the caret."""


@dataclass(frozen=True, slots=True)
class Place:
    """A character in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` and `column` are None where a whole file or folder is meant."""

    file: str
    line: int | None
    column: int | None
    path: str
    message: str
    remedy: str
    severity: Severity = "error"
    source: str = ""

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sorts problems as a reader goes through the files."""
        return (self.file, self.line or 0, self.column or 0, self.severity, self.message)

    def as_json(self) -> dict[str, str | int | None]:
        """Give the problem to another program; the texts are as they are, not escaped for a terminal."""
        return asdict(self)


def escape(text: str) -> str:
    """Make text safe for a terminal: what does not print becomes `\\x1b`, `\\u202e` and the like."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def render(problem: Problem) -> str:
    """Show one problem in two to four lines, without a line break at the end."""
    at = f":{problem.line}:{problem.column}" if problem.line is not None else ""
    where = f"  [{escape(problem.path)}]" if problem.path else ""
    shown = [f"{escape(problem.file)}{at}: {problem.severity}: {escape(problem.message)}{where}"]
    if problem.line is not None and problem.column is not None:
        excerpt, caret = _excerpt(problem.source, problem.column - 1)
        shown += [f"{problem.line:>7} | {excerpt}".rstrip(), f"{'':7} | {'':{caret}}^"]
    if problem.remedy:
        shown.append(f"{'':7} = {escape(problem.remedy)}")
    return "\n".join(shown)


def render_all(problems: Iterable[Problem]) -> str:
    """Show all problems in the order of the files, and their number at the end; empty without problems."""
    listed = sorted(problems, key=lambda problem: problem.order)
    if not listed:
        return ""
    # Errors are not pushed off the list by warnings.
    chosen = sorted(listed, key=lambda problem: problem.severity)[:SHOWN_PROBLEMS]
    shown = [render(problem) for problem in sorted(chosen, key=lambda problem: problem.order)]
    more = len(listed) - len(chosen)
    return "\n".join([*shown, count_line(listed) + (f", of which {more} are not shown" if more else "")])


def count_line(problems: Sequence[Problem]) -> str:
    """Say how many: `2 errors, 1 warning`."""
    errors = sum(problem.severity == "error" for problem in problems)
    counts = ((errors, "error"), (len(problems) - errors, "warning"))
    return (
        ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)
        or "no problems"
    )


def _excerpt(source: str, index: int) -> tuple[str, int]:
    """Return the part of a source line that is shown, and the caret's distance from its start, in cells."""
    first = max(0, index - SHOWN_LINE // 2) if len(source) > SHOWN_LINE else 0
    part = source[first : first + SHOWN_LINE]
    head, tail = "..." if first else "", "..." if first + SHOWN_LINE < len(source) else ""
    return head + escape(part) + tail, len(head) + _cells(escape(part[: index - first]))


def _cells(text: str) -> int:
    """Count the columns a terminal takes: two for wide East Asian characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
