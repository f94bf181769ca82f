"""Limits that a question sets: amounts above, below or between ("over 100B", "不到 100 亿"), and dates before, after or between.

Each says where its words stand in the question, so that what it is about is looked for beside it and not elsewhere.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from corpus.patterns import pattern
from rag.understanding.amounts import find_amounts
from rag.understanding.quantities import Quantity
from rag.understanding.questions import Question

Date = tuple[int, int, int]

_MORE = r"more|larger|greater|bigger|higher|heavier|longer|taller|faster|deeper|wider|thicker|hotter|stronger|better"
_LESS = r"less|fewer|smaller|lower|cheaper|lighter|shorter|slower|narrower|thinner|colder|weaker"
_ABOVE = (
    pattern(rf"(?:(?<!不)超过|超出|[大多高重长快贵]于|不少于|至少|不低于|不小于|\b(?:{_MORE}) than|\bover|\babove|\bexceed\w*|\bat least|\bminimum(?: of)?|[>≥])\s*(?:about |around |约)?$", re.IGNORECASE),
    pattern(r"\s*[^\W\d]{0,4}?\s?(?:及?以上|\bor (?:more|larger|higher|longer|above)\b|\band (?:above|up)\b|\+)", re.IGNORECASE),
)  # fmt: skip
_BELOW = (
    pattern(rf"(?:不到|[小少低轻短慢]于|不超过|至多|不足|不高于|不大于|低至|\b(?:{_LESS}) than|\bunder|\bbelow|\bwithin|\bat most|\bup to|\bmaximum(?: of)?|[<≤])\s*(?:about |around |约)?$", re.IGNORECASE),
    pattern(r"\s*[^\W\d]{0,4}?\s?(?:及?以下|以内|之内|\bor (?:less|fewer|smaller|lower|below)\b)", re.IGNORECASE),
)  # fmt: skip
_INCLUDED = pattern(
    r"不少于|至少|不低于|不小于|以上|不超过|至多|不高于|不大于|以下|以内|之内|within|least|most|up to|or |and |≥|≤|\+|m[ai][nx]i",
    re.IGNORECASE,
)
_JOINS = pattern(r"\s*(?:到|至|和|与|[-–—~～]|\band\b|\bto\b)\s*", re.IGNORECASE)
_BETWEEN = pattern(r"(?:\bbetween|\bfrom|介于|在)\s*$", re.IGNORECASE)
_TOGETHER = pattern(r"\s*(?:之间|范围内)")
_LOOK_BACK, _LOOK_ON = 16, 14  # characters before and after an amount in which its limit is said

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = r"(?:(?:(?P<{0}n>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+)?(?P<{0}y>(?:1[89]|20)\d\d)(?!\d)(?:\s?[-/.年]\s?(?P<{0}m>0?[1-9]|1[0-2])(?!\d)\s?月?)?\s?年?(?:初|底|末)?)"
_PERIODS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, pattern(written, re.IGNORECASE))
    for kind, written in (
        ("between", rf"(?:\b(?:between|from)\s+|介于\s?|从\s?|在\s?)?{_DAY.format('a')}\s?(?:到|至|和|[-–—~～]|\band\b|\bto\b|\buntil\b)\s?{_DAY.format('b')}(?:\s?(?:之间|期间|间))?"),
        ("since", rf"(?:\bsince|\bfrom|\bin or after|\bno earlier than|自从?|不早于)\s+?(?:the year )?{_DAY.format('a')}(?:\s?(?:起|以来|开始|至今|onwards?\b))?|{_DAY.format('b')}\s?(?:起|以来|开始|至今|及以后|及之后|\bor later\b|\bonwards?\b)"),
        ("until", rf"(?:\buntil|\bup to|\bby the end of|\bno later than|截至|截止到?|不晚于)\s?(?:the year )?{_DAY.format('a')}|{_DAY.format('b')}\s?(?:及以前|及之前|\bor earlier\b)"),
        ("after", rf"(?:\bafter|\b(?:later|newer|younger) than|晚于)\s?(?:the year )?{_DAY.format('a')}|{_DAY.format('b')}\s?(?:[以之]?后(?!半))"),
        ("before", rf"(?:\bbefore|\bprior to|\b(?:earlier|older) than|早于)\s?(?:the year )?{_DAY.format('a')}|{_DAY.format('b')}\s?(?:[以之]?前(?!半))"),
    )
)  # fmt: skip
YEAR = pattern(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_FOREVER: Date = (9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount that what is looked for lies above (``direction`` 1) or below (-1), and where the question says so."""

    direction: int
    amount: Quantity
    included: bool
    start: int = 0
    end: int = 0

    def holds(self, amount: Quantity | None) -> bool:
        """Tell whether an amount lies on the right side; one of another unit does not."""
        if amount is None or (amount.unit and self.amount.unit and amount.unit != self.amount.unit):
            return False
        if amount.value == self.amount.value:
            return self.included
        return (amount.value > self.amount.value) == (self.direction > 0)


@dataclass(frozen=True, slots=True)
class Period:
    """The dates between which what is looked for lies, both included, and where the question says so."""

    first: Date
    last: Date
    start: int
    end: int

    def holds(self, date: Date | None) -> bool:
        """Tell whether a date lies in it; a date without its month or day lies in it if the earliest and the latest day do."""
        if date is None:
            return False
        year, month, day = date
        return self.first <= (year, month or 1, day or 1) and (year, month or 12, day or 31) <= self.last


