"""Many texts to their terms at once, as arrays: the terms that ``index.terms.analyze`` finds, several times as fast.

Characters are normalised by a table and Chinese is paired by shifting arrays; what is left of a text, with one sign in
place of each run of Chinese, is divided by the pattern that divides questions, and each distinct word is looked at once.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from corpus.languages import language_of
from corpus.patterns import pattern
from index.terms import AMOUNT_CHARACTERS, CJK, TOKEN, normalize, plain_terms, simplified, tokens

Codes = npt.NDArray[np.int64]  # of terms: a Chinese character, first << 18 | second of a pair, LATIN + number of others
Letters = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

LATIN = 1 << 18
PAIRS = 1 << 31  # no pair has a code below, as no Chinese character is below U+3000
_END, _RUN = "\0", "\1"  # stand for the end of a text, and for a run of Chinese
_TOKENS = pattern(f"[{_END}{_RUN}]|{re.sub('[?]P<[a-z]+>', '?:', TOKEN)}")
_ONE_CJK = pattern(f"[{CJK}]")
_JAMO = pattern("[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")  # parts that are put together
_CHARACTERS = 0x110000
_UNKNOWN, _UNSAFE = 0xFFFFFFFF, 0xFFFFFFFE  # not looked at yet; not normalised for itself
_IS_CJK, _IS_DIGIT, _IS_AMOUNT = 1, 2, 4
_SAMPLE = 20_000  # characters; which language longer texts are in is looked at one by one


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of some texts: the code and the number of the text of each occurrence, in no order."""

    codes: Codes
    texts: Numbers
    sameness: npt.NDArray[np.uint64]  # (texts,) equal for texts with the same terms in the same order


class Reader:
    """Reads texts; the codes of terms that are not Chinese are those of one reader."""

    def __init__(self) -> None:
        self._plain = np.full(_CHARACTERS, _UNKNOWN, np.uint32)  # each character normalised
        self._kinds = np.zeros(_CHARACTERS, np.uint8)
        self._words = _Words()

    @property
    def latin(self) -> list[str]:
        """The terms that are not Chinese, in the order of their codes."""
        return list(self._words.terms)

    def read(self, texts: Sequence[str]) -> Terms:
        """Return the terms of texts."""
        letters, ends = self._normalized(texts)
        cjk = self._chinese(letters, ends)
        first = np.flatnonzero(cjk[1:] & cjk[:-1])
        single = np.flatnonzero(cjk)
        words = self._words.read(_left_of(letters, cjk, ends))
        text_of_word = np.cumsum(words == 0) - (words == 0)
        other, sizes = self._words.codes_of(words)
        wide = letters.astype(np.int64)
        text_of = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
        return Terms(
            codes=np.concatenate([wide[single], wide[first] << 18 | wide[first + 1], other]),
            texts=np.concatenate([text_of[single], text_of[first], np.repeat(text_of_word, sizes)]),
            sameness=self._sameness(words, letters, cjk, single),
        )

    def _normalized(self, texts: Sequence[str]) -> tuple[Letters, Numbers]:
        """Return the characters of all texts as ``normalize`` gives them, an end behind each, and where the ends are."""
        raw = _letters("".join(chain.from_iterable((text, _END) for text in texts)))
        ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1) - 1
        self._learn(raw)
        plain = self._plain[raw]
        plain[ends] = ord(_END)
        unsafe = plain == _UNSAFE
        digit = self._kinds[np.where(unsafe, 0, plain)] & _IS_DIGIT > 0
        unsafe[1:-1] |= (plain[1:-1] == ord(",")) & digit[:-2] & digit[2:]  # maybe thousands
        rows = np.unique(np.searchsorted(ends, np.flatnonzero(unsafe)))
        return self._with_unsafe(plain, ends, rows.tolist(), texts) if len(rows) else (plain, ends)

    def _with_unsafe(
        self, plain: Letters, ends: Numbers, rows: Sequence[int], texts: Sequence[str]
    ) -> tuple[Letters, Numbers]:
        """Put texts in whose characters depend on each other, normalised one by one."""
        changed = [_letters(normalize(texts[row])) for row in rows]
        self._learn(np.concatenate(changed))
        parts, lengths, done = [], np.diff(ends, prepend=-1), 0
        for row, one in zip(rows, changed, strict=True):
            start = int(ends[row - 1]) + 1 if row else 0
            parts += [plain[done:start], np.maximum(one, 2)]
            lengths[row] = len(one) + 1
            done = int(ends[row])
        return np.concatenate([*parts, plain[done:]]), np.cumsum(lengths) - 1

    def _learn(self, letters: Letters) -> None:
        """Look at characters that were not met before."""
        met = np.zeros(_CHARACTERS, np.bool_)
        met[letters] = True
        for code in np.flatnonzero(met & (self._plain == _UNKNOWN)).tolist():
            plain = _plain(chr(code))
            self._plain[code] = _UNSAFE if plain is None else max(ord(plain), 2)
            for character in (chr(code), plain or ""):
                if character:
                    self._kinds[ord(character)] = _kind(character)

    def _chinese(self, letters: Letters, ends: Numbers) -> Marks:
        """Return which characters make Chinese terms: not those of an amount such as 1750亿."""
        kinds = self._kinds[letters]
        cjk = kinds & _IS_CJK > 0
        amount, digit = kinds & _IS_AMOUNT > 0, kinds & _IS_DIGIT > 0
        maybe = amount[1:] & digit[:-1]
        maybe[1:] |= amount[2:] & digit[:-2]
        for row in np.unique(np.searchsorted(ends, np.flatnonzero(maybe))).tolist():
            start = int(ends[row - 1]) + 1 if row else 0
            text = letters[start : int(ends[row])].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
            for match in tokens(text):
                if match["chinese"] is not None:
                    cjk[start + match.start("chinese") : start + match.end("chinese")] = False
        return cjk

    def _sameness(
        self, words: npt.NDArray[np.int32], letters: Letters, cjk: Marks, single: Numbers
    ) -> npt.NDArray[np.uint64]:
        """Return a hash of each text's words and characters in their order."""
        edges = np.flatnonzero(np.diff(cjk.view(np.int8), prepend=0, append=0))
        sizes = np.where(words == 0, 0, 1)
        sizes[words == 1] += edges[1::2] - edges[::2]
        starts = np.cumsum(sizes) - sizes
        sequence = np.zeros(int(sizes.sum()), np.uint64)
        fixed = np.zeros(len(sequence), np.bool_)
        own = words != 0
        fixed[starts[own]] = True
        sequence[starts[own]] = self._words.signatures()[words[own]]
        sequence[~fixed] = letters[single]
        data, at, hashes = sequence.astype("<u8").tobytes(), 0, []
        for end in (starts[words == 0] * 8).tolist():
            hashes.append(hashlib.blake2b(data[at:end], digest_size=8).digest())
            at = end
        return np.frombuffer(b"".join(hashes), "<u8").astype(np.uint64)


