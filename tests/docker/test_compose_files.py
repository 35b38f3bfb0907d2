"""The two compose files say the same where they must, and the images get what they need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hotline_ivr.settings import PREFIX, Settings

CHECKOUT = Path(__file__).parents[2]
FILES = ("docker-compose.yml", "compose.host.yaml")


def services(file: str) -> dict[str, dict[str, Any]]:
    loaded: dict[str, Any] = YAML(typ="safe").load((CHECKOUT / file).read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = loaded["services"]
    return found


@pytest.mark.parametrize("service", ["asterisk", "hotline"])
def test_the_host_network_file_differs_in_the_network_only(service: str) -> None:
    ignored = {"networks", "network_mode", "ports", "environment"}
    bridge, host = (
        {key: value for key, value in services(file)[service].items() if key not in ignored} for file in FILES
    )
    assert bridge == host


@pytest.mark.parametrize("file", FILES)
def test_every_variable_of_the_containers_is_a_setting(file: str) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {"DATABASE_URL"}
    for service in services(file).values():
        assert set(service["environment"]) <= known


def test_asterisk_reaches_the_service_by_address_and_not_by_name() -> None:
    both = services("docker-compose.yml")
    environment = both["asterisk"]["environment"]
    fixed = {name: service["networks"]["hotline"]["ipv4_address"] for name, service in both.items()}
    assert environment["HOTLINE_AGI_CONNECT_HOST"] == fixed["hotline"]
    assert environment["HOTLINE_AMI_HOST"] == fixed["asterisk"]
    assert environment["HOTLINE_AMI_PERMIT"] == f"{fixed['hotline']}/32"


def test_each_service_names_a_target_of_the_dockerfile() -> None:
    text = (CHECKOUT / "docker/Dockerfile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
    assert {service["build"]["target"] for service in services("docker-compose.yml").values()} <= targets


def test_everything_that_the_dockerfile_copies_is_sent_to_the_builder() -> None:
    text = (CHECKOUT / "docker/Dockerfile").read_text(encoding="utf-8")
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    }
    sent = set(re.findall(r"^!(\S+)", (CHECKOUT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert copied <= sent
