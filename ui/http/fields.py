"""What the routes take, field by field: one description serves the OpenAPI document, the check and the error's sentence."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.settings import MAX_QUESTION_CHARS
from ui.errors import BadRequest

MAX_HITS = 100
MAX_MESSAGES = 1_000  # of a conversation; the last ones count, and a forged history must not cost time

_YEARS = r"^(\d{4}(\.\.(\d{4})?)?|\.\.\d{4})$"

Body = TypeVar("Body", bound="Fields")
Question = Annotated[
    str,
    Field(
        description=f"the question: a text of 1 to {MAX_QUESTION_CHARS:,} characters",
        min_length=1,
        examples=["ChatGLM-6B 有多少参数?"],
    ),
]


class Fields(BaseModel):
    """An object whose unknown fields do not matter and whose known ones have the type that they are described with."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Narrowing(Fields):
    """Which documents may answer."""

    documents: str | list[str] | None = Field(None, description="a list of texts: ids of the documents that may answer")
    kinds: str | list[str] | None = Field(None, description="a list of texts: kinds of documents that may answer")
    languages: str | list[str] | None = Field(None, description="a list of texts: languages (zh, en) that may answer")
    years: Annotated[str, Field(pattern=_YEARS)] | Annotated[int, Field(ge=1_000, le=9_999)] | None = Field(
        None,
        description="when the documents that may answer were written. Years are 2023, 2021..2023, 2021.. or ..2023",
        examples=["2021..2023"],
    )

    @property
    def narrowing(self) -> dict[str, Any]:
        """The conditions by name, those that are set."""
        named = {"documents": self.documents, "kinds": self.kinds, "languages": self.languages, "years": self.years}
        return {name: value for name, value in named.items() if value is not None}


class Turn(Fields):
    """One earlier turn of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class AskRequest(Narrowing):
    """A question, and what was said before it."""

    question: Question
    history: list[Turn] | None = Field(
        None,
        description='a history: a list of {"role": "user" | "assistant", "content": TEXT}, oldest first',
        max_length=MAX_MESSAGES,
    )


class SearchRequest(Narrowing):
    """A question, and how many passages are wanted."""

    question: Question
    k: int = Field(
        10, description=f"how many passages you want: a whole number from 1 to {MAX_HITS}", ge=1, le=MAX_HITS
    )


class FetchRequest(Fields):
    """A page or a paper to add."""

    address: str = Field(
        description="the address of a page (https://…), arxiv:ID or openreview:ID", min_length=1, max_length=2_000
    )


class Part(Fields):
    """A piece of a message's content."""

    type: Literal["text"]
    text: str


class ChatMessage(Fields):
    """One message; those of system and developer are read and change nothing."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """All of the content's text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(Fields):
    """What a stream tells beside the text."""

    include_usage: bool | None = Field(None, description="whether a last chunk counts tokens: true or false")


class ChatRequest(Narrowing):
    """A request as OpenAI's clients send it; parameters of sampling are checked and change nothing."""

    model: str = Field(description="the name of a model, as GET /v1/models lists it", examples=["survey-qa"])
    messages: list[ChatMessage] = Field(
        description="a list of 1 to 1,000 messages with role (system, developer, user, assistant) and content"
        " (a text or a list of parts of type text)",
        min_length=1,
        max_length=MAX_MESSAGES,
    )
    stream: bool | None = Field(None, description="whether the answer comes in pieces: true or false")
    stream_options: StreamOptions | None = Field(None, description="an object such as {'include_usage': true}")
    n: int | None = Field(None, description="how many answers you want: 1 is all there is", ge=1, le=1)
    temperature: float | None = Field(None, description="a number from 0 to 2", ge=0, le=2)
    top_p: float | None = Field(None, description="a number from 0 to 1", ge=0, le=1)
    max_tokens: int | None = Field(None, description="a whole number from 1", ge=1)
    max_completion_tokens: int | None = Field(None, description="a whole number from 1", ge=1)


def read(model: type[Body], body: bytes, example: str) -> Body:
    """Return the fields of a JSON body.

    Raises:
        BadRequest: It is no JSON object, a field is missing, or one is not what its description says.
    """
    expected = f"Send a JSON object such as {example}, as UTF-8."
    try:
        given = json.loads(body)
        if b"\\ud" in body.lower():
            given = _without_halves(given)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON. {expected}") from error
    if not isinstance(given, dict):
        raise BadRequest(f"The body is no JSON object. {expected}")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise BadRequest(_sentence(model, error, expected)) from error


def _sentence(model: type[Fields], error: ValidationError, expected: str) -> str:
    """Say what is wrong with the first field that is wrong."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0])
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return f"The body has no {name}. {expected}"
    described = model.model_fields[name].description
    given = "" if first["type"] == "missing" else f", not {first['input']!r:.40}"
    where = ".".join(str(part) for part in first["loc"][1:] if isinstance(part, int) or part in ("role", "content"))
    return f"{name} is {described}{given}{f' (at {name}.{where})' if where else ''}."


def _without_halves(value: Any) -> Any:  # noqa: ANN401 JSON
    """Return JSON with each lone half of a surrogate pair replaced: it is no character and no UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(item) for key, item in value.items()}
    return value
