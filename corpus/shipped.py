"""What ships with the package: the library of surveys and papers, the glossary, and other names of models.

The texts are our own and clean already (a test holds them to it), so only their structure is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from corpus.documents import Document

_LIBRARY = Path(__file__).parent / "library"


def load_library() -> list[Document]:
    """Read the documents that ship, in the order of their ids (``library/surveys/NAME.md``)."""
    paths = sorted(_LIBRARY.glob("**/*.md"), key=lambda path: path.relative_to(_LIBRARY).parts)
    return [_load(path) for path in paths]


def library_fingerprint() -> str:
    """Return a text that changes when the library does: a checksum of its files' names, sizes and times; about 1 ms."""
    checksum = 0
    for path in sorted(_LIBRARY.glob("*/*.md")):
        status = path.stat()
        checksum = crc32(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode(), checksum)
    return f"{checksum:08x}"


def load_glossary() -> list[tuple[str, str]]:
    """Return pairs of a Chinese and an English term that mean the same; [] if no glossary ships.

    A term with several translations has several pairs, the most usual one first.
    """
    return list(_load_pairs("glossary.tsv"))


def load_aliases() -> list[tuple[str, str]]:
    """Return pairs of a name and another name for the same thing; [] if no list ships."""
    return list(_load_pairs("aliases.tsv"))


def _load(path: Path) -> Document:
    """Read one document of the library."""
    from corpus.front_matter import take_front_matter
    from corpus.reading import structure

    fields, text = take_front_matter(path.read_text("utf-8"))
    title, url = fields.pop("title", ""), fields.pop("url", "")
    name = f"library/{path.relative_to(_LIBRARY).as_posix()}"
    kind = fields.pop("kind", path.parent.name.removesuffix("s"))  # survey or paper
    return structure(text.strip("\n"), id=name, title=title, url=url or None, kind=kind, metadata=fields)


def _load_pairs(name: str) -> Iterator[tuple[str, str]]:
    """Yield every pair of alternatives in a file of ``left<TAB>right`` lines, alternatives separated by ``|``."""
    path = _LIBRARY / name
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        left, tab, right = line.partition("\t")
        if tab and not line.startswith("#"):
            yield from ((one.strip(), other.strip()) for one in left.split("|") for other in right.split("|"))
