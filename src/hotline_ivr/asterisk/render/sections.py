"""Text of Asterisk's configuration format, safe by construction.

Asterisk reads `;` as a comment, a newline as the end of a value, `[` at the start of a line as a section. A
value with any of these is refused here, whatever was checked before: a rendered file never means something
else than what was rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hotline_ivr.errors import LocalProtocolError

_NAME = re.compile(r"[A-Za-z0-9_.+()!-]+\Z")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f;]")

Pairs = Iterable[tuple[str, str | int]]


def value(text: str | int) -> str:
    """One value, refused with LocalProtocolError if Asterisk would read it as something else."""
    text = str(text)
    if _FORBIDDEN.search(text):
        raise LocalProtocolError(f"a value may not hold control characters or a semicolon: {text!r}")
    return text


def section(name: str, pairs: Pairs, *, arrow: bool = False) -> str:
    """One [section] with its `key=value` lines; `arrow` writes `key => value` as older files want it."""
    if not _NAME.match(name):
        raise LocalProtocolError(f"not a section name: {name!r}")
    sign = " => " if arrow else "="
    lines = [f"{key}{sign}{value(content)}" for key, content in pairs]
    return "\n".join([f"[{name}]", *lines, ""])


def header(source: str, what: str) -> str:
    """The first lines of every rendered file: that it is one, from what, and where to change it."""
    return (
        f"; {what}\n"
        f"; Rendered by hotline-ivr from {value(source)}: changes made here are lost. Change the YAML, run\n"
        "; `hotline check` and `hotline render`, or save it while the service runs and send it SIGHUP.\n\n"
    )
