"""Numbers in running text, read alike whether the text is Chinese or English.

``175B``, ``1750亿``, ``1,750 亿``, ``175 billion`` and ``一千七百五十亿`` are one value. Dates give their year, month and
day; percentages, money and amounts of memory keep their unit. Nothing here knows what a number is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, isclose, log10

from corpus.patterns import pattern

_POWERS = {"k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12, "thousand": 1e3, "million": 1e6, "mn": 1e6,
           "billion": 1e9, "trillion": 1e12}  # fmt: skip
_HAN_POWERS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000, "萬": 10_000, "億": 100_000_000}
_HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 10**9, "trillion": 10**12}
_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11,
    "dec": 12,
}  # fmt: skip
_CURRENCIES = {
    "$": "usd", "us$": "usd", "＄": "usd", "usd": "usd", "dollar": "usd", "dollars": "usd", "美元": "usd", "美金": "usd",
    "¥": "cny", "￥": "cny", "rmb": "cny", "cny": "cny", "yuan": "cny", "元": "cny", "人民币": "cny",
    "€": "eur", "eur": "eur", "euro": "eur", "euros": "eur", "欧元": "eur", "£": "gbp", "gbp": "gbp", "英镑": "gbp",
}  # fmt: skip
_LARGEST = 1e40  # what is larger, such as 一亿亿亿亿亿亿, is play with words and no amount; a float ends at 1e308
_EXACT_UNITS = frozenset({"byte", "month", "day"})  # a bare number never stands for one of these

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_DATE = pattern(
    r"(?P<y1>\d{4})\s*年(?:\s*(?P<m1>\d{1,2})\s*月(?:份)?(?:\s*(?P<d1>\d{1,2})\s*[日号])?)?"
    r"|(?<![\d月年])(?P<m2>\d{1,2})\s*月(?:份)?(?:\s*(?P<d2>\d{1,2})\s*[日号])?"
    r"|(?<!\d)(?P<y3>(?:19|20)\d\d)[-/.](?P<m3>0?[1-9]|1[0-2])(?:[-/.](?P<d3>0?[1-9]|[12]\d|3[01]))?(?![\d.])"
    rf"|\b(?P<m4>{_MONTH})\s+(?:(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|\s+))?(?P<y4>(?:19|20)\d\d)\b"
    rf"|\b(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m5>{_MONTH})(?:,?\s+(?P<y5>(?:19|20)\d\d))?\b",
    re.IGNORECASE,
)
_NUMBER = pattern(
    r"(?:(?P<money>us\$|[$＄¥￥€£])\s*)?"
    r"(?P<percent>百分之\s*)?"
    r"(?<!\d)(?P<digits>\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s*(?P<bytes>[KMGTP]i?B|字节|bytes?)(?![A-Za-z])"
    r"|\s*(?P<han>(?:[十百萬万億亿]|千(?![米克瓦卡]))+)"
    r"|\s?(?P<power>[KkMBbT]|[Bb]n)(?![A-Za-z0-9])"
    r"|\s+(?P<scale>thousand|million|billion|trillion|mn)\b)?"
    r"(?P<tail>\s*(?:[%％]|个百分点|percent(?:age points?)?\b|per cent\b|(?:美元|美金|元|人民币|欧元|英镑)|(?:usd|dollars?|rmb|cny|yuan|eur|euros?|gbp)\b))?",
    re.IGNORECASE,
)
_MEASURE = r"[个個种種类類篇项項层層倍次年月日天位名家款代步条條张張组組台块塊部阶章节節轮輪件门門周]"
_HAN_NUMBER = pattern(
    rf"(?P<percent>百分之)?(?P<han>[一二两兩三四五六七八九十][零〇一二两兩三四五六七八九十百千万萬亿億]+|[二两兩三四五六七八九十](?=\s*{_MEASURE}))"
)
_SPELLED = "|".join([*_WORDS, *_SCALES])
_WORD_NUMBER = pattern(rf"\b(?:{_SPELLED})(?:(?:\s+and\s+|[\s-]+)(?:{_SPELLED}))*\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as the text has it: ``text[start:end]``, its value, and its unit ("" when it is a plain number).

    ``digits`` counts significant digits; a value that was written with a power ("52K") may stand for a longer one.
    """

    value: float
    unit: str
    start: int
    end: int
    digits: int
    scaled: bool = False


def find_quantities(text: str) -> list[Quantity]:
    """Return the numbers of a text in order, each once.

    >>> [q.value for q in find_quantities("1,750 亿 = 175B = 175 billion")]
    [175000000000.0, 175000000000.0, 175000000000.0]
    >>> [(q.value, q.unit) for q in find_quantities("2023年3月, 92.5%, 6GB, $600")]
    [(2023.0, ''), (3.0, 'month'), (92.5, '%'), (6000000000.0, 'byte'), (600.0, 'usd')]
    """
    found: list[Quantity] = []
    taken = bytearray(len(text))
    for finder in (_find_dates, _find_numbers, _find_han_numbers, _find_spelled):
        for start, end, quantities in finder(text):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found += quantities
    return sorted(found, key=lambda q: (q.start, q.end))


