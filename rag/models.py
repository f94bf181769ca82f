"""From an LLM SPEC to a model that answers: one small class over whatever LangChain chat model the SPEC names.

A SPEC is ``openai:MODEL``, ``transformers:PATH``, ``chatglm:FILE`` or any ``provider:model`` that LangChain's
``init_chat_model`` takes. Every failure is an LLMError with a kind; nothing here knows questions or passages.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypedDict

from rag.calls import Deadline, run
from rag.errors import LLMError
from rag.failures import Backend, detail_of, retry_after, translate
from rag.keys import NO_KEY, VARIABLES, missing_key, read_key
from rag.transport import checked_base_url, is_loopback, make_client

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from rag.local_models import TransformersChat

EXTRACTIVE = "extractive"
DEFAULT_TIMEOUT_S = 60.0
DEFAULT_WINDOW = 8_192  # tokens; every model behind an API of today takes at least this
OPENAI_URL = "https://api.openai.com/v1"
MAX_ANSWER_CHARS = 100_000  # no answer is this long; a model that does not stop is

_RETRIES = 2
_RETRIED_KINDS = frozenset({"rate", "server", "connection"})
_FINISH_KEYS = ("finish_reason", "stop_reason", "done_reason", "stopReason", "status")
_CUT = frozenset({"length", "max_tokens", "MAX_TOKENS", "model_length", "incomplete"})
_WITHHELD = frozenset({"content_filter", "SAFETY", "refusal"})
_NO_QUOTA = re.compile(
    r"insufficient_quota|exceeded your (?:current )?quota|billing", re.IGNORECASE
)  # waiting does not help
_TOKEN_MARGIN = 1.2  # the built-in encoding is not the model's own
_FORMS = "extractive, openai:MODEL, transformers:PATH, chatglm:FILE, or provider:MODEL for a LangChain package (" + ", ".join(
    ("anthropic", "azure_openai", "deepseek", "google_genai", "mistralai", "ollama")
) + ", …)"  # fmt: skip
_PROVIDERS = (
    "openai",
    "transformers",
    "chatglm",
    "ollama",
    "huggingface",
    "bedrock",
    "google_vertexai",
    "litellm",
    *VARIABLES,
)


class ChatMessage(TypedDict):
    """One message for a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatModel:
    """A language model: what it is called, how much it can read, and ``stream``."""

    def __init__(
        self,
        chat: BaseChatModel,
        backend: Backend,
        *,
        context_length: int = DEFAULT_WINDOW,
        count_tokens: Callable[[str], int] | None = None,
        special_tokens: Sequence[str] = (),
        timeout_s: float = DEFAULT_TIMEOUT_S,
        backoff_s: float = 0.5,
        says_when_done: bool = True,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.context_length = context_length
        self.count_tokens = count_tokens or estimate_tokens
        self.special_tokens = tuple(special_tokens)
        self.timeout_s = timeout_s
        self._chat = chat
        self._backend = backend
        self._backoff_s = backoff_s
        self._says_when_done = says_when_done
        self._options = dict(options or {})

    def __repr__(self) -> str:
        return f"ChatModel({self.spec!r}, context_length={self.context_length})"

    @property
    def spec(self) -> str:
        """The SPEC that the model was opened with."""
        return self._backend.spec

    def stream(self, messages: Sequence[ChatMessage], deadline: Deadline | None = None) -> Iterator[str]:
        """Yield the model's reply piece by piece; closing the iterator ends the request.

        A request that fails before its first piece is tried again while the deadline allows, as late as the server asks.

        Raises:
            LLMError: The reply failed, or is not whole (``incomplete``); what was yielded before stays valid.
        """
        deadline = deadline or Deadline(self.timeout_s)
        for attempt in range(_RETRIES + 2):
            said = False
            try:
                for piece in self._attempt(messages, deadline):
                    said = True
                    yield piece
            except LLMError as error:
                if said or not self._may_retry(error, attempt, deadline):
                    raise error from None  # what caused it may repeat the key, and tracebacks are written to logs
            else:
                return

    def _attempt(self, messages: Sequence[ChatMessage], deadline: Deadline) -> Iterator[str]:
        finish = ""
        size = 0
        try:
            for chunk in run(lambda: self._request(messages), deadline):
                metadata = chunk.response_metadata
                finish = next((str(metadata[key]) for key in _FINISH_KEYS if metadata.get(key)), finish)
                if piece := str(chunk.text):
                    size += len(piece)
                    yield piece
                if size > MAX_ANSWER_CHARS:
                    finish = "length"
                    break
        except Exception as error:
            # The border to foreign code: whatever a provider's package raises is told in our terms, never swallowed.
            raise translate(error, self._backend) from error
        self._check_end(finish, size)

    def _request(self, messages: Sequence[ChatMessage]) -> Iterator[Any]:
        from langsmith import tracing_context

        with tracing_context(enabled=False):  # an environment variable would otherwise send every prompt to LangSmith
            yield from self._chat.stream([dict(message) for message in messages], **self._options)

    def _check_end(self, finish: str, size: int) -> None:
        spec = self.spec
        if finish in _WITHHELD:
            raise LLMError(f"{spec}: the model withheld its answer ({finish}). Ask in other words.", kind="filtered")
        if not size:
            raise LLMError(f"{spec}: {self._backend.where} sent no text{'' if finish else ' and no chat completion'}. "
                           "Check the model's name and --llm-base-url.", kind="bad_response")  # fmt: skip
        if finish in _CUT:
            raise LLMError(f"{spec}: the answer was cut at the model's limit of length.", kind="incomplete")
        if not finish and self._says_when_done:
            raise LLMError(f"{spec}: the stream ended before the model said it was done.", kind="incomplete")

    def _may_retry(self, error: LLMError, attempt: int, deadline: Deadline) -> bool:
        """Tell whether to ask again, after waiting as long as the server wants."""
        if error.kind == "bad_response" and "temperature" in self._options and "temperature" in str(error):
            del self._options["temperature"]  # reasoning models allow no other than their own
            return True
        if error.kind not in _RETRIED_KINDS or attempt >= _RETRIES or _NO_QUOTA.search(str(error)):
            return False
        wait = retry_after(error)
        if wait is None:
            wait = self._backoff_s * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 jitter, not a secret
        if wait >= deadline.remaining:
            return False
        time.sleep(wait)
        return True


def is_extractive(spec: str) -> bool:
    """Tell whether a SPEC asks for answers without a model."""
    return spec.strip() == EXTRACTIVE


def open_model(
    spec: str,
    *,
    base_url: str | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    context_length: int | None = None,
    backoff_s: float = 0.5,
    env: Mapping[str, str] | None = None,
) -> ChatModel:
    """Open the model that a SPEC names; no request is made yet.

    Args:
        spec: For example ``openai:gpt-4.1-mini`` or ``transformers:models/glm-4-9b-chat-hf``.
        base_url: Where an OpenAI-compatible server answers, for ``openai:`` (else ``OPENAI_BASE_URL``, else OpenAI's own).
        timeout_s: Seconds for one answer, everything included.
        context_length: Tokens that prompt and answer may have together, where the model cannot tell.
        backoff_s: Seconds before the first of two retries, where the server does not say how long to wait.
        env: Where keys are looked up; the process's environment by default.

    Raises:
        LLMError: The SPEC is unknown, a package or the key is missing, or the local model cannot be loaded.
    """
    provider, name = _parse(spec)
    settings: dict[str, Any] = {"timeout_s": timeout_s, "backoff_s": backoff_s}
    environment = os.environ if env is None else env
    if provider == "transformers":
        return _open_transformers(spec, name, context_length, settings)
    if provider == "chatglm":
        _refuse_chatglm(name)
    settings["context_length"] = context_length or DEFAULT_WINDOW
    if provider == "openai":
        return _open_openai(spec, name, base_url, environment, settings)
    return _open_provider(spec, provider, name, base_url, environment, settings)


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has for a model whose tokenizer is not at hand: rather too many."""
    from corpus.tokens import count_tokens

    return int(count_tokens(text) * _TOKEN_MARGIN) + 1


def _parse(spec: str) -> tuple[str, str]:
    """Split a SPEC into provider and model.

    Raises:
        LLMError: It has not that form, or names no model (kind ``unknown_spec``).
    """
    if is_extractive(spec):
        raise LLMError("'extractive' answers without a model; there is nothing to open.", kind="unknown_spec")
    provider, colon, name = spec.strip().partition(":")
    if not colon and provider:
        near = get_close_matches(provider, [EXTRACTIVE], cutoff=0.7)
        hint = f"Did you mean {EXTRACTIVE}?" if near else f"Did you mean openai:{provider}?"
        raise LLMError(f"{spec!r} is no LLM SPEC. {hint} Known forms: {_FORMS}.", kind="unknown_spec")
    if not name.strip() or not re.fullmatch(r"[a-z][a-z0-9_]*", provider):
        raise LLMError(
            f"{spec!r} is no LLM SPEC{_nearest(provider.lower(), name)}. Known forms: {_FORMS}.", kind="unknown_spec"
        )
    return provider, name.strip()


def _nearest(provider: str, name: str) -> str:
    near = get_close_matches(provider, _PROVIDERS, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}:{name or 'MODEL'}?" if near else ""


def _open_openai(
    spec: str, name: str, base_url: str | None, env: Mapping[str, str], settings: dict[str, Any]
) -> ChatModel:
    url = checked_base_url(base_url or env.get("OPENAI_BASE_URL") or OPENAI_URL)
    key = read_key("openai", env)
    if not key.reveal() and not is_loopback(url):
        raise missing_key("openai")
    official = url == OPENAI_URL
    chat = _make(
        "openai", name, Backend(spec, url, key),
        base_url=url, api_key=key.reveal() or "none", max_retries=0, timeout=settings["timeout_s"],
        http_client=make_client(url, settings["timeout_s"]),
        stream_usage=False, use_responses_api=None if official else False, openai_proxy=None,
    )  # fmt: skip
    return ChatModel(chat, Backend(spec, url, key), options={"temperature": 0}, **settings)


def _open_provider(
    spec: str, provider: str, name: str, base_url: str | None, env: Mapping[str, str], settings: dict[str, Any]
) -> ChatModel:
    key = read_key(provider, env) if provider in VARIABLES else NO_KEY
    if provider in VARIABLES and not key.reveal():
        raise missing_key(provider)
    arguments: dict[str, Any] = {"temperature": 0}
    if key.reveal():
        arguments["api_key"] = key.reveal()
    if base_url:
        arguments["base_url"] = checked_base_url(base_url)
    backend = Backend(spec, arguments.get("base_url", provider), key)
    return ChatModel(_make(provider, name, backend, **arguments), backend, says_when_done=False, **settings)


def _make(provider: str, name: str, backend: Backend, **arguments: Any) -> BaseChatModel:  # noqa: ANN401 each provider has its own
    try:
        from langchain.chat_models import init_chat_model

        chat: BaseChatModel = init_chat_model(name, model_provider=provider, **arguments)
    except ImportError as error:
        package = re.search(r"requires the (\S+) package", str(error))
        missing = package[1] if package else f"langchain-{provider.replace('_', '-')}"
        raise LLMError(
            f"{backend.spec} needs the package {missing}, which is not installed. Install it with `pip install {missing}`.",
            kind="missing_package",
        ) from error
    except Exception as error:  # noqa: BLE001 each package has its own exceptions; all become ours
        raise _refusal(error, provider, name, backend) from None  # the packages' own messages hold parts of the key
    return chat


def _refusal(error: Exception, provider: str, name: str, backend: Backend) -> LLMError:
    """Say why a provider's package would not make the model; each raises in its own way."""
    if "Unsupported provider" in str(error):
        return LLMError(
            f"{backend.spec!r} is no LLM SPEC{_nearest(provider, name)}. Known forms: {_FORMS}.", kind="unknown_spec"
        )
    reason = _reason(error, backend)
    if re.search(r"api[_ ]?key|credential", reason, re.IGNORECASE) and not backend.key.reveal():
        return missing_key(provider)
    return LLMError(f"{backend.spec} cannot be opened: {reason}", kind="bad_response")


def _reason(error: Exception, backend: Backend) -> str:
    """Return what a package says of the arguments it got, without the arguments."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return backend.key.hide("; ".join(problem["msg"] for problem in problems))
    return detail_of(error, backend.key) or type(error).__name__


def _open_transformers(spec: str, name: str, context_length: int | None, settings: dict[str, Any]) -> ChatModel:
    path = Path(name).expanduser()
    if not path.is_dir():
        raise LLMError(
            f"{spec}: there is no directory {path}. transformers:PATH names the directory of a model on this machine; "
            "nothing is downloaded.",
            kind="not_found",
        )
    chat = _load_transformers(path)
    window = min(context_length or chat.context_length, chat.context_length)
    return ChatModel(
        chat, Backend(spec, "the local model", NO_KEY),
        context_length=window, count_tokens=chat.count_tokens, special_tokens=chat.special_tokens, **settings,
    )  # fmt: skip


def _load_transformers(path: Path) -> TransformersChat:
    from rag.local_models import TransformersChat

    return TransformersChat.load(path)


def _refuse_chatglm(file: str) -> NoReturn:
    raise LLMError(
        f"chatglm:{file} cannot be opened by this version. Run the model behind a server that speaks the OpenAI protocol "
        "(Xinference and FastChat do), and ask with --llm openai:MODEL --llm-base-url http://127.0.0.1:8000/v1.",
        kind="missing_package",
    )
