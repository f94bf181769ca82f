"""Where data live, and the bounds that every door (command line, page, HTTP, Python) keeps.

Nothing is read or made at import; the environment is asked only by ``home_directory``.
"""

from __future__ import annotations

import os
from pathlib import Path

MAX_QUESTION_CHARS = 8_000  # a question, not a document; longer texts are documents to index
UNDERSTOOD_CHARS = 1_000  # of a long question that are analysed (its first and last half): the rest is pasted context
UNDERSTOOD_TURN_CHARS = 1_000  # of each earlier turn from which a follow-up takes its names
MAX_HISTORY_TURNS = 40  # older turns no longer help and a forged history must not cost time
EVIDENCE_CHARS = 6_000  # characters of passages that a reader is given
DEFAULT_HITS = 20  # candidates that retrieval hands to packing


def home_directory(home: Path | str | None = None) -> Path:
    """Return the one directory that holds everything of ours: the argument, ``SURVEY_QA_HOME``, or the user's data directory."""
    chosen = home or os.environ.get("SURVEY_QA_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("survey-qa", appauthor=False)


def default_index_directory(home: Path | str | None = None) -> Path:
    """Return where the default index (the library and the user's own documents) lives."""
    return home_directory(home) / "index"


def kept_readings(home: Path | str | None = None) -> Path:
    """Return where what was read of folders is kept, so that it is not parsed again (``corpus.keeping``)."""
    return home_directory(home) / "readings"
