"""Logging: structlog for ourselves and for the libraries, to standard error, one line an event.

Caller text reaches a log only through fields, and both renderers escape control characters in them. Telephone
numbers are masked in every line, also in those of libraries.
"""

from __future__ import annotations

import logging
import sys
from functools import partial

import structlog

from hotline_ivr.routing.caller import mask_numbers
from hotline_ivr.settings import Settings

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
]


def configure_logging(settings: Settings) -> None:
    """Set up logging for the whole process."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    renderer: structlog.typing.Processor
    renderer = structlog.processors.JSONRenderer() if as_json else _console()
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _escape,
                partial(_mask, settings.visible_digits),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    # Says the manager secret when a write fails.
    logging.getLogger("panoramisk").setLevel(logging.WARNING)
    # Tells of its own making at each start.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)


def _console() -> structlog.dev.ConsoleRenderer:
    """Tracebacks without the values of variables: numbers are among them."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _escape(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Control characters of any text become visible, so that no log line can be forged or move a cursor."""
    return {
        key: _visible(value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
    }


def _mask(
    visible: int, _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Telephone numbers of any text keep only their last digits, whoever wrote the line."""
    return {
        key: mask_numbers(value, visible) if isinstance(value, str) else value for key, value in event.items()
    }


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
