"""The server's log on stderr: a line of text or of JSON for each request and each event, with the request's id."""

from __future__ import annotations

import contextvars
import json
import logging
from datetime import UTC, datetime
from typing import Literal

LogFormat = Literal["text", "json"]

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("survey_qa_request", default="")


def configure(kind: LogFormat) -> None:
    """Write our log and a line for each request to stderr; other libraries' warnings stay among them."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if kind == "json" else TextLines())
    root = logging.getLogger()
    for former in list(root.handlers):
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("survey_qa").setLevel(logging.INFO)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the request's id, and the fields of the event."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        line["message"] = record.getMessage()
        if name := request_id.get():
            line["request"] = name
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """Time, level, message and the request's id."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        name = request_id.get()
        line = f"{_time(record)} {record.levelname.lower()} {record.getMessage()}{f' id={name}' if name else ''}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
