"""A statement taken apart: the numbers, names, quoted words and addresses in it, its clauses, and its other words.

Pure functions over one text; what a quote says of it is ``rag.grounding.checking``'s.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from corpus.patterns import pattern
from index.terms import STOP_WORDS, analyze, is_cjk, normalize
from rag.understanding.mentions import spelled
from rag.understanding.quantities import Quantity, find_quantities

MARK = pattern(r"\[\d{1,3}\](?!\()|【\d{1,3}】")
URL = pattern(r"https?://[^\s)\]>，。；、）】》]+")
AMOUNT = pattern(r"\d+(?:[.,]\d+)*(?:[KkMmBbTt]|[KMGT]i?B)?", re.ASCII)

_ENUMERATOR = pattern(r"^\s*(?:[-*•]\s+)?(?:\d{1,2}[.)、]\s*(?!\d)|\(\d{1,2}\)\s*)?")
_LATIN = pattern(r"[A-Za-z0-9]+(?:[-_.+/&'’][A-Za-z0-9]+)*\+*")
_UNIT = pattern(r"[KMGTP]i?B|USD|RMB|CNY|EUR|GBP")
_CALENDAR = pattern(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|ember|ober)?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day",
    re.IGNORECASE,
)  # written with a capital, but part of a date
_QUOTED = pattern(r"「([^「」]{2,})」|『([^『』]{2,})』|“([^“”]{2,})”|《([^《》]{2,})》|\"([^\"\n]{2,})\"")
_NO_NAMES = frozenset(
    [
        "all",
        "both",
        "each",
        "every",
        "few",
        "here",
        "however",
        "many",
        "most",
        "no",
        "none",
        "one",
        "only",
        "several",
        "some",
        "there",
        "two",
    ]
)
_MAKING = (
    r"(?:发布|推出|提出|开发|研发|研制|训练|开源|发表|创建|创立|成立|撰写|设计|收购|制作|公布|建造|发明|发现|主导|牵头)"
)
_DOER = pattern(
    rf"(?:^|[，。；：、\s]|由|被)(?P<doer>(?:(?![由被])[\u4e00-\u9fff]){{2,8}}?)"
    rf"(?:[于在][^，。；于在]{{1,14}}?|联合|最早|首次|率先|正式|已经|已|所|共同|团队|公司){{0,5}}{_MAKING}"
)
_PLACE = pattern(
    r"(?:位于|来自|出自|加入|就读于|任教于|毕业于|就职于|任职于)(?P<doer>[\u4e00-\u9fff]{2,8}?)(?=[，。；、\s的和与]|$)"
)
_NOBODY = pattern(
    r"[它他她该此其这那]|本(?:文|模型|研究)|[的了是有和与及也都]|作者|团队|研究|人员|公司|模型|论文|随后|同时|之后|后来|目前|最|[年月日]"
)
_CLAUSE = pattern(
    r"[，；。;！!？?\n|]|,(?!\d)|\.\s|\.$|\s[–—-]\s|\b(?:but|while|whereas|although)\b|但是?|而且|并且|然而"
)
_AND = pattern(r"\s(?:and|or)\s|[和与及]|、")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something in a statement that is either in a quote or not: a number, a name, or words taken literally."""

    surface: str
    weight: float
    quantity: Quantity | None = None
    name: str = ""
    literal: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement taken apart; ``plain`` is what of it is compared word for word.

    ``numbers`` is ``shown`` with blanks for its names, so that offsets are the same in both.
    """

    text: str
    plain: str
    shown: str
    numbers: str
    facts: tuple[Fact, ...]
    words: frozenset[str]

    @property
    def surfaces(self) -> tuple[str, ...]:
        """What its facts look like, each once."""
        return surfaces(self.facts)


def surfaces(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Return facts as the statement has them, each once: a date is several numbers in one place."""
    return tuple(dict.fromkeys(fact.surface for fact in facts))


@lru_cache(maxsize=512)
def claim_of(statement: str) -> Claim:
    """Take a statement apart."""
    text = _ENUMERATOR.sub("", MARK.sub(" ", statement))
    facts = [Fact(m[0], 1.5, literal=plain(m[0])) for m in URL.finditer(text)]
    rest = URL.sub(" ", text)
    for match in _QUOTED.finditer(rest):
        words = next(group for group in match.groups() if group)
        facts.append(Fact(words, 1.5, literal=plain(words)))
    names = names_in(rest)
    facts += [Fact(surface, 1.0, name=surface) for surface in dict.fromkeys((*names, *doers_in(rest)))]
    numbers = _without(rest, names)
    quantities = find_quantities(numbers)
    facts += [Fact(numbers[q.start : q.end].strip(), 2.0, quantity=q) for q in quantities]
    others = numbers
    for q in quantities:
        others = others[: q.start] + " " * (q.end - q.start) + others[q.end :]
    return Claim(text, plain(text), rest, numbers, tuple(facts), words_in(others))


