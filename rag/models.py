"""From an LLM SPEC to a model that answers: one small class over whatever LangChain chat model the SPEC names.

A SPEC is ``openai:MODEL``, ``transformers:PATH``, ``chatglm:FILE`` or any ``provider:model`` that LangChain's
``init_chat_model`` takes. Every failure is an LLMError with a kind; nothing here knows questions or passages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.chat_model import DEFAULT_TIMEOUT_S, DEFAULT_WINDOW, ChatModel
from rag.errors import LLMError, UnknownModel
from rag.failures import Backend, detail_of
from rag.keys import NO_KEY, VARIABLES, missing_key, read_key
from rag.transport import checked_base_url, is_loopback, make_async_client, make_client

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from rag.local_models import TransformersChat

EXTRACTIVE = "extractive"
OPENAI_URL = "https://api.openai.com/v1"
_FORMS = (
    "extractive, openai:MODEL, transformers:PATH, chatglm:FILE, or provider:MODEL for a LangChain package "
    "(anthropic, azure_openai, deepseek, google_genai, mistralai, ollama, …)"
)
_PROVIDERS = (
    "openai", "transformers", "chatglm", "ollama", "huggingface", "bedrock", "google_vertexai", "litellm", *VARIABLES,
)  # fmt: skip


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
        return _open_chatglm(spec, name, context_length, settings)
    settings["context_length"] = context_length or DEFAULT_WINDOW
    if provider == "openai":
        return _open_openai(spec, name, base_url, environment, settings)
    return _open_provider(spec, provider, name, base_url, environment, settings)


def _parse(spec: str) -> tuple[str, str]:
    """Split a SPEC into provider and model.

    Raises:
        LLMError: It has not that form, or names no model (kind ``unknown_spec``).
    """
    if is_extractive(spec):
        raise UnknownModel("'extractive' answers without a model; there is nothing to open.", kind="unknown_spec")
    provider, colon, name = spec.strip().partition(":")
    if not colon and provider:
        near = get_close_matches(provider, [EXTRACTIVE], cutoff=0.7)
        hint = f"Did you mean {EXTRACTIVE}?" if near else f"Did you mean openai:{provider}?"
        raise UnknownModel(f"{spec!r} is no LLM SPEC. {hint} Known forms: {_FORMS}.", kind="unknown_spec")
    if not name.strip() or not re.fullmatch(r"[a-z][a-z0-9_]*", provider):
        raise UnknownModel(
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
        http_async_client=make_async_client(url, settings["timeout_s"]),
        stream_usage=False, use_responses_api=None if official else False, openai_proxy=None,
    )  # fmt: skip
    return ChatModel(chat, Backend(spec, url, key), options={"temperature": 0}, asynchronous=True, **settings)


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


def _open_chatglm(spec: str, name: str, context_length: int | None, settings: dict[str, Any]) -> ChatModel:
    from rag.chatglm import ChatGLM

    chat = ChatGLM.load(Path(name).expanduser(), context_length)
    return ChatModel(
        chat, Backend(spec, "the local model", NO_KEY),
        context_length=chat.context_length, count_tokens=chat.count_tokens, special_tokens=chat.special_tokens, **settings,
    )  # fmt: skip
