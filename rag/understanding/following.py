"""Folding what earlier turns said into a follow-up, so that it can be searched and understood alone.

"And OPT?" takes the previous question with another name; "它的参数量呢?" takes the name that was talked about; a question
that names nothing takes it too. Rules over pronouns and ellipses of both languages; a question that stands alone is
left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.documents import Passage
from corpus.languages import language_of
from corpus.patterns import pattern
from index import Index
from index.terms import STOP_WORDS, analyze
from rag.answers import Message
from rag.understanding.mentions import Mention, find_mentions, name_pattern

MOST_TURNS_BACK = 6  # earlier turns in which a name is looked for
LOOKED_AT = 60  # passages in which a subject without a known name is looked for
LONG_SUBJECT = 4  # Chinese characters from which a subject is more than a common noun
MOST_ADDED = 80  # characters of names that are carried over
SHORT_ANSWER = 60  # characters up to which an answer's names are what the answer is
SHORT_ZH, SHORT_EN = 16, 8  # characters and words up to which a question without a name misses its subject

_MARKS = pattern(r"\s?\[\d{1,3}\]")
_ELLIPTIC_ZH = pattern(
    r"^(?:那么?|还有|以及|然后|换成|再问)?\s*(?P<rest>[^,，?？]{1,30}?)\s*(?:呢|又如何|怎么样|又是多少)\s*[?？]*$"
)
_ELLIPTIC_EN = pattern(
    r"^(?:and|or|what about|how about|and what about|same for|and for)\s+(?:for\s+)?(?P<rest>[^?]{1,60}?)\s*\?*$",
    re.IGNORECASE,
)
_PREVIOUS_ZH = pattern(r"^(?:那么?)?\s*(?:上一个|前一个|之前那个|前面那个|再上一个|刚才那个|上个)\s*(?P<rest>.*)$")
_PREVIOUS_EN = pattern(
    r"^(?:and |what about |how about )*the (?:previous|earlier|first|other) one\s*(?P<rest>.*)$", re.IGNORECASE
)
_FORMER = pattern(r"前者|\bthe former\b", re.IGNORECASE)
_LATTER = pattern(r"后者|\bthe latter\b", re.IGNORECASE)
_BOTH = pattern(
    r"两者|二者|这两个(?:模型|项目|系统)?|它们俩?|\bboth of (?:them|these)\b|\bthe two(?: of them)?\b|\bthey\b|\bthem\b",
    re.IGNORECASE,
)
_PRONOUN_ZH = pattern(
    r"它们?|该(?:模型|项目|系统|方法|框架|数据集|论文|公司|机构|工具)|(?:这|那)(?:个|款|种|套|篇)(?:模型|项目|系统|框架|论文|工具)|其(?![他它余实次中])"
)
_POINTS_ZH = pattern(r"这些|那些|这个|那个|这种|这套|这|上述|刚才|里面|其中|里边")
_POINTS_AT_ANSWER = pattern(r"这些|那些|这个|那个|这种|该|\b(?:this|that|these|those)\b", re.IGNORECASE)
_SELF_CONTAINED = pattern(
    r"^(?:请问)?(?:什么是|什么叫|何谓|何为|介绍|解释)\S{2,}|^(?:what (?:is|are) (?:an? )?(?!it\b|its\b|the\b)[\w-]{3,}|explain |define )",
    re.IGNORECASE,
)
_COUNTED = {
    word: n
    for n, words in enumerate(("一first", "二second", "三third", "四fourth", "五fifth"))
    for word in (words[0], words[1:])
}
_COUNTED_ZH = pattern(
    r"(?:第(?P<nth>[一二三四五])|(?P<last>最后一))(?:个|款|种|篇|项|条|家)(?:模型|项目|论文|系统|数据集|产品|公司)?"
)
_COUNTED_EN = pattern(
    r"\bthe (?:(?P<nth>first|second|third|fourth|fifth)|(?P<last>last)) (?:one|model|project|paper|system|dataset|product|company)\b",
    re.IGNORECASE,
)
_MAKER_ZH = pattern(
    r"(?:这|那|该|此)(?:一)?(?:家|个|所)?(?:公司|机构|团队|组织|大学|学校|厂商|厂家|企业|实验室|研究院)"
)
_MAKER_EN = pattern(
    r"\b(?:this|that|the same|the) (?:company|organi[sz]ation|team|lab|maker|developer|university|vendor|manufacturer|institution|firm)\b(?! of\b)",
    re.IGNORECASE,
)
# Who an answer names: "由听澜科技于 2023 年发布", "厂商：听澜科技；", "听澜科技发布了".
_MADE_BY_ZH = pattern(
    r"由\s?(?P<by>[\w·-]{2,16}?)\s?(?:公司)?(?:于|在|首次|联合|正式|开发|研发|研制|发布|推出|提出|开源|训练|创立|打造|制造|维护|建造|建成|修建|创建|设计|生产|出品)"
    r"|(?:厂商|公司|机构|开发者|开发商|制造商|厂家|单位|作者|发布者|团队)\s?(?:是|为|[:：])\s?(?P<label>[\w·-]{2,16})"
    r"|^(?P<first>[\w·-]{2,16}?)(?:公司)?\s?(?:于|在|首次|联合|正式)?(?:\d{4}\s?年)?\s?(?:开发|研发|研制|发布|推出|提出|开源|打造|制造|建造)"
)
_MADE_BY_EN = pattern(
    r"\b(?:by|from|[Mm]aker:|[Dd]eveloper:|[Vv]endor:|[Cc]ompany:) (?P<by>[A-Z][\w.&-]*(?: (?:&|of|and|[A-Z][\w.&-]*))*)(?<!\.)"
)
# "跟 GPT-3 比表现怎么样?", "compared to GPT-3?", "larger than GPT-3?": the name is what something unsaid is compared with.
_BESIDE_ZH = pattern(
    r"^(?:跟|和|与|同|相比于?|对比|比起?)\s*(?P<name>[\w .+-]{1,40}?)\s*(?:相?比(?![例率值])|对比|比较|差多少|的?(?:区别|差别|差距|不同))"
    r"|^比\s*(?P<other>[\w .+-]{1,40}?)\s*(?:更|要|还)?[\u4e00-\u9fff]{1,4}[吗么呢]?[?？]?$"
)
_BESIDE_EN = pattern(
    r"^(?:how )?(?:compared|in comparison|relative|as opposed) (?:to|with) (?P<name>[\w .+-]{1,40})"
    r"|^(?:how much |is (?:it )?)?(?:\w+er|more|less|better|worse)(?: \w+){0,2} than (?P<other>[\w .+-]{1,40})",
    re.IGNORECASE,
)
_BESIDE_ONLY = pattern(r"比呢\W*$")
_VERB_FIRST = pattern(
    r"^(?:谁|由|在|用|有|是|什么时候|何时|多少|几|为什么|为何|怎么|如何|能|可以|支持|需要|基于|属于|和|跟|与)"
)
_INSIDE_ZH = pattern(r"^(?:那么?)?\s*(?:其中|里面|里边|里头)(?:的)?")
_ITS = pattern(r"\b(?:its|their)\b", re.IGNORECASE)
_IT = pattern(
    r"\b(?:it|(?:this|that|the) (?:model|system|project|paper|method|framework|dataset|company|one))\b(?!['’]s possible)",
    re.IGNORECASE,
)
_POINTS_EN = pattern(r"\b(?:this|that|these|those|there)\b", re.IGNORECASE)
# What has or does something: "这座桥 有多少桥墩", "渡口 的 船", "茶园 多久浇一次水". In "桥墩有多少" nothing is said to have it.
_SUBJECT_ZH = pattern(
    r"^(?P<subject>[\u4e00-\u9fff]{2,12}?)(?:的(?=.{2})|(?:一共|总共|共)?有(?:多少|几|哪些|什么).?(?=[\u4e00-\u9fff]{2})"
    r"|(?:多久|什么时候|何时|为什么|为何|怎么|如何|每).)"
)
_SUBJECT_EN = pattern(
    r"\b(?:do|does|did) (?:the|an?) (?P<subject>[\w-]+(?: [\w-]+)?) [a-z]+\b|\bof the (?P<owner>[\w-]+(?: [\w-]+)?)\W*$",
    re.IGNORECASE,
)
_OPENER_ZH = pattern(r"^(?:那么|那|还有|另外|顺便问一下|请问)[,，]?\s*")
_OPENER_EN = pattern(r"^(?:and|so|then|also|but)[,]?\s+", re.IGNORECASE)


def stand_alone(question: str, history: Sequence[Message], index: Index) -> str:
    """Return the question so that it can be understood without its history; unchanged when it already can."""
    return _Talk(index).stand_alone(question, history)


class _Talk:
    """One look at a conversation: the names of each text are found once."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._found: dict[str, list[Mention]] = {}

    def names(self, text: str) -> list[Mention]:
        """Return the names in a text that the index holds or that can be nothing else."""
        if text not in self._found:
            found = find_mentions(text, self.index, language_of(text))
            self._found[text] = [mention for mention in found if mention.held or mention.certain]
        return self._found[text]

    def stand_alone(self, question: str, history: Sequence[Message]) -> str:
        turns = [(turn["role"], _MARKS.sub("", turn["content"])) for turn in history[-MOST_TURNS_BACK:]]
        if not turns:
            return question
        own = self.names(question)
        previous = self._previous_question(history)
        if (pointed := _pointed_out(question, turns, previous, self)) is not None:
            return pointed
        if (folded := _elliptic(question, own, previous, turns, self)) is not None:
            return folded
        carried = _carried(question, turns, previous, self)
        way = _ZH if language_of(question) == "zh" else _EN
        if carried and _misses_what_is_compared(question, own, way):
            return f"{carried[-1]} {_opened(question, way)}"
        if not carried or _stands_alone(question, own, way):
            return question
        if way.points(question) is None and _has_other_subject(question, turns, carried, self.index):
            return question
        folded = _folded(question, carried, way)
        alone = folded.strip(" ?？呢")
        return _with_name(previous, alone, self) if alone in carried and previous else folded

    def _previous_question(self, history: Sequence[Message]) -> str:
        """Return the last question asked before this one, itself made to stand alone."""
        last = next((n for n in range(len(history) - 1, -1, -1) if history[n]["role"] == "user"), None)
        if last is None:
            return ""
        return self.stand_alone(history[last]["content"], history[max(0, last - 4) : last])


