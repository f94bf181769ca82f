"""The model catalogue that ships: what the documents say about each model, fact by fact, with who says it.

The rows stand in ``library/models.toml``, whose head explains the fields. Reading checks every row, so that a slip of
the pen (an unknown field, a size without its unit, a source that does not exist) is met here and nowhere else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from corpus.errors import CatalogueError
from corpus.patterns import pattern

_LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class Fact:
    """A value and the documents that say it: stems of files in ``library/surveys`` and ``library/papers``."""

    value: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """One row of the catalogue. A field with several facts shows that a model has several of these, or that documents differ."""

    name: str
    kind: str = "model"  # or "family" (a name for several models) or "tool" (software around models)
    aliases: tuple[Fact, ...] = ()
    organisation: tuple[Fact, ...] = ()
    date: tuple[Fact, ...] = ()  # 2023, 2023-03 or 2023-03-13
    parameters: tuple[Fact, ...] = ()  # "7B, 13B" or "7B to 65B"; M, B, T are millions, billions, trillions
    architecture: tuple[Fact, ...] = ()
    derived_from: tuple[Fact, ...] = ()  # names of other models of the catalogue
    tuning: tuple[Fact, ...] = ()
    training_tokens: tuple[Fact, ...] = ()  # sizes as in parameters
    data: tuple[Fact, ...] = ()
    hardware: tuple[Fact, ...] = ()
    cost: tuple[Fact, ...] = ()
    languages: tuple[Fact, ...] = ()
    weights_open: tuple[Fact, ...] = ()  # yes, no, partly
    commercial_use: tuple[Fact, ...] = ()  # yes, no, data (the licence of its training data is known to allow it)
    paper: tuple[Fact, ...] = ()
    code: tuple[Fact, ...] = ()
    about: tuple[Fact, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The name and all other names."""
        return (self.name, *(alias.value for alias in self.aliases))

    def facts(self) -> Iterator[tuple[str, Fact]]:
        """Yield every fact with the field it stands in, in the order of the fields."""
        for field in _FACT_FIELDS:
            for fact in getattr(self, field):
                yield field, fact


def load_models(path: Path | None = None, *, sources: Collection[str] | None = None) -> tuple[Model, ...]:
    """Read and check the catalogue, in the order of its rows; takes about 10 ms.

    Args:
        path: a catalogue in TOML; the one that ships by default.
        sources: names that facts may cite; by default the documents of the shipped library.

    Raises:
        CatalogueError: the file is no TOML, or a row breaks a rule; the message names the row and the field.
    """
    path = path or _LIBRARY / "models.toml"
    known = frozenset(_library_sources() if sources is None else sources)
    models = tuple(_read_row(row, f"{path.name}, row {n}", known) for n, row in enumerate(_read_rows(path), 1))
    _check_names(models, path.name)
    _check_ancestors(models, path.name)
    return models


