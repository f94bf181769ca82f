"""Trying a model out: does it answer, does it stream, does it read what it is given, and how fast is it.

One request with a passage of our own whose answer nobody can know from elsewhere.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from corpus.documents import Document, Passage
from index.hits import Hit
from rag.errors import LLMError
from rag.llm.chat import make_request
from rag.llm.chat_model import ChatModel

_TEXT = "The lighthouse of Tern Skerry is 41 metres tall and was built of grey granite."
_QUESTION = "How tall is the lighthouse of Tern Skerry?"
_ANSWER = "41"


@dataclass(frozen=True, slots=True)
class Probe:
    """What one request to a model showed. Times are seconds; ``failure`` is empty where the reply was whole."""

    context_length: int
    counts_tokens: bool  # with its own tokenizer, so that budgets are exact
    pieces: int
    first_piece_s: float
    tokens_per_s: float
    said: str = field(repr=False)
    failure: str = ""

    @property
    def reachable(self) -> bool:
        """True if the model said anything at all."""
        return self.pieces > 0

    @property
    def knows(self) -> bool:
        """True if the reply has the answer that stands in the passage."""
        return _ANSWER in self.said

    @property
    def cites(self) -> bool:
        """True if the reply names the passage, as it was told to."""
        return "[1]" in self.said or "【1】" in self.said

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, for JSON."""
        return {
            "reachable": self.reachable, "context_length": self.context_length, "counts_tokens": self.counts_tokens,
            "pieces": self.pieces, "first_piece_s": round(self.first_piece_s, 3),
            "tokens_per_s": round(self.tokens_per_s, 1), "knows": self.knows, "cites": self.cites,
            "said": self.said, "failure": self.failure,
        }  # fmt: skip


def probe(model: ChatModel) -> Probe:
    """Ask a model one question about one passage and return what it showed; a failure of the model is part of that."""
    document = Document(id="probe", text=_TEXT, title="Lighthouses")
    request = make_request(model, _QUESTION, [Hit(Passage(document, 0, len(_TEXT)), 1.0)])
    said: list[str] = []
    failure = ""
    begun = first = last = time.monotonic()
    try:
        for piece in model.stream(request.messages):
            last = time.monotonic()
            first = first if said else last
            said.append(piece)
    except LLMError as error:
        failure = str(error)
    text = "".join(said)
    spent = last - first
    return Probe(
        context_length=model.context_length,
        counts_tokens=model.counts_itself,
        pieces=len(said),
        first_piece_s=first - begun,
        tokens_per_s=model.count_tokens("".join(said[1:])) / spent if spent > 0 else 0.0,
        said=text,
        failure=failure,
    )
