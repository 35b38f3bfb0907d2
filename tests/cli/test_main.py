"""The command line: what is printed where, and which exit code says what."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import hotline_ivr
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.verbs import run_verb

SHIPPED = Path(__file__).parents[2] / "config"


def hotline(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    environment |= {"HOTLINE_STATE": str(folder / "state"), "HOTLINE_CONFIG": str(folder / "config")}
    environment |= variables
    return run_verb(arguments, environment, 60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "config")
    return tmp_path


def test_the_version_can_be_read_by_people_and_programs(folder: Path) -> None:
    assert hotline(folder, "version").stdout == f"{hotline_ivr.__version__}\n"
    shown = json.loads(hotline(folder, "version", "--json").stdout)
    assert shown == {"schema": "hotline/version/1", "version": hotline_ivr.__version__}


def test_a_good_configuration_is_said_to_be_good(folder: Path) -> None:
    done = hotline(folder, "check")
    assert done.returncode == 0
    assert "good. 2 lines, 1 queue, 4 operators" in done.stdout


def test_a_bad_configuration_is_refused_with_place_and_remedy_and_its_own_exit_code(folder: Path) -> None:
    lines = folder / "config" / "lines.yaml"
    lines.write_text(
        lines.read_text(encoding="utf-8").replace("queue: main", "queue: mian"), encoding="utf-8"
    )
    done = hotline(folder, "check")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "lines.yaml:" in done.stderr
    assert "main" in done.stderr
    problems = json.loads(hotline(folder, "check", "--json").stdout)["problems"]
    assert len(problems) == 2


def test_a_prompt_that_nobody_wrote_is_found(folder: Path) -> None:
    lines = folder / "config" / "lines.yaml"
    text = lines.read_text(encoding="utf-8").replace("queue: main", "queue: main\n    greeting: greting", 1)
    lines.write_text(text, encoding="utf-8")
    done = hotline(folder, "check")
    assert done.returncode == 3
    assert "greting" in done.stderr
    assert "greeting" in done.stderr


def test_a_wrong_setting_is_a_matter_of_usage(folder: Path) -> None:
    done = hotline(folder, "check", HOTLINE_SIP_PORT="no")
    assert done.returncode == 2
    assert "HOTLINE_SIP_PORT" in done.stderr


def test_a_wrong_verb_is_a_matter_of_usage(folder: Path) -> None:
    assert hotline(folder, "srve").returncode == 2


def test_a_service_that_does_not_run_is_unreachable(folder: Path) -> None:
    done = hotline(folder, "health", HOTLINE_HTTP_PORT="1")
    assert done.returncode == 4
    assert "is `hotline serve` running?" in done.stderr


def test_a_record_that_is_not_there_is_unreachable(folder: Path) -> None:
    done = hotline(folder, "calls")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr


def test_a_state_folder_that_cannot_be_made_is_told_by_its_name(folder: Path) -> None:
    (folder / "taken").write_text("", encoding="utf-8")
    done = hotline(folder, "serve", HOTLINE_STATE=str(folder / "taken" / "state"))
    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"{folder / 'taken' / 'state'}: Not a directory")


def test_a_service_whose_port_is_taken_names_the_port_and_its_variable(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = hotline(
            folder, "serve", HOTLINE_HTTP_PORT=str(port), HOTLINE_AGI_PORT=str(free_port(socket.SOCK_STREAM))
        )
    assert done.returncode == 1
    assert f"TCP port {port} on 127.0.0.1 (HOTLINE_HTTP_PORT): in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plan_on_a_node_that_never_ran_says_so(folder: Path) -> None:
    done = hotline(folder, "plan")
    assert (done.returncode, done.stdout.startswith("no configuration is in use yet")) == (0, True)


def test_a_verb_loads_what_it_needs_and_not_what_others_need() -> None:
    """The command line is started hundreds of times a day, by people, timers and tests."""
    show = (
        "import sys; sys.argv = ['hotline', 'version']\n"
        "from hotline_ivr.cli.main import app\n"
        "app(standalone_mode=False)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", show], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(done.stdout.split())
    heavy = {"aiohttp", "alembic", "asyncio", "holidays", "phonenumbers", "rich", "ruamel.yaml", "sqlalchemy"}
    assert heavy & loaded == set()
    assert {"hotline_ivr.config.models", "hotline_ivr.routing.rulebook"} & loaded == set()
