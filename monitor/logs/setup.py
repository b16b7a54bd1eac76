"""Setting up structured logs: one line a message on standard error, for people or for machines, without
secrets.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from monitor.logs.redaction import Redactor

LogFormat = Literal["auto", "console", "json"]

_HANDLER_NAME = "monitor"
# Chatty at `info`, and about their own work rather than ours.
_QUIET = ("apscheduler", "alembic", "sqlalchemy", "httpx", "watchfiles")


class RedactingFilter(logging.Filter):
    """Takes secrets out of records before any handler sees them rendered; for loggers that know nothing of
    ours.

    Args:
        redactor: Does the work.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact in place; never drops a record."""
        if isinstance(record.msg, dict):  # one of structlog's, which its processors redact
            return True
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a foreign logger's mistake must not lose the line
            message = f"{record.msg} {record.args}"
        record.msg, record.args = self._redactor.redact(message), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = self._redactor.redact(_traceback(record.exc_info))
            record.exc_info = None
        return True


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Redacts the finished line as well, whatever put it together."""

    def __init__(self, redactor: Redactor, processors: list[Processor], foreign: list[Processor]) -> None:
        super().__init__(processors=processors, foreign_pre_chain=foreign)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.redact(super().format(record))


def configure_logging(
    format: LogFormat = "auto",  # noqa: A002 - the setting's name
    level: str = "info",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> Redactor:
    """Make structlog and the standard library's loggers write to one stream; may be called again at any time.

    Args:
        format: `console`, `json`, or `auto`: console on a terminal and JSON elsewhere.
        level: `debug`, `info`, `warning` or `error`.
        secrets: What must never be written.
        stream: Standard error where it is not given.

    Returns:
        The redactor in use; more secrets can be added to it when the configuration is read again.
    """
    output = stream if stream is not None else sys.stderr
    redactor = Redactor(secrets)
    as_console = format == "console" or (format == "auto" and output.isatty())

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redacting_processor(redactor),
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=output.isatty(), timestamp_key="time")
        if as_console
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]

    # Libraries warn through Python's own channel, which would write past the log, and past the redaction.
    logging.captureWarnings(True)
    handler = logging.StreamHandler(output)
    handler.set_name(_HANDLER_NAME)
    handler.setFormatter(_RedactingFormatter(redactor, last, [_take_exc_text, *shared]))
    handler.addFilter(RedactingFilter(redactor))

    root = logging.getLogger()
    for old in [other for other in root.handlers if other.get_name() == _HANDLER_NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return redactor


def redacting_processor(redactor: Redactor) -> Callable[[Any, str, EventDict], EventDict]:
    """A structlog processor that hides secrets in the message and in every field."""

    def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
        kept = {name: event[name] for name in ("_record", "_from_structlog") if name in event}
        rest = {name: value for name, value in event.items() if name not in kept}
        return {**redactor.redact_value(rest), **kept}

    return redact


def _take_exc_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Carry a foreign record's traceback, which the filter has redacted, over to our lines."""
    record: logging.LogRecord | None = event.get("_record")
    if record is not None and record.exc_text:
        event["exception"] = record.exc_text
    return event


def _traceback(exc_info: Any) -> str:
    return logging.Formatter().formatException(exc_info)
