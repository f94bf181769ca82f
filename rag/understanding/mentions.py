"""Names: which ones a question mentions, in any spelling, and where a text mentions them.

A name is what documents write with a capital, a digit or a hyphen in it, or what the index knows another name for.
``GPT-3``, ``gpt 3`` and ``gpt3`` are one name; ``GPT-3.5`` is another one, and so is ``U-PaLM`` beside ``PaLM``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from string import ascii_lowercase
from typing import Literal

from corpus.languages import Language
from corpus.patterns import pattern
from index import Index
from index.terms import STOP_WORDS, analyze, has_cjk, is_cjk, normalize, normalize_name
from rag.reading.units import Unit
from rag.understanding.grammar import FILLERS_EN
from rag.understanding.wording import same_words

Standing = Literal["known", "unknown"]

# Latin words that a Chinese sentence uses as common nouns, and words that every document of the field is full of.
_COMMON = frozenset(
    [
        "token",
        "tokens",
        "gpu",
        "gpus",
        "cpu",
        "tpu",
        "api",
        "apis",
        "llm",
        "llms",
        "nlp",
        "ai",
        "url",
        "github",
        "huggingface",
        "arxiv",
        "paper",
        "papers",
        "blog",
        "repo",
        "code",
        "link",
        "web",
        "prompt",
        "prompts",
        "transformer",
        "decoder",
        "encoder",
        "pdf",
        "app",
        "ui",
        "id",
        "ok",
        "batch",
        "epoch",
        "epochs",
        "zero",
        "few",
        "shot",
        "fine",
        "tuning",
        "tuned",
        "pre",
        "training",
        "model",
        "models",
        "data",
        "dataset",
        "dataset's",
        "sota",
        "benchmark",
        "benchmarks",
        "in-context",
        "gb",
        "mb",
        "tb",
        "kb",
        "html",
        "json",
        "ceo",
        "ipo",
        "gdp",
        "dna",
        "tv",
        "usa",
        "uk",
        "us",
        "eu",
        "un",
    ]
)
_LATIN = pattern(r"[A-Za-z0-9][A-Za-z0-9.+]*(?:[-–_·'’](?:[A-Za-z0-9.+]+|[α-ω](?![α-ω])))*[α-ω]?")
_SIZE_SUFFIX = pattern(r"(?<=\w)[-_ ]?\d+(?:\.\d+)?[bmBM]$")
_AMOUNT = pattern(r"v?\d+(?:[.,]\d+)*\s?[A-Za-z]{0,2}")  # 7B, 100k, 3D, v4: sizes and versions without a name
_DOUBLED = pattern(r"([a-z])\1")
_SHAPED = pattern(r"\d|[a-z][A-Z]|[A-Z]{2}")
_VERSION = pattern(r"\d{1,2}(?:\.\d{1,2})?")
_LONGEST = 5  # Latin words in one name
_LONGEST_CHINESE = 10  # characters
_QUOTED = pattern(r"《([^《》]{1,60})》|“([^“”]{2,60})”|「([^「」]{2,60})」|『([^『』]{2,60})』|\"([^\"]{2,60})\"")
_CAPITALISED = pattern(r"[A-Z]")
_TITLE_CASE = pattern(r"[A-Z][\w'-]*(?: [A-Z][\w'-]*)*")
_LOWER_WORDS_IN_NAMES = frozenset(["of", "the", "and", "for", "de", "van", "von", "der", "la", "le", "di", "del"])
MOST_NAMES = 24  # of a question that are looked up; who pastes more asks about none of them
_TYPED = pattern(r"[A-Za-z]{5,}(?:-?\d[\d.]*)?")  # a word that may be a name with a typing error
_FARTHEST = 6  # characters that a name may be longer or shorter than its misspelling, its spaces included
_READ_FOR_NAMES = 6  # passages in which the writing of a near spelling is looked up
_CLOSE_ENOUGH = 84  # rapidfuzz ratio from which a spelling counts as a typing error: one letter in six


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a question: how it is written there, and every way documents may write it.

    ``held`` tells whether the index holds it at all; ``certain`` whether its shape says that it must be a name (a
    digit, an inner capital, Latin letters in a Chinese question); ``meant`` is the name that a typing error stands for.
    """

    surface: str
    start: int
    end: int
    normal: str
    spellings: tuple[str, ...]
    held: bool
    certain: bool
    meant: str = ""
    translations: tuple[str, ...] = ()  # Chinese words that a dictionary gives for it; they say it less surely
    strengths: dict[Unit | str | tuple[str, ...], float] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # remembered
    cores: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)  # each spelling and its core

    def __post_init__(self) -> None:
        object.__setattr__(self, "cores", tuple([(name, _core(name)) for name in self.spellings]))

    @property
    def sure(self) -> bool:
        """Whether it is a name for sure: by its shape, or because it has other names."""
        return self.certain or len(self.spellings) > 1

    @property
    def name(self) -> str:
        """The name to show and to search: without its typing error."""
        return self.meant or self.surface


