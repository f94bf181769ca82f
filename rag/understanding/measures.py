"""What adjectives measure: who asks for the heaviest asks for a weight, who asks for the earliest asks for a date.

General language in Chinese and English, nothing of any subject. One row is one scale: the words for much of it, the words
for little of it, and what a column or a field is called that gives it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.patterns import pattern
from rag.understanding.ranks import as_extreme


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale that adjectives compare on; ``dimension`` is the unit that its amounts have in the end, "" for any."""

    more: re.Pattern[str]
    less: re.Pattern[str]
    header: re.Pattern[str]
    dimension: str = ""

    def is_meant(self, text: str) -> bool:
        """Tell whether a question compares on it."""
        return self.more.search(text) is not None or self.less.search(text) is not None


def _scale(zh_more: str, zh_less: str, more: str, less: str, header: str, dimension: str = "") -> Scale:
    return Scale(
        pattern(rf"{_DEGREE}(?:{zh_more})|\b(?:{more})\b", re.IGNORECASE),
        pattern(rf"{_DEGREE}(?:{zh_less})|\b(?:{less})\b", re.IGNORECASE),
        pattern(header, re.IGNORECASE),
        dimension,
    )


def _forms(*stems: str) -> str:
    """Return the comparative and the superlative of English adjectives: "heav" is heavier and heaviest."""
    return "|".join(rf"{stem}i?e(?:r|st)" for stem in stems)


_DEGREE = r"(?:最为?|更为?|较为?|比较|谁|哪个)"
SCALES: tuple[Scale, ...] = (
    _scale("重(?![要视大])", "轻", f"{_forms('heav')}|weigh(?:s|ed|ing)? (?:the )?(?:more|most)", "light(?:er|est)|weigh(?:s|ed)? (?:the )?(?:less|least)",
           r"(?<!能)质量|重量|净重|自重|整备|体重|\bmass\b|\bweight", "kg"),
    _scale("高", "低|矮", _forms("tall", "high"), f"shorter|shortest|{_forms('low')}", r"高度|身高|海拔|\bheight|\belevation|\baltitude", "m"),
    _scale("长", "短", "long(?:er|est)", "short(?:er|est)", r"长度|全长|时长|期限|寿命|里程|跨[度径]|主跨|\blength|\bduration|\bspan|\blife(?:time|span)?\b"),
    _scale("深", "浅", _forms("deep"), _forms("shallow"), r"深度|水深|\bdepth", "m"),
    _scale("陡", "平缓|缓", _forms("steep"), "gentle(?:r|st)", r"坡度|斜度|坡|\bgradient|\bslope|\bgrade\b|\bincline"),
    _scale("宽", "窄", _forms("wid"), _forms("narrow"), r"宽|\bwidth|\bbreadth", "m"),
    _scale("厚", "薄", _forms("thick"), "thinn(?:er|est)", r"厚|\bthickness"),
    _scale("快", "慢", _forms("fast", "quick"), _forms("slow"), r"速度|速率|时速|吞吐|频率|\bspeed|\bvelocity|\bthroughput|\bclock|\brate\b"),
    _scale("热", "冷", "hott(?:er|est)|warm(?:er|est)", _forms("cold", "cool"), r"温度|气温|\btemperature"),
    _scale("强", "弱", _forms("strong"), _forms("weak"), r"强度|推力|功率|\bstrength|\bpower\b|\bthrust"),
    _scale("亮", "暗", _forms("bright"), "dimm(?:er|est)", r"亮度|光度|\bbrightness|\bluminosity"),
    _scale("吵|响", "安静|静", "loud(?:er|est)|nois(?:ier|iest)", "quiet(?:er|est)", r"噪音|噪声|声压|分贝|\bnoise|\bloudness", ""),
    _scale("准(?:确)?", "(?!)", "(?:more|most) accurate", "(?:less|least) accurate", r"准确|精度|精确|\baccuracy|\bprecision"),
    _scale("高效", "低效", "(?:more|most) efficient", "(?:less|least) efficient", r"效率|\befficiency"),
)  # fmt: skip


_MEANINGS = (
    *(scale.header for scale in SCALES if scale.dimension),
    pattern(r"内存|显存|运存|\bram\b|\bmemory", re.IGNORECASE),
    pattern(r"许可|\blicen[cs]e", re.IGNORECASE),
    pattern(r"载荷|载重|运力|\bpayload", re.IGNORECASE),
)


def mean_alike(name: str, other: str) -> bool:
    """Tell whether two names of columns mean the same in both languages.

    >>> mean_alike("Dry mass", "重量"), mean_alike("RAM", "内存"), mean_alike("RAM", "重量")
    (True, True, False)
    """
    return any(meaning.search(name) and meaning.search(other) for meaning in _MEANINGS)


def scales_of(text: str) -> list[Scale]:
    """Return the scales that a question may compare on; none where it compares numbers, sizes, dates or costs, or not at all.

    >>> [s.dimension for q in ("Which pump is the heaviest?", "哪台水泵最轻?", "Which pump is new?") for s in scales_of(q)]
    ['kg', 'kg']
    """
    text = as_extreme(text)
    return [scale for scale in SCALES if scale.is_meant(text)]


def words_measured(text: str) -> list[str]:
    """Return words for what a question compares on, in both languages.

    >>> words_measured("最重的是哪个?")
    ['质量', '重量', '净重', '自重', '整备', '体重', 'mass', 'weight']
    """
    return [word for scale in scales_of(text) for word in _WORDS.findall(_NO_WORDS.sub("", scale.header.pattern))]


_NO_WORDS = pattern(r"\(\?<?[!=][^()]*\)|\\b")
_WORDS = pattern(r"[\u4e00-\u9fff]{2,}|[a-z]{4,}")


def direction_on(text: str) -> int:
    """Return 1 where a question looks for much on a scale, -1 for little, 0 where it uses none of these words.

    >>> direction_on("Which pump is the heaviest?"), direction_on("哪台水泵最轻?"), direction_on("哪台水泵最重要?")
    (1, -1, 0)
    """
    if any(scale.less.search(text) for scale in SCALES):
        return -1
    return 1 if any(scale.more.search(text) for scale in SCALES) else 0
