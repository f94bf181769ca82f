"""An embedder behind the OpenAI interface: OpenAI's own models or those of any server that speaks it.

The key comes from the environment (``OPENAI_API_KEY``), the server's address too (``OPENAI_BASE_URL``). Messages never
repeat what a server says, because it may repeat the key.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from index.embedders import Floats, Progress, normalized
from index.errors import EmbedderUnavailable
from index.transport import make_client

BATCH = 64  # texts in a request
TIMEOUT = 30.0  # seconds for a request
MAX_BYTES = 16_000_000  # of a reply: a batch of vectors of 8,192 numbers, written out


class OpenAIEmbedder:
    """Embeds through langchain-openai; the first thing it does is to ask for the vector of one word.

    Raises:
        EmbedderUnavailable: There is no key, or the server cannot be used.
    """

    def __init__(self, model: str) -> None:
        self.name = f"openai:{model}"
        self._client = _client(model)
        self.dimensions = 0  # any, until the server has answered once
        self.dimensions = self._ask(["dimensions"]).shape[1]
        self.fingerprint = f"{model}-{self.dimensions}"

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Return one row per text, shape (texts, dimensions)."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), BATCH):
            batch = list(texts[start : start + BATCH])
            vectors[start : start + len(batch)] = self._ask(batch)
            if progress is not None:
                progress("embedding", start + len(batch), len(texts))
        return normalized(vectors)

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a question, shape (dimensions,)."""
        return normalized(self._ask([text])[0])

    def _ask(self, texts: list[str]) -> Floats:
        """Return one row per text, all of one length."""
        from openai import OpenAIError

        try:
            vectors = np.array(self._client.embed_documents(texts), np.float32)
            if vectors.shape != (len(texts), self.dimensions or vectors.shape[-1]) or not np.isfinite(vectors).all():
                raise ValueError("not one vector of finite numbers for each text")
        except (OpenAIError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            status = getattr(error, "status_code", None)
            detail = f"{type(error).__name__}, status {status}" if status else type(error).__name__
            raise EmbedderUnavailable(
                f"The embedder {self.name!r} did not answer ({detail}). Check the model's name, OPENAI_API_KEY and "
                "OPENAI_BASE_URL, and try again."
            ) from error
        return vectors


def _client(model: str) -> Any:  # noqa: ANN401 the library is imported here only
    if not os.environ.get("OPENAI_API_KEY"):
        raise EmbedderUnavailable(
            f"The embedder 'openai:{model}' needs a key. Set it with `export OPENAI_API_KEY=…` (a local server takes any "
            "word), or use `--embedder builtin`."
        )
    from langchain_openai import OpenAIEmbeddings

    url = os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"

    # Texts are sent as they are: counting their tokens would fetch an encoding from the network.
    return OpenAIEmbeddings(
        model=model, check_embedding_ctx_length=False, timeout=TIMEOUT, max_retries=2, chunk_size=BATCH,
        http_client=make_client(url, TIMEOUT, refuse=EmbedderUnavailable, most_bytes=MAX_BYTES), openai_proxy=None,
    )  # fmt: skip
