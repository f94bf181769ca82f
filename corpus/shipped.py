"""What ships with the package: the library of surveys, the glossary, and other names of models."""

from __future__ import annotations

from pathlib import Path

from corpus.documents import Document
from corpus.reading import parse

_LIBRARY = Path(__file__).parent / "library"


def load_library() -> list[Document]:
    """Read the documents that ship, in the order of their ids."""
    documents = []
    for path in sorted(_LIBRARY.rglob("*.md")):
        text, fields = path.read_text("utf-8"), {}
        if text.startswith("---\n"):
            head, _, text = text[4:].partition("\n---\n")
            fields = dict(tuple(map(str.strip, line.split(":", 1))) for line in head.splitlines() if ":" in line)  # type: ignore[misc]
        documents.append(
            parse(
                text, id=f"library/{path.relative_to(_LIBRARY).as_posix()}", title=fields.pop("title", ""),
                url=fields.pop("url", None), kind="markdown", metadata=fields,
            )
        )  # fmt: skip
    return documents


def load_glossary() -> list[tuple[str, str]]:
    """Return pairs of a Chinese and an English term."""
    return _load_pairs("glossary.tsv")


def load_aliases() -> list[tuple[str, str]]:
    """Return pairs of a name and another name for the same thing."""
    return _load_pairs("aliases.tsv")


def _load_pairs(name: str) -> list[tuple[str, str]]:
    path = _LIBRARY / name
    if not path.exists():
        return []
    pairs = []
    for line in path.read_text("utf-8").splitlines():
        left, tab, right = line.partition("\t")
        if tab and not line.startswith("#"):
            pairs += [(a.strip(), b.strip()) for a in left.split("|") for b in right.split("|")]
    return pairs
