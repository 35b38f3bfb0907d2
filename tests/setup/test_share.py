"""Finding what comes with the program, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.share import dialplans_source, shared, sounds_source


def put(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
    return folder


def test_the_checkout_is_found() -> None:
    assert (sounds_source() / "prompts.yaml").is_file()
    assert list(dialplans_source().glob("*.conf"))


def test_an_installed_package_carries_its_own_copy(tmp_path: Path) -> None:
    package = tmp_path / "lib/python3/site-packages/hotline_ivr"
    own = put(package / "share/sounds", "prompts.yaml")
    # A folder of that name above any installed package is somebody else's.
    put(tmp_path / "lib/python3/sounds", "prompts.yaml")
    assert shared("sounds", proof="prompts.yaml", package=package) == own


def test_a_checkout_wins_over_a_copy_left_in_it(tmp_path: Path) -> None:
    put(tmp_path, "pyproject.toml")
    package = tmp_path / "src/hotline_ivr"
    put(package / "share/sounds", "prompts.yaml")
    top = put(tmp_path / "sounds", "prompts.yaml")
    assert shared("sounds", proof="prompts.yaml", package=package) == top


def test_a_damaged_installation_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"damaged: dialplans/\*\.conf"):
        shared("dialplans", proof="*.conf", package=tmp_path / "hotline_ivr")


def test_the_examples_lie_with_the_configuration_in_a_checkout(tmp_path: Path) -> None:
    put(tmp_path, "pyproject.toml")
    top = put(tmp_path / "config/examples/one", "hotline.yaml").parent
    package = tmp_path / "src/hotline_ivr"
    assert shared("examples", proof="*/*.yaml", package=package, checkout_name="config/examples") == top
