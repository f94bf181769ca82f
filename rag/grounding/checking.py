"""Does a quote say what a statement says? Numbers, names and quoted words decide; shared words weigh less.

Pure functions over two texts; nothing here knows documents, readers or questions. A statement in one language and a
quote in the other share few words, so there only numbers and names are evidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.patterns import pattern
from index.terms import analyze, has_cjk, is_cjk
from rag.answers import SupportLabel
from rag.grounding.claims import (
    AMOUNT,
    MARK,
    URL,
    Claim,
    Fact,
    claim_of,
    clauses_of,
    doers_in,
    first_words,
    name_pattern,
    names_in,
    plain,
    surfaces,
    words_in,
)
from rag.grounding.opposing import begins_denied, is_opposed, is_stronger
from rag.understanding.quantities import Quantity, find_quantities, same_quantity

SUPPORTED, WEAK = 0.6, 0.3  # the borders of ``Citation.label``

_ENOUGH_WORDS = 0.6  # share of the statement's words in the quote that counts as all of them: the rest is phrasing
_CONTRADICTED = WEAK - 0.05  # a wrong number or a flipped negation is no support, whatever else agrees
_IN_PART = SUPPORTED - 0.1  # something that matters is missing
_CANNOT_TELL = WEAK  # another language, and nothing in it that could be compared
_SAID = 0.2  # share of a clause's words in the quote below which the quote does not say it

_MEASURES = tuple(
    pattern(rf"\s*(?:{words})", re.IGNORECASE)
    for words in (
        r"秒|seconds?\b", r"分钟|minutes?\b", r"个?小时|hours?\b", r"天|日(?!本)|days?\b", r"周|个?星期|weeks?\b", r"个月|months?\b",
        r"年|years?\b", r"公里|千米|km\b|kilomet(?:er|re)s?\b", r"米|m\b|met(?:er|re)s?\b", r"厘米|cm\b", r"毫米|mm\b",
        r"公斤|千克|kg\b|kilograms?\b", r"吨|tons?\b|tonnes?\b", r"克|g\b|grams?\b", r"个?参数|param(?:eter)?s?\b",
        r"个?(?:token|词元)s?", r"层|layers?\b", r"[种门]?语言|languages?\b", r"[块张颗]|gpus?\b|cards?\b", r"倍|times\b",
    )
)  # fmt: skip
_YEARS = range(1800, 2101)
_BEFORE_YEAR = pattern(
    r"(?:\b(?:in|since|by|until|till|from|to|of|during|before|after|around|late|early|mid)\s|\A|[a-z]\.?\s\d{1,2},\s|[(（/于在自至到从、-])\s?\|\d{4}$|年",
    re.IGNORECASE,
)


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
    claim = claim_of(statement)
    if not claim.plain:
        return Check(1.0)
    if is_contained(claim.plain, plain(quote)):
        return Check(1.0, found=claim.surfaces)
    found, missing = _compare(claim, quote, context)
    foreign = _is_chinese(statement) != _is_chinese(quote)
    known = frozenset() if foreign else frozenset(analyze(f"{context}\n{quote}"))
    words = None if foreign else _word_overlap(claim.words, known)
    negated = is_opposed(claim, quote, foreign=foreign)
    value = _value(claim, found, missing, words=words, negated=negated, first=_held_firsts(claim, quote))
    if missing and (_is_shifted(found, missing, quote) or _is_about_another(claim, found, missing, quote)):
        value = min(value, _CONTRADICTED)
    if value > _IN_PART and _says_more(claim, quote, context, known, foreign=foreign):
        value = _IN_PART
    return Check(round(value, 3), surfaces(found), surfaces(missing), negated)


def is_negated(statement: str, quote: str) -> bool:
    """Tell whether one of the two denies what the other says: ``check(statement, quote).negated``, without the rest.

    >>> is_negated("LLaMA 可以商用", "LLaMA 不可以商用")
    True
    """
    claim = claim_of(statement)
    if not claim.plain or is_contained(claim.plain, plain(quote)):
        return False
    return is_opposed(claim, quote, foreign=_is_chinese(statement) != _is_chinese(quote))


def is_contained(statement: str, quote: str) -> bool:
    """Tell whether the quote holds the statement word for word, with no negation right before it; both are ``plain``."""
    at = quote.find(statement)
    while at >= 0:
        end = at + len(statement)
        whole = not (_joins(quote, at) or _joins(quote, end))
        if whole and not begins_denied(quote[max(0, at - 2) : at]):
            return True
        at = quote.find(statement, at + 1)
    return False


def _joins(text: str, at: int) -> bool:
    """Tell whether a cut at this place would go through a number or a Latin word."""
    return 0 < at < len(text) and all(c.isascii() and c.isalnum() for c in text[at - 1 : at + 1])


def _compare(claim: Claim, quote: str, context: str) -> tuple[list[Fact], list[Fact]]:
    """Return the facts of a statement that the quote has, and those that it has not or has of something else."""
    text = URL.sub(" ", MARK.sub(" ", quote))
    numbers = _numbers(text)
    flat = plain(quote)
    everything = f"{context}\n{text}"
    found: list[Fact] = []
    missing: list[Fact] = []
    for fact in claim.facts:
        if fact.quantity is not None:
            same = [number for number in numbers if _is_same(fact.quantity, claim.numbers, number, text)]
            held = bool(same) and not _is_of_another(fact.quantity, claim, same, numbers, text)
        elif fact.name:
            held = _holds_name(everything, fact.name, numbers) or _is_foreign(fact.name, everything)
        else:
            held = fact.literal in flat or _is_foreign(fact.literal, flat)
        (found if held else missing).append(fact)
    return found, missing


def _numbers(text: str) -> list[Quantity]:
    """Return the numbers of a text without those that are a part of a name: the 3 of GPT-3, not the 6B of ChatGLM-6B."""
    return [
        q
        for q in find_quantities(text)
        if q.scaled or not re.search(r"[A-Za-z][-_.]?\Z", text[max(0, q.start - 2) : q.start], re.ASCII)
    ]


def _is_same(stated: Quantity, statement: str, quoted: Quantity, quote: str) -> bool:
    """Tell whether two numbers are one amount of one thing: "8 hours" are not "8 GPUs"."""
    mine, its = _measure(statement, stated), _measure(quote, quoted)
    return same_quantity(stated, quoted) and (mine is None or its is None or mine == its)


def _measure(text: str, quantity: Quantity) -> int | None:
    return next((n for n, words in enumerate(_MEASURES) if words.match(text, quantity.end)), None)


def _is_of_another(
    stated: Quantity, claim: Claim, same: Sequence[Quantity], numbers: Sequence[Quantity], text: str
) -> bool:
    """Tell whether the quote gives another number of this kind for what the statement speaks of, and this one for something else."""
    rivals = [q for q in numbers if _kind(q, text) == _kind(stated, claim.shown) and q not in same]
    if not rivals:
        return False
    clause = _clause_with(claim.shown, stated)
    own = [_clause_with(text, q) for q in same]
    others = {_clause_with(text, q) for q in rivals}
    return any(all(_is_nearer(clause, other, mine) for mine in own) for other in others)


def _kind(quantity: Quantity, text: str) -> str:
    """Return what a number can be mistaken for: a year, a large amount, an amount of money ..."""
    if quantity.unit:
        return quantity.unit
    if (
        quantity.value in _YEARS
        and not quantity.scaled
        and _BEFORE_YEAR.search(text[: quantity.start][-12:] + "|" + text[quantity.start : quantity.end])
    ):
        return "year"
    return "large" if quantity.value >= 1e5 else "small"


def _clause_with(text: str, quantity: Quantity) -> str:
    """Return the clause of a text that a number stands in."""
    end = 0
    for clause in clauses_of(text):
        end = text.find(clause, end) + len(clause)
        if quantity.start < end:
            return clause
    return text


def _is_nearer(clause: str, rival: str, own: str) -> bool:
    """Tell whether a clause shares at least the names and the words with a rival that it shares with its own, and more."""
    names = _all_names(clause)
    theirs, mine = (sum(bool(name_pattern(name).search(other)) for name in names) for other in (rival, own))
    if theirs < mine or (not theirs and _all_names(rival)):
        return False
    if _is_chinese(rival) != _is_chinese(own):
        return theirs > mine
    words = words_in(clause)
    shared, own_shared = len(words & words_in(rival)), len(words & words_in(own))
    return shared >= own_shared and (theirs, shared) != (mine, own_shared)


def _all_names(clause: str) -> set[str]:
    return {*names_in(clause), *first_words(clause), *doers_in(clause)}


def _is_shifted(found: Sequence[Fact], missing: Sequence[Fact], quote: str) -> bool:
    """Tell whether a date is held in part, and the quote has another month, day or year where it is not."""
    held = {fact.surface for fact in found if fact.quantity}
    parts = [fact.quantity for fact in missing if fact.quantity and fact.surface in held]
    if not parts:
        return False
    others = find_quantities(MARK.sub(" ", quote))
    return any(
        part.unit == other.unit and (part.unit or (part.value in _YEARS and other.value in _YEARS))
        for part in parts
        for other in others
    )


def _is_about_another(claim: Claim, found: Sequence[Fact], missing: Sequence[Fact], quote: str) -> bool:
    """Tell whether a quote has none of the names of a statement, but others."""
    if any(fact.name for fact in found) or not any(fact.name for fact in missing) or _held_firsts(claim, quote):
        return False
    return any(not name_pattern(name).search(claim.text) for name in _all_names(quote))


def _says_more(claim: Claim, quote: str, context: str, known: frozenset[str], *, foreign: bool) -> bool:
    """Tell whether a statement says "all" or "only", begins with a name, or has a clause, that the quote has not.

    ``known`` are the terms of quote and context.
    """
    if is_stronger(claim.text, quote):
        return True
    text = f"{context}\n{quote}"
    others = [name for name in (*names_in(quote), *first_words(quote)) if not name_pattern(name).search(claim.text)]
    if others and any(not name_pattern(word).search(text) for word in first_words(claim.text)):
        return not foreign
    if foreign:
        return False
    parts = [words for clause in clauses_of(claim.text) if len(words := words_in(clause)) > 1]
    return len(parts) > 1 and any(len(words & known) < _SAID * len(words) for words in parts)


def _held_firsts(claim: Claim, quote: str) -> int:
    """Return how many sentences begin with a word that the quote has: across languages that is a name."""
    return sum(bool(name_pattern(word).search(quote)) for word in first_words(claim.text))


def _holds_name(text: str, name: str, numbers: Sequence[Quantity]) -> bool:
    """Tell whether the text has the name in any spelling, or its base name and, somewhere, its size."""
    if name_pattern(name).search(text):
        return True
    base, _, size = name.rpartition("-")
    sizes = find_quantities(size) if base and AMOUNT.fullmatch(size) and not size.isdigit() else []
    return bool(sizes) and any(same_quantity(sizes[0], n) for n in numbers) and bool(name_pattern(base).search(text))


def _is_foreign(literal: str, text: str) -> bool:
    """Tell whether words cannot be in a text because it is in the other language."""
    return has_cjk(literal) and not has_cjk(text)


def _is_chinese(text: str) -> bool:
    """Tell whether a text is written in Chinese, however many Latin names it holds."""
    return sum(map(is_cjk, text)) * 4 >= len(re.findall(r"[A-Za-z]+", text))


def _word_overlap(words: frozenset[str], known: frozenset[str]) -> float:
    """Return the share of the statement's words that are known; a statement without words is all there."""
    return len(words & known) / len(words) if words else 1.0


def _value(
    claim: Claim, found: list[Fact], missing: list[Fact], *, words: float | None, negated: bool, first: int
) -> float:
    """Weigh facts and words into one number; ``words`` is None when quote and statement are in different languages."""
    total = sum(fact.weight for fact in claim.facts)
    held = sum(fact.weight for fact in found) / total if total else 0.0
    hard = any(fact.quantity or fact.literal for fact in claim.facts)
    if words is None:
        value = _across_languages(claim, held, hard, first)
    else:
        share = 0.5 if hard else 0.25 if total else 0.0
        value = share * held + (1 - share) * min(1.0, words / _ENOUGH_WORDS)
    if any(fact.quantity for fact in missing):
        numbers_held = any(fact.quantity for fact in found)
        return min(value, _IN_PART if numbers_held else _CONTRADICTED)
    if negated:
        return min(value, _CONTRADICTED)
    return min(value, _IN_PART) if missing else value


def _across_languages(claim: Claim, held: float, hard: bool, first: int) -> float:
    if not claim.facts:
        return _CANNOT_TELL
    enough = hard or len(claim.facts) + first >= 2  # one name says what the quote is about, not what it says of it
    return (0.85 if enough else 0.5) * held