def find_mentions(text: str, index: Index, language: Language) -> list[Mention]:
    """Return the names in a question, in its order, none inside another and none twice, at most ``MOST_NAMES`` of a script."""
    aliases = index.aliases()
    latin = islice(_latin(text, index, aliases, language), MOST_NAMES)
    found = [*latin, *islice(_chinese(text, aliases, index), MOST_NAMES)]
    found.sort(key=lambda mention: (mention.start, -mention.end))
    kept: list[Mention] = []
    for mention in found:
        if kept and (whole := _as_one(text, kept[-1], mention, index)):
            kept[-1] = whole
        elif not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return list({mention.normal: mention for mention in reversed(kept)}.values())[::-1]


def _as_one(text: str, first: Mention, second: Mention, index: Index) -> Mention | None:
    """Return the one name that two neighbours are when the index holds them joined: "tide 的 store db"."""
    between = text[first.end : second.start]
    normal = first.normal + second.normal
    if between.strip() not in ("", "的", "/") or second.start < first.end or not index.holds(normal):
        return None
    surface = f"{first.surface} {second.surface}"
    return Mention(surface, first.start, second.end, normal, (surface,), held=True, certain=first.certain)


def quoted_titles(text: str) -> list[str]:
    """Return what stands between quotation or title marks.

    >>> quoted_titles("《星图》里“双星”一节")
    ['星图', '双星']
    """
    return [next(group for group in match.groups() if group) for match in _QUOTED.finditer(text)]


@lru_cache(maxsize=1024)  # a pattern takes some kilobytes, and questions bring ever new names
def name_pattern(name: str) -> re.Pattern[str]:
    """Match a name in any spelling, but not inside a longer word or number.

    >>> bool(name_pattern("GPT-3").search("gpt 3 is")), bool(name_pattern("GPT-3").search("GPT-3.5 is"))
    (True, False)
    """
    if has_cjk(name):
        return re.compile(re.escape(name), re.IGNORECASE)
    return re.compile(
        rf"(?<![A-Za-z0-9])(?<![A-Za-z0-9]\.){spelled(_runs(name))}(?:'?[sS](?![A-Za-z]))?(?![A-Za-z0-9])(?!\.\d)"
    )


def spelled(runs: Iterable[str]) -> str:
    """Return a pattern for the words and numbers of a name with anything between them that joins such.

    It ignores case in the words only, and has ’ outside of the class: both make it compile several times as fast.
    """
    return r"[-\s_.'/]*(?:’[-\s_.'/]*)*".join(f"(?i:{re.escape(run)})" for run in runs)


def _runs(name: str) -> list[str]:
    """Return the words and numbers of a name, which stand in every spelling of it: ``GPT`` and ``3``."""
    return re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+|\+", name) or [name]


@lru_cache(maxsize=4096)
def _core(name: str) -> str:
    """Return what every spelling of a name has in lower case: the longest of its words."""
    return name.lower() if has_cjk(name) else max(_runs(name), key=len).lower()


def mention_strength(text: str, mention: Mention) -> float:
    """Return how surely a text mentions exactly this name: 1, less inside a longer name, 0 not at all."""
    strength = mention.strengths.get(text)
    if strength is None:
        lower = _in_lower(text)  # most texts have no word of a name: to look for one is cheaper than to match a pattern
        maybe = [name for name, core in mention.cores if core in lower]
        strength = max(_strength(text, name) for name in maybe) if maybe else 0.0
        if strength < TRANSLATION and any(word in text for word in mention.translations):
            strength = TRANSLATION
        mention.strengths[text] = strength
    return strength


@lru_cache(maxsize=1 << 13)
def _in_lower(text: str) -> str:
    """Return a text in lower case; remembered, because that takes Chinese texts ten times as long as to look them up."""
    return text.lower()


