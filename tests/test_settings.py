"""What this machine is like."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.errors import SettingsError
from hotline_ivr.settings import Settings


def test_the_environment_sets_what_it_names() -> None:
    settings = Settings.from_environment({"HOTLINE_SIP_PORT": "5062", "HOTLINE_NODE": "north"})
    assert settings.sip_port == 5062
    assert settings.node == "north"


def test_the_command_line_wins_over_the_environment() -> None:
    settings = Settings.from_environment({"HOTLINE_CONFIG": "/etc/a"}, config=Path("/etc/b"))
    assert settings.config == Path("/etc/b")


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://hotline:secret@db/hotline\n", encoding="utf-8")
    settings = Settings.from_environment({"HOTLINE_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.database == "postgresql://hotline:secret@db/hotline"


def test_the_usual_name_of_the_database_is_honoured_and_ours_wins() -> None:
    assert Settings.from_environment({"DATABASE_URL": "postgresql://a/b"}).database == "postgresql://a/b"
    both = {"DATABASE_URL": "postgresql://a/b", "HOTLINE_DATABASE_URL": "postgresql://c/d"}
    assert Settings.from_environment(both).database == "postgresql://c/d"


def test_every_wrong_variable_is_named_with_what_is_wrong() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"HOTLINE_SIP_PORT": "70000", "HOTLINE_LOG_LEVEL": "loud"})
    text = str(caught.value)
    assert "HOTLINE_SIP_PORT='70000'" in text
    assert "HOTLINE_LOG_LEVEL='loud'" in text


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"HOTLINE_NODE_FILE=/nowhere: cannot be read"):
        Settings.from_environment({"HOTLINE_NODE_FILE": "/nowhere"})


def test_the_control_socket_fits_into_a_socket_address_however_deep_the_folder_is() -> None:
    shallow, deep = Settings(state=Path("/srv/hotline")), Settings(state=Path("/srv") / ("x" * 120))
    assert shallow.run_dir == Path("/srv/hotline/asterisk/run")
    assert len(str(deep.run_dir / "asterisk.ctl")) <= 107
    assert deep.run_dir != Settings(state=Path("/srv") / ("y" * 120)).run_dir
