"""Other names of things that a text itself states: ``Heron(苍鹭)``, ``write-ahead log (WAL)``.

Precise rather than many: a wrong alias makes every later question about either name answer about the other. So each
form asks for a sign that it names rather than describes: initials that fit, a short name where a subject stands, or a
word such as 又称 or "also known as". Nothing here knows an index or a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from corpus.documents import Document
from corpus.patterns import pattern

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_OPEN, _CLOSE = r"[(（]", r"[)）]"
# A Latin name as models, systems and products write theirs: "GPT-3", "Chinese-Vicuna", "ERNIE 3.0 Titan".
# Bounded, so that a text of one endless word (base64, say) costs what another text costs.
_LATIN_NAME = r"[A-Za-z][\w.+-]{0,60}(?: (?:[A-Z][\w.+-]{0,60}|\d[\w.]{0,20})){0,3}"
_MARK = r"(?:\[\d{1,3}\])?"
_HAN_NAME = rf"[{_HAN}][{_HAN}·]{{1,5}}"

# "Heron(苍鹭)是": what follows must show that the parenthesis closed a subject, not an aside.
_LATIN_THEN_HAN = pattern(
    rf"(?<![\w.+-])(?P<name>{_LATIN_NAME}){_MARK}\s?{_OPEN}(?P<alias>{_HAN_NAME}){_CLOSE}"
    rf"(?=\s*(?:是|为|模型|系统|数据集|由|[:：]|[,，、](?!\s*$)|和|与|及|等))"
)
# "人类反馈强化学习(RLHF)": the Chinese name begins after punctuation or a word that cannot be part of it.
_HAN_THEN_LATIN = pattern(
    rf"(?<![{_HAN}A-Za-z0-9])(?P<name>[{_HAN}]{{2,14}})\s?{_OPEN}(?P<alias>[A-Za-z][\w.+ -]{{1,60}}){_CLOSE}"
)
_BEFORE_A_NAME = pattern(
    r"^.*(?:通过有|通过|利用|使用|采用|基于|以及|包括|比如|例如|称为|叫做|其中|提出了?|引入了?|结合|进行|实现|属于|供奉|封为|绰号"
    r"|一种|一个|一位|一扇|或者|又称|了|和|与|或|在|从|对|将|把|由|是|如|用|即|为|而|原|曾)"
)
# A modifier before 的 belongs to the term, and nobody can say where it begins; a verb or a pronoun is no name at all.
_NOT_BARE = pattern(r"[的该其此这那]|负责|通常|同时|位于|会授|说服")
_UNIT_WORDS = frozenset(
    ["tokens", "token", "words", "gb", "mb", "kb", "km", "kg", "cm", "mm", "usd", "rmb", "gpu", "gpus", "cpu"]
)
# "low-rank adaptation (LoRA)": whether the long form fits is decided letter by letter (_long_form).
_SHORT_FORM = pattern(rf"{_OPEN}(?P<short>[A-Za-z][\w.+-]{{1,11}}){_CLOSE}")
_SHORT_THEN_LONG = pattern(
    rf"(?<![\w.+-])(?P<short>[A-Z][\w.+-]{{1,9}}) ?{_OPEN}(?P<long>[A-Za-z][A-Za-z -]{{5,60}}){_CLOSE}"
)
_LONG_WORDS_BEFORE = pattern(r"[\w.+'’-]+(?: [\w.+'’-]+){0,9} ?$")
# "Reinforcement Learning from Human Feedback, RLHF" inside one pair of brackets.
_LONG_COMMA_SHORT = pattern(
    rf"{_OPEN}(?P<long>[A-Za-z][A-Za-z -]{{5,70}})[,，] ?(?P<short>[A-Za-z][\w.+-]{{1,11}}){_CLOSE}"
)
_SAID_IN_ENGLISH = pattern(
    rf"(?<![A-Za-z0-9.+_-])(?P<name>{_LATIN_NAME}){_MARK}\s?[,(（]\s?(?:also|formerly|previously|otherwise|commonly) (?:known as|called|named) "
    rf"(?:the )?[\"“'‘]?(?P<alias>(?=[A-Z\d]){_LATIN_NAME}|{_HAN_NAME})",
)
_SAID_IN_CHINESE = pattern(
    rf"(?P<name>(?<![A-Za-z0-9.+_-]){_LATIN_NAME}|[{_HAN}A-Za-z0-9·-]{{2,12}}){_MARK}\s?[,，(（]\s?"
    rf"(?:又称|又名|又叫|也称|也叫|也被称为|亦称|简称|俗称|别称|别名|昵称|绰号|中文名|英文名)(?:是|为|作)?\s?[“\"「『《]?"
    rf"(?P<alias>{_LATIN_NAME}|[{_HAN}A-Za-z0-9·-]{{2,12}}?)[”\"」』》]?(?=[,，。;；)）、\n]|$)"
)
# "X 就是百度的 Y。": only a bare name may stand on the right, and a full stop or comma must close it.
_IS_JUST = pattern(
    rf"(?<![\w.+-])(?P<name>{_LATIN_NAME}) ?(?:就是|即是|也就是)(?:[{_HAN}A-Za-z ]{{2,8}}的)? ?[“「]?(?P<alias>{_HAN_NAME})[”」]?(?=[,，。;；\n])"
)

# 绰号“青鸟”, 'nicknamed "Bluebird"': quoted, with no name before it: another name of what the entry is headed by.
_NICKNAME = pattern(
    rf"(?:(?:[又俗人]称|绰号|外号|昵称|别名|(?:大家|业内|圈内|玩家|用户|网友)(?:人士?|们)?(?:俗?称|都?叫|管它叫)(?:它|其)?)(?:是|为|作|叫)?\s?|\b(?:nicknamed|nickname(?: is|:)|call(?:s|ed)? it) )"
    rf"[“\"「『](?P<alias>[{_HAN}A-Za-z0-9][{_HAN}A-Za-z0-9 ·.-]{{1,20}})[”\"」』]"
)
_NUMBER = r"(?:(?:[-*•·+]|\d{1,2}[.)、．])[ \t]*)?"
# "- **Heron-2**: …", "3. 苍鹭二号：…", "**1. 苍鹭二号**（北川，2021）", "## 苍鹭二号"
_ENTRY = pattern(
    rf"[ \t]*(?:#{{1,6}}[ \t]+)?{_NUMBER}(?:\*\*[ \t]*{_NUMBER})?(?P<name>[{_HAN}A-Za-z][{_HAN}\w .+-]{{1,24}}?)[ \t]{{0,8}}(?:\*\*)?[ \t]{{0,8}}(?:[:：(（|]|$)",
    re.MULTILINE,
)
_HEADING = pattern(r"^#{1,6}[ \t]+(?P<title>[^\n]+)$", re.MULTILINE)
_NAMING_HEADING = pattern(rf"{_NUMBER}(?P<name>(?=[^a-z]*[A-Z\d])[{_HAN}A-Z\d][{_HAN}\w .+-]{{1,24}}?)\s*(?:[(（].*)?")
_ENTRY_REACH = 1_500  # characters before a nickname in which the head of its entry is looked for

# With the sign without which there is no match.
_FORMS = (
    (_LATIN_THEN_HAN, pattern(rf"{_OPEN}{_HAN_NAME}{_CLOSE}")),
    (_SAID_IN_ENGLISH, pattern(r"known as |called |named ")),
    (
        _SAID_IN_CHINESE,
        pattern(r"[,，(（]\s?(?:又[称名叫]|[也亦]称|也叫|也被称为|[简俗别]称|别名|昵称|绰号|[中英]文名)"),
    ),
    (_IS_JUST, pattern(r"[就即]是")),
)
_REACH = 300  # characters; more than any of the forms lets stand on one side of its sign

# What stands in brackets after a name without being another name of it: whose it is, what state it is in.
_NO_ALIAS = pattern(
    r"(?:大学|公司|实验室|研究院|学院|团队|组织|机构|中心|集团|版本?|系列|语言|任务|参数|开源|闭源|收费|免费|付费|内测|公测)$"
    r"|^(?:例如|比如|包括|不含|可选|必选|推荐|待定|未知|其他|其它|如|见|含|约|共|已|未|仅|无|有|非|不)"
    r"|^(?:中文|英文|日文|韩文|英汉|汉英|双语|开放|公开|国内|国外|左|右|上图|下图|作者|年份|时间|清华|北大|谷歌|百度|阿里|腾讯|华为|微软|脸书|英伟达|字节|字节跳动|阿里巴巴|科大讯飞|商汤|智谱)$"
)
_QUANTITY = pattern(r"^[\d.,]+\s?[A-Za-z%]{0,3}$|\d[BMKT]$")
_SHORT_WORDS = frozenset(
    ["of", "for", "and", "the", "a", "an", "in", "on", "with", "to", "from", "by", "at", "as", "via"]
)


def find_aliases(document: Document) -> list[tuple[str, str]]:
    """Return pairs (name, alias) that the document states, each pair once, in the order of the text.

    >>> from corpus.documents import Document
    >>> find_aliases(Document(id="a", text="Heron(苍鹭)是一台望远镜。We use a write-ahead log (WAL)."))
    [('Heron', '苍鹭'), ('write-ahead log', 'WAL')]
    """
    stated, nicknames = list(_pairs(document.text)), list(_nicknames(document.text))
    named = {alias for _, name, alias in stated if not all(map(_is_han, name))}
    nicknames = [pair for pair in nicknames if pair[2] not in named]
    given = {alias for *_, alias in nicknames}  # what stands before the comma is a word for it, "家用首选，绰号…"
    found = sorted([*(pair for pair in stated if pair[2] not in given), *nicknames], key=lambda pair: pair[0])
    claims: dict[str, set[str]] = {}
    for _, name, alias in found:
        claims.setdefault(alias.lower(), set()).add(name.lower())
    pairs = ((name, alias) for _, name, alias in found if _is_common(name.lower(), claims[alias.lower()]))
    return list(dict.fromkeys(pairs))


def _is_common(name: str, claims: set[str]) -> bool:
    """Tell whether every name that claims an alias ends in this one: what stands in brackets after unlike names is no alias."""
    return all(claim.rstrip("s").endswith(name.rstrip("s")) for claim in claims)


def _pairs(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (offset, name, alias) of every form."""
    for form, sign in _FORMS:
        yield from _checked(_matches(form, sign, text))
    yield from _chinese_with_latin(text)
    yield from _long_with_short(text)