TRANSLATION = 0.9  # a name said by its translation
PART_OF_LONGER = 0.35  # "PaLM" in "U-PaLM": related, but another thing


@lru_cache(maxsize=1 << 15)
def _strength(text: str, spelling: str) -> float:
    best = 0.0
    for match in name_pattern(spelling).finditer(text):
        best = max(best, PART_OF_LONGER if _is_part(text, match.start(), match.end(), spelling) else 1.0)
        if best == 1.0:
            break
    return best


def _is_part(text: str, start: int, end: int, spelling: str) -> bool:
    """Tell whether a match belongs to a longer name: joined by a hyphen, or followed by its next word."""
    if has_cjk(spelling):
        return start > 0 and text[start - 1] in "小大新"
    before, after = text[max(0, start - 2) : start], text[end : end + 12]
    if before[-1:] in ("-", "_") and before[:1].isalnum():
        return True
    if re.match(r"-\d+(?:\.\d+)?\s?[BMbm](?![A-Za-z])", after) or re.match(r"-(?:style|like|based|type)\b", after):
        return False
    if re.match(r"[-_][A-Za-z0-9]", after):
        return True
    return bool(spelling[-1].isdigit() and re.match(r" [A-Z][a-z]+", after))


@lru_cache(maxsize=1024)
def names_in(text: str) -> tuple[str, ...]:
    """Return the Latin names that stand in a document's text: words with a digit, an inner capital, or a capital.

    Remembered: for names that no document has, the passages near a question are looked through again and again.
    """
    words = (match[0].rstrip(".") for match in _LATIN.finditer(text))
    return tuple(word for word in words if _CAPITALISED.search(word) and _is_no_common_word(word.lower()))


def _is_no_common_word(lower: str) -> bool:
    return lower not in _COMMON and lower not in STOP_WORDS


def unknown_words(text: str, named: Sequence[Mention], index: Index) -> Iterator[Mention]:
    """Yield the Latin words that no passage and no dictionary has: maybe names with a typing error.

    A number behind such a word may belong to it ("lamma 65b"): with it first, then without.
    """
    words = [m for m in _LATIN.finditer(text) if not any(n.start <= m.start() < n.end for n in named)]
    for number, word in enumerate(words):
        surface = word[0].rstrip(".")
        if _TYPED.fullmatch(surface) is None or any(map(index.holds, analyze(surface))):
            continue
        if surface.lower() in _COMMON or same_words(surface.lower()) or _is_english_word(surface, index):
            continue
        after = words[number + 1 : number + 2]
        if after and after[0][0][0].isdigit() and _is_run(text, [word, *after]):
            yield _unknown(text[word.start() : after[0].end()].rstrip("."), word.start())
        yield _unknown(surface, word.start())


def _unknown(surface: str, start: int) -> Mention:
    return Mention(surface, start, start + len(surface), normalize_name(surface), (surface,), held=False, certain=False)


def names_beside(surface: str, index: Index) -> Iterator[str]:
    """Yield the names of the documents that are one letter away: one more, one less, another one, or two exchanged."""
    for term in index.held(list(_one_letter_away(normalize_name(surface)))):
        texts = [passage.text for passage in index.passages_with([term], limit=_READ_FOR_NAMES)]
        names = [name for text in texts for name in names_in(text) if normalize_name(name) == term]
        yield from (name for name in dict.fromkeys(names) if not any(_in_lower_case(name, text) for text in texts))


def version_beside(surface: str, index: Index) -> str:
    """Return the name as documents write it with or without a ".0" behind its version ("Dolly2", "Dolly 2.0"), "" if none does."""
    normal = normalize_name(surface)
    other = normal.removesuffix(".0") if normal.endswith(".0") else f"{normal}.0"
    if not _VERSIONED.search(normal) or not index.holds(other):
        return ""
    written = name_pattern(other)
    found = (written.search(passage.text) for passage in index.passages_with([other], limit=_READ_FOR_NAMES))
    return next((match[0] for match in found if match), "")


_VERSIONED = pattern(r"[^\W\d_]\d{1,2}(?:\.0)?$")


def _in_lower_case(name: str, text: str) -> bool:
    """Tell whether a text, other than in an address, writes a name without a capital too: then it is a common word."""
    return re.search(rf"(?<![\w/@.-]){re.escape(name.lower())}", text) is not None


