"""Amounts with what they are amounts of, in one unit for each dimension, so that amounts that are written unlike can be compared.

18 months and 2 years are both days, 900 GB and 2 TB bytes, 800 kg and 1.2 吨 kilograms. What stands behind a number and is
no known unit leaves it a plain number. Money of different currencies is never converted.
"""

from __future__ import annotations

import re
from dataclasses import replace

from corpus.patterns import pattern
from rag.understanding.quantities import Quantity, find_quantities

MONEY = frozenset({"usd", "cny", "eur", "gbp"})  # the units of amounts of money
_END = r"(?![A-Za-z/²³])"
_UNITS: tuple[tuple[str, float, str], ...] = (
    ("day", 1 / 86_400_000, r"毫秒|ms\b|milliseconds?"), ("day", 1 / 86_400, r"秒|s\b|secs?\b|seconds?"), ("day", 1 / 1_440, r"分钟|min\b|mins\b|minutes?"),
    ("day", 1 / 24, r"个?(?:小时|钟头)|h\b|hrs?\b|hours?"), ("day", 1.0, r"天|日(?!元)|days?"), ("day", 7.0, r"周(?!年)|个?星期|weeks?"),
    ("day", 30.44, r"个月|months?"), ("day", 365.25, r"年(?!\s?\d)|years?|yrs?\b"),
    ("kg", 1e-6, r"毫克|mg"), ("kg", 1e-3, r"克|grams?|g"), ("kg", 1.0, r"公斤|千克|kilograms?|kg"), ("kg", 0.5, r"斤"),
    ("kg", 1_000.0, r"吨|tonnes?|tons?|t(?=\W|$)"), ("kg", 0.4536, r"磅|pounds?|lbs?"),
    ("m2", 1e6, r"平方公里|平方千米|km²|km2|square kilomet(?:er|re)s?"), ("m2", 1e4, r"公顷|hectares?|ha\b"), ("m2", 1.0, r"平方米|㎡|m²|m2|square met(?:er|re)s?"),
    ("m", 1e-3, r"毫米|millimet(?:er|re)s?|mm"), ("m", 1e-2, r"厘米|centimet(?:er|re)s?|cm"), ("m", 1_000.0, r"公里|千米|kilomet(?:er|re)s?|km"),
    ("m", 1_609.3, r"英里|miles?"), ("m", 0.3048, r"英尺|feet|foot|ft"), ("m", 1.0, r"米(?!元)|met(?:er|re)s?|m"),
    ("W", 1e9, r"GW|吉瓦"), ("W", 1e6, r"MW|兆瓦|megawatts?"), ("W", 1e3, r"(?-i:kW)|千瓦(?!时)|kilowatts?"), ("W", 1.0, r"(?-i:W)|瓦|watts?"),
    ("Wh", 1e9, r"(?-i:GWh)|吉瓦时"), ("Wh", 1e6, r"(?-i:MWh)|兆瓦时"), ("Wh", 1e3, r"(?-i:kWh)|千瓦时|度电"), ("Wh", 1.0, r"(?-i:Wh)"),
    ("usd", 1.0, r"美元|美金|dollars?"), ("eur", 1.0, r"欧元|euros?"), ("cny", 1.0, r"元|块钱|人民币"),
    ("Hz", 1e9, r"GHz"), ("Hz", 1e6, r"MHz"), ("Hz", 1e3, r"kHz"), ("Hz", 1.0, r"(?-i:Hz)"),
)  # fmt: skip
_UNIT = tuple((unit, factor, pattern(rf"[\s-]?(?:{written}){_END}", re.IGNORECASE)) for unit, factor, written in _UNITS)
_METRES = pattern(r"(?<=\d)\s(?-i:m)\Z")  # "9 m" with a space is nine metres, "9m" and "9M" may be millions
_TONNES = pattern(r"(?<=\d)\s(?-i:t)\Z")


def find_amounts(text: str) -> list[Quantity]:
    """Return the numbers of a text in order, those with a known unit in the base unit of its dimension; no parts of dates.

    >>> [(round(q.value), q.unit) for q in find_amounts("18 months, 2 TB, 1.2 吨, 9 m, $3M, 40 tokens")]
    [(548, 'day'), (2000000000000, 'byte'), (1200, 'kg'), (9, 'm'), (3000000, 'usd'), (40, '')]
    """
    return [_in_base_unit(q, text) for q in find_quantities(text) if q.unit not in ("month", "day")]


def _in_base_unit(quantity: Quantity, text: str) -> Quantity:
    if quantity.unit:
        return quantity
    written = text[quantity.start : quantity.end]
    for unit, power, sign in (("m", 1e6, _METRES), ("kg", 1e9, _TONNES)):
        if sign.search(written):
            return replace(quantity, value=quantity.value / power, unit=unit, scaled=False)
    for unit, factor, pattern_ in _UNIT:
        if (match := pattern_.match(text, quantity.end)) and not _is_year(written, unit):
            return replace(quantity, value=quantity.value * factor, unit=unit, end=match.end())
    return quantity


def _is_year(written: str, unit: str) -> bool:
    return unit == "day" and re.fullmatch(r"(?:1[89]|20)\d\d", written) is not None