def _pointed_out(question: str, turns: Sequence[tuple[str, str]], previous: str, talk: _Talk) -> str | None:
    """Return the question with what it points at in the last answer ("the second one", "这家公司"), None if nothing is there."""
    if not turns or turns[-1][0] != "assistant" or talk.names(question):
        return None
    answer = turns[-1][1]
    counted = _COUNTED_ZH.search(question) or _COUNTED_EN.search(question)
    if counted is not None:
        named = _listed(answer, [mention.normal for mention in talk.names(previous)], talk)
        at = -1 if counted["last"] else _COUNTED[counted["nth"].lower()]
        return _instead(question, counted, named[at]) if len(named) > max(at, 1) else None
    maker = _MAKER_ZH.search(question) or _MAKER_EN.search(question)
    if maker is not None and (name := _maker_in(answer, talk)):
        return _instead(question, maker, name)
    return None


def _instead(question: str, pointer: re.Match[str], name: str) -> str:
    """Return a question with a name in the place of what points at it."""
    way = _ZH if language_of(question) == "zh" else _EN
    after = question[pointer.end() :]
    gap = " " if after and after[0].isalnum() and name[-1].isascii() else ""
    return _opened(question[: pointer.start()] + name + gap + after, way)


def _listed(answer: str, asked: Sequence[str], talk: _Talk) -> list[str]:
    """Return what an answer lists: the first name of each item, or all its names in their order, without those asked about."""
    items = [line for line in answer.splitlines() if line.lstrip().startswith(("-", "*", "•"))]
    found = [[m for m in talk.names(text) if m.normal not in asked] for text in (items if len(items) > 1 else [answer])]
    names = [mention for group in found for mention in (group[:1] if len(items) > 1 else group)]
    return list(dict.fromkeys(mention.surface for mention in names))


