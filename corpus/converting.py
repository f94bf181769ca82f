"""From the bytes of a file to its documents, in the process that calls; ``corpus.workers`` does it in another one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from corpus.boilerplate import Removed
from corpus.cleaning import clean, clean_characters
from corpus.documents import Document
from corpus.errors import ReadError
from corpus.formats import Extract, Format, endings, extract, format_of, limits
from corpus.readings import Cut, Reading

_LONGEST_KEY = 60  # characters; a longer line that stands in the text was broken up and not cut


def check_format(ending: str) -> Format:
    """Return how files of that ending are read.

    Raises:
        ReadError: They are not.
    """
    form = format_of(ending)
    if form is None:
        raise ReadError(f"{ending or 'a file without an ending'} is not a kind that is read; these are: {endings()}")
    return form


def convert(
    data: bytes,
    name: str,
    ending: str,
    *,
    url: str = "",
    largest: int = limits.DOCUMENT_CHARACTERS,
    show_cut: bool = False,
) -> Reading:
    """Return the documents of a file.

    Args:
        data: The whole file.
        name: The document's id, and what the ids of several begin with.
        ending: The file's ending, which says how it is read.
        url: Where on the web the file is from; the links of a page are resolved against it.
        largest: Characters that one document may have.
        show_cut: Also return the lines that were cut (of files of one document).

    Raises:
        ReadError: It cannot become a document; the message is the reason, without the file's name.
    """
    form = check_format(ending)
    if not data:
        raise ReadError("it is empty")
    if form.kind == "record":
        from corpus.formats.records import read_records

        return read_records(data, name, lines=ending.lower() == ".jsonl", largest=largest)
    if form.kind == "archive":
        from corpus.formats.archive import read_archive

        return read_archive(data, name)
    try:
        found = extract(data, name, form, url)
        document = to_document(replace(found, url=url or found.url), name, form.kind, largest=largest)
    except RecursionError as error:
        raise ReadError("it is nested too deeply") from error
    return Reading((document,), cut=(cut_from(found, document),) if show_cut else ())


def cut_from(found: Extract, document: Document) -> Cut:
    """Return the lines of a source that cleaning left out of its document, and why."""
    removed: list[Removed] = []
    clean(found.text, found.title, removed)
    rules = {"".join(each.text.split()): each.rule for each in removed}
    left = Counter("".join(line.split()) for line in clean_characters(document.text).split("\n"))
    whole = "".join(document.text.split())
    lines = [(line, "frame of the page") for line in found.cut]
    for line in clean_characters(found.text).split("\n"):
        key = "".join(line.split())
        if key and not left[key] and not (len(key) > _LONGEST_KEY and key in whole):
            lines.append((line.strip(), rules.get(key, "broken up")))
        left[key] -= 1
    return Cut(document.id, tuple(line for line, _ in lines), tuple(rule for _, rule in lines))


def to_document(found: Extract, name: str, kind: str, *, largest: int = limits.DOCUMENT_CHARACTERS) -> Document:
    """Parse what was taken from a file.

    Raises:
        ReadError: There is no text in it, or too much.
    """
    from corpus.paging import write_pages
    from corpus.reading import parse

    metadata = dict(found.metadata)
    kind = metadata.pop("kind", "") or kind
    if len(found.text) > largest:
        raise ReadError(
            f"it holds {len(found.text):,} characters, more than the {largest:,} of one document; split it into smaller files"
        )
    document = parse(found.text, id=name, title=found.title, url=found.url or None, kind=kind, metadata=metadata)
    if not document.text:
        raise ReadError("it is empty")
    return write_pages(document, found.text, found.pages) if found.pages else document