def _one_letter_away(word: str) -> Iterator[str]:
    """Yield the spellings one letter away that begin with the same letter; digits stay as they are."""
    for at in range(1, len(word) + 1):
        head, tail = word[:at], word[at:]
        yield from (head + letter + tail for letter in ascii_lowercase)
        if tail and not tail[0].isdigit():
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in ascii_lowercase)
            if len(tail) > 1 and not tail[1].isdigit():
                yield head + tail[1] + tail[0] + tail[2:]


def _latin(text: str, index: Index, aliases: Mapping[str, frozenset[str]], language: Language) -> Iterator[Mention]:
    words = list(_LATIN.finditer(text))
    seen: set[str] = set()  # what is repeated is looked up once
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            group = words[at : at + length]
            written = text[group[0].start() : group[-1].end()]
            if written in seen or not _is_run(text, group):
                continue
            seen.add(written)
            mention = _as_name(text, group, index, aliases, language)
            if mention is not None:
                yield mention
                at += length
                break
        else:
            at += 1


def _is_run(text: str, group: list[re.Match[str]]) -> bool:
    """Tell whether words stand next to each other, with at most a space between them."""
    return all(text[a.end() : b.start()] in (" ", "") for a, b in itertools.pairwise(group))


def _as_name(
    text: str, group: list[re.Match[str]], index: Index, aliases: Mapping[str, frozenset[str]], language: Language
) -> Mention | None:
    """Return the mention that a group of words is, or None if it is no name or several."""
    start, end = group[0].start(), group[-1].end()
    surface = re.sub(r"['’]s$|(?<=\d)s$", "", text[start:end].rstrip("."))
    normal = normalize_name(surface)
    words = [match[0].rstrip(".") for match in group]
    if (
        not re.search(r"[^\W\d_]", normal)
        or all(word.lower() in STOP_WORDS or word.lower() in _COMMON for word in words)
        or _AMOUNT.fullmatch(surface)
        or (normal not in aliases and _are_two_names(words))
    ):
        return None
    shaped = [_is_shaped(word, language, index, first=start == 0 and n == 0) for n, word in enumerate(words)]
    known = normal in aliases and _is_name_like(surface, normal, aliases, index)
    if len(words) > 1:
        joins = _joins(words, shaped, language)
        known = known or ((joins or _is_one_word(words)) and _is_written_as_name(normal, surface, index, language))
        versioned = len(words) == 2 and shaped[0] and _VERSION.fullmatch(words[1]) is not None
        if not known and not (joins and (versioned or _occurs(surface, index))):
            return None
    elif not (shaped[0] or known or _is_written_as_name(normal, surface, index, language)):
        return None
    held = any(_is_held(spelling, normalize_name(spelling), index) for spelling in _spellings(surface, normal, aliases))
    certain = language == "zh" or any(re.search(r"\d|[a-z][A-Z]|[A-Z]{2}", word) for word in words)
    return Mention(surface, start, start + len(surface), normal, _spellings(surface, normal, aliases), held, certain)


def _is_name_like(surface: str, normal: str, aliases: Mapping[str, frozenset[str]], index: Index) -> bool:
    """Tell whether a word with other names is a name: documents write one of them like one (``parameter`` is none)."""
    for spelling in (surface, *aliases[normal]):
        if has_cjk(spelling) or spelling.lower() in _COMMON:
            continue
        if re.search(r"\d|[a-z][A-Z]|[A-Z]{2}", spelling) or (
            re.fullmatch(r"[A-Z][a-z]+", spelling) and not index.holds(next(iter(analyze(spelling)), ""))
        ):
            return True
        if _is_written_as_name(normalize_name(spelling), spelling, index, "en"):
            return True
    return False


def _are_two_names(words: Sequence[str]) -> bool:
    """Tell whether "and" stands between words that are names each by its shape: a heading may join them, "BLOOMZ and mT0"."""
    return "and" in words[1:-1] and all(_SHAPED.search(word) for word in words if word != "and")


def _is_one_word(words: list[str]) -> bool:
    """Tell whether the words may be one name typed apart: none of them a small word."""
    return not any(word.lower() in STOP_WORDS for word in words)