def _maker_in(answer: str, talk: _Talk) -> str:
    """Return the organisation that an answer names as who made something, if the index holds it; else ""."""
    for match in (_MADE_BY_ZH.search(answer), _MADE_BY_EN.search(answer)):
        if match is not None:
            name = next(group for group in match.groups() if group).strip()
            terms = [term for term in analyze(name) if len(term) > 1]
            if terms and all(map(talk.index.holds, terms)):
                return name
    return ""


def _misses_what_is_compared(question: str, own: Sequence[Mention], way: _Way) -> bool:
    """Tell whether a question compares something that it does not name with the one name that it has."""
    match = (_BESIDE_ZH if way is _ZH else _BESIDE_EN).match(way.opener.sub("", question).strip())
    if match is None or len(own) != 1 or way.points(question) is not None:
        return False
    return own[0].surface in next(group for group in match.groups() if group)


def _elliptic(
    question: str, own: Sequence[Mention], previous: str, turns: Sequence[tuple[str, str]], talk: _Talk
) -> str | None:
    """Return the previous question with this one's name in it, or None when this is no such question."""
    if not previous:
        return None
    back = _PREVIOUS_ZH.match(question) or _PREVIOUS_EN.match(question)
    if back is not None and (earlier := _name_before(turns, talk)):
        asks = back["rest"].strip(" ?？呢吗")
        return f"{earlier} {back['rest']}" if asks else _with_name(previous, earlier, talk)
    match = _ELLIPTIC_ZH.match(question) or _ELLIPTIC_EN.match(question)
    if match is None or not own:
        return None
    rest = match["rest"]
    for mention in own:
        rest = rest.replace(mention.surface, "")
    beside = _BESIDE_ONLY.search(question)
    if re.sub(r"[的\s,，和与跟、?？]|\band\b|\bfor\b|\bin\b|\bof\b" + ("|相?比" if beside else ""), "", rest):
        return None  # it asks something of its own about the name
    joint = (_ZH if language_of(previous) == "zh" else _EN).joint
    names = [mention.surface for mention in own]
    before = talk.names(previous)
    if beside and len(before) == 1 and before[0].surface not in names:
        names = [before[0].surface, *names]  # "跟 Egret 比呢?": of both
    return _with_name(previous, joint.join(names), talk)


