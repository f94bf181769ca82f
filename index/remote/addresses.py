"""Address: where an index in an engine is, as people write it.

``milvus://HOST:PORT/COLLECTION`` or ``postgresql://[USER@]HOST[:PORT]/DATABASE[?schema=NAME]``. Secrets never stand in an
address: they come from the environment or from a file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import SplitResult, parse_qsl, urlsplit

from corpus.errors import UsageError
from corpus.patterns import pattern

Kind = Literal["milvus", "postgresql"]
SCHEMA = "survey_qa"  # of an index in PostgreSQL, unless the address names one
PATIENCE = 120.0  # seconds; Milvus needs 60 to 90 to come back after it was killed

_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]{0,47}")
_KINDS: Mapping[str, Kind] = {
    "milvus": "milvus", "milvuss": "milvus", "postgresql": "postgresql", "postgres": "postgresql",
}  # fmt: skip
_FORMS = "milvus://HOST:PORT/COLLECTION or postgresql://USER@HOST:PORT/DATABASE?schema=NAME"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an index is. ``name`` is the collection or the schema; ``patience`` is how long a lost engine is waited for."""

    kind: Kind
    host: str
    port: int
    name: str
    database: str = ""
    user: str = ""
    encrypted: bool = False  # Milvus over TLS
    options: tuple[tuple[str, str], ...] = ()  # of a PostgreSQL connection, such as sslmode
    patience: float = PATIENCE  # seconds

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.kind == "milvus":
            return f"milvus{'s' if self.encrypted else ''}://{host}:{self.port}/{self.name}"
        return (
            f"postgresql://{f'{self.user}@' if self.user else ''}{host}:{self.port}/{self.database}?schema={self.name}"
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address.

        Raises:
            UsageError: It is none, or it holds a password.
        """
        try:
            parts = urlsplit(text)
            kind, port = _KINDS[parts.scheme], parts.port
        except (KeyError, ValueError):
            raise UsageError(f"{_plain(text)} is no address of an engine. Write {_FORMS}.") from None
        if parts.password is not None:
            raise UsageError(
                f"The address {_plain(text)} holds a password, which others can see. Leave it out and put it into "
                f"{'SURVEY_QA_MILVUS_TOKEN' if kind == 'milvus' else 'PGPASSWORD or ~/.pgpass'}."
            )
        path = parts.path.strip("/")
        options = dict(parse_qsl(parts.query))
        name = path if kind == "milvus" else options.pop("schema", SCHEMA)
        if not parts.hostname or not path or "/" in path or not _NAME.fullmatch(name):
            raise UsageError(
                f"{_plain(text)} does not say where an index is. Write {_FORMS}; a name is of letters, digits and _."
            )
        patience = _seconds(options.pop("patience", ""))
        return cls(
            kind=kind,
            host=parts.hostname,
            port=port or (19530 if kind == "milvus" else 5432),
            name=name,
            database="" if kind == "milvus" else path,
            user=parts.username or "",
            encrypted=parts.scheme == "milvuss",
            options=tuple(sorted(options.items())),
            patience=patience,
        )


def milvus_token() -> str:
    """Return the token (or ``user:password``) for Milvus from SURVEY_QA_MILVUS_TOKEN or the file SURVEY_QA_MILVUS_TOKEN_FILE.

    Raises:
        UsageError: The file cannot be read.
    """
    token, file = os.environ.get("SURVEY_QA_MILVUS_TOKEN", ""), os.environ.get("SURVEY_QA_MILVUS_TOKEN_FILE", "")
    if token or not file:
        return token
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"SURVEY_QA_MILVUS_TOKEN_FILE names {file}, which cannot be read ({error}).") from None


def _plain(text: str) -> str:
    """Return an address without its password."""
    try:
        parts = urlsplit(text)
        netloc = parts.netloc.rpartition("@")
        user = netloc[0].partition(":")[0]
    except ValueError:
        return repr(text.partition("@")[2][:80])
    return SplitResult(parts.scheme, f"{user}@{netloc[2]}" if user else netloc[2], parts.path, parts.query, "").geturl()


def _seconds(text: str) -> float:
    try:
        seconds = float(text or PATIENCE)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 3600:
        raise UsageError(f"patience={text} is no number of seconds from 1 to 3600. Write patience=120.")
    return seconds
