"""Text to index terms: what two spellings of the same word, name or number have in common.

Chinese becomes single characters and pairs of neighbours; Latin words lose case, accents and their commonest endings;
model names lose hyphens and spaces; numbers keep their unit and meet the same amount in other words (175b for
``1750亿`` and ``175 billion``). Knows nothing about passages, scores or languages of documents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from operator import add
from pathlib import Path

from corpus.patterns import pattern

ANALYZER = "terms-1"  # changes whenever the same text would give other terms: older indexes must be rebuilt

CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = rf"[^\W_{CJK}]"
AMOUNT_CHARACTERS = "十百千万亿兆"
_AMOUNT = r"(?:万亿|千亿|百亿|十亿|千万|百万|十万|亿|万|千|兆)"
_NUMBER = r"\d+(?:\.\d+)?"
_MAGNITUDE = r"(?:thousand|million|billion|trillion|bn)"
_UNIT = r"(?:[kmgtp]i?b|[kmbtg])"
TOKEN = (
    rf"(?P<cjk>[{CJK}]+)"
    rf"|(?P<amount>{_NUMBER})\s?(?:(?P<chinese>{_AMOUNT})|-?(?P<english>{_MAGNITUDE}|{_UNIT})(?![a-z0-9]))(?![-.][a-z0-9])"
    rf"|(?P<word>{_WORD}+(?:[-._'’+]{_WORD}+)*)(?:\s(?P<version>{_NUMBER}{_UNIT}?)(?![-.]?[a-z0-9]))?"
)
_TOKEN = pattern(TOKEN)
_WORDS = pattern(r"[\w.+'’-]+")
_GROUPED = pattern(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?!\d)")
_SEPARATOR = pattern(r"(?<!\d)\.|\.(?!\d)|[-_'’+]")  # not the point inside a number
_LETTERS_THEN_DIGITS = pattern(r"([^\W\d_]{3,})\d")
_SIZE = pattern(rf"{_NUMBER}(?:{_UNIT})?")
_POWERS = {
    "k": 3, "m": 6, "b": 9, "t": 12, "thousand": 3, "million": 6, "billion": 9, "bn": 9, "trillion": 12,
    "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "十亿": 9, "百亿": 10, "千亿": 11, "万亿": 12, "兆": 12,
}  # fmt: skip


def analyze(text: str) -> list[str]:
    """Return the index terms of a text in its order, repeated as often as they occur.

    >>> analyze("GPT-3 有 1750亿参数")
    ['gpt3', 'gpt', '有', '1750亿', '175b', '参', '数', '参数']
    """
    return plain_terms(normalize(text))


def plain_terms(plain: str) -> list[str]:
    """Return the index terms of a text that is normalised already."""
    terms: list[str] = []
    for match in tokens(plain):
        run = match["cjk"]
        if run is not None:
            terms.extend(run)
            terms.extend(map(add, run, run[1:]))
        elif match["word"] is not None:
            terms.extend(word_terms(match["word"]))
            if match["version"] is not None:
                terms.extend(versioned_terms(match["word"], match["version"]))
        else:
            terms.extend(amount_terms(match["amount"], match["chinese"] or match["english"]))
    return terms


def normalize(text: str) -> str:
    """Return the text as matching sees it: NFKC, lower case, simplified characters, no thousands separators."""
    text = unicodedata.normalize("NFKC", text).lower().translate(simplified())
    return _GROUPED.sub(lambda match: match[0].replace(",", ""), text) if "," in text else text


def normalize_name(name: str) -> str:
    """Return a name without case, spaces and punctuation: one spelling for all of its spellings.

    >>> {normalize_name(name) for name in ("GPT-3", "gpt 3", "GPT3")}
    {'gpt3'}
    """
    return "".join("".join(pieces) for pieces in map(_SEPARATOR.split, _WORDS.findall(normalize(name))))


def tokens(plain: str) -> Iterator[re.Match[str]]:
    """Yield the runs of a normalised text that terms are made of: ``cjk``, ``word`` (maybe with ``version``) or ``amount``."""
    return _TOKEN.finditer(plain)


def cjk_terms(run: str) -> list[str]:
    """Return the characters of a run and its pairs of neighbours."""
    return [*run, *map(add, run, run[1:])]


def cjk_pairs(word: str) -> list[str]:
    """Return the pairs of neighbours of a word, or its one character."""
    return list(map(add, word, word[1:])) or [word]


@lru_cache(maxsize=1 << 16)
def word_terms(word: str) -> tuple[str, ...]:
    """Return the terms of one normalised Latin word, number, or hyphenated name; the whole first."""
    word = _without_accents(word)
    pieces = [piece for piece in _SEPARATOR.split(word) if piece]
    if len(pieces) == 1:
        return _piece_terms(pieces[0])
    if pieces[-1] in ("s", "t", "re", "ve", "ll", "d", "m") and len(pieces) == 2 and word[len(pieces[0])] in "'’":
        return _piece_terms(pieces[0])
    whole = _joined(pieces)
    terms = [whole]
    if len(pieces) > 2 and any(character.isdigit() for character in word):
        terms.extend(_joined(pieces[at : at + 2]) for at in range(len(pieces) - 1))
    for piece in pieces:
        if len(piece) > 1 and not _SIZE.fullmatch(piece):
            terms.extend(_piece_terms(piece))
    return tuple(dict.fromkeys(terms))


@lru_cache(maxsize=1 << 14)
def versioned_terms(word: str, version: str) -> tuple[str, ...]:
    """Return what a word and the number after it are together (``gpt`` and ``3`` are ``gpt3``), then the number's own terms."""
    pieces = [piece for piece in _SEPARATOR.split(_without_accents(word)) if piece]
    last = pieces[-1]
    own = (
        word_terms(version)
        if _SIZE.fullmatch(version) is None or version[-1].isdigit()
        else amount_terms(*_split(version))
    )
    if word in STOP_WORDS or not last.isalpha() or len(version) > 4:
        return own
    return (*dict.fromkeys(("".join(pieces) + version, last + version)), *own)


