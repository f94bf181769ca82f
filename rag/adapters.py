"""The search as a LangChain retriever, for chains and agents that are built elsewhere.

This file is imported on demand only, because it needs LangChain at its top.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, PrivateAttr

from corpus.errors import UsageError
from index import Index
from index.hits import Hit
from rag.assistant import Assistant


class SurveyRetriever(BaseRetriever):
    """Finds passages of an index: an Assistant's, an Index, the index in a directory, or by default the shipped library's.

    Each Document's text is the passage, verbatim; its metadata says where it stands (``document``, ``title``,
    ``section``, ``start``, ``end``, ``url``) and how well it matches (``score``, rising with relevance).

    Raises:
        IndexNotFound: The directory holds no index.
        IndexDamaged: No snapshot in the directory is whole.
    """

    index: Assistant | Index | Path | str | None = Field(default=None, repr=False)
    k: int = Field(default=4, ge=1)  # passages
    _assistant: Assistant = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 pydantic's signature
        """Open the index unless it is open."""
        super().model_post_init(context)
        self._assistant = self.index if isinstance(self.index, Assistant) else Assistant.open(self.index)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        """Return the passages that match best, best first; ``invoke(question, k=…)`` asks for another number.

        Raises:
            BadQuestion: The question is empty, too long, or not text.
            UsageError: ``k`` is below 1.
        """
        wanted = self.k if k is None else k
        if wanted < 1:
            raise UsageError(f"k is {wanted}; ask for at least 1 passage.")
        return [_document(hit) for hit in self._assistant.search(query, wanted)]


def _document(hit: Hit) -> Document:
    passage = hit.passage
    return Document(
        id=f"{passage.document_id}#{passage.start}-{passage.end}",
        page_content=passage.text,
        metadata={
            "document": passage.document_id,
            "title": passage.document.title,
            "section": passage.section,
            "start": passage.start,
            "end": passage.end,
            "url": passage.document.url,
            "score": hit.score,
        },
    )
