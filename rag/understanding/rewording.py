"""What a question says twice, or only for the reader: a name in two scripts of which the documents have one, the unit to answer in.

"Ziling No. 4 (紫岭四号)" over Chinese documents asks about 紫岭四号; "how large is it, in kWh?" asks nothing more than
"how large is it?", whatever unit the documents use.
"""

from __future__ import annotations

import re

from corpus.patterns import pattern
from index import Index
from index.terms import analyze, is_cjk, normalize_name

_OTHER = r"[(（](?P<other>[^()（）]{2,24})[)）]"
_TWO_NAMES = pattern(
    rf"(?<![\w'’-])(?P<name>[A-Z][\w'’-]{{0,40}}(?:\.\d+)?(?: (?:No\. ?)?[A-Z0-9][\w'’.-]{{0,40}}){{0,4}}) ?{_OTHER}"
)
_CHINESE_FIRST = pattern(rf"(?<=[\u4e00-\u9fff])[ “”\"]?{_OTHER}")
_NAME = pattern(r"[A-Z][\w'’.-]{0,40}(?: (?:No\. ?)?[A-Z0-9][\w'’.-]{0,40}){0,4}")
_UNIT = pattern(
    r"(?:,? ?\bin|,? ?\bmeasured in|[,，]?以|[,，]?(?:单位(?:是|用|为)?|按)) ?"
    r"(?P<unit>[kMGTmµ]?(?:Wh?|Hz|V|Ah?|Pa|J|g|m|L|bps|B)|[kcm]m[²³23]?|km/h|m/s|°?C|mph|USD|EUR|CNY|RMB|tonnes|kilomet(?:er|re)s|met(?:er|re)s|kilograms|litres|hours|minutes|dollars|euros|yuan|percent)"
    r"(?:为单位|计(?:算)?)?(?=\s*(?:[?？。.,，]|$))"
)


def reworded(text: str, index: Index) -> str:
    """Return a question without the unit that its answer should have and the spelling of a name that no document has.

    A unit that documents write too stays, for it tells where the value stands.
    """
    text = _UNIT.sub(lambda found: found[0] if index.holds(found["unit"].lower()) else "", text)
    text = _TWO_NAMES.sub(lambda found: _one_of(found, index), text)
    return _CHINESE_FIRST.sub(lambda found: found[0] if _may_stay(found["other"], index) else "", text)


def _one_of(found: re.Match[str], index: Index) -> str:
    """Return the one of two names that documents have; both where they have both or none."""
    name, other = _is_held(found["name"], index), _is_held(found["other"], index)
    if name == other or not _is_name(found["other"]):
        return found[0]
    return found["name"] if name else found["other"]


def _may_stay(other: str, index: Index) -> bool:
    return _is_held(other, index) or not _NAME.fullmatch(other)


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None or any(map(is_cjk, text))


def _is_held(name: str, index: Index) -> bool:
    """Tell whether documents have a name: the whole of it, or all pairs of its Chinese characters."""
    if not any(map(is_cjk, name)):
        return index.holds(normalize_name(name))
    return all(map(index.holds, (term for term in analyze(name) if len(term) > 1)))