def _with_name(question: str, name: str, talk: _Talk) -> str:
    """Return a question with another name in the place of its last one."""
    mentions = talk.names(question)
    if not mentions:
        return f"{name} {question}"
    last = mentions[-1]
    return question[: last.start] + name + question[last.end :]


def _name_before(turns: Sequence[tuple[str, str]], talk: _Talk) -> str:
    """Return the name that was talked about before the last one."""
    seen = _asked_about(turns, talk)
    return seen[-2] if len(seen) > 1 else ""


def _asked_about(turns: Sequence[tuple[str, str]], talk: _Talk) -> list[str]:
    """Return the names in a person's turns, each once, in the order of their first mention."""
    names = (mention.surface for role, text in turns if role == "user" for mention in talk.names(text))
    return list(dict.fromkeys(names))


def _carried(question: str, turns: Sequence[tuple[str, str]], previous: str, talk: _Talk) -> list[str]:
    """Return the names that are talked about: those of the last question, for "these …" also the one that answered it."""
    asked = [mention.surface for mention in talk.names(previous)]
    if len(asked) == 1 and any(pattern.search(question) for pattern in (_FORMER, _LATTER, _BOTH)):
        return _asked_about([*turns, ("user", previous)], talk)[-2:]
    if not asked:
        by_user = ([m.surface for m in talk.names(text)] for role, text in reversed(turns) if role == "user")
        asked = next(filter(None, by_user), [])
    answer = turns[-1][1] if turns[-1][0] == "assistant" else ""
    if not asked:
        return [mention.surface for mention in talk.names(answer)][:1]
    if len(answer) > SHORT_ANSWER or not _POINTS_AT_ANSWER.search(question):
        return asked
    return [*asked, *[m.surface for m in talk.names(answer) if m.surface not in asked][:1]]


def _stands_alone(question: str, own: Sequence[Mention], way: _Way) -> bool:
    """Tell whether a question needs nothing from before."""
    points = way.points(question)
    if points is None:
        return bool(own) or way.is_long(question) or _SELF_CONTAINED.search(question) is not None
    return any(mention.end <= points for mention in own)