def _is_shaped(word: str, language: Language, index: Index, *, first: bool) -> bool:
    """Tell whether a word looks like a name by itself."""
    lower = word.lower()
    if lower in STOP_WORDS or lower in _COMMON or word.isdigit() or len(word) < 2:
        return False
    if _AMOUNT.fullmatch(word):
        return False
    if language == "zh":
        return len(word) > 3 and not _is_english_word(word, index) if word.islower() and word.isalpha() else True
    if re.fullmatch(r"(?:[A-Z][a-z]+|[A-Z]{2,3}|\d+)-[a-z]{3,}", word):
        return False  # EU-wide, Lorne-built, 5-metre: an adjective
    inner = re.search(r"[A-Za-z]\d|\d[A-Za-z]|[a-z][A-Z]|[A-Z]{2}|[a-z]\.[a-z]", word) is not None
    return inner or (word[0].isupper() and not first)


def _joins(words: list[str], shaped: list[bool], language: Language) -> bool:
    """Tell whether words may form one name: capitalised, numbers, or small words between such."""
    if not shaped[0] or words[-1].lower() in STOP_WORDS:
        return False
    return all(
        good
        or word[0].isdigit()
        or (language == "en" and (word.lower() in _LOWER_WORDS_IN_NAMES or (word[0].isupper() and not word.isupper())))
        for word, good in zip(words, shaped, strict=True)
    )


def _occurs(surface: str, index: Index) -> bool:
    """Tell whether some passage has the parts of a name next to each other, however they are joined."""
    pieces = [piece.lower() for piece in re.findall(r"[^\W\d_]{2,}", surface) if piece.lower() not in STOP_WORDS]
    terms = [term for piece in pieces for term in analyze(piece)[:1] if index.holds(term)]
    if not terms or len(terms) < len(pieces):
        return False
    return any(name_pattern(surface).search(passage.text) for passage in index.passages_with(terms, limit=_LOOKED_AT))


_SENTENCE_STARTS = pattern(r"[.!?:\n]\s{0,2}\Z")
_STARTS = pattern(r"[.!?:\n#|*•>\"“(-]\s{0,2}\Z")  # also headings, cells, items
_LOOKED_AT = 30  # passages in which a name's spelling is looked up


def _is_written_as_name(normal: str, surface: str, index: Index, language: Language) -> bool:
    """Tell whether documents write these letters as a name.

    In a Chinese question every Latin word that documents hold is one. In an English one the documents must write it
    with a digit or an inner capital, or with a capital where no neighbour has one (so not in a title).
    """
    term = normal if index.holds(normal) else next(iter(analyze(normal)), normal)
    if not index.holds(term) or surface.lower() in FILLERS_EN:
        return False
    if language == "zh" and not _is_english_word(surface, index):
        return True
    pattern = name_pattern(surface)
    places = (
        _is_written_so(p.text, m, english=p.document.language == "en")
        for p in index.passages_with([term], limit=6)
        for m in pattern.finditer(p.text)
    )
    written = [place for place in places if place is not None]
    return 2 * sum(written) > len(written)


def _is_english_word(surface: str, index: Index) -> bool:
    """Tell whether a dictionary translates a lower-case word: ``size`` in a Chinese question is no name."""
    if not surface.islower() or not surface.isalpha():
        return False
    return any(is_cjk(term[0]) for concept in index.query(surface).concepts for term in concept.terms)


def _is_written_so(text: str, match: re.Match[str], *, english: bool) -> bool | None:
    """Tell whether one place writes a word as a name; None where it cannot tell.

    What begins a sentence (in an English text also an item, a cell) has a capital anyway, as has a word of a title.
    """
    word = match[0]
    if _is_part(text, match.start(), match.end(), word):
        return None
    if re.search(r"\d|[^\W\d_][A-Z]", word):
        return True
    if not word[0].isupper():
        return False
    before = re.search(r"([A-Za-z]+)\W{1,2}$", text[max(0, match.start() - 20) : match.start()])
    after = re.match(r"\W{1,2}([A-Za-z]+)", text[match.end() : match.end() + 20])
    alone = not (before and before[1][0].isupper()) and not (after and after[1][0].isupper())
    starts = (
        match.start() == 0
        or (_STARTS if english else _SENTENCE_STARTS).search(text, max(0, match.start() - 4), match.start()) is not None
    )
    return True if alone and not starts else None


