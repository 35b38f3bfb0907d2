"""Where the files are that come with the program: dial plans, prompt texts and recordings.

A checkout has them at its top; an installed package carries a copy.
"""

from __future__ import annotations

from pathlib import Path

import hotline_ivr
from hotline_ivr.errors import SetupError

_PACKAGE = Path(hotline_ivr.__file__).parent


def sounds_source(chosen: Path | None = None) -> Path:
    """Folder of prompts.yaml and recordings; `chosen` (a setting) wins. Raises SetupError when missing."""
    if chosen is None:
        return shared("sounds", proof="prompts.yaml")
    if not (chosen / "prompts.yaml").is_file():
        raise SetupError(f"HOTLINE_SOUNDS={chosen}: there is no prompts.yaml in that folder")
    return chosen.absolute()


def dialplans_source() -> Path:
    """Folder of the hand-written dial plan. Raises SetupError when the installation is damaged."""
    return shared("dialplans", proof="*.conf")


def shared(name: str, *, proof: str, package: Path = _PACKAGE) -> Path:
    """The folder `name` that holds `proof`. Raises SetupError if neither checkout nor package has it."""
    checkout = package.parent.parent
    candidates = [package / "share" / name]
    # Only a checkout of ours: a folder of that name may lie above any installed package.
    if package.parent.name == "src" and (checkout / "pyproject.toml").is_file():
        candidates.insert(0, checkout / name)
    for candidate in candidates:
        if any(candidate.glob(proof)):
            return candidate
    raise SetupError(
        f"This installation is damaged: {name}/{proof} is missing in {candidates[-1]}. Install it again."
    )
