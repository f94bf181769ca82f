"""The chat models of LangChain's packages, made so that they keep our contract with a server.

Where a package takes an HTTP client or transport (openai, azure_openai, deepseek, anthropic, ollama) it gets ours: redirects
off, replies bounded, connections that end at once, no retries of its own. Others have what holds for every model: one
deadline, one exception with a kind, retries only before the first word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rag.errors import LLMError
from rag.llm.chat_model import DEFAULT_WINDOW, ChatModel
from rag.llm.failures import Backend, StatusError, detail_of
from rag.llm.keys import NO_KEY, VARIABLES, Key, missing_key, read_key
from rag.llm.model_settings import ModelSettings
from rag.llm.transport import (
    adding,
    adding_async,
    checked_base_url,
    is_loopback,
    make_async_client,
    make_async_transport,
    make_client,
    make_transport,
)

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

OPENAI_URL = "https://api.openai.com/v1"
_EXTRAS = {"anthropic": "anthropic", "deepseek": "deepseek", "ollama": "ollama"}
_OUR_OPTIONS: Mapping[str, Any] = {"temperature": 0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model as it was named, and how it is to be asked."""

    spec: str
    provider: str
    name: str
    base_url: str | None
    env: Mapping[str, str] = field(repr=False)
    settings: ModelSettings

    def backend(self, where: str, key: Key) -> Backend:
        """Return what error messages need; headers are hidden as the key is."""
        return Backend(self.spec, where, key.beside(self.settings.headers.values()))


class UnknownProvider(Exception):
    """LangChain knows no provider of that name."""


def open_provider(wanted: Wanted, backoff_s: float) -> ChatModel:
    """Open a model of any of LangChain's packages; no request is made yet.

    Raises:
        UnknownProvider: There is no such provider.
        LLMError: The package or the key is missing, or the package does not take what it is given.
    """
    chat, backend, guarded = _MAKERS.get(wanted.provider, _any)(wanted)
    profile = getattr(chat, "profile", None) or {}
    stated = profile.get("max_input_tokens") or DEFAULT_WINDOW
    return ChatModel(
        chat, backend,
        context_length=wanted.settings.context_length or min(stated, DEFAULT_WINDOW),
        count_tokens=_counter(wanted), timeout_s=wanted.settings.timeout_s, backoff_s=backoff_s,
        says_when_done=guarded, options=_OUR_OPTIONS if wanted.provider in _TAKES_OPTIONS else None,
        asynchronous=guarded, calls_tools=_calls_tools(wanted.settings, profile),
    )  # fmt: skip


_Made = tuple["BaseChatModel", Backend, bool]


def _openai(wanted: Wanted) -> _Made:
    url, key = _address(wanted, ("OPENAI_BASE_URL",), OPENAI_URL)
    backend = wanted.backend(url, key)
    settings = wanted.settings
    chat = _make(
        wanted, backend,
        base_url=url, api_key=key.reveal() or "none", organization=settings.organization or None,
        default_headers={"OpenAI-Project": settings.project} if settings.project else None, openai_proxy=None,
        stream_usage=False,
        use_responses_api=None if url == OPENAI_URL else False, **_guard(url, settings),
    )  # fmt: skip
    return chat, backend, True


def _azure(wanted: Wanted) -> _Made:
    version = wanted.env.get("OPENAI_API_VERSION", "").strip()
    if not version or not (wanted.base_url or wanted.env.get("AZURE_OPENAI_ENDPOINT", "").strip()):
        raise LLMError(
            f"{wanted.spec} cannot be opened: name the address of your resource in AZURE_OPENAI_ENDPOINT and the version of "
            "its API in OPENAI_API_VERSION. The model is the name of the deployment.",
            kind="bad_response",
        )
    url, key = _address(wanted, ("AZURE_OPENAI_ENDPOINT",), "")
    backend = wanted.backend(url, key)
    chat = _make(
        wanted, backend,
        azure_endpoint=url, api_version=version, api_key=key.reveal() or "none",
        openai_proxy=None, stream_usage=False,
        **_guard(url, wanted.settings),
    )  # fmt: skip
    return chat, backend, True


def _deepseek(wanted: Wanted) -> _Made:
    url, key = _address(wanted, ("DEEPSEEK_API_BASE",), "https://api.deepseek.com/v1")
    backend = wanted.backend(url, key)
    chat = _make(
        wanted, backend,
        api_base=url, api_key=key.reveal() or "none", stream_usage=False, **_guard(url, wanted.settings),
    )  # fmt: skip
    return chat, backend, True