_KINDS = ("model", "family", "tool")
_FACT_FIELDS = tuple(field.name for field in fields(Model) if field.name not in {"name", "kind"})
_SIZE = r"\d+(\.\d+)?[MBT]"
_SIZES = pattern(rf"{_SIZE}(, {_SIZE})*|{_SIZE} to {_SIZE}")
_DATE = pattern(r"(19|20)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_LINK = pattern(r"https?://[^\s/]+\.[^\s]+")


def _either(values: Collection[str]) -> str:
    """Say a choice in words.

    >>> _either(["yes", "no", "partly"])
    "'yes', 'no' or 'partly'"
    """
    *first, last = map(repr, values)
    return f"{', '.join(first)} or {last}"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a field allows, and how a message says so."""

    allows: Callable[[str], object]
    expected: str

    @classmethod
    def choice(cls, *values: str) -> _Rule:
        return cls(values.__contains__, _either(values))


_SIZE_RULE = _Rule(
    _SIZES.fullmatch, "sizes such as 350M, 6.7B or 1.2T with a comma and a space between them, or 7B to 65B"
)
_LINK_RULE = _Rule(_LINK.fullmatch, "a link that begins with http:// or https://")
_RULES = {
    "date": _Rule(_DATE.fullmatch, "a date such as 2023, 2023-03 or 2023-03-13"),
    "parameters": _SIZE_RULE,
    "training_tokens": _SIZE_RULE,
    "architecture": _Rule.choice(
        "decoder-only", "encoder-decoder", "encoder-only", "GLM", "multi-task", "encoder-decoder or encoder-only"
    ),
    "weights_open": _Rule.choice("yes", "no", "partly"),
    "commercial_use": _Rule.choice("yes", "no", "data"),
    "paper": _LINK_RULE,
    "code": _LINK_RULE,
}


def _library_sources() -> Iterable[str]:
    return (path.stem for folder in ("surveys", "papers") for path in (_LIBRARY / folder).glob("*.md"))


def _read_rows(path: Path) -> list[dict[str, Any]]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogueError(f"{path.name} is no TOML: {error}.") from error
    rows = tables.pop("model", [])
    if tables or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CatalogueError(f"{path.name} may hold [[model]] rows only; found {', '.join(tables) or '[model]'}.")
    return rows


def _read_row(row: dict[str, Any], where: str, sources: frozenset[str]) -> Model:
    name = row.get("name")
    if not isinstance(name, str) or not name.strip():
        raise CatalogueError(f'{where}, name: expected a name such as "LLaMA", found {name!r}.')
    where = f"{where} ({name})"
    kind = row.get("kind", "model")
    if kind not in _KINDS:
        raise CatalogueError(f"{where}, kind: expected {_either(_KINDS)}, found {kind!r}.")
    facts = {}
    for field, entries in row.items():
        if field not in {"name", "kind"}:
            _check_field(field, where)
            facts[field] = _read_facts(entries, field, f"{where}, {field}", sources)
    return Model(name=name, kind=kind, **facts)


def _check_field(field: str, where: str) -> None:
    if field not in _FACT_FIELDS:
        close = get_close_matches(field, _FACT_FIELDS, 1)
        hint = f"did you mean {close[0]}?" if close else f"the fields are name, kind, {', '.join(_FACT_FIELDS)}."
        raise CatalogueError(f"{where}, {field}: there is no such field; {hint}")


def _read_facts(entries: Any, field: str, where: str, sources: frozenset[str]) -> tuple[Fact, ...]:  # noqa: ANN401 straight from TOML
    if not isinstance(entries, list) or not entries:
        raise CatalogueError(f'{where}: expected facts such as [["7B", "50-models"]], found {entries!r}.')
    facts = tuple(_read_fact(entry, field, where, sources) for entry in entries)
    values = [fact.value for fact in facts]
    for value in values:
        if values.count(value) > 1:
            raise CatalogueError(f"{where}: {value!r} stands there twice; name all its documents after one value.")
    return facts


def _read_fact(entry: Any, field: str, where: str, sources: frozenset[str]) -> Fact:  # noqa: ANN401 straight from TOML
    if not isinstance(entry, list) or not all(isinstance(part, str) and part.strip() for part in entry):
        raise CatalogueError(f"{where}: expected a value and the documents that say it, found {entry!r}.")
    value, *said_by = entry or [""]
    if not said_by:
        raise CatalogueError(f"{where}: {value!r} names no document that says it.")
    _check_sources(said_by, value, where, sources)
    rule = _RULES.get(field)
    if rule and not rule.allows(value):
        raise CatalogueError(f"{where}: expected {rule.expected}, found {value!r}.")
    return Fact(value, tuple(said_by))


def _check_sources(said_by: list[str], value: str, where: str, sources: frozenset[str]) -> None:
    for source in said_by:
        if source not in sources:
            close = get_close_matches(source, sources, 1)
            hint = f"; did you mean {close[0]!r}?" if close else "."
            raise CatalogueError(f"{where}: the library has no document {source!r}{hint}")
    if len(set(said_by)) < len(said_by):
        raise CatalogueError(f"{where}: {value!r} names a document twice.")


def _check_names(models: Iterable[Model], file: str) -> None:
    owners: dict[str, str] = {}
    for n, model in enumerate(models, 1):
        for name in model.names:
            if name in owners:
                raise CatalogueError(f"{file}, row {n} ({model.name}): {name!r} is a name of {owners[name]} already.")
            owners[name] = model.name


def _check_ancestors(models: Collection[Model], file: str) -> None:
    names = {model.name for model in models}
    for n, model in enumerate(models, 1):
        for ancestor in model.derived_from:
            if ancestor.value not in names - {model.name}:
                raise CatalogueError(
                    f"{file}, row {n} ({model.name}), derived_from: expected the name of another model of the catalogue, "
                    f"found {ancestor.value!r}."
                )