class _Words(dict[str, int]):
    """Numbers of words as they stand in texts, and the terms of each; 0 is the end of a text, 1 a run of Chinese."""

    def __init__(self) -> None:
        super().__init__({_END: 0, _RUN: 1})
        self.terms: dict[str, int] = {}
        self._held: list[list[int]] = [[], []]
        self._signed = [0, 1]

    def read(self, left: str) -> npt.NDArray[np.int32]:
        """Return the numbers of the words of a text."""
        found = _TOKENS.findall(left)
        return np.fromiter(map(self.__getitem__, found), np.int32, len(found))

    def __missing__(self, word: str) -> int:
        terms = plain_terms(word)
        self._held.append([self.terms.setdefault(term, len(self.terms)) for term in terms])
        digest = hashlib.blake2b(" ".join(terms).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self._signed.append(int.from_bytes(digest, "little") | 1 << 63)  # unlike every character
        number = self[word] = len(self)
        return number

    def codes_of(self, words: npt.NDArray[np.int32]) -> tuple[Codes, Numbers]:
        """Return the codes of the terms of words, and how many each has."""
        sizes = np.fromiter(map(len, self._held), np.int64, len(self._held))
        flat = np.fromiter(chain.from_iterable(self._held), np.int64, int(sizes.sum())) + LATIN
        mine = sizes[words]
        firsts = (np.cumsum(sizes) - sizes)[words] - (np.cumsum(mine) - mine)
        return flat[np.repeat(firsts, mine) + np.arange(int(mine.sum()))], mine

    def signatures(self) -> npt.NDArray[np.uint64]:
        """Return a hash of the terms of each word."""
        return np.array(self._signed, np.uint64)


def spelled(codes: Codes, latin: Sequence[str]) -> list[str]:
    """Return the terms of codes; ``latin`` are those that are not Chinese, in the order of their codes."""
    return [
        chr(code) if code < LATIN else latin[code - LATIN] if code < PAIRS else chr(code >> 18) + chr(code & LATIN - 1)
        for code in codes.tolist()
    ]


def chinese_of(texts: Sequence[str]) -> Marks:
    """Return which texts are Chinese, as ``language_of`` tells it."""
    letters = _letters("".join(chain.from_iterable((text, _END) for text in texts)))
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    starts = np.cumsum(lengths) - lengths
    han = (letters >= 0x3400) & (letters <= 0x4DBF) | (letters >= 0x4E00) & (letters <= 0x9FFF)
    han |= (letters >= 0xF900) & (letters <= 0xFAFF) | (letters >= 0x20000) & (letters <= 0x3FFFF)
    folded = letters | 0x20
    latin = (folded >= ord("a")) & (folded <= ord("z"))
    latin[1:] &= ~latin[:-1]  # only where a word begins, and maybe more often
    hans, words = (np.add.reduceat(marks, starts, dtype=np.int64) for marks in (han, latin))
    chinese = (hans > 0) & (hans >= words)
    for row in np.flatnonzero((hans > 0) & (hans < words) | (lengths > _SAMPLE)).tolist():
        chinese[row] = language_of(texts[row]) == "zh"
    return chinese


def _left_of(letters: Letters, cjk: Marks, ends: Numbers) -> str:
    """Return the texts with one sign in place of each run of Chinese."""
    kept = ~cjk
    kept[0] = True
    kept[1:] |= ~cjk[:-1]
    left = np.where(cjk, np.uint32(ord(_RUN)), letters)[kept]
    return left.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _letters(text: str) -> Letters:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32)


def _plain(character: str) -> str | None:
    """Return a character as ``normalize`` gives it whatever stands beside it; None if that depends."""
    lower = unicodedata.normalize("NFKC", character).lower()
    if len(lower) != 1 or lower == "σ" or max(character, lower) >= "\U00040000":
        return None
    depends = any(
        (unicodedata.category(one)[0] in "MC" and one > "\x7f") or _JAMO.match(one) for one in character + lower
    )
    return None if depends else simplified().get(ord(lower), lower)


def _kind(character: str) -> int:
    cjk = _IS_CJK if _ONE_CJK.match(character) else 0
    return cjk | (_IS_DIGIT if character.isdecimal() else 0) | (_IS_AMOUNT if character in AMOUNT_CHARACTERS else 0)
