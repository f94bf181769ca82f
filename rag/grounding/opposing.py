"""Does a quote say the opposite? Negation, opposite words, quantifiers, limits, and who does what to whom.

Each clause of a statement is held against the clause of the quote that is nearest to it. Lists here are of words that
every subject uses; nothing knows what a text is about.
"""

from __future__ import annotations

import re
from functools import lru_cache

from corpus.patterns import pattern
from rag.grounding.claims import Claim, clauses_of, name_pattern, names_in, words_in

_NOT_A_NEGATION = pattern(
    r"不仅|不但|不只|不同|不断|不少|不过|不久|不错|不论|不管|不妨|不得不|无论|无监督|无疑|非常|没关系|未来|除非|并非不|莫非"
    r"|不到|不足|不如|不超过|不低于|不少于|not only|no matter|no doubt|not least|nothing but"
    r"|no (?:more|less|fewer) than|not (?:more|less|fewer) than",
    re.IGNORECASE,
)
_NEGATION = pattern(
    r"[不没無无未非勿莫]|尚缺|禁止|拒绝"
    r"|\b(?:not?|never|neither|nor|without|cannot|none|unable|lacks?|fails?)\b|n['’]t\b",
    re.IGNORECASE,
)
_OPPOSITES = tuple(
    (pattern(one, re.IGNORECASE), pattern(other, re.IGNORECASE))
    for one, other in (
        (r"(?<!闭)开源|开放|\bopen(?:ed|ly)?\b", r"闭源|封闭|\bclosed\b|\bproprietary\b"),
        (r"(?:更|较|最)大|大于|\b(?:larg|bigg)(?:er|est)\b", r"(?:更|较|最)小|小于|\bsmall(?:er|est)\b"),
        (r"(?:更|较|最)高|高于|\bhigh(?:er|est)\b", r"(?:更|较|最)低|低于|\blow(?:er|est)\b"),
        (r"(?:更|较|最)快|\bfast(?:er|est)\b", r"(?:更|较|最)慢|\bslow(?:er|est)\b"),
        (r"(?:更|较|最)好|优于|胜过|强于|\b(?:better|best|outperform\w*|beats?)\b", r"(?:更|较|最)差|不如|弱于|劣于|\b(?:worse|worst|underperform\w*)\b"),
        (r"(?:更|较|最)多|\bmost\b|\bmore\b", r"(?:更|较|最)少|\b(?:fewer|fewest|less|least)\b"),
        (r"(?:更|较|最)早|早于|之前|以前|\b(?:earli(?:er|est)|before)\b", r"(?:更|较|最)晚|晚于|之后|以后|\b(?:lat(?:er|est)|after)\b"),
        (r"增加|提高|提升|上升|增长|升高|\b(?:increas|rais|ris|rose|improv|grow|grew)\w*", r"减少|降低|下降|减小|\b(?:decreas|reduc|fall|fell|drop|declin|worsen|lower(?=s|ed|ing))\w*"),
        (r"昂贵|\bexpensive\b|\bcostly\b", r"便宜|廉价|\bcheap\w*|\binexpensive\b"),
        (r"免费|\bfree\b", r"收费|付费|\bpaid\b"),
        (r"单语|\bmonolingual\b", r"多语|\bmultilingual\b"),
        (r"公开|\bpublic(?:ly)?\b", r"保密|私有|\b(?:private|secret)\b"),
    )
)  # fmt: skip
_LIMITS = (
    pattern(r"超过|多于|大于|高于|至少|不少于|不低于|以上|\b(?:(?:more|greater|larger|no less|no fewer|not less) than|over|above|at least|exceed\w*)\b", re.IGNORECASE),
    pattern(r"不到|不足|少于|小于|低于|至多|最多|不超过|以下|以内|\b(?:(?:less|fewer|no more|not more) than|under|below|at most|up to)\b", re.IGNORECASE),
)  # fmt: skip
_SHARES = (
    pattern(r"所有|全部|一切|每[一个种项]|\b(?:all|every|each|always|entire(?:ly)?)\b|总是", re.IGNORECASE),
    pattern(r"大多数|大部分|多数|绝大|通常|\b(?:most of|majority|mostly|usually)\b|\bmost (?=\w+s\b)", re.IGNORECASE),
    pattern(r"(?<!大)(?<!绝大)部分|一些|有些|某些|有时|\b(?:some|sometimes|several|part of|partly)\b", re.IGNORECASE),
    pattern(r"少数|极少|很少|几乎没有|\b(?:few|rarely|seldom|hardly)\b", re.IGNORECASE),
)  # fmt: skip
_ONLY = pattern(r"只有|仅有|唯一|仅仅|只[能在支用]|仅[能在支用]|\b(?:only|solely|exclusively|sole)\b", re.IGNORECASE)
_NOT_ONLY = pattern(r"不只|不仅|not only", re.IGNORECASE)
_DIRECTED = pattern(
    r"优于|胜过|强于|不如|弱于|劣于|超过|超越|大于|小于|高于|低于|早于|晚于|基于|收购|领先|击败|取代|比"
    r"|\b(?:outperform\w*|underperform\w*|beats?|surpass\w*|exceed\w*|larger|bigger|smaller|better|worse|faster|slower|earlier|later"
    r"|older|newer|cheaper|stronger|weaker|built|based|deriv\w+|fine-?tuned|acquir\w+|bought|replac\w+|preced\w+|succeed\w+|follow\w+|before|after)\b",
    re.IGNORECASE,
)  # fmt: skip
_EXACT = pattern(
    r"第[一二三四五六七八九十\d]+|[二三四五六七八九十百]分之[零一二三四五六七八九十百]+|一半"
    r"|\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|half|quarter|\d+(?:st|nd|rd|th))\b",
    re.IGNORECASE,
)  # ordinals and fractions, which no number tells
_PASSIVE = pattern(r"被|\bby\b", re.IGNORECASE)


