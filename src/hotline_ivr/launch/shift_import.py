"""Taking shifts from a spreadsheet into the configuration: all or nothing, checked before it is written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.config.check import check
from hotline_ivr.config.models import Plan
from hotline_ivr.config.shift_csv import Worked, by_day, read_rows
from hotline_ivr.config.shift_file import file_text, read_file
from hotline_ivr.errors import ArgumentError, ConfigError
from hotline_ivr.files import replace
from hotline_ivr.launch.plan_history import files_of

MAX_BYTES = 2 * 1024 * 1024
"""Of a spreadsheet: 20,000 rows."""


@dataclass(frozen=True, slots=True)
class ShiftImport:
    """What an import would write, and what it says of how many days."""

    path: Path
    text: str
    days: int
    kept: int
    """Days of earlier imports that stay as they are."""


def propose_import(
    source: Path, plan: Plan, folder: Path, name: str, prompts: Collection[str]
) -> ShiftImport:
    """Read a spreadsheet and make the file of it; nothing is written.

    Raises ArgumentError for a source that cannot be read or a folder that is none, and ConfigError with every
    bad row, or with what would be wrong with the configuration.
    """
    if not folder.is_dir():
        raise ArgumentError(f"{folder} is one file; shifts are imported into a folder of YAML files")
    if Path(name).name != name or not name.endswith(".yaml") or name.startswith("."):
        raise ArgumentError(f"{name} is not the name of a file of the configuration, such as december.yaml")
    try:
        raw = source.read_bytes()
    except OSError as error:
        raise ArgumentError(f"{source} cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise ArgumentError(f"{source} is larger than {MAX_BYTES // 1024 // 1024} MiB; divide it")
    rows, problems = read_rows(raw, plan)
    if problems:
        told = "\n".join(f"{source}:{problem.line}: {problem.message}" for problem in problems)
        raise ConfigError(f"{told}\nnothing has been written")
    fresh = by_day(rows)
    before = read_file(folder / name)
    worked: Worked = {**before, **fresh}
    found = ShiftImport(folder / name, file_text(worked), len(fresh), len(before.keys() - fresh.keys()))
    _must_be_good(folder, found, prompts)
    return found


def write_import(found: ShiftImport) -> None:
    """Put the file in place, whole."""
    replace(found.path, found.text)


def _must_be_good(folder: Path, found: ShiftImport, prompts: Collection[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="hotline-shifts-") as made:
        trial = Path(made)
        for path in files_of(folder):
            shutil.copyfile(path, trial / path.name)
        (trial / found.path.name).write_text(found.text, encoding="utf-8")
        result = check(trial, prompts)
    if result.plan is None:
        told = result.text.replace(f"{trial}/", f"{folder}/")
        raise ConfigError(
            f"with these shifts the configuration would be wrong:\n{told}\nnothing has been written"
        )
