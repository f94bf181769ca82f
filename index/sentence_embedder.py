"""An embedder of sentence-transformers: any name or path whose weights are safetensors.

The library takes seconds to import, so nothing here does before an embedder is opened. Code that comes with a model is
never run.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from index.embedders import Floats, Progress
from index.errors import EmbedderUnavailable

BATCH = 32  # texts
_HUB = "https://huggingface.co"
_HUB_SECONDS = 3.0  # to answer; the library itself would go on trying for more than a minute
_FINGERPRINTED = 64  # numbers of every weight; enough to tell models and their versions apart


class SentenceEmbedder:
    """Embeds with a sentence-transformers model, on the best device there is.

    Raises:
        EmbedderUnavailable: The model is not on disk and cannot be fetched, or the package does not work.
    """

    def __init__(self, name: str) -> None:
        folder = Path(name).expanduser()
        self.name = str(folder.resolve()) if folder.is_dir() else name
        self._model = _load(self.name)
        self.dimensions = int(self._model.get_embedding_dimension())
        self.fingerprint = _fingerprint(self._model)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Return one row per text, shape (texts, dimensions); a passage prompt is used if the model defines one."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        longest_first = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        for start in range(0, len(texts), BATCH):
            rows = longest_first[start : start + BATCH]
            vectors[rows] = self._model.encode_document(
                [texts[row] for row in rows], normalize_embeddings=True, show_progress_bar=False
            )
            if progress is not None:
                progress("embedding", min(start + BATCH, len(texts)), len(texts))
        return vectors

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a question, shape (dimensions,); a query prompt is used if the model defines one."""
        vector = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, np.float32)


def _load(name: str) -> Any:  # noqa: ANN401 the library is imported here only
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar
    except (ImportError, OSError, RuntimeError) as error:
        raise EmbedderUnavailable(
            f"The embedder {name!r} needs sentence-transformers, which does not load here: {_short(error)}. "
            "Install it with `pip install sentence-transformers`, or use `--embedder builtin`."
        ) from error
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    disable_progress_bar()  # type: ignore[no-untyped-call]  # of weights read from disk; downloads show theirs
    options: dict[str, Any] = {"trust_remote_code": False, "model_kwargs": {"use_safetensors": True}}
    try:
        return SentenceTransformer(name, local_files_only=True, **options)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, ImportError) as error:
        if Path(name).exists():
            raise _unusable(name, error) from error
        if _is_path(name):
            raise EmbedderUnavailable(
                f"There is no folder {name!r} with a model. Give the path of one (`--embedder PATH`), the name of a "
                "sentence-transformers model, or `--embedder builtin`."
            ) from error
    if not _hub_answers():
        raise EmbedderUnavailable(
            f"The model {name!r} is not on this machine and {_hub()} cannot be reached. "
            "Give the path of a folder with the model (`--embedder PATH`), connect once so that it is fetched and kept, "
            "or use `--embedder builtin`."
        )
    try:
        return SentenceTransformer(name, **options)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, ImportError) as error:
        raise _unusable(name, error) from error


def _unusable(name: str, error: Exception) -> EmbedderUnavailable:
    return EmbedderUnavailable(
        f"The model {name!r} cannot be loaded: {_short(error)}. It must be a sentence-transformers model with safetensors "
        "weights that runs no code of its own. Use another (`--embedder NAME`), or `--embedder builtin`."
    )


def _short(error: Exception) -> str:
    """Return the first line of an error, without its last full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".")


def _is_path(name: str) -> bool:
    """Tell whether a name can only be a path: the hub's names are ``model`` or ``owner/model``."""
    return name.count("/") > 1 or name.startswith((".", "/", "~")) or "\\" in name


def _hub() -> str:
    return os.environ.get("HF_ENDPOINT", _HUB)


def _hub_answers() -> bool:
    """Tell whether the hub takes connections; one attempt, a few seconds at most."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return False
    address = urlsplit(_hub())
    try:
        with socket.create_connection((address.hostname or "", address.port or 443), timeout=_HUB_SECONDS):
            return True
    except OSError:
        return False


def _fingerprint(model: Any) -> str:  # noqa: ANN401 the library is imported in _load only
    """Return a hash over the names, the shapes and the first numbers of all weights."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.state_dict().items()):
        digest.update(f"{name}{tuple(weight.shape)}".encode())
        digest.update(weight.detach().flatten()[:_FINGERPRINTED].float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