def is_opposed(claim: Claim, quote: str, *, foreign: bool) -> bool:
    """Tell whether a quote denies what a statement says, or says it of fewer, of more, or the other way round."""
    clauses = clauses_of(quote)
    return bool(clauses) and any(_is_clause_opposed(clause, clauses, foreign) for clause in clauses_of(claim.text))


def is_stronger(statement: str, quote: str) -> bool:
    """Tell whether a statement says "all" or "only" where the quote does not.

    >>> is_stronger("All models are open", "The models are open"), is_stronger("所有模型都开源", "每个模型都开源")
    (True, False)
    """
    everything = _SHARES[0].search(statement) and not (_SHARES[0].search(quote) or re.search("[都均皆]", quote))
    only = _ONLY.search(_NOT_ONLY.sub(" ", statement)) and not (_ONLY.search(quote) or re.search("[只仅]", quote))
    return bool(everything or only)


def denies(text: str) -> bool:
    """Tell whether a clause says no; two negations say yes.

    >>> denies("不仅开源"), denies("is not open"), denies("并不是不能用")
    (False, True, False)
    """
    return len(_NEGATION.findall(_NOT_A_NEGATION.sub(" ", text))) % 2 == 1


def begins_denied(text: str) -> bool:
    """Tell whether a text holds a word that denies what comes after it."""
    return _NEGATION.search(text) is not None


def _is_clause_opposed(clause: str, others: tuple[str, ...], foreign: bool) -> bool:
    nearest = _nearest(clause, others, foreign)
    if nearest is None:
        return False
    flips = denies(clause) != denies(nearest)
    if _is_opposite(clause, nearest):
        flips = not flips
    if flips or _sides(_LIMITS, clause) | _sides(_LIMITS, nearest) == {0, 1}:
        return True
    shares, its_shares = _sides(_SHARES, clause), _sides(_SHARES, nearest)
    if shares and its_shares and not shares & its_shares:
        return True
    exact, its_exact = ({m[0].lower() for m in _EXACT.finditer(text)} for text in (clause, nearest))
    if exact and its_exact and not foreign and not exact & its_exact:
        return True
    return _is_turned(clause, nearest)


def _nearest(clause: str, others: tuple[str, ...], foreign: bool) -> str | None:
    """Return the clause that says most of what this one says; None if none says half of it."""
    words = words_in(clause)
    if foreign:
        if len(others) == 1:
            return others[0]
        names = names_in(clause)
        held = [sum(bool(name_pattern(name).search(other)) for name in names) for other in others]
        best = max(range(len(others)), key=lambda n: held[n])
        return others[best] if names and held[best] == len(names) and held.count(held[best]) == 1 else None
    if not words:
        return None
    nearest = max(others, key=lambda other: len(words & words_in(other)))
    shared = len(words & words_in(nearest))
    return nearest if shared * 5 >= 2 * min(len(words), max(2, len(words_in(nearest)))) else None


def _is_opposite(clause: str, other: str) -> bool:
    """Tell whether the two have opposite words, such as "larger" and "smaller"."""
    pairs = zip(_opposites_in(clause), _opposites_in(other), strict=True)
    return any(len(mine) == len(its) == 1 and mine != its for mine, its in pairs)


@lru_cache(maxsize=1024)
def _opposites_in(text: str) -> tuple[frozenset[int], ...]:
    """Return of each pair of opposites which of the two a text has."""
    return tuple(_sides(pair, text) for pair in _OPPOSITES)


def _sides(patterns: tuple[re.Pattern[str], ...], text: str) -> frozenset[int]:
    return frozenset(number for number, words in enumerate(patterns) if words.search(text))


def _is_turned(clause: str, other: str) -> bool:
    """Tell whether both say a thing that has a direction of the same two names, in opposite order ("A beats B", "B beats A")."""
    relation, its_relation = _DIRECTED.search(clause), _DIRECTED.search(other)
    if relation is None or its_relation is None:
        return False
    around, its_around = _around(clause, relation), _around(other, its_relation)
    if around is None or its_around is None:
        return False
    turned = (
        name_pattern(around[0]).search(its_around[1]) is not None
        and name_pattern(around[1]).search(its_around[0]) is not None
    )
    same_voice = bool(_PASSIVE.search(clause)) == bool(_PASSIVE.search(other))
    return turned and same_voice and not _is_opposite(clause, other)


def _around(clause: str, relation: re.Match[str]) -> tuple[str, str] | None:
    """Return the names nearest before and after a relation, None if one side has none."""
    words = re.findall(r"[A-Z][\w.+-]*", clause[: relation.start()], re.ASCII)
    after = re.findall(r"[A-Z][\w.+-]*", clause[relation.end() :], re.ASCII)
    return (words[-1], after[0]) if words and after else None