def limits_of(text: str) -> list[Limit]:
    """Return the limits on amounts that a question sets, in its order.

    >>> [(limit.direction, limit.included) for limit in limits_of("参数 1000 亿以上、成本低于 100 万美元的")]
    [(1, True), (-1, False)]
    >>> [limit.amount.value for limit in limits_of("Which pumps weigh between 10 and 20 kg?")]
    [10.0, 20.0]
    """
    dated = [(period.start, period.end) for period in periods_of(text)]
    amounts = [q for q in find_amounts(text) if not _is_dated(q, text) and not any(a <= q.start < b for a, b in dated)]
    pairs = list(_ranges(text, amounts))
    inside = [(limit.start, limit.end) for limit in pairs]
    single = [
        limit
        for q in amounts
        if not any(start <= q.start < end for start, end in inside) and (limit := _limit(text, q)) is not None
    ]
    return sorted([*pairs, *single], key=lambda limit: limit.start)


def periods_of(text: str) -> list[Period]:
    """Return the periods that a question sets.

    >>> [(p.first, p.last) for p in periods_of("2019 年以后发布的")], periods_of("Which were built in 2019?")
    ([((2020, 1, 1), (9999, 12, 31))], [])
    """
    found: list[Period] = []
    measured = [q.start for q in find_amounts(text) if q.unit] if YEAR.search(text) else []
    for kind, written in _PERIODS if YEAR.search(text) else ():
        for match in written.finditer(text):
            taken = any(match.start() < other.end and other.start < match.end() for other in found)
            if not taken and not any(match.start() <= start < match.end() for start in measured):
                found.append(_period(kind, match))
    return sorted(found, key=lambda period: period.start)


def without(question: Question, stretches: Sequence[tuple[int, int]]) -> Question:
    """Return a question without stretches of its text, with spaces in their place, and without the names in them."""
    text = question.text
    for start, end in stretches:
        text = text[:start] + " " * (end - start) + text[end:]
    mentions = tuple(m for m in question.mentions if text[m.start : m.end].strip())
    needles = tuple(n for n in question.needles if n.surface in text.lower() or not _is_in(n.surface, question.text))
    return replace(question, text=text, mentions=mentions, needles=needles)


def _is_in(surface: str, text: str) -> bool:
    """Tell whether a word stands in a question, as it is or, a number, without its commas."""
    return surface in text.lower() or surface in text.replace(",", "").lower()


def _limit(text: str, quantity: Quantity) -> Limit | None:
    floor = max(0, quantity.start - _LOOK_BACK)
    for direction, (before, after) in ((1, _ABOVE), (-1, _BELOW)):
        said = before.search(text[floor : quantity.start])
        if said is not None:
            return Limit(direction, quantity, _includes(said[0]), floor + said.start(), quantity.end)
        said = after.match(text[quantity.end : quantity.end + _LOOK_ON])
        if said is not None:
            return Limit(direction, quantity, _includes(said[0]), quantity.start, quantity.end + said.end())
    return None


def _includes(said: str) -> bool:
    return _INCLUDED.search(said) is not None


def _ranges(text: str, amounts: Sequence[Quantity]) -> Iterator[Limit]:
    """Yield both ends of "between 10 and 20 kg"; the first has the unit of the second if it has none."""
    for low, high in itertools.pairwise(amounts):
        said, together = _BETWEEN.search(text, 0, low.start), _TOGETHER.match(text, high.end)
        if _JOINS.fullmatch(text[low.end : high.start]) and (said or together) and low.value < high.value:
            bare = not low.unit and not low.scaled and high.unit
            factor = _factor(text, high) if bare else 1.0
            start, end = said.start() if said else low.start, together.end() if together else high.end
            yield Limit(
                1, replace(low, unit=high.unit if bare else low.unit, value=low.value * factor), True, start, end
            )
            yield Limit(-1, high, True, start, end)


def _factor(text: str, quantity: Quantity) -> float:
    """Return how many base units one of the unit is in which an amount is written."""
    digits = re.match(r"[\d.,]+", text[quantity.start : quantity.end].lstrip("$￥¥€£"))
    return quantity.value / float(digits[0].replace(",", "")) if digits and float(digits[0].replace(",", "")) else 1.0


def _is_dated(quantity: Quantity, text: str) -> bool:
    return not quantity.unit and re.search(r"[-/年月]", text[quantity.start : quantity.end]) is not None


def _period(kind: str, match: re.Match[str]) -> Period:
    parts = match.groupdict()
    side = "a" if parts.get("ay") else "b"
    year, month = int(parts[f"{side}y"]), _month(parts, side)
    first, last = (year, month or 1, 1), (year, month or 12, 31)
    if kind == "between":
        last = (int(parts["by"]), _month(parts, "b") or 12, 31)
    spans: dict[str, tuple[Date, Date]] = {
        "between": (first, last),
        "since": (first, _FOREVER),
        "until": ((0, 1, 1), last),
        "after": (_day_after(last), _FOREVER),
        "before": ((0, 1, 1), _day_before(first)),
    }
    return Period(*spans[kind], match.start(), match.end())


def _month(parts: Mapping[str, str | None], side: str) -> int:
    written, named = parts.get(f"{side}m"), parts.get(f"{side}n")
    return _MONTHS.index(named.lower()) + 1 if named else int(written or 0)


def _day_after(last: Date) -> Date:
    year, month, _ = last
    return (year + 1, 1, 1) if month == 12 else (year, month + 1, 1)


def _day_before(first: Date) -> Date:
    year, month, _ = first
    return (year - 1, 12, 31) if month == 1 else (year, month - 1, 31)
