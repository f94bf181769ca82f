"""Opening an index that answers questions; what reads documents and builds is loaded only where there is none yet."""

from __future__ import annotations

import logging
from pathlib import Path

from index import Index, IndexNotFound, IndexOutdated
from rag.refreshing import Progress, holds_only_library, refresh_library
from rag.settings import default_index_directory, home_directory

logger = logging.getLogger(__name__)


def open_index(
    directory: Path | str | None = None,
    *,
    home: Path | str | None = None,
    embedder: str | None = None,
    progress: Progress | None = None,
) -> Index:
    """Open the index in the directory or at the engine's address, or the default one, built from the library on its first use.

    Raises:
        IndexNotFound: The named directory or engine holds no index.
        IndexMismatch: It was made with another embedder than the one asked for.
        EngineFailed: The engine does not answer.
    """
    if directory is not None:
        return Index.open(directory, embedder=embedder)
    default = default_index_directory(home)
    try:
        return refresh_library(Index.open(default, embedder=embedder), home_directory(home), progress)
    except IndexNotFound:
        logger.info("No index yet; building one from the library.")
    except IndexOutdated:
        if not holds_only_library(default, home_directory(home)):
            raise
        logger.info("Another version made the index; building it again from the library.")
    from rag.build import build_index

    return build_index(home=home, embedder=embedder or "builtin", progress=progress).index
