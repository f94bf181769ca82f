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
from typing import TYPE_CHECKING

from rag.errors import LLMError, UnknownModel
from rag.llm.chat_model import ChatModel
from rag.llm.failures import Backend
from rag.llm.keys import NO_KEY, VARIABLES
from rag.llm.model_settings import ModelSettings, read_settings
from rag.llm.providers import UnknownProvider, Wanted, open_provider

if TYPE_CHECKING:
    from rag.llm.local_models import TransformersChat

EXTRACTIVE = "extractive"
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
    timeout_s: float | None = None,
    context_length: int | None = None,
    backoff_s: float = 0.5,
    env: Mapping[str, str] | None = None,
) -> ChatModel:
    """Open the model that a SPEC names; no request is made yet.

    Args:
        spec: For example ``openai:gpt-4.1-mini`` or ``transformers:models/glm-4-9b-chat-hf``.
        base_url: Where the server answers, for providers with servers (else ``OPENAI_BASE_URL`` and its like, else their own).
        timeout_s: Seconds for one answer, everything included.
        context_length: Tokens that prompt and answer may have together, where the model cannot tell.
        backoff_s: Seconds before the first of two retries, where the server does not say how long to wait.
        env: Where keys and settings (``rag.llm.model_settings``) are looked up; the process's environment by default.

    Raises:
        LLMError: The SPEC is unknown, a package or the key is missing, or the local model cannot be loaded.
        UsageError: A setting is none.
    """
    provider, name = _parse(spec)
    environment = os.environ if env is None else env
    settings = read_settings(spec.strip(), environment).given(timeout_s=timeout_s, context_length=context_length)
    if provider == "transformers":
        return _open_transformers(spec, name, settings)
    if provider == "chatglm":
        return _open_chatglm(spec, name, settings)
    try:
        return open_provider(Wanted(spec, provider, name, base_url, environment, settings), backoff_s)
    except UnknownProvider:
        raise UnknownModel(
            f"{spec!r} is no LLM SPEC{_nearest(provider, name)}. Known forms: {_FORMS}.", kind="unknown_spec"
        ) from None


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


def _open_transformers(spec: str, name: str, settings: ModelSettings) -> ChatModel:
    path = Path(name).expanduser()
    if not path.is_dir():
        raise LLMError(
            f"{spec}: there is no directory {path}. transformers:PATH names the directory of a model on this machine; "
            "nothing is downloaded.",
            kind="not_found",
        )
    chat = _load_transformers(path)
    window = min(settings.context_length or chat.context_length, chat.context_length)
    return ChatModel(
        chat, Backend(spec, "the local model", NO_KEY),
        context_length=window, count_tokens=chat.count_tokens, special_tokens=chat.special_tokens,
        timeout_s=settings.timeout_s,
    )  # fmt: skip


def _load_transformers(path: Path) -> TransformersChat:
    from rag.llm.local_models import TransformersChat

    return TransformersChat(path=str(path))


def _open_chatglm(spec: str, name: str, settings: ModelSettings) -> ChatModel:
    from rag.llm.chatglm import ChatGLM

    chat = ChatGLM(file=str(Path(name).expanduser()), context_length=settings.context_length or 0)
    return ChatModel(
        chat, Backend(spec, "the local model", NO_KEY),
        context_length=chat.context_length, count_tokens=chat.count_tokens, special_tokens=chat.special_tokens,
        timeout_s=settings.timeout_s,
    )  # fmt: skip
