"""API keys: where they come from, and how they stay out of reprs, logs and messages.

A key is read from the variable that its provider documents (``OPENAI_API_KEY``) or from the file that the variable with
``_FILE`` behind it names; never from the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from corpus.patterns import pattern
from rag.errors import LLMError

VARIABLES: Mapping[str, str] = {
    "anthropic": "ANTHROPIC_API_KEY",
    "azure_openai": "AZURE_OPENAI_API_KEY",
    "cohere": "COHERE_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "fireworks": "FIREWORKS_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "nvidia": "NVIDIA_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "perplexity": "PPLX_API_KEY",
    "together": "TOGETHER_API_KEY",
    "upstage": "UPSTAGE_API_KEY",
    "xai": "XAI_API_KEY",
}
"""The variable that holds each provider's key; providers that are not here need none, or read it in their own way."""

_LOOKS_LIKE_A_KEY = pattern(r"\b(?:sk|pk|gsk|xai|key)-[A-Za-z0-9_*.\-]{6,}|(?i:\bbearer\s+)[A-Za-z0-9_.\-]{8,}")
_HIDDEN = "***"
_MAX_KEY_CHARS = 4_096


class Key:
    """A secret that shows itself only to who asks by name.

    >>> Key("sk-secret-value")
    Key(***)
    """

    __slots__ = ("_others", "_value")

    def __init__(self, value: str, others: Iterable[str] = ()) -> None:
        self._value = value
        self._others = tuple(filter(None, others))

    def __repr__(self) -> str:
        return f"Key({_HIDDEN})"

    def __reduce__(self) -> str:
        raise TypeError("A key is not written anywhere.")

    def reveal(self) -> str:
        """Return the key itself, for the request that needs it."""
        return self._value

    def beside(self, others: Iterable[str]) -> Key:
        """Return the key together with other secrets that are to be hidden where it is."""
        return Key(self._value, (*self._others, *others))

    def hide(self, text: str) -> str:
        """Return a text without the key, and without anything else in it that looks like one.

        >>> Key("abc-123-xyz").hide("wrong key: abc-123-xyz, not sk-other-12345")
        'wrong key: ***, not ***'
        """
        for secret in filter(None, (self._value, *self._others)):
            text = text.replace(secret, _HIDDEN)
        return _LOOKS_LIKE_A_KEY.sub(_HIDDEN, text)


NO_KEY = Key("")


def read_key(provider: str, env: Mapping[str, str]) -> Key:
    """Return the provider's key, or ``NO_KEY`` when none is set.

    Raises:
        LLMError: The key or its file cannot be used (kind ``missing_key``); the message never holds the key.
    """
    name = VARIABLES.get(provider, f"{provider.upper()}_API_KEY")
    if file := env.get(f"{name}_FILE", "").strip():
        return _checked(_read(Path(file).expanduser(), f"{name}_FILE"), f"the file that {name}_FILE names")
    return _checked(env.get(name, ""), name)


def missing_key(provider: str) -> LLMError:
    """Return the error for a provider that needs a key and has none."""
    name = VARIABLES.get(provider, f"{provider.upper()}_API_KEY")
    return LLMError(
        f"{provider} needs an API key and {name} is not set. Set it (`export {name}=…`), or put the key into a file and "
        f"name that in {name}_FILE. Without a key, `--llm extractive` answers with the documents' own sentences.",
        kind="missing_key",
    )


def _read(path: Path, variable: str) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MAX_KEY_CHARS + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise LLMError(
            f"{variable} names {path}, which cannot be read ({reason}). Name a file that holds the key and nothing else.",
            kind="missing_key",
        ) from None


def _checked(value: str, where: str) -> Key:
    """Return the key without the white space around it, or say what is wrong with it without showing it."""
    value = value.strip()
    problem = (
        "is longer than any key" if len(value) > _MAX_KEY_CHARS
        else "holds characters that are not ASCII" if not value.isascii()
        else "has white space or control characters inside" if any(c.isspace() or not c.isprintable() for c in value)
        else ""
    )  # fmt: skip
    if problem:
        raise LLMError(
            f"The key in {where} {problem}. Copy it again, on one line and without quotation marks.", kind="missing_key"
        )
    return Key(value)