def _anthropic(wanted: Wanted) -> _Made:
    url, key = _address(wanted, ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL"), "https://api.anthropic.com")
    backend = wanted.backend(url, key)
    chat: Any = _make(
        wanted, backend,
        base_url=url, api_key=key.reveal() or "none", timeout=wanted.settings.timeout_s, max_retries=0,
    )  # fmt: skip
    # The package takes no client; what it would make of itself once, and keeps, is put in place beforehand.
    guard = _guard(url, wanted.settings)
    vars(chat)["_client"] = chat._client.with_options(http_client=guard["http_client"])
    vars(chat)["_async_client"] = chat._async_client.with_options(http_client=guard["http_async_client"])
    return chat, backend, True


def _ollama(wanted: Wanted) -> _Made:
    host = wanted.env.get("OLLAMA_HOST", "").strip()
    named = wanted.base_url or (host if "://" in host else f"http://{host}" if host else "http://127.0.0.1:11434")
    url, key = checked_base_url(named.replace("//0.0.0.0", "//127.0.0.1")), read_key("ollama", wanted.env)
    backend = wanted.backend(url, key)
    bearer = {"Authorization": f"Bearer {key.reveal()}"} if key.reveal() else {}
    headers = {**bearer, **wanted.settings.headers}
    chat = _make(
        wanted, backend,
        base_url=url, temperature=0,
        client_kwargs={"timeout": wanted.settings.timeout_s, "follow_redirects": False, "trust_env": False},
        sync_client_kwargs=_httpx_guard(url, headers), async_client_kwargs=_httpx_async_guard(url, headers),
    )  # fmt: skip
    return chat, backend, True


def _any(wanted: Wanted) -> _Made:
    key = read_key(wanted.provider, wanted.env) if wanted.provider in VARIABLES else NO_KEY
    if wanted.provider in VARIABLES and not key.reveal():
        raise missing_key(wanted.provider)
    arguments: dict[str, Any] = {"temperature": 0}
    if key.reveal():
        arguments["api_key"] = key.reveal()
    if wanted.base_url:
        arguments["base_url"] = checked_base_url(wanted.base_url)
    if wanted.settings.headers:
        raise LLMError(
            f"{wanted.spec}: headers can be set for {', '.join(_MAKERS)} only. Take them out of the settings.",
            kind="bad_response",
        )
    backend = wanted.backend(arguments.get("base_url", wanted.provider), key)
    return _make(wanted, backend, **arguments), backend, False


_MAKERS: Mapping[str, Callable[[Wanted], _Made]] = {
    "openai": _openai, "azure_openai": _azure, "deepseek": _deepseek, "anthropic": _anthropic, "ollama": _ollama,
}  # fmt: skip
_TAKES_OPTIONS = frozenset({"openai", "azure_openai", "deepseek", "anthropic"})


def _address(wanted: Wanted, variables: tuple[str, ...], default: str) -> tuple[str, Key]:
    """Return where a provider answers, and its key; a server on this machine needs none."""
    named = (wanted.env.get(variable, "").strip() for variable in variables)
    url = checked_base_url(wanted.base_url or next(filter(None, named), default))
    key = read_key(wanted.provider, wanted.env)
    if not key.reveal() and not is_loopback(url):
        raise missing_key(wanted.provider)
    return url, key


def _guard(url: str, settings: ModelSettings) -> dict[str, Any]:
    """Return what packages on the openai package take as their way to a server."""
    return {
        "http_client": make_client(url, settings.timeout_s, settings.headers),
        "http_async_client": make_async_client(url, settings.timeout_s, settings.headers),
        "max_retries": 0,
        "timeout": settings.timeout_s,
    }


def _httpx_guard(url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the transport for a package that stands on httpx, and hooks for what it would lose of replies or show in a repr."""
    import httpx

    def refuse(response: httpx.Response) -> None:
        if response.status_code >= 300:
            response.read()
            raise StatusError(response)

    hooks = {"request": [adding(headers)], "response": [refuse]}
    return {"transport": make_transport(url, library=httpx), "event_hooks": hooks}


def _httpx_async_guard(url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    import httpx

    async def refuse(response: httpx.Response) -> None:
        if response.status_code >= 300:
            await response.aread()
            raise StatusError(response)

    hooks = {"request": [adding_async(headers)], "response": [refuse]}
    return {"transport": make_async_transport(url, library=httpx), "event_hooks": hooks}


def _counter(wanted: Wanted) -> Callable[[str], int] | None:
    """Return tiktoken's counting for a model of OpenAI's own, where its encoding is at hand or may be downloaded."""
    if wanted.provider not in ("openai", "azure_openai"):
        return None
    from corpus.errors import EncodingUnavailable
    from corpus.tokens import token_counter_for_model

    try:
        return token_counter_for_model(wanted.name, allow_download=wanted.settings.download_tokenizer)
    except EncodingUnavailable:
        return None


def _calls_tools(settings: ModelSettings, profile: Mapping[str, Any]) -> bool:
    return settings.tools == "on" or (settings.tools == "auto" and profile.get("tool_calling") is True)


def _make(wanted: Wanted, backend: Backend, **arguments: Any) -> BaseChatModel:  # noqa: ANN401 each provider has its own
    try:
        from langchain.chat_models import init_chat_model

        chat: BaseChatModel = init_chat_model(wanted.name, model_provider=wanted.provider, **arguments)
    except ImportError as error:
        raise _missing_package(wanted, str(error)) from error
    except Exception as error:  # noqa: BLE001 each package has its own exceptions; all become ours
        raise _refusal(error, wanted, backend) from None  # the packages' own messages hold parts of the key
    return chat


def _missing_package(wanted: Wanted, said: str) -> LLMError:
    package = re.search(r"requires the (\S+) package", said)
    missing = package[1] if package else f"langchain-{wanted.provider.replace('_', '-')}"
    extra = _EXTRAS.get(wanted.provider)
    command = f"pip install 'survey-qa[{extra}]'" if extra else f"pip install {missing}"
    return LLMError(
        f"{wanted.spec} needs the package {missing}, which is not installed. Install it with `{command}`.",
        kind="missing_package",
    )


def _refusal(error: Exception, wanted: Wanted, backend: Backend) -> Exception:
    """Say why a provider's package would not make the model; each raises in its own way."""
    if "Unsupported provider" in str(error):
        return UnknownProvider(wanted.provider)
    reason = _reason(error, backend)
    if re.search(r"api[_ ]?key|credential", reason, re.IGNORECASE) and not backend.key.reveal():
        return missing_key(wanted.provider)
    return LLMError(f"{wanted.spec} cannot be opened: {reason}", kind="bad_response")


def _reason(error: Exception, backend: Backend) -> str:
    """Return what a package says of the arguments it got, without the arguments."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return backend.key.hide("; ".join(problem["msg"] for problem in problems))
    return detail_of(error, backend.key) or type(error).__name__
