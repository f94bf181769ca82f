"""What people thought of answers: one JSON line for each verdict, in a file under the home, for whoever evaluates.

The file stays on this machine. It holds questions and answers, so only its owner may read it.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from ui.handlers import Turn

logger = logging.getLogger(__name__)

MAX_REASON_CHARS = 2_000


class Feedback:
    """Appends verdicts to a file; a file that cannot be written costs a line in the log, not the page."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def note(self, turn: Turn, reason: str = "") -> None:
        """Keep the verdict on a turn, with its question, its answer and what it cited."""
        if self._path is None:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "verdict": turn.verdict or "taken back",
            "reason": reason.strip()[:MAX_REASON_CHARS],
            "question": turn.question,
            "answer": turn.text,
            "outcome": turn.outcome,
            "cited": [{"document": source.document_id, "quote": source.quote} for source in turn.sources],
        }
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        try:
            with self._lock:
                descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    os.write(descriptor, data)
                finally:
                    os.close(descriptor)
        except OSError as error:
            logger.warning("The verdict could not be written to %s (%s).", self._path, error)