def _has_other_subject(question: str, turns: Sequence[tuple[str, str]], carried: Sequence[str], index: Index) -> bool:
    """Tell whether a question says itself what it is about: something that the documents know and never said of the names.

    What they say beside the names, or only as a common noun, may be a part or a property of what was talked about.
    """
    match = _SUBJECT_ZH.match(_OPENER_ZH.sub("", question)) or _SUBJECT_EN.search(question)
    if match is None:
        return False
    subject = next(group for group in match.groups() if group).lower()
    if any(subject in text.lower() for _, text in turns):
        return False
    terms = [term for term in analyze(subject) if (len(term) > 1 or term.isascii()) and term not in STOP_WORDS]
    said = [p for p in index.passages_with(terms, limit=LOOKED_AT) if terms and subject in _around(p).lower()]
    names = [name_pattern(name) for name in carried]
    if not said or any(pattern.search(_around(passage)) for passage in said for pattern in names):
        return False
    if any(subject in f"{p.context} {p.document.title}".lower() for p in said):
        return True
    apart = not any(pattern.search(p.document.text) for p in said for pattern in names)
    return apart and (len(subject) >= LONG_SUBJECT)


def _around(passage: Passage) -> str:
    return f"{passage.context} {passage.text}"


def _folded(question: str, carried: Sequence[str], way: _Way) -> str:
    """Return the question with what is talked about in the place of what points at it."""
    question = _opened(question, way)
    if len(carried) > 1:
        for pattern, meant in ((_FORMER, carried[0]), (_LATTER, carried[1]), (_BOTH, way.joint.join(carried[:2]))):
            if pattern.search(question):
                return re.sub(r"(?<=[A-Za-z\d])(?=[\u4e00-\u9fff])", " ", pattern.sub(meant, question, count=1))
    return way.put(_joined(carried, way), question)


def _opened(question: str, way: _Way) -> str:
    """Return a question without the word that ties it to the one before; what began with a capital still does."""
    opener = way.opener.match(question)
    rest = question[opener.end() :] if opener else question
    plain = rest.partition(" ")[0].islower()  # a name is written as it is
    return rest[0].upper() + rest[1:] if opener and plain and question[0].isupper() else rest


def _joined(names: Sequence[str], way: _Way) -> str:
    """Return the first two names one after the other, or one where two would be long."""
    together = way.apposed.join(names[:2])
    return together if len(together) < MOST_ADDED else names[0]


def _put_zh(name: str, question: str) -> str:
    inside = _INSIDE_ZH.match(question)
    if inside:
        return f"{name} 里{question[inside.end() :]}"
    pronoun = _PRONOUN_ZH.search(question)
    if pronoun and not _POINTS_ZH.search(question[: pronoun.start()]):
        tail = question[pronoun.end() :]
        joint = " 的" if pronoun[0] == "其" and not tail.startswith("的") else " "
        return f"{question[: pronoun.start()]}{name}{joint}{tail}".replace("  ", " ")
    if re.match(r"谁[^的]*的", question):
        return f"{name} 是{question}"
    return f"{name} {question}" if _VERB_FIRST.match(question) else f"{name} 的{question}"


def _put_en(name: str, question: str) -> str:
    if _ITS.search(question):
        return _ITS.sub(f"{name}'s", question, count=1)
    if _IT.search(question):
        return _IT.sub(name, question, count=1)
    return f"{name}: {question}"


@dataclass(frozen=True, slots=True)
class _Way:
    """How a language points back at what was talked about, and where it puts its name."""

    opener: re.Pattern[str]
    pointers: tuple[re.Pattern[str], ...]
    joint: str  # between two things
    apposed: str  # between two names of what is talked about
    is_long: Callable[[str], bool]
    put: Callable[[str, str], str]

    def points(self, question: str) -> int | None:
        """Return where a question first points back, or None."""
        starts = [match.start() for pattern in self.pointers if (match := pattern.search(question))]
        return min(starts, default=None)


_ZH = _Way(
    _OPENER_ZH,
    (_PRONOUN_ZH, _POINTS_ZH, _FORMER, _LATTER, _BOTH),
    " 和 ",
    " ",
    lambda question: len(question) > SHORT_ZH,
    _put_zh,
)
_EN = _Way(
    _OPENER_EN,
    (_ITS, _IT, _POINTS_EN, _FORMER, _LATTER, _BOTH),
    " and ",
    " and ",
    lambda question: len(question.split()) > SHORT_EN,
    _put_en,
)
