"""References that lead to other documents: "(Lindqvist et al., 2019)" and entries of lists that name a paper by its title.

What a document's own list of references resolves stays as it is. Where two papers fit a reference, nothing is guessed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from corpus.author_years import Mention, find_known, find_mentions, keys_of
from corpus.documents import Document, Link
from corpus.lines import Line, read_lines
from corpus.links import Reference, find_links, find_references
from corpus.patterns import pattern
from corpus.years import year_of

_SHORTEST_TITLE = 14  # letters; shorter ones stand in other titles by chance
_MOST_AUTHORS = 10_000  # characters of the field
_HINT = pattern(
    r"(?:\bet al\b|[等A-Z][\w'’-]*)[^\n]{0,4}?[,，(（ ]\s?(?:19|20)\d\d|^\W*(?i:references?|bibliography|参考)", 8
)
_AND = pattern(r"\s+(?:and|&)\s+|\s*[、与和]\s*")
_PARTNER = pattern(r"(?:\band\b|&|[和与及、])\s*([\w'’-]+)\s*[,，(（\[]?\s*$")
_ET_AL = pattern(r"\bet\s+al|等")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The papers that others may refer to: documents on the web with a title, authors and a year."""

    papers: tuple[Document, ...]
    authors: tuple[tuple[str, ...], ...]  # surnames, or whole Chinese names
    known: dict[tuple[str, str], set[int]]  # first author and year -> places of papers
    titles: dict[
        str, dict[str, int]
    ]  # first letters of a title -> its letters -> place of the paper; -1 where two have it

    @classmethod
    def of(cls, documents: Iterable[Document]) -> Shelf:
        """Return the papers among documents."""
        papers, authors, titles = list[Document](), list[tuple[str, ...]](), dict[str, dict[str, int]]()
        for document in documents:
            names = surnames_of(document.metadata.get("author", "") or document.metadata.get("authors", ""))
            if names and (document.url or "").startswith("http") and year_of(document):
                key = _letters(document.title)
                if len(key) >= _SHORTEST_TITLE:
                    alike = titles.setdefault(key[:_SHORTEST_TITLE], {})
                    alike[key] = -1 if key in alike else len(papers)
                papers.append(document)
                authors.append(names)
        entries = [f"{names[0]} ({year_of(paper)})." for names, paper in zip(authors, papers, strict=True)]
        return cls(tuple(papers), tuple(authors), keys_of(entries), titles)

    def titled_in(self, words: str) -> Document | None:
        """Return the paper whose title stands in the words of a reference, the longest one if one title holds another."""
        squeezed = _letters(words)
        found = [
            place
            for at in range(len(squeezed) - _SHORTEST_TITLE + 1)
            for title, place in self.titles.get(squeezed[at : at + _SHORTEST_TITLE], {}).items()
            if squeezed.startswith(title, at)
        ]
        longest = max(found, key=lambda place: len(self.papers[place].title), default=-1)
        return self.papers[longest] if longest >= 0 and -1 not in found else None

    def mentioned_in(self, text: str) -> Iterator[tuple[Mention, Document]]:
        """Yield the places that name one paper, and only one, by its authors and its year."""
        for mention in find_known(text, self.known):
            if self._fits(text[mention.start : mention.end], self.authors[mention.entry]):
                yield mention, self.papers[mention.entry]

    def _fits(self, cited: str, authors: Sequence[str]) -> bool:
        """Tell whether a citation names as many authors as a paper has, and the second one if it names two."""
        before = cited.rstrip("abcdefghijklmnopqrstuvwxyz")[:-4]  # without the year
        if _ET_AL.search(before):
            return len(authors) > 1
        if partner := _PARTNER.search(before):
            return len(authors) == 2 and partner[1].casefold() == authors[1].casefold()
        return len(authors) == 1


def refer(documents: Sequence[Document], held: Iterable[Document] = ()) -> list[Document]:
    """Return documents with links where they refer to a paper among themselves or among those that are held already."""
    shelf = Shelf.of({document.id: document for document in (*held, *documents)}.values())
    return [_with_links(document, shelf) for document in documents] if shelf.papers else list(documents)


def may_refer(document: Document) -> bool:
    """Tell cheaply whether a document may refer to another one by authors and year or by an entry of a list."""
    return _HINT.search(document.text) is not None


def surnames_of(authors: str) -> tuple[str, ...]:
    """Return the surnames of authors that are listed in the usual ways; Chinese names are whole.

    >>> surnames_of("Ada Lindqvist, Bo Ek"), surnames_of("Lindqvist, Ada; Ek, Bo"), surnames_of("林岚、周若水")
    (('Lindqvist', 'Ek'), ('Lindqvist', 'Ek'), ('林岚', '周若水'))
    """
    reversed_ = ";" in authors and "," in authors
    names: list[str] = []
    for part in authors[:_MOST_AUTHORS].replace("，", ",").replace("；", ";").split(";" if reversed_ else ","):
        for name in _AND.split(part):
            words = (name.partition(",")[0] if reversed_ else name).split()
            names += words[-1:]
    return tuple(name.strip(".,") for name in names if name.strip(".,"))


def _with_links(document: Document, shelf: Shelf) -> Document:
    """Return a document with links to the papers that it refers to and has no address for."""
    lines = read_lines(document.text)
    references = find_references(document.text, lines, document.sections)
    named = [_named(entry, document, shelf) for entry in references]
    links = list(document.links)
    if named != references:
        known = {(link.start, link.end) for link in links}
        links += [link for link in find_links(document.text, lines, named) if (link.start, link.end) not in known]
    links.sort(key=lambda link: link.start)
    links += _mentions(document, shelf, lines, named, links)
    if len(links) == len(document.links):
        return document
    return replace(document, links=tuple(sorted(links, key=lambda link: link.start)))


def _named(entry: Reference, document: Document, shelf: Shelf) -> Reference:
    """Return an entry with the address of the paper that it names, if it has none of its own."""
    paper = None if entry.url else shelf.titled_in(entry.words)
    return entry if paper is None or paper.id == document.id else entry._replace(url=paper.url or "", label=paper.title)


def _mentions(
    document: Document, shelf: Shelf, lines: Sequence[Line], references: Sequence[Reference], links: Sequence[Link]
) -> Iterator[Link]:
    """Yield links for references by author and year that the document's own list does not hold."""
    own = {(mention.start, mention.end) for mention in find_mentions(document.text, [r.words for r in references])}
    listed = {number for entry in references for number in range(entry.first, entry.last + 1)}
    starts, begins = [line.start for line in lines], [link.start for link in links]
    for mention, paper in shelf.mentioned_in(document.text):
        number = bisect_left(starts, mention.start + 1) - 1
        before = bisect_left(begins, mention.end) - 1
        taken = before >= 0 and links[before].end > mention.start
        resolved = taken or (mention.start, mention.end) in own or number in listed
        if not resolved and lines[number].kind != "code" and paper.id != document.id:
            yield Link(mention.start, mention.end, paper.url or "", paper.title)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
