"""No text of a caller forges a log line or moves a cursor."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from hotline_ivr.logs import configure_logging
from hotline_ivr.settings import Settings

HOSTILE = 'x\r\n{"event": "forged"}\x1b[2J\u202e'


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_field_with_control_characters_stays_on_its_line(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(Settings.model_validate({"log_format": log_format}))
    structlog.get_logger().warning("a caller", caller=HOSTILE)
    logging.getLogger("library").warning("said %s", HOSTILE)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert "\x1b[2J" not in line
        assert "\u202e" not in line


def test_a_line_is_json_with_a_time_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(log_format="json"))
    structlog.get_logger().info("started", port=5060)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["port"], line["level"]) == ("started", 5060, "info")
    assert line["ts"].endswith("Z")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_numbers_keep_their_last_digits_alone_whoever_writes_the_line(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(Settings.model_validate({"log_format": log_format, "visible_digits": 2}))
    structlog.get_logger().warning("a call of +4798765432", caller="004798765432", call="main-1795451000.1")
    logging.getLogger("library").warning("no route to sip:+4798765432@192.0.2.1, %s", "(+4798765433)")
    try:
        int("+47987 65432, or +4798765432")
    except ValueError:
        logging.getLogger("library").exception("a fault")
    said = capsys.readouterr().err
    assert "9876" not in said
    assert "main-1795451000.1" in said
    assert "•• 32" in said or "\\u2022\\u2022 32" in said
