"""Answering with links: the place that a document points to for what is named.

A link says what it is about in several ways: its label in the reference list, the words on its line ("论文github："),
the name right before its mark, the heading it stands under. What kind of page it is shows in its address and in the
words around it. The two together decide; a paper's address never answers a question for code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.documents import Document, Link, Passage
from corpus.patterns import pattern
from index.hits import Hit
from rag.reading.drafts import Span, Statement
from rag.reading.units import terms_of, topic_at
from rag.understanding.mentions import Mention, mention_strength
from rag.understanding.questions import Needle, Question

LinkKind = Literal["paper", "code", "blog", "model", "data", "page"]

ENOUGH = 0.75  # from which a link is about what is named
MOST = 2  # links in an answer
NEARLY = 0.85  # of the best score from which another link is shown too

_ASKED: tuple[tuple[LinkKind, str], ...] = (
    ("code", r"代码|仓库|源码|github|\bgit\b|\bcode\b|\brepo|\brepository|implementation"),
    ("paper", r"论文|arxiv|\bpapers?\b|\bpdf\b|preprint|文献"),
    ("blog", r"博客|博文|\bblog"),
    ("data", r"数据集|语料|\bdatasets?\b|\bcorpus\b"),
    ("model", r"权重|检查点|hugging ?face|\bweights\b|checkpoint"),
)
_HOSTS: tuple[tuple[LinkKind, str], ...] = (
    ("code", r"github\.com|gitlab|gitee|bitbucket|sourceforge"),
    ("paper", r"arxiv\.org|openreview|aclanthology|doi\.org|\.pdf(?:$|[?#])|/paper|proceedings|semanticscholar"),
    ("model", r"huggingface\.co|modelscope"),
    ("blog", r"blog|zhuanlan|medium\.com|substack|mp\.weixin"),
)
_HOST_WORDS = pattern(r"github|hugging ?face|arxiv|openreview|zhihu|medium|gitee|gitlab|modelscope|知乎", re.IGNORECASE)
_SENTENCE_END = pattern(r"[。！？!?](?!\S*://)|(?<=\w\w)\.\s+(?=[A-Z\u4e00-\u9fff])")
_LONGEST_SENTENCE = 240  # characters before a link in which its sentence is looked for
_PAGE = pattern(r"链接|网址|网页|官网|主页|\b(?:links?|urls?|homepage|web ?(?:site|page))\b", re.IGNORECASE)
_HAS_WEIGHTS = pattern(r"huggingface\.co/[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Pointer:
    """A link with the line that it stands on, and how well it fits the question."""

    passage: Passage
    link: Link
    start: int  # of the line, without its bullet and number
    end: int
    about: float
    fits: float

    @property
    def document(self) -> Document:
        """The document that the link stands in."""
        return self.passage.document

    @property
    def score(self) -> float:
        """How well the link answers: about the name, and of the kind asked for."""
        return self.about + self.fits - (0.05 if _is_mark(self.document, self.link) else 0.0)


def asked_kinds(text: str) -> tuple[LinkKind, ...]:
    """Return the kinds of page that a question asks for, all if it does not say.

    >>> asked_kinds("Where is the code of this telescope's pipeline?")
    ('code',)
    """
    return tuple(kind for kind, pattern in _ASKED if re.search(pattern, text, re.IGNORECASE))


def asks_for_page(text: str) -> bool:
    """Tell whether a question can only be answered with a link: an "address" alone may be a street's."""
    return bool(asked_kinds(text)) or _PAGE.search(text) is not None


def kind_of_link(url: str) -> LinkKind:
    """Return what kind of page an address leads to.

    >>> kind_of_link("https://arxiv.org/abs/1706.03762")
    'paper'
    """
    return next((kind for kind, pattern in _HOSTS if re.search(pattern, url, re.IGNORECASE)), "page")


def find_pointers(question: Question, hits: Sequence[Hit]) -> list[Pointer]:
    """Return the links of the packed passages that are about what is named, best first, each address once."""
    wanted = asked_kinds(question.text)
    best: dict[str, Pointer] = {}
    for hit in hits:
        for pointer in _pointers(question, hit, wanted):
            known = best.get(_bare(pointer.link.url))
            if known is None or pointer.score > known.score:
                best[_bare(pointer.link.url)] = pointer
    good = [pointer for pointer in best.values() if pointer.about >= ENOUGH and pointer.fits > 0]
    return sorted(good, key=lambda pointer: -pointer.score)


def statements_of(pointers: Sequence[Pointer], question: Question) -> list[Statement]:
    """Return the best link, and the next one if it fits about as well."""
    chosen = [pointer for pointer in pointers[:MOST] if pointer.score >= NEARLY * pointers[0].score]
    return [_statement(pointer, question) for pointer in chosen]


def _pointers(question: Question, hit: Hit, wanted: Sequence[LinkKind]) -> Iterator[Pointer]:
    document = hit.passage.document
    for link in document.links:
        if hit.passage.start <= link.start < hit.passage.end and link.url:
            start, end = _line(document, link)
            about = _about(question, document, link, start, end)
            yield Pointer(hit.passage, link, start, end, about, _fits(question, document, link, start, end, wanted))


def _line(document: Document, link: Link) -> tuple[int, int]:
    """Return the line that a link stands on, without bullet, heading marks and number."""
    start = document.text.rfind("\n", 0, link.start) + 1
    end = document.text.find("\n", link.end)
    end = len(document.text) if end < 0 else end
    mark = re.match(r"\s*(?:#{1,6}\s+|[-*•]\s+|\d{1,3}[.)]\s+|\[\d{1,3}\]\s*)*", document.text[start:end])
    return start + (mark.end() if mark and start + mark.end() <= link.start else 0), end