def _is_held(surface: str, normal: str, index: Index) -> bool:
    """Tell whether the index holds a name, as it is or without the size at its end."""
    if has_cjk(surface):
        return _holds_chinese(surface, index)
    whole = analyze(surface)[:1] if " " not in surface else []
    if index.holds(normal) or any(map(index.holds, whole)) or _occurs(surface, index):
        return True
    base = _SIZE_SUFFIX.sub("", surface)
    size = analyze(surface[len(base) :].lstrip("-_ ")) if base != surface else []
    if not size or not index.holds(normalize_name(base)):
        return False
    pattern = name_pattern(base)
    found = index.passages_with([normalize_name(base), size[0]], limit=_LOOKED_AT)
    return any(pattern.search(passage.text) for passage in found)


def _holds_chinese(surface: str, index: Index) -> bool:
    terms = [term for term in analyze(surface) if len(term) > 1]
    if not all(map(index.holds, terms)):
        return False
    return any(surface in passage.text for passage in index.passages_with(terms, limit=_LOOKED_AT))


def _spellings(surface: str, normal: str, aliases: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    others = aliases.get(normal, frozenset())
    return tuple(dict.fromkeys((surface, *sorted(others, key=lambda other: (-len(other), other)))))


def _chinese(text: str, aliases: Mapping[str, frozenset[str]], index: Index) -> Iterator[Mention]:
    """Yield the Chinese names that the index knows another name for, the longest first."""
    plain = normalize(text)
    if len(plain) != len(text) or not aliases:
        plain = text
    at = 0
    while at < len(plain):
        length = _longest_alias(plain, at, aliases, index) if is_cjk(plain[at]) else 0
        if length:
            normal = normalize_name(plain[at : at + length])
            spellings = _spellings(text[at : at + length], normal, aliases)
            held = any(_is_held(spelling, normalize_name(spelling), index) for spelling in spellings)
            yield Mention(text[at : at + length], at, at + length, normal, spellings, held, certain=True)
        at += length or 1


def _longest_alias(text: str, at: int, aliases: Mapping[str, frozenset[str]], index: Index) -> int:
    for length in range(min(_LONGEST_CHINESE, len(text) - at), 1, -1):
        if not text[at + length - 1].isalnum():
            continue
        normal = normalize_name(text[at : at + length])
        if normal in aliases and (_is_proper(aliases[normal]) or _is_name_like("", normal, aliases, index)):
            return length
    return 0


def _is_proper(spellings: Iterable[str]) -> bool:
    """Tell whether other names of something make it a name: each Latin one has capitals, and one has several words (a university)."""
    latin = [spelling for spelling in spellings if not has_cjk(spelling)]
    capitals = all(_TITLE_CASE.fullmatch(spelling) and spelling.lower() not in _COMMON for spelling in latin)
    return capitals and any(" " in spelling for spelling in latin)


def _shape(normal: str) -> str:
    """Return the order of letters and digits: a letter after a version number makes another version."""
    return re.sub(r"\d[\d.]*", "0", re.sub(r"[^\W\d_]+", "a", normal))


def _is_slip(typed: str, meant: str) -> bool:
    """Tell whether two spellings differ only in doubled letters ("lamma") or in two exchanged ones ("tiedb")."""
    if _DOUBLED.sub(r"\1", typed) == _DOUBLED.sub(r"\1", meant):
        return True
    apart = [at for at, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b]
    return len(typed) == len(meant) and len(apart) == 2 and apart[1] == apart[0] + 1 and sorted(typed) == sorted(meant)


def correct_typing(surface: str, candidates: Iterable[str]) -> str:
    """Return the one name that a spelling without a match most likely means, or "".

    Digits are never taken for a typing error: GPT-5 does not mean GPT-3.
    """
    from rapidfuzz import fuzz

    wanted = normalize_name(surface)
    digits = re.sub(r"\D", "", wanted)
    best, best_score = "", float(_CLOSE_ENOUGH)
    if len(wanted) < 4:
        return ""
    for candidate in dict.fromkeys(candidates):
        if candidate[:1].lower() != wanted[0] or abs(len(candidate) - len(wanted)) > _FARTHEST:
            continue
        normal = normalize_name(candidate)
        if _shape(normal) != _shape(wanted):
            continue
        if re.sub(r"\D", "", normal) != digits:
            continue
        score = 100.0 if _is_slip(wanted, normal) else fuzz.ratio(wanted, normal)
        if score > best_score:
            best, best_score = candidate, score
    return best