def _matches(form: re.Pattern[str], sign: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield what ``form.finditer`` does, in half the time: it looks only around the signs that every match holds."""
    start = end = 0
    for place in sign.finditer(text):
        if place.start() - _REACH > end:
            yield from form.finditer(text, start, end)
            start = place.start() - _REACH
        end = place.end() + _REACH
    yield from form.finditer(text, start, end)


def _checked(matches: Iterable[re.Match[str]]) -> Iterator[tuple[int, str, str]]:
    for match in matches:
        name, alias = _bare(match["name"].strip()), match["alias"].strip()
        if name and not _NO_ALIAS.search(alias) and not _QUANTITY.search(name) and name.lower() != alias.lower():
            yield match.start(), name, alias


def _chinese_with_latin(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield Chinese terms with the Latin term in brackets behind them, cut where the term begins."""
    for match in _HAN_THEN_LATIN.finditer(text):
        name, alias = _bare(match["name"]), match["alias"].strip()
        words = [word for word in alias.lower().split() if word not in _SHORT_WORDS]
        names_it = len(words) <= 0.75 * len(name) and not _UNIT_WORDS.intersection(words)
        if len(name) <= 10 and names_it and not _QUANTITY.search(alias) and not _NO_ALIAS.search(name):
            yield match.start(), name, alias


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _nicknames(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the name of an entry with a quoted nickname that its text gives it."""
    for match in _NICKNAME.finditer(text):
        name, alias = _entry_at(text, match.start()), match["alias"].strip()
        if name and not _NO_ALIAS.search(alias) and not _QUANTITY.search(name) and name.lower() != alias.lower():
            yield match.start(), name, alias


def _entry_at(text: str, offset: int) -> str:
    """Return the name that the entry around an offset begins with, or nothing.

    That is what its line begins with, or the first line of its paragraph, or the heading if that looks like a name.
    """
    paragraph = text.rfind("\n\n", max(0, offset - _ENTRY_REACH), offset)
    begin = paragraph + 2 if paragraph >= 0 else max(0, offset - _ENTRY_REACH)
    line = text.rfind("\n", 0, offset) + 1
    for start in dict.fromkeys((line, begin)):
        match = _ENTRY.match(text, start)
        if match is not None and match.end() <= offset:
            return match["name"].strip()
    above = list(_HEADING.finditer(text, max(0, offset - _ENTRY_REACH), offset))
    named = _NAMING_HEADING.fullmatch(above[-1]["title"].strip()) if above else None
    return named["name"] if named else ""


def _bare(name: str) -> str:
    """Return a name without the words before it, or nothing when it is not a bare name."""
    if name.isascii():
        return name
    name = _BEFORE_A_NAME.sub("", name)
    return name if len(name) >= 2 and not _NOT_BARE.search(name) else ""


def _long_with_short(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (long form, abbreviation) where the letters of the abbreviation come from the long form."""
    for match in _SHORT_FORM.finditer(text):
        before = _LONG_WORDS_BEFORE.search(text, max(0, match.start() - 120), match.start())
        long = _long_form(match["short"], before[0].strip()) if before else ""
        if long:
            yield match.start(), long, match["short"]
    for match in (*_SHORT_THEN_LONG.finditer(text), *_LONG_COMMA_SHORT.finditer(text)):
        long = _long_form(match["short"], match["long"].strip())
        if long == match["long"].strip():
            yield match.start(), long, match["short"]


def _long_form(short: str, before: str) -> str:
    """Return the end of ``before`` that ``short`` abbreviates, or nothing.

    Schwartz and Hearst (2003): walk both from the right; every letter of the short form must occur, and its first
    letter must begin a word. Capitals are asked for too, so that "(see)" or "(yes)" abbreviates nothing.
    """
    letters = [c for c in short.lower() if c.isalnum()]
    if sum(c.isupper() for c in short) < 2 or len(letters) < 2:
        return ""
    text, at = before.lower(), len(before)
    for letter in reversed(letters[1:]):
        at = text.rfind(letter, 0, at)
        if at < 0:
            return ""
    while (at := text.rfind(letters[0], 0, at)) >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return before[at:] if _fits(short, before[at:]) else ""
    return ""


def _fits(short: str, long: str) -> bool:
    """Tell whether a long form has about as many words as the short one has letters, and is longer."""
    words = re.findall(r"[A-Za-z0-9]+", long)
    telling = [word for word in words if word.lower() not in _SHORT_WORDS]
    return (
        len(words) >= 2
        and len(long) > len(short) + 3
        and len(telling) <= len(short) + 1
        and words[0].lower() not in _SHORT_WORDS
    )
