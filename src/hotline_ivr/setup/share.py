"""Where the files are that come with the program: dial plans, prompt texts and recordings.

A checkout has them at its top; an installed package carries a copy.
"""

from __future__ import annotations

from pathlib import Path

import hotline_ivr
from hotline_ivr.errors import SetupError

_PACKAGE = Path(hotline_ivr.__file__).parent


def sounds_source() -> Path:
    """Folder of the prompts that come with the program. Raises SetupError when the installation is
    damaged."""
    return shared("sounds", proof="prompts.yaml")


def examples_source() -> Path:
    """Folder of the example configurations. Raises SetupError when the installation is damaged."""
    return shared("examples", proof="*/*.yaml", checkout_name="config/examples")


def dialplans_source() -> Path:
    """Folder of the hand-written dial plan. Raises SetupError when the installation is damaged."""
    return shared("dialplans", proof="*.conf")


def shared(name: str, *, proof: str, package: Path = _PACKAGE, checkout_name: str = "") -> Path:
    """The folder `name` that holds `proof`; `checkout_name` is where a checkout has it, if it differs.

    Raises SetupError if neither checkout nor package has it.
    """
    checkout = package.parent.parent
    candidates = [package / "share" / name]
    # Only a checkout of ours: a folder of that name may lie above any installed package.
    if package.parent.name == "src" and (checkout / "pyproject.toml").is_file():
        candidates.insert(0, checkout / (checkout_name or name))
    for candidate in candidates:
        if any(candidate.glob(proof)):
            return candidate
    raise SetupError(
        f"This installation is damaged: {name}/{proof} is missing in {candidates[-1]}. Install it again."
    )
