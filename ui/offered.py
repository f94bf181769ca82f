"""What the operator offers through the page; the views take from it what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from index.filters import Filter
from rag.answers import Answer, Message
from ui.choices import NO_CHOICE, Choice, Choices
from ui.conversations import Conversations
from ui.documents import Documents
from ui.feedback import Feedback
from ui.handlers import Answerer, Suggest
from ui.owners import owner_of
from ui.quotas import Person, Quotas
from ui.shelf import Shelf
from ui.texts import Language, View

if TYPE_CHECKING:
    import gradio as gr
    from starlette.requests import Request

Examples = Mapping[Language, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Offered:
    """Who answers, the questions that an empty chat offers, and what else there is.

    Conversations last as long as the server and verdicts are not kept unless told otherwise. Without a ``shelf`` there is
    no view of the models, without ``documents`` none of the documents, without ``choices`` none of settings. With
    ``login`` people can log out.
    """

    answerer: Answerer
    examples: Examples
    conversations: Conversations = field(default_factory=lambda: Conversations(None))
    feedback: Feedback = field(default_factory=lambda: Feedback(None))
    shelf: Shelf | None = None
    documents: Documents | None = None
    choices: Choices | None = None
    quotas: Quotas = field(default_factory=Quotas)
    login: bool = False

    @property
    def views(self) -> list[View]:
        """The views that there is something for."""
        there: Mapping[View, object] = {
            "chat": self.answerer, "explore": self.shelf, "documents": self.documents, "settings": self.choices,
        }  # fmt: skip
        return [view for view, what in there.items() if what is not None]

    @property
    def suggest(self) -> Suggest | None:
        """What finds questions that lead on from an answer."""
        return self.shelf.suggest if self.shelf else None

    def answerer_for(self, choice: Choice) -> Answerer:
        """Return who answers by a person's choice."""
        return _Chosen(self.choices, choice) if self.choices and choice != NO_CHOICE else self.answerer

    def person(self, request: gr.Request | Request) -> Person:
        """Return whose request it is; an address tells people apart only where nobody logs in."""
        client = request.client.host if request.client and not self.login else ""
        return Person(owner_of(request.cookies, request.headers), client)


class _Chosen:
    """Answers by a person's choice; what is wrong with the choice is told as the answer's failure."""

    def __init__(self, choices: Choices, choice: Choice) -> None:
        self._choices = choices
        self._choice = choice

    def stream(
        self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None
    ) -> Iterator[str | Answer]:
        yield from self._choices.assistant(self._choice).stream(question, history, filter=filter)
