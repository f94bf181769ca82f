"""Links: ``[text](url)``, bare addresses, and what is resolved through the list of references: ``[18]``, "Berg et al., 2019".

A URL here never holds Chinese characters or punctuation: in running text they belong to the sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from corpus.documents import Link, Section
from corpus.lines import Line, item_marker
from corpus.patterns import pattern
from corpus.titles import is_reference_title

_URL = r"https?:/{2,3}(?:[\w\-.~/?#@!$&'()*+,;=%]|\\[_*&~#()\[\]-]|:(?!https?:/{2}))+"
_DOMAIN = r"(?:[\w-]+\.)+(?:com|org|net|io|ai|cn|edu|gov|co|dev|app|me|info)"
_BARE = rf"(?<![\w@./-])(?:www\.(?:[\w-]+\.)+[a-z]{{2,}}(?:/[\w\-.~/?#@!$&'()*+,;=%:]*)?|{_DOMAIN}/[\w\-.~/?#@!$&'()*+,;=%:]+)"
_TARGET = r"https?:/{2,3}[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*"
_ARXIV = r"\barXiv\s?[:：]\s?(?P<arxiv>\d{4}\.\d{4,5}(?:v\d{1,2})?)"

_LINK = pattern(
    rf"""
      !\[[^\[\]\n]*\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)                                                # an image: no link
    | \[(?P<label>(?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(\s*<?(?P<target>{_TARGET})>?(?:\s+["'(][^\n)]*["')])?\s*\)   # [text](url)
    | \[(?P<text>[^\[\]\n^][^\[\]\n]*)\]\[(?P<key>[^\[\]\n]*)\](?!\()                                        # [text][key]
    | \[\^?(?P<mark>\d{{1,3}}(?:\s?[,，、–-]\s?\d{{1,3}})*)\](?!\()                                           # [18], [3, 7]
    | \[\^(?P<note>[A-Za-z][\w-]{{0,40}})\](?!\()                                                            # [^note]
    | (?P<url>{_URL})
    | {_ARXIV}
    | (?P<bare>{_BARE})
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_HINT = pattern(r"arxiv|www\.", re.IGNORECASE)

_MARKED_ENTRY = pattern(r"\s*(?:[-*•]\s+)?\[(?:\^(?=[\w-]+\]:)|(?=\d))([\w-]{1,40})\]\s*[:：]?\s*(?=\S)")
_NUMBERED_ENTRY = pattern(r"\s*(\d{1,3})\s?[.．、)）]\s*(?=\S)")
_DEFINITION = pattern(r" {0,3}\[([^\[\]\n^]+)\]:\s*<?(https?:/{2,3}[^\s<>]+)>?", re.MULTILINE)
_FIND_URL = pattern(_URL, re.IGNORECASE | re.ASCII)
_FIND_TARGET = pattern(rf"\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(\s*<?({_TARGET})", re.IGNORECASE)
_FIND_ARXIV = pattern(_ARXIV, re.IGNORECASE)
_FIELD = pattern(r"(?:[*_`]*)([^\[\]:：\n。！？!?,，;；]{1,30}?)(?:[*_`]*)\s*[:：]\s*[*_`<]*$")
_IMAGE = pattern(r"!\[([^\[\]]*)\]\([^()]*\)")
_SLASHES = pattern(r"^(https?:)/{2,}", re.IGNORECASE)
_ESCAPED_IN_URL = pattern(r"\\([_*&~#()\[\]-])")
_ESCAPED = pattern(r"\\([\\`*_{}\[\]()#+.!&~>|-])")
_TRIM = ".,;:!?'*~(\\"
_LONGEST_FIELD = 60  # characters between the start of a line and the address that they name


class Reference(NamedTuple):
    """An entry of a list of references: its lines (both included), its number or "", where it points, its title, its words."""

    first: int
    last: int
    number: str
    url: str
    label: str
    words: str = ""


def find_links(text: str, lines: Sequence[Line], references: Sequence[Reference]) -> list[Link]:
    """Return all links in order of their start; no two overlap."""
    if not ("]" in text or "://" in text or "/" in text or _HINT.search(text)):
        return []
    targets = _Targets(text, references)
    starts = [line.start for line in lines]
    links: list[Link] = []
    for match in _LINK.finditer(text):
        number = bisect_left(starts, match.start() + 1) - 1
        kind = match.lastgroup
        if kind in {"mark", "note"}:
            if lines[number].kind != "code":
                links += targets.resolve(match, number)
        elif kind == "key":
            links += targets.define(match)
        elif kind == "target":
            links.append(Link(match.start(), match.end(), repair_url(match["target"]), _plain(match["label"])))
        elif kind == "arxiv":
            links.append(Link(match.start(), match.end(), f"https://arxiv.org/abs/{match['arxiv']}"))
        elif kind is not None:
            links.append(_address(match, lines, number, targets))
    cited = _cited(text, lines, starts, references, links)
    return sorted(links + cited, key=lambda link: link.start) if cited else links


def find_references(text: str, lines: Sequence[Line], sections: Sequence[Section]) -> list[Reference]:
    """Return the entries of lists of references: in sections of that name, footnotes, and two or more ``[n] … url`` lines."""
    starts = [line.start for line in lines]
    found: list[Reference] = []
    for section in sections:
        if is_reference_title(section.title):
            within = range(bisect_left(starts, section.body), bisect_left(starts, section.end))
            found += _listed_entries(lines, within)
    if "[" in text and "://" in text:
        taken = {number for entry in found for number in range(entry.first, entry.last + 1)}
        found += _loose_entries(lines, taken)
    return sorted(set(found))


def trim_url(url: str) -> str:
    """Return an address without the punctuation and the bracket that belong to the sentence around it.

    >>> trim_url("https://en.wikipedia.org/wiki/BERT_(model)).")
    'https://en.wikipedia.org/wiki/BERT_(model)'
    """
    while url:
        if url[-1] in _TRIM or (url[-1] == ")" and url.count(")") > url.count("(")):
            url = url[:-1]
        else:
            break
    return url


def repair_url(url: str) -> str:
    r"""Return an address as a browser takes it: no third slash, no Markdown escapes.

    >>> repair_url(r"https:///arxiv.org/abs/2106\_09685")
    'https://arxiv.org/abs/2106_09685'
    """
    if ":///" in url:
        url = _SLASHES.sub(r"\1//", url)
    return (_ESCAPED_IN_URL.sub(r"\1", url) if "\\" in url else url).replace("&amp;", "&")


class _Targets:
    """Where numbers and keys of references point."""

    def __init__(self, text: str, references: Sequence[Reference]) -> None:
        self._entries: dict[str, list[Reference]] = {}
        self._labels: dict[int, str] = {}
        for entry in references:
            self._labels[entry.first] = entry.label
            if entry.number and entry.url:
                self._entries.setdefault(entry.number, []).append(entry)
        self._definitions = {match[1].lower(): match[2] for match in _DEFINITION.finditer(text)} if "]:" in text else {}

    def resolve(self, match: re.Match[str], line: int) -> Iterator[Link]:
        """Yield a link for every number of a mark that has an entry, in the list that follows it or else the last one."""
        group = str(match.lastgroup)
        numbers = list(re.finditer(r"\d+|[A-Za-z][\w-]*", match[group]))
        for each in numbers:
            entries = self._entries.get(each.group().lstrip("0") or "0", [])
            if not entries:
                continue
            entry = entries[min(bisect_left(entries, (line,)), len(entries) - 1)]
            if any(entry.first <= line <= entry.last for entry in (entry, entries[bisect_left(entries, (line,)) - 1])):
                continue
            offset = match.start(group)
            start, end = (
                (match.start(), match.end()) if len(numbers) == 1 else (offset + each.start(), offset + each.end())
            )
            yield Link(start, end, entry.url, entry.label)

    def define(self, match: re.Match[str]) -> Iterator[Link]:
        """Yield the link of ``[text][key]`` if the key is defined."""
        url = self._definitions.get((match["key"] or match["text"]).lower())
        if url:
            yield Link(match.start(), match.end(), repair_url(url), _plain(match["text"]))

    def label(self, line: int) -> str | None:
        """Return the title of the entry that begins on a line, or None where none does."""
        return self._labels.get(line)


def _cited(
    text: str, lines: Sequence[Line], starts: Sequence[int], references: Sequence[Reference], links: Sequence[Link]
) -> list[Link]:
    """Return the links of references by author and year, outside of entries, code and other links."""
    entries = [entry for entry in references if entry.url]
    if not entries:
        return []
    from corpus.author_years import find_mentions

    taken = {number for entry in references for number in range(entry.first, entry.last + 1)}
    begins = [link.start for link in links]
    found = []
    for mention in find_mentions(text, [entry.words for entry in entries]):
        number = bisect_left(starts, mention.start + 1) - 1
        before = bisect_left(begins, mention.end) - 1
        free = before < 0 or links[before].end <= mention.start
        if free and number not in taken and lines[number].kind != "code":
            entry = entries[mention.entry]
            found.append(Link(mention.start, mention.end, entry.url, entry.label))
    return found


def _address(match: re.Match[str], lines: Sequence[Line], number: int, targets: _Targets) -> Link:
    """Build the link of a bare address; it is called what the list of references or the field before it says."""
    raw = trim_url(match.group())
    url = raw if match["url"] else f"https://{raw}"
    label = targets.label(number)
    if label is None:
        label = _field_name(lines, number, match.start())
    return Link(match.start(), match.start() + len(raw), repair_url(url), label)


def _field_name(lines: Sequence[Line], number: int, offset: int) -> str:
    """Return the name before the colon that introduces an address, on its line or on the line that its list hangs from."""
    line = lines[number]
    begins = item_marker(line.text)
    if offset - line.start - begins > _LONGEST_FIELD:
        return ""
    before = line.text[begins : offset - line.start].strip()
    if before.strip("*_`<-• "):
        field = _FIELD.fullmatch(before)
        return _plain(field[1]) if field else ""
    for above in reversed(lines[max(number - 20, 0) : number]):
        if above.kind == "blank" or (above.kind == "item" and above.indent >= line.indent):
            continue
        field = _FIELD.fullmatch(above.text[item_marker(above.text) :].strip())
        return _plain(field[1]) if field else ""
    return ""


def _listed_entries(lines: Sequence[Line], within: Sequence[int]) -> list[Reference]:
    """Return the entries of a section of references: its numbered lines, else its items, else its lines."""
    forms = (_MARKED_ENTRY, _NUMBERED_ENTRY)
    numbered = [number for number in within if any(form.match(lines[number].text) for form in forms)]
    items = [number for number in within if lines[number].kind == "item"]
    begins = numbered or items or [number for number in within if lines[number].kind == "text"]
    return [_entry(lines, number, set(begins)) for number in begins]


def _loose_entries(lines: Sequence[Line], taken: set[int]) -> list[Reference]:
    """Return runs of at least two ``[n] … url`` lines outside sections of references."""
    found: list[Reference] = []
    run: list[int] = []
    for number, line in enumerate([*lines, Line(0, "-", "text")]):
        if line.kind == "blank":
            continue
        if (
            line.kind in {"text", "item"}
            and number not in taken
            and "://" in line.text
            and _MARKED_ENTRY.match(line.text)
        ):
            run.append(number)
            continue
        if len(run) >= 2 or (run and lines[run[0]].text.startswith("[^")):
            found += [_entry(lines, each, set(run)) for each in run]
        run = []
    return found


def _entry(lines: Sequence[Line], number: int, begins: set[int]) -> Reference:
    """Read the entry that begins on a line, with the lines that carry it on until its address."""
    last = number
    while (
        last + 1 < len(lines)
        and last + 1 not in begins
        and lines[last + 1].kind == "text"
        and "://" not in lines[last].text
    ):
        last += 1
    content = lines[number].text
    mark = _MARKED_ENTRY.match(content) or _NUMBERED_ENTRY.match(content)
    body = content[mark.end() if mark else item_marker(content) :]
    body = " ".join([body, *(line.text.strip() for line in lines[number + 1 : last + 1])])
    url, label = _target_of(body)
    return Reference(number, last, (mark[1].lstrip("0") or "0") if mark else "", repair_url(url), label, body)


def _target_of(body: str) -> tuple[str, str]:
    """Return the address in an entry's words, and the words without it."""
    if match := _FIND_TARGET.search(body):
        return match[2], _plain(match[1])
    urls = list(_FIND_URL.finditer(body))
    if urls:
        last = urls[-1]
        label = body[: last.start()].strip(" :：,，.;；-–<(（") or body[last.end() :].strip(" :：,，.;；-–>)）")
        return trim_url(last.group()), _plain(label)
    if match := _FIND_ARXIV.search(body):
        return f"https://arxiv.org/abs/{match['arxiv']}", _plain(body)
    return "", _plain(body)


def _plain(label: str) -> str:
    """Return the words of a label without Markdown's marks."""
    label = (_IMAGE.sub(r"\1", label) if "![" in label else label).strip().strip("*_`")
    return (_ESCAPED.sub(r"\1", label) if "\\" in label else label).strip()
