"""How models are asked: time limits, windows, headers, tools; from the environment and from one file.

The file is TOML and named by ``SURVEY_QA_LLM_SETTINGS``. What stands at its top holds for every model, what stands in a table
named after a SPEC for that one only; headers stand in such tables alone, so that no server is sent another's. The
environment goes before the file, an argument before both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from corpus.errors import UsageError
from corpus.patterns import pattern

DEFAULT_TIMEOUT_S = 60.0
SETTINGS_FILE = "SURVEY_QA_LLM_SETTINGS"

ToolUse = Literal["auto", "on", "off"]

_VARIABLES = {
    "timeout_s": "SURVEY_QA_LLM_TIMEOUT_S",
    "context_length": "SURVEY_QA_LLM_CONTEXT_LENGTH",
    "tools": "SURVEY_QA_LLM_TOOLS",
    "download_tokenizer": "SURVEY_QA_LLM_DOWNLOAD_TOKENIZER",
    "organization": "OPENAI_ORG_ID",
    "project": "OPENAI_PROJECT_ID",
}
_TIMEOUTS_S = (1.0, 3_600.0)
_WINDOWS = (256, 10_000_000)  # tokens
_MAX_FILE_BYTES = 100_000
_MOST_HEADERS, _MAX_HEADER_CHARS = 32, 8_192
_HEADER_NAME = pattern(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_NOT_OURS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade"}
)


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How one model is asked.

    Attributes:
        timeout_s: Seconds for one answer, everything included; 1 to 3,600.
        context_length: Tokens that prompt and answer may have together, None where the model knows or a default serves.
        tools: Whether the model may search and look up by itself: ``auto`` asks LangChain's table of models.
        download_tokenizer: Whether tiktoken may download the encoding of an OpenAI model once.
        organization: Whom OpenAI bills.
        project: For which project OpenAI bills.
        headers: What every request carries besides; secrets, so never shown.
    """

    timeout_s: float = DEFAULT_TIMEOUT_S
    context_length: int | None = None
    tools: ToolUse = "auto"
    download_tokenizer: bool = False
    organization: str = ""
    project: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def given(self, **arguments: object) -> ModelSettings:
        """Return the settings with those arguments that are not None in their places."""
        return replace(self, **{name: value for name, value in arguments.items() if value is not None})  # type: ignore[arg-type]  # callers' types are the fields'


def read_settings(spec: str, env: Mapping[str, str]) -> ModelSettings:
    """Return the settings for one SPEC.

    Raises:
        UsageError: The file cannot be read, or a name or value in it or in the environment is none; no value is shown.
    """
    given: dict[str, object] = {}
    file = env.get(SETTINGS_FILE, "").strip()
    if file:
        common, own = _tables(Path(file).expanduser(), spec)
        given = {**common, **own}
    for name, variable in _VARIABLES.items():
        if value := env.get(variable, "").strip():
            given[name] = value
    return ModelSettings(**{name: _checked(name, value, file) for name, value in given.items()})  # type: ignore[arg-type]  # checked one by one


def _tables(path: Path, spec: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the file says for every model and for this one."""
    try:
        with path.open("rb") as opened:
            written = tomllib.loads(opened.read(_MAX_FILE_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is no TOML"
        raise UsageError(f"{SETTINGS_FILE} names {path}, which cannot be read ({reason}).") from None
    common = {name: value for name, value in written.items() if not (isinstance(value, dict) and ":" in name)}
    own = written.get(spec, {})
    if "headers" in common:
        raise UsageError(
            f'{path}: headers belong to one server. Write them into a table named after the SPEC: ["{spec}"] and under it '
            'headers = { Name = "value" }.'
        )
    known = {field.name for field in fields(ModelSettings)}
    if unknown := sorted({*common, *own} - known):
        raise UsageError(f"{path}: there is no setting {unknown[0]!r}. There are {', '.join(sorted(known))}.")
    return common, own


def _checked(name: str, value: object, file: str) -> object:
    """Return a value as its setting takes it, or say what was expected."""
    if name == "headers":
        return _headers(value, file)
    checks = {
        "timeout_s": (_number, f"a number of seconds from {_TIMEOUTS_S[0]:g} to {_TIMEOUTS_S[1]:g}"),
        "context_length": (_whole, f"a number of tokens from {_WINDOWS[0]:,} to {_WINDOWS[1]:,}"),
        "tools": (_tool_use, "auto, on or off"),
        "download_tokenizer": (_switch, "true or false"),
    }
    check, expected = checks.get(name, (_text, "a short text without control characters"))
    found = check(value)
    if found is None:
        where = _VARIABLES.get(name, name) if isinstance(value, str) else f"{name} in {file}"
        raise UsageError(f"{where} is {value!r}; expected {expected}.")
    return found


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        return None
    return number if _TIMEOUTS_S[0] <= number <= _TIMEOUTS_S[1] else None


def _whole(value: object) -> int | None:
    text = str(value)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    return number if _WINDOWS[0] <= number <= _WINDOWS[1] else None


def _tool_use(value: object) -> str | None:
    return value if value in get_args(ToolUse) else None  # type: ignore[return-value]  # one of its texts


def _switch(value: object) -> bool | None:
    words = {"1": True, "true": True, "0": False, "false": False}
    return value if isinstance(value, bool) else words.get(str(value).lower())


def _text(value: object) -> str | None:
    usable = isinstance(value, str) and len(value) <= 200 and value.isascii() and value.isprintable()
    return str(value) if usable else None


def _headers(value: object, file: str) -> dict[str, str]:
    """Return the headers; a message names the header and never its value."""
    pairs = value if isinstance(value, dict) and len(value) <= _MOST_HEADERS else {"": ""}
    for name, text in pairs.items():
        usable = isinstance(text, str) and len(text) <= _MAX_HEADER_CHARS and text.isascii() and text.isprintable()
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _NOT_OURS or not usable:
            raise UsageError(
                f'{file}: the header {name!r} cannot be sent. Expected headers = {{ Name = "value" }}, at most '
                f"{_MOST_HEADERS}, in ASCII, none of those that belong to the connection."
            )
    return dict(pairs)
