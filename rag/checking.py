"""Does a quote say what a statement says? Numbers, names and quoted words decide; shared words weigh less.

Pure functions over two texts; nothing here knows documents, readers or questions. A statement in one language and a
quote in the other share few words, so there only numbers and names are evidence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from corpus.patterns import pattern
from index.terms import STOP_WORDS, analyze, is_cjk, normalize
from rag.answers import SupportLabel
from rag.quantities import Quantity, find_quantities, same_quantity

SUPPORTED, WEAK = 0.6, 0.3  # the borders of ``Citation.label``

_ENOUGH_WORDS = 0.6  # share of the statement's words in the quote that counts as all of them: the rest is phrasing
_CONTRADICTED = WEAK - 0.05  # a wrong number or a flipped negation is no support, whatever else agrees
_IN_PART = SUPPORTED - 0.1  # something that matters is missing
_CANNOT_TELL = WEAK  # another language, and nothing in it that could be compared

_MARK = pattern(r"\[\d{1,3}\](?!\()|【\d{1,3}】")
_ENUMERATOR = pattern(r"^\s*(?:[-*•]\s+)?(?:\d{1,2}[.)、]\s*(?!\d)|\(\d{1,2}\)\s*)?")
_URL = pattern(r"https?://[^\s)\]>，。；、）】》]+")
_LATIN = pattern(r"[A-Za-z0-9]+(?:[-_.+/&'’][A-Za-z0-9]+)*\+*")
_AMOUNT = pattern(r"\d+(?:[.,]\d+)*(?:[KkMmBbTt]|[KMGT]i?B)?", re.ASCII)
_CALENDAR = pattern(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|ember|ober)?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day",
    re.IGNORECASE,
)  # written with a capital, but part of a date
_QUOTED = pattern(r"「([^「」]{2,})」|『([^『』]{2,})』|“([^“”]{2,})”|《([^《》]{2,})》|\"([^\"\n]{2,})\"")
_NOT_A_NEGATION = pattern(
    r"不仅|不但|不只|不同|不断|不少|不过|不久|不错|不论|不管|不妨|不得不|无论|无监督|无疑|非常|没关系|未来|除非|并非不|莫非"
    r"|not only|no matter|no doubt|not least|nothing but",
    re.IGNORECASE,
)
_NEGATION = pattern(
    r"[不没無无未非勿莫]|尚缺|禁止|拒绝"
    r"|\b(?:not?|never|neither|nor|without|cannot|none|unable|lacks?|fails?)\b|n['’]t\b",
    re.IGNORECASE,
)
_CLAUSE = pattern(r"[，,。；;！!？?\n]|\. ")


@dataclass(frozen=True, slots=True)
class Check:
    """What became of a statement that was held against a quote.

    ``support`` runs from 0 to 1. ``found`` and ``missing`` list the numbers, names and quoted words of the statement,
    as it has them; ``negated`` is true when one of the two denies what the other says.
    """

    support: float
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    negated: bool = False

    @property
    def label(self) -> SupportLabel:
        """The support in words."""
        return "supported" if self.support >= SUPPORTED else "weak" if self.support >= WEAK else "unsupported"


def support(statement: str, quote: str) -> float:
    """Return how far the quote says what the statement says, from 0 to 1.

    >>> support("GPT-3 has 175B parameters.", "GPT-3 的参数量为 1,750 亿") >= 0.6
    True
    >>> support("GPT-3 has 170B parameters.", "GPT-3 的参数量为 1,750 亿") < 0.3
    True
    """
    return check(statement, quote).support


def check(statement: str, quote: str, *, context: str = "") -> Check:
    """Hold a statement against a quote and tell what of it is there.

    Args:
        statement: What is claimed; bare marks such as ``[1]`` in it are ignored.
        quote: What is said to support it.
        context: What the quote stands under (title, headings, a table's header): names and words may come from
            there, numbers may not.

    >>> check("LLaMA 可以商用", "LLaMA 不可以商用").label
    'unsupported'
    >>> check("Chinchilla 用了 1.4T tokens", "训练数据为 1.4 万亿 token", context="Chinchilla").missing
    ()
    """
    claim = _claim_of(statement)
    if not claim.plain:
        return Check(1.0)
    if _is_contained(claim.plain, _plain(quote)):
        return Check(1.0, found=claim.surfaces)
    found, missing = _compare(claim, quote, context)
    foreign = _is_chinese(statement) != _is_chinese(quote)
    words = None if foreign else _word_overlap(claim.words, f"{context}\n{quote}")
    negated = not foreign and _is_negated(claim, quote)
    value = _value(claim, found, missing, words=words, negated=negated)
    return Check(round(value, 3), _surfaces(found), _surfaces(missing), negated)


@dataclass(frozen=True, slots=True)
class _Fact:
    """Something in a statement that is either in the quote or not."""

    surface: str
    weight: float
    quantity: Quantity | None = None
    name: str = ""
    literal: str = ""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A statement taken apart."""

    text: str
    plain: str
    facts: tuple[_Fact, ...]
    words: frozenset[str]

    @property
    def surfaces(self) -> tuple[str, ...]:
        return _surfaces(self.facts)


def _surfaces(facts: Iterable[_Fact]) -> tuple[str, ...]:
    """Return facts as the statement has them, each once: a date is several numbers in one place."""
    return tuple(dict.fromkeys(fact.surface for fact in facts))


@lru_cache(maxsize=256)
def _claim_of(statement: str) -> _Claim:
    text = _ENUMERATOR.sub("", _MARK.sub(" ", statement))
    facts = [_Fact(m[0], 1.5, literal=_plain(m[0])) for m in _URL.finditer(text)]
    rest = _URL.sub(" ", text)
    for match in _QUOTED.finditer(rest):
        words = next(group for group in match.groups() if group)
        facts.append(_Fact(words, 1.5, literal=_plain(words)))
    names = _names(rest)
    facts += [_Fact(surface, 1.0, name=surface) for surface in dict.fromkeys(names)]
    numbers = _without(rest, names)
    facts += [_Fact(numbers[q.start : q.end].strip(), 2.0, quantity=q) for q in find_quantities(numbers)]
    return _Claim(text, _plain(text), tuple(facts), _words(numbers))


def _names(text: str) -> list[str]:
    """Return the Latin words that look like names: digits among letters, inner capitals, or a capital that no sentence start explains."""
    names = []
    for match in _LATIN.finditer(text):
        word = match[0]
        if word.isdigit() or _AMOUNT.fullmatch(word) or _CALENDAR.fullmatch(word) or not any(c.isalpha() for c in word):
            continue
        shaped = any(c.isdigit() for c in word) or any(c.isupper() for c in word[1:])
        if shaped or (word[0].isupper() and not _starts_english_sentence(text, match)):
            names.append(word)
    return names


def _starts_english_sentence(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()].rstrip(" \t*-#>“\"'("), text[match.end() : match.end() + 2].strip()
    return (not before or before[-1] in ".!?\n:") and not (after and is_cjk(after[0]))


def _without(text: str, names: Iterable[str]) -> str:
    for name in sorted(set(names), key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", lambda m: " " * len(m[0]), text)
    return text


def _words(text: str) -> frozenset[str]:
    """Return the terms that carry meaning: pairs of Chinese characters and Latin words that are neither numbers nor small words."""
    terms = set(analyze(text))
    pairs = {t for t in terms if len(t) == 2 and is_cjk(t[0])}
    latin = {t for t in terms if t.isalpha() and not is_cjk(t[0]) and len(t) > 1 and t not in STOP_WORDS}
    return frozenset(pairs | latin)


def _plain(text: str) -> str:
    """Return the text as comparing sees it: no marks, no case, no white space, no closing full stop."""
    return "".join(normalize(_MARK.sub("", text)).split()).strip("。.;；，,*-|")


def _is_contained(statement: str, quote: str) -> bool:
    """Tell whether the quote holds the statement word for word, with no negation right before it."""
    at = quote.find(statement)
    while at >= 0:
        end = at + len(statement)
        whole = not (_joins(quote, at) or _joins(quote, end))
        if whole and not _NEGATION.search(quote[max(0, at - 2) : at]):
            return True
        at = quote.find(statement, at + 1)
    return False


def _joins(text: str, at: int) -> bool:
    """Tell whether a cut at this place would go through a number or a Latin word."""
    return 0 < at < len(text) and all(c.isascii() and c.isalnum() for c in text[at - 1 : at + 1])


def _compare(claim: _Claim, quote: str, context: str) -> tuple[list[_Fact], list[_Fact]]:
    text = _MARK.sub(" ", quote)
    numbers = find_quantities(_URL.sub(" ", text))
    plain = _plain(quote)
    everything = f"{context}\n{text}"
    found: list[_Fact] = []
    missing: list[_Fact] = []
    for fact in claim.facts:
        if fact.quantity is not None:
            held = any(same_quantity(fact.quantity, number) for number in numbers)
        elif fact.name:
            held = _holds_name(everything, fact.name, numbers)
        else:
            held = fact.literal in plain or _is_foreign(fact.literal, plain)
        (found if held else missing).append(fact)
    return found, missing


def _holds_name(text: str, name: str, numbers: list[Quantity]) -> bool:
    """Tell whether the text has the name in any spelling, or its base name and, somewhere, its size."""
    if _name_pattern(name).search(text):
        return True
    base, _, size = name.rpartition("-")
    sizes = find_quantities(size) if base and _AMOUNT.fullmatch(size) and not size.isdigit() else []
    return bool(sizes) and any(same_quantity(sizes[0], n) for n in numbers) and bool(_name_pattern(base).search(text))


@lru_cache(maxsize=512)
def _name_pattern(name: str) -> re.Pattern[str]:
    """Match a name in any spelling, but neither inside a longer word nor before another version number.

    >>> bool(_name_pattern("GPT-3").search("gpt 3 is")), bool(_name_pattern("GPT-3").search("GPT-3.5 is"))
    (True, False)
    """
    runs = re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+|\+", unicodedata.normalize("NFKC", name))
    body = r"[-\s_.'’/]*".join(re.escape(run) for run in runs)
    version = r"(?!\.\d|-?\d+(?:\.\d+)?(?![\d.]*\s?[KMBTkmbt]))"
    return re.compile(rf"(?<![A-Za-z0-9]){body}(?:s\b)?(?![A-Za-z0-9]){version}", re.IGNORECASE)


def _is_foreign(literal: str, plain: str) -> bool:
    """Tell whether quoted words cannot be in the quote because it is in the other language."""
    return any(map(is_cjk, literal)) and not any(map(is_cjk, plain))


def _is_chinese(text: str) -> bool:
    """Tell whether a text is written in Chinese, however many Latin names it holds."""
    return sum(map(is_cjk, text)) * 4 >= len(re.findall(r"[A-Za-z]+", text))


def _word_overlap(words: frozenset[str], text: str) -> float:
    """Return the share of the statement's words that the text has; a statement without words is all there."""
    return len(words & set(analyze(text))) / len(words) if words else 1.0


def _is_negated(claim: _Claim, quote: str) -> bool:
    """Tell whether the clause of the quote that is nearest to the statement denies what it says, or the other way round."""
    clauses = [c for c in _CLAUSE.split(quote) if c.strip()]
    if not clauses or not claim.words:
        return False
    nearest = max(clauses, key=lambda clause: len(claim.words & set(analyze(clause))))
    shared = len(claim.words & set(analyze(nearest)))
    said = _best_clause(claim.text, nearest)
    return shared * 2 >= len(_words(said)) and _denies(said) != _denies(nearest)


def _best_clause(statement: str, clause: str) -> str:
    words = _words(clause)
    return max((c for c in _CLAUSE.split(statement) if c.strip()), key=lambda c: len(words & _words(c)))


def _denies(text: str) -> bool:
    """Tell whether a clause says no; two negations say yes.

    >>> _denies("不仅开源"), _denies("is not open"), _denies("并不是不能用")
    (False, True, False)
    """
    return len(_NEGATION.findall(_NOT_A_NEGATION.sub(" ", text))) % 2 == 1


def _value(claim: _Claim, found: list[_Fact], missing: list[_Fact], *, words: float | None, negated: bool) -> float:
    """Weigh facts and words into one number; ``words`` is None when quote and statement are in different languages."""
    total = sum(fact.weight for fact in claim.facts)
    held = sum(fact.weight for fact in found) / total if total else 0.0
    hard = any(fact.quantity or fact.literal for fact in claim.facts)
    if words is None:
        value = _across_languages(claim, held, hard)
    else:
        share = 0.5 if hard else 0.25 if total else 0.0
        value = share * held + (1 - share) * min(1.0, words / _ENOUGH_WORDS)
    if any(fact.quantity for fact in missing):
        numbers_held = any(fact.quantity for fact in found)
        return min(value, _IN_PART if numbers_held else _CONTRADICTED)
    if negated:
        return min(value, _CONTRADICTED if (words or 0) >= _ENOUGH_WORDS else _IN_PART)
    return min(value, _IN_PART) if missing and not found else value


def _across_languages(claim: _Claim, held: float, hard: bool) -> float:
    if not claim.facts:
        return _CANNOT_TELL
    enough = hard or len(claim.facts) >= 2  # one name says what the quote is about, not what it says of it
    return (0.85 if enough else 0.5) * held