def _about(question: Question, document: Document, link: Link, start: int, end: int) -> float:
    """Return how surely a link is about the names of the question, or about its words if it names nothing."""
    if not question.mentions:
        return _about_words(question.needles, document, link, start, end)
    shares = [
        _about_name(mention, document, link, start, end) for mention in question.mentions if not _names_host(mention)
    ]
    return sum(shares) / len(shares) if shares else 0.0


def _names_host(mention: Mention) -> bool:
    """Tell whether a name says where the link leads, not what it is about."""
    return _HOST_WORDS.fullmatch(mention.surface) is not None


def _about_name(mention: Mention, document: Document, link: Link, start: int, end: int) -> float:
    label = link.label.strip() if "://" not in link.label else ""
    before = document.text[max(start, link.start - 60) : link.start]
    in_url = mention_strength(link.url.rsplit("/", 1)[-1].replace("_", "-"), mention)
    return max(
        _equal(label, mention) * 1.2,
        mention_strength(label, mention),
        _ends_with_name(before, mention),
        0.9 * mention_strength(topic_at(document, link.start), mention) if not _is_mark(document, link) else 0.0,
        0.8 * in_url,
        0.7 * mention_strength(document.text[start:end], mention)
        if end - start < 200 and not _is_mark(document, link)
        else 0.0,
        0.8 * mention_strength(_sentence(document.text, start, link), mention) if not _is_mark(document, link) else 0.0,
    )


def _sentence(text: str, start: int, link: Link) -> str:
    """Return the sentence that a link ends or stands in, as far as it goes before the link."""
    before = text[max(start, link.start - _LONGEST_SENTENCE) : link.start]
    return _SENTENCE_END.split(before)[-1]


def _is_mark(document: Document, link: Link) -> bool:
    """Tell whether a link is a bare reference mark, which is about what stands before it and not about its heading."""
    return re.fullmatch(r"\[\d{1,3}\]", document.text[link.start : link.end]) is not None


def _equal(label: str, mention: Mention) -> float:
    from index.terms import normalize_name

    normal = normalize_name(re.sub(r"[(（].*", "", label))
    return float(bool(normal) and normal in {normalize_name(spelling) for spelling in mention.spellings})


def _ends_with_name(before: str, mention: Mention) -> float:
    """Return 1 when the text before a mark ends with the name: ``Heron-2[7]``."""
    tail = re.sub(r"[\s(（)）:：]+$", "", before)
    return float(
        any(
            tail.lower().endswith(spelling.lower()) and mention_strength(tail[-len(spelling) - 3 :], mention) == 1.0
            for spelling in mention.spellings
        )
    )


def _about_words(needles: Sequence[Needle], document: Document, link: Link, start: int, end: int) -> float:
    """Return the share of the question's words that stand on the link's line, under its heading or in the title."""
    telling = [
        needle
        for needle in needles
        if not asked_kinds(needle.surface) and not re.search(r"链接|地址|网址|link|url|address", needle.surface)
    ]
    if not telling:
        return 0.0
    around = terms_of(f"{document.text[start:end]} {link.label} {topic_at(document, link.start)} {document.title}")
    total = sum(needle.weight for needle in telling)
    return sum(needle.weight * needle.found_in(around) for needle in telling) / total


def _fits(
    question: Question, document: Document, link: Link, start: int, end: int, wanted: Sequence[LinkKind]
) -> float:
    """Return how well the page's kind fits: 1 for the kind asked for, 0 for another one."""
    kind = kind_of_link(link.url)
    host = _HOST_WORDS.search(question.text)
    if host and host[0].lower().replace(" ", "").replace("知乎", "zhihu") in link.url.lower():
        return 1.2
    if not wanted:
        return 0.8
    line = document.text[start : link.start] if not _is_mark(document, link) else ""
    said = asked_kinds(f"{line[-40:]} {link.label if len(link.label) < 12 else ''}")
    if kind in wanted:
        return 1.1 if set(said) & set(wanted) else 1.0
    if kind == "model" and _HAS_WEIGHTS.search(link.url) and "code" in wanted:
        return 0.7 if "code" in said else 0.5
    if set(said) & set(wanted):
        return 0.9
    return 0.6 if kind == "page" and "paper" not in wanted and "code" not in wanted else 0.0


def _statement(pointer: Pointer, question: Question) -> Statement:
    text, link = pointer.document.text, pointer.link
    if _is_mark(pointer.document, link):
        entry = text.find(link.url)
        if entry >= 0:
            start, end = _line(pointer.document, Link(entry, entry + len(link.url), link.url))
            return Statement(_shown(text[start:end], link), (Span(pointer.document, start, end),))
    start, end = pointer.start, pointer.end
    if end - start > 200:
        start, end = max(start, link.start - 40), min(end, link.end)
    line = _shown(text[start:end], link)
    topic = topic_at(pointer.document, link.start)
    words = line.replace(link.url, "")
    named = any(mention_strength(topic, mention) > mention_strength(words, mention) for mention in question.mentions)
    return Statement(f"{topic} · {line}" if named and len(line) < 160 else line, (Span(pointer.document, start, end),))


def _shown(line: str, link: Link) -> str:
    """Return a line with the working address in it."""
    line = re.sub(r"\[([^\]]*)\]\((https?://[^)\s]+)\)", r"\1: \2", line).strip()
    line = line.replace("\\_", "_")
    return line if link.url in line else f"{line} {link.url}".strip()


def _bare(url: str) -> str:
    return re.sub(r"^https?:/+(?:www\.)?", "", url).rstrip("/").lower().replace("\\", "")