def names_in(text: str) -> list[str]:
    """Return the Latin words that look like names: digits among letters, inner capitals, or a capital that no sentence start explains."""
    names = []
    for match in _LATIN.finditer(text):
        word = match[0]
        if (
            word.isdigit()
            or AMOUNT.fullmatch(word)
            or _UNIT.fullmatch(word)
            or _CALENDAR.fullmatch(word)
            or not any(c.isalpha() for c in word)
        ):
            continue
        shaped = any(c.isdigit() for c in word) or any(c.isupper() for c in word[1:])
        if shaped or (word[0].isupper() and not _starts_english_sentence(text, match)):
            names.append(word)
    return names


def first_words(text: str) -> list[str]:
    """Return the capitalised words that a sentence begins with: names ("Google released") or not ("Training cost")."""
    return [
        match[0]
        for match in _LATIN.finditer(text)
        if match[0][0].isupper()
        and match[0].isalpha()
        and match[0].lower() not in STOP_WORDS | _NO_NAMES
        and not _CALENDAR.fullmatch(match[0])
        and _starts_english_sentence(text, match)
    ]


def doers_in(text: str) -> list[str]:
    """Return the Chinese names that the grammar shows: who makes something, and where something is.

    >>> doers_in("它由清华大学发布,总部位于北京。"), doers_in("该模型由研究人员提出")
    (['清华大学', '北京'], [])
    """
    found = [m["doer"] for shape in (_DOER, _PLACE) for m in shape.finditer(text)]
    return [doer for doer in found if not _NOBODY.search(doer)]


def _starts_english_sentence(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()].rstrip(" \t*-#>“\"'("), text[match.end() : match.end() + 2].strip()
    return (not before or before[-1] in ".!?\n:") and not (after and is_cjk(after[0]))


def _without(text: str, names: Iterable[str]) -> str:
    """Return a text of the same length with blanks for names."""
    known, blank = frozenset(names), text
    for match in _LATIN.finditer(text) if known else ():
        if match[0] in known:
            blank = blank[: match.start()] + " " * len(match[0]) + blank[match.end() :]
    return blank


@lru_cache(maxsize=2048)
def words_in(text: str) -> frozenset[str]:
    """Return the terms that carry meaning: pairs of Chinese characters and Latin words that are neither numbers nor small words."""
    terms = set(analyze(text))
    pairs = {t for t in terms if len(t) == 2 and is_cjk(t[0])}
    latin = {t for t in terms if t.isalpha() and not is_cjk(t[0]) and len(t) > 1 and t not in STOP_WORDS}
    return frozenset(pairs | latin)


@lru_cache(maxsize=2048)
def clauses_of(text: str) -> tuple[str, ...]:
    """Return the clauses of a text; one that counts several things is cut between them.

    >>> clauses_of("A has 1,024 dishes and B has 48 dishes, but C moves.")
    ('A has 1,024 dishes', 'B has 48 dishes', 'C moves')
    """
    whole = [clause.strip() for clause in _CLAUSE.split(text) if clause.strip()]
    return tuple(part for clause in whole for part in _between_numbers(clause))


def _between_numbers(clause: str) -> list[str]:
    if "respectively" in clause or "分别" in clause:
        return [clause]
    parts = [part.strip() for part in _AND.split(clause) if part.strip()]
    counts = len(parts) > 1 and all(find_quantities(part) and words_in(part) for part in parts)
    return parts if counts else [clause]


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """Return the text as comparing sees it: no marks, no case, no white space, no closing full stop."""
    return "".join(normalize(MARK.sub("", text)).split()).strip("。.;；，,*-|")


@lru_cache(maxsize=512)
def name_pattern(name: str) -> re.Pattern[str]:
    """Match a name in any spelling, but neither inside a longer word nor before another version number.

    >>> bool(name_pattern("GPT-3").search("gpt 3 is")), bool(name_pattern("GPT-3").search("GPT-3.5 is"))
    (True, False)
    """
    if is_cjk(name[0]):
        return re.compile(re.escape(name))
    runs = re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+|\+", unicodedata.normalize("NFKC", name))
    version = r"(?!\.\d|-?\d+(?:\.\d+)?(?![\d.]*\s?[KMBTkmbt]))"
    return re.compile(rf"(?<![A-Za-z0-9]){spelled(runs)}(?:[sS]\b)?(?![A-Za-z0-9]){version}")