@lru_cache(maxsize=1 << 14)
def amount_terms(number: str, unit: str) -> tuple[str, ...]:
    """Return the terms of a number with a unit: as written, and the same amount in thousands, millions, billions or trillions."""
    power = _POWERS.get(unit)
    if power is None:  # bytes: 13g of memory are 13gb
        return (number + unit, number + "gb") if unit == "g" else (number + unit,)
    written = number + (unit if len(unit) <= 2 or not unit.isascii() else unit[0])
    value = float(number) * 10.0**power
    for suffix, size in (("t", 1e12), ("b", 1e9), ("m", 1e6), ("k", 1e3)):
        if value >= size:
            return tuple(dict.fromkeys((written, f"{value / size:.10g}{suffix}")))
    return (written,)


def stem(word: str) -> str:
    """Return a Latin word without its plural, tense and adverb endings; words that share a stem match.

    >>> [stem(word) for word in ("models", "studies", "training", "trained", "classes")]
    ['model', 'study', 'train', 'train', 'class']
    """
    if len(word) < 4 or not word.isascii():
        return word
    word = _singular(word)
    while (shorter := _without_ending(word)) != word:
        word = shorter
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def is_cjk(character: str) -> bool:
    """Tell whether a character is written without spaces between words (Han, kana, hangul)."""
    return (
        "\u3400" <= character <= "\u9fff"
        or "\u3040" <= character <= "\u30ff"
        or "\uac00" <= character <= "\ud7af"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
        or character in "\u3005\u3007"
    )


def has_cjk(text: str) -> bool:
    """Tell whether a text has a character that is written without spaces between words."""
    return not text.isascii() and any(map(is_cjk, text))


STOP_WORDS = frozenset([
    "a", "about", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by", "can", "could", "did",
    "do", "does", "for", "from", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "many",
    "me", "much", "my", "no", "not", "of", "on", "or", "our", "please", "should", "so", "such", "tell", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "us", "was", "we",
    "were", "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
])  # fmt: skip
_VOWEL = frozenset("aeiouy")
_QUESTION_WORDS = pattern(
    r"是?什么(?:时候|样)?|甚么|啥|谁|多少|多[大长高远深重久快]|为何|何[时地处种人]|怎么?样?|如何|是否|[吗呢吧]"
    r"|哪一?[个些种里儿年家位台款部座国所支颗段次项篇类代张条]?|几[个种年位台款部座次项篇类代张条层倍]"
    r"|请(?:问|告诉我|介绍一?下?)|告诉我|介绍一下|有没有|是不是|能不能|可不可以|有哪些|为什么"
)


def without_question_words(text: str) -> str:
    """Return a normalised Chinese question with a space in place of the words that only ask."""
    return _QUESTION_WORDS.sub(" ", text)


def _piece_terms(piece: str) -> tuple[str, ...]:
    """Return a word's stem, and for letters with digits behind (``llama2``) the letters too."""
    if piece.isalpha():
        return (stem(piece),)
    if piece.isdecimal() or (size := _SIZE.fullmatch(piece)) is None:
        head = _LETTERS_THEN_DIGITS.match(piece)
        return (piece, stem(head[1])) if head else (piece,)
    return amount_terms(*_split(size[0]))


def _split(size: str) -> tuple[str, str]:
    """Split ``800gb`` into its number and its unit."""
    number = re.match(_NUMBER, size)
    end = number.end() if number else 0
    return size[:end], size[end:]


def _joined(pieces: list[str]) -> str:
    whole = "".join(pieces)
    return stem(whole) if whole.isalpha() else whole


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word[:-1] if word[-1] == "s" and word[-2] not in "sui" else word


def _without_ending(word: str) -> str:
    for ending, shortest in (("ied", 3), ("ing", 3), ("ed", 3), ("ly", 5)):
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= shortest and not _VOWEL.isdisjoint(rest):
            return rest + "y" if ending == "ied" else _undoubled(rest)
    return word


def _undoubled(word: str) -> str:
    """Repair a stem after its ending was cut: ``runn`` is ``run``, ``fall`` stays."""
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sle" else word


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


@cache
def simplified() -> dict[int, str]:
    """Map traditional characters to simplified ones (``simplified.txt``: one line of each, in the same order)."""
    lines = Path(__file__).with_name("simplified.txt").read_text("utf-8").splitlines()
    return dict(zip(map(ord, lines[0]), lines[1], strict=True))
