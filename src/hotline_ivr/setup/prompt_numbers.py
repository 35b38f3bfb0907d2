"""The number of each prompt in the manuscript: short to type on a telephone, and never another's.

Given out in the order of first appearance and kept in a file of the state folder; a prompt that is gone keeps
its number, so that an old printout never names another prompt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.files import locked, replace
from hotline_ivr.routing.speech import is_part

SCHEMA = "hotline/prompt-numbers/1"
FIRST = 1


def prompt_numbers(path: Path, prompts: Iterable[str]) -> Mapping[str, int]:
    """The number of each of `prompts` (ids); new ones are numbered now. Raises SetupError."""
    wanted = sorted(set(prompts), key=lambda prompt: (is_part(prompt), prompt))
    known = _read(path)
    if not all(prompt in known for prompt in wanted):
        try:
            with locked(path.with_name(f".{path.name}.lock")):
                known = _read(path)
                for prompt in wanted:
                    if prompt not in known:
                        known[prompt] = max(known.values(), default=FIRST - 1) + 1
                replace(path, json.dumps({"schema": SCHEMA, "numbers": known}, indent=1) + "\n")
        except OSError as error:
            raise SetupError(f"{path}: cannot be written ({error.strerror})") from None
    return {prompt: known[prompt] for prompt in wanted}


def _read(path: Path) -> dict[str, int]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise SetupError(f"{path}: is of another version ({data['schema']})")
        return {str(prompt): int(number) for prompt, number in data["numbers"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SetupError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(f"{path}: holds no numbers of prompts ({error}). Delete it.") from None
