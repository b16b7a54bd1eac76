import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog

from monitor.logs import HIDDEN, RedactingFilter, Redactor, configure_logging

CANARY = 'c4n@ry/"it\'s" <ü>%41+\\end'


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_of_json_has_time_level_logger_and_fields() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream=stream)
    structlog.get_logger("monitor.test").warning("camera lost", camera="gate", count=3)
    line = json.loads(stream.getvalue())
    moment = datetime.fromisoformat(line.pop("time"))
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert moment.utcoffset() is not None
    assert line == {
        "event": "camera lost",
        "level": "warning",
        "logger": "monitor.test",
        "camera": "gate",
        "count": 3,
    }


def test_foreign_loggers_are_written_the_same_way() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream=stream)
    logging.getLogger("foreign").error("went %s", "wrong")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["logger"]) == ("went wrong", "error", "foreign")


def test_auto_is_for_people_on_a_terminal_and_for_machines_elsewhere() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    configure_logging("auto", stream=terminal)
    structlog.get_logger("x").info("hello")
    configure_logging("auto", stream=pipe)
    structlog.get_logger("x").info("hello")
    assert "hello" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")
    assert json.loads(pipe.getvalue())["event"] == "hello"


def test_less_important_messages_are_left_out() -> None:
    stream = io.StringIO()
    configure_logging("json", "warning", stream=stream)
    structlog.get_logger("x").info("quiet")
    logging.getLogger("y").info("quiet")
    assert stream.getvalue() == ""


def test_setting_up_again_replaces_the_first_and_leaves_other_handlers_alone() -> None:
    first, second, other = io.StringIO(), io.StringIO(), logging.NullHandler()
    logging.getLogger().addHandler(other)
    configure_logging("json", stream=first)
    configure_logging("json", stream=second)
    structlog.get_logger("x").warning("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
    assert other in logging.getLogger().handlers


def raise_with_secret() -> None:
    raise RuntimeError(f"cannot log in with {CANARY} or {CANARY!r}")


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_reaches_any_part_of_a_line(form: str) -> None:
    stream = io.StringIO()
    configure_logging(form, "debug", [CANARY], stream)  # type: ignore[arg-type]
    ours, foreign = structlog.get_logger("ours"), logging.getLogger("foreign")
    ours.warning(
        f"trying {CANARY}", url=f"http://u:{CANARY}@h/", nested={"list": [CANARY]}, **{"key " + CANARY: 1}
    )
    ours.warning("positional %s", CANARY)
    foreign.warning("trying %s with %r", CANARY, {"a": CANARY})
    foreign.warning("object", extra={"thing": CANARY})
    for log in (ours, foreign):
        try:
            raise_with_secret()
        except RuntimeError:
            log.exception("failed")
        log.warning("stack", stack_info=True)
    structlog.contextvars.bind_contextvars(context=CANARY)
    ours.info("bound")
    structlog.contextvars.clear_contextvars()
    text = stream.getvalue()
    assert text.count(HIDDEN) >= 10
    assert text.count("RuntimeError") >= 2, "tracebacks are still written"
    for spelling in (
        CANARY,
        json.dumps(CANARY)[1:-1],
        repr(CANARY)[1:-1],
        json.dumps(repr(CANARY)[1:-1])[1:-1],
        "c4n",
    ):
        assert spelling not in text


def test_the_redactor_takes_new_secrets_while_running() -> None:
    stream = io.StringIO()
    redactor = configure_logging("json", "info", stream=stream)
    redactor.add(["new-secret"])
    structlog.get_logger("x").warning("it is new-secret")
    assert "new-secret" not in stream.getvalue()


def test_the_filter_protects_handlers_that_know_nothing_of_redaction() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter(Redactor([CANARY])))
    log = logging.getLogger("filtered")
    log.addHandler(handler)
    try:
        log.warning("with %s", CANARY)
        try:
            raise_with_secret()
        except RuntimeError:
            log.exception("failed")
    finally:
        log.removeHandler(handler)
    assert "c4n" not in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()


def test_a_foreign_loggers_mistake_loses_neither_the_line_nor_the_secret() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", [CANARY], stream)
    alone = logging.getLogger("alone")
    (handler,) = [handler for handler in logging.getLogger().handlers if handler.get_name() == "monitor"]
    alone.addHandler(handler)
    alone.propagate = False
    try:
        alone.warning("wrong %d", CANARY)
    finally:
        alone.propagate = True
        alone.removeHandler(handler)
    assert json.loads(stream.getvalue())["event"].startswith("wrong %d")
    assert "c4n" not in stream.getvalue()
