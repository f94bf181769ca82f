"""What a person may choose for their own questions: who writes the answer, and how many passages are looked at.

A key that is typed into the page stays in the memory of that session; it is in no file, no log and no other session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from corpus.errors import UsageError
from rag.assistant import EXTRACTIVE, Assistant
from rag.errors import LLMError
from rag.llm.keys import VARIABLES, Key

if TYPE_CHECKING:
    from rag.llm.chat import ChatReader
    from rag.llm.probing import Probe

Reader = Literal["operator", "extractive", "own"]
PASSAGES = (5, 10, 20, 40)
MAX_SPEC_CHARS = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One person's choice. ``passages`` is 0 and ``reader`` "operator" where nothing else was chosen."""

    reader: Reader = "operator"
    passages: int = 0
    spec: str = ""
    key: Key | None = None


NO_CHOICE = Choice()


class Choices:
    """What can be chosen here, and the assistant for a choice.

    Args:
        assistant: What the operator set up.
        own_models: Whether people may name a model of a provider, with a key of their own.
    """

    def __init__(self, assistant: Assistant, *, own_models: bool) -> None:
        self._assistant = assistant
        self.own_models = own_models

    @property
    def operator(self) -> str:
        """The SPEC that the operator chose."""
        return self._assistant.reader

    @property
    def readers(self) -> Sequence[Reader]:
        """Who may be chosen to write answers."""
        there: dict[Reader, bool] = {
            "operator": self.operator != EXTRACTIVE, "extractive": True, "own": self.own_models,
        }  # fmt: skip
        return [reader for reader, allowed in there.items() if allowed]

    def facts(self) -> dict[str, str]:
        """Return what the operator has fixed, by name."""
        info = self._assistant.index.info()
        return {name: str(info[name]) for name in ("embedder", "vectors", "snapshot", "documents", "passages")}

    def assistant(self, choice: Choice) -> Assistant:
        """Return the assistant that answers by a choice.

        Raises:
            UsageError: The SPEC is not of a provider, or may not be named here.
            LLMError: The model cannot be opened: unknown, or its package or key is missing.
        """
        reader: ChatReader | str | None = None
        if choice.reader == "extractive":
            reader = EXTRACTIVE
        elif choice.reader == "own":
            reader = self._own(choice)
        return self._assistant.adjusted(k=choice.passages or None, reader=reader)

    def check(self, choice: Choice) -> Probe | None:
        """Try the chosen model with one small question; None for the extractive reader. Raises as ``assistant`` does."""
        from rag.llm.probing import probe

        reader = self._own(choice) if choice.reader == "own" else self.assistant(choice).chat_reader
        return probe(reader.model) if reader else None

    def _own(self, choice: Choice) -> ChatReader:
        from rag.llm.chat import ChatReader
        from rag.llm.models import open_model

        spec = choice.spec.strip()
        provider = spec.partition(":")[0]
        if not self.own_models:
            raise UsageError("The operator of this server allows no models of your own.")
        if provider not in VARIABLES or len(spec) > MAX_SPEC_CHARS:
            raise UsageError(f"Name a model as PROVIDER:MODEL; providers are {', '.join(VARIABLES)}.")
        if choice.key is None:
            raise LLMError(f"{provider} needs a key. Enter yours.", kind="missing_key")
        return ChatReader(open_model(spec, env={VARIABLES[provider]: choice.key.reveal()}))