def same_quantity(stated: Quantity, quoted: Quantity) -> bool:
    """Tell whether a quoted number says what a stated one says; a stated number may be rounded.

    "52K" stands for 52,002 and "8K" for 8,192, but "7B" does not stand for 6.7B.

    >>> a, b, c = find_quantities("52K, 52,002, 53,000")
    >>> same_quantity(a, b), same_quantity(a, c)
    (True, False)
    """
    if not _same_unit(stated.unit, quoted.unit):
        return False
    if isclose(stated.value, quoted.value, rel_tol=1e-9):
        return True
    if not stated.scaled or quoted.value <= 0:
        return False
    if stated.value < 1e6 and isclose(stated.value * 1.024, quoted.value):  # 8K of context is 8,192
        return True
    places = stated.digits - 1 - floor(log10(quoted.value))
    return stated.digits >= 2 and isclose(round(quoted.value, places), stated.value)


def _same_unit(a: str, b: str) -> bool:
    return a == b or ("" in (a, b) and not _EXACT_UNITS & {a, b})


_Finding = tuple[int, int, list[Quantity]]


def _find_dates(text: str) -> Iterator[_Finding]:
    for match in _DATE.finditer(text):
        parts = {name[0]: value for name, value in match.groupdict().items() if value}
        quantities = [
            Quantity(_date_part(parts[key]), unit, match.start(), match.end(), len(parts[key]))
            for key, unit in (("y", ""), ("m", "month"), ("d", "day"))
            if key in parts
        ]
        yield match.start(), match.end(), quantities


def _date_part(text: str) -> float:
    return float(text) if text.isdigit() else float(_MONTHS[text[:3].lower()])


def _find_numbers(text: str) -> Iterator[_Finding]:
    for match in _NUMBER.finditer(text):
        digits = re.sub("[,，]", "", match["digits"])
        if len(digits) > 30:  # a hash or a serial number, not an amount
            continue
        value, unit = float(digits) * _power(match), _unit(match)
        if value > _LARGEST:
            continue
        start = match.start()
        count = len(digits.replace(".", "").strip("0")) or 1
        scaled = bool(match["han"] or match["power"] or match["scale"])
        yield start, match.end(), [Quantity(value, unit, start, match.end(), count, scaled)]


def _power(match: re.Match[str]) -> float:
    if match["han"]:
        power = 1.0
        for char in match["han"]:
            power *= _HAN_POWERS[char]
        return power
    if match["bytes"]:
        return {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15}.get(match["bytes"][0].lower(), 1.0)
    word = match["power"] or match["scale"]
    return _POWERS[word.lower()] if word else 1.0


def _unit(match: re.Match[str]) -> str:
    tail = (match["tail"] or "").strip().lower()
    if match["bytes"]:
        return "byte"
    if match["percent"] or tail.startswith(("%", "％", "个百分点", "per")):
        return "%"
    return _CURRENCIES.get(tail) or _CURRENCIES.get((match["money"] or "").lower(), "")


def _find_han_numbers(text: str) -> Iterator[_Finding]:
    for match in _HAN_NUMBER.finditer(text):
        value = _read_han(match["han"])
        if value is not None:
            unit = "%" if match["percent"] else ""
            yield match.start(), match.end(), [Quantity(value, unit, match.start(), match.end(), 1)]


def _read_han(numeral: str) -> float | None:
    """Return the value of a Chinese numeral, or None for runs such as 一二 that are none, or are too large."""
    if not set(numeral) & set(_HAN_POWERS):
        digits = "".join(str(_HAN_DIGITS[c]) for c in numeral)
        return float(digits) if len(digits) in (1, 4) else None  # 二零二三 is a year; 三四 is "three or four"
    total = section = digit = 0
    for char in numeral:
        power = _HAN_POWERS.get(char)
        if power is None:
            digit = _HAN_DIGITS[char]
        elif power >= 10_000:
            total = (total + section + digit) * power
            section = digit = 0
        else:
            section += (digit or 1) * power
            digit = 0
    total += section + digit
    return float(total) if total <= _LARGEST else None


def _find_spelled(text: str) -> Iterator[_Finding]:
    for match in _WORD_NUMBER.finditer(text):
        words = [w for w in re.split(r"[\s-]+", match[0].lower()) if w != "and"]
        if words == ["one"] or words[0] in _SCALES:  # "one" is mostly a pronoun, "millions" no number
            continue
        total = section = 0
        for word in words:
            scale = _SCALES.get(word)
            if scale is None:
                section += _WORDS[word]
            elif scale == 100:
                section *= 100
            else:
                total, section = total + section * scale, 0
        if total + section <= _LARGEST:
            yield match.start(), match.end(), [Quantity(float(total + section), "", match.start(), match.end(), 1)]
