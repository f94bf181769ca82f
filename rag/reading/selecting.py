"""Choosing records: those that a question's names and words hold for, in the columns that they are about.

"Which open models support Chinese" asks for rows of models of which one cell says open and one says Chinese. A word that no
cell and no column has is a condition that cannot be checked, and then nothing is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpus.documents import Document, Table
from corpus.patterns import pattern
from index import Index
from rag.reading.kinds import kind_named, kind_said
from rag.reading.records import (
    BASE,
    COST,
    DATE,
    MAKER,
    SAID,
    SIZE,
    Attribute,
    Record,
    Roster,
    Value,
    date_of,
    is_measured,
    key_of,
    mentions_name,
    roster_of,
    sizes_of,
)
from rag.reading.rows import row_of
from rag.reading.units import terms_of
from rag.understanding.asking import MEASURE_WORD
from rag.understanding.grammar import GENERIC_HEADS
from rag.understanding.measures import mean_alike
from rag.understanding.mentions import Mention, mention_strength
from rag.understanding.questions import Needle, Question
from rag.understanding.wording import same_terms

Relation = Literal["made by", "built on", "about"]

# Words that say how things stand to each other, or only ask; what they relate is in the names and the columns.
IDLE = pattern(
    r"(?:最|更|较|(?:最|更|较|比较|第[二三四五六七八九十])?(?:早|晚|新|近|旧|先|大|小|多|少|高|低|长|短|贵|便宜|快|慢|强|弱|省|重|轻|深|浅|宽|窄|厚|薄|热|冷|亮|暗|安静|吵|响|陡|缓)+的?|发布|推出|开发|研发|研制|提出|公布|开放源码|做过?|出过?|出品|制造|创建"
    r"|支持|采用|采取|使用|用到|用了|属于|来自|出自|面向|针对|训练出|得到|产生|衍生|派生|基于|基础|底座|基座|微调|演化|演变|演进|发展|继承|后代|家族|成员|家谱|传承|而来|得来|的?来的|由来|后来|之后|以后|之前|往上?|往下|追溯"
    r"|(?:[一二两三四五六七八九十几]|\d+)?[个款台种家条座颗辆部项篇本把架艘支只枚块张]|分贝|公斤|千克|公里|千米|厘米|毫米|小时|分钟|美元|字节|(?:上榜|入选|收录|列入|提到|介绍|涉及)(?:的|了|过)?|(?:这|那|本|该|上)?(?:张|份|几款|几个|几种|个|篇)?(?:表格?|清单|列表|名单|目录|文中?|文章|文档|资料|综述|论文)(?:里|中|上|内)?|根据|按照|其他|其它|别的|所有|全部|一共|总共|共|发表|出版|超过|大于|多于|高于|至少|不少于|以上|不到|小于|少于|低于|不超过|以下|至多|到了|过的?|不能|不可|没有|没|未|不|可以|可|能|有|是|各|比较|对比|主要|到|经过|一步一步|一步步|逐步|怎么|从|由|用|里|中|年|月|列出|列举|相比|区别|差异|不同|变成|数量|个数"
    r"|releas\w*|publish\w*|develop\w*|ma[dk]e\w*|buil[dt]\w*|creat\w*|com(?:e|es|ing)|came|us(?:e|es|ed|ing)|support\w*|adopt\w*|writ\w*|bas(?:e|es|ed)|deriv\w*|fine-?tun\w*"
    r"|tables?|lists?|listed|documents?|surveys?|text|according|all|every|each|may|might|can|could|must|available|belong\w*|launch\w*|produc\w*|propos\w*|introduc\w*|descend\w*|ancest\w*|famil(?:y|ies)|members?|after|before|other|another|became|become\w*|steps?|trac\w*|lineage|between|not|no|ever|there"
    r"|most|least|largest|biggest|smallest|cheapest|highest|lowest|fewest|newest|oldest|earliest|latest|first|fastest|slowest|longest|shortest|larger|bigger|smaller|cheaper|higher|lower|newer|older|earlier|later|more|fewer|less"
    r"|(?:heavi|light|tall|deep|wid|narrow|thick|thinn|hott|warm|cold|strong|weak|bright|slow|fast|quick|quiet|loud|rich|poor|young|great|short|long)e(?:r|st)|best|worst|expensive|weigh(?:s|ed)?"
    r"|over|above|under|below|than|exceed\w*|at|compar\w*|differ\w*|number|count|(?:in |since )?(?:19|20)\d\d\s?年?)",
    re.IGNORECASE,
)
_MAKES = pattern(
    r"作者|发布|开发|研发|研制|推出|提出|公布|开源了|做过|出过|做了|出了|出品|旗下|出自|来自|创建|制造"
    r"|\bauthor|\b(?:releas|develop|publish|creat|propos|introduc|launch|produc)|\bma[dk]e\b|\bby\b|\b(?:come|comes|came) from\b",
    re.IGNORECASE,
)
BUILDS = pattern(
    r"基于|(?:以|在|由|从|用).{1,30}(?:基础|底座|基座|上.{0,4}微调|衍生|改进|得到|做出)|衍生|派生|后代|后裔|家族|后继|之后|继承|(?:由|从|在|以|用)了?(?:什么|哪)[^,，]{0,12}?(?:来|得|成|上|基础|底座)|来自(?:什么|哪)|演化|演变"
    r"|\bbased (?:up)?on\b|\bbuilt (?:on|from|upon)\b|\bderiv|\bfine-?tuned (?:from|on)\b|\bdescend|\bsuccessors?\b|\bon top of\b|\bforks? of\b|\bafter\b|\bfamily\b|\bcomes? from\s*\?",
    re.IGNORECASE,
)
_NEGATES = pattern(
    r"不能|不可|不许|不允许|不支持|不开|没有|没(?=[^落])|未(?!来)|并非|\bnot\b|n't\b|\bcannot\b|\bwithout\b|\bno\b",
    re.IGNORECASE,
)
_COMPARES_NEXT = pattern(
    r"\s{5,}|\s+(?:the )?(?:most|least|fewest|highest|lowest|largest|smallest|longest|more|fewer|less|over|under|at least|at most|up to)\b",
    re.IGNORECASE,
)
_YEAR = pattern(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
MEANT = 0.5  # sureness from which a translation says a condition: "language" is no Tibetan language
BESIDE = 0.3  # share of the places of a translation that have the word itself from which it stands in for it
_OPENING = 600  # characters with which a document begins
_STEM = 5  # letters
_WHOLE_COLUMN = 0.5  # share of a column's cells from which a word in them is what the column is about


@dataclass(frozen=True, slots=True)
class Chosen:
    """A record with the values that made it fit."""

    record: Record
    because: tuple[Value, ...]


def tells_maker(text: str) -> bool:
    """Tell whether a text speaks of who made something."""
    return _MAKES.search(text) is not None


def relation_of(question: Question) -> Relation:
    """Return how a question relates what it looks for to the names in it."""
    if BUILDS.search(question.text):
        return "built on"
    return "made by" if _MAKES.search(question.text) else "about"


def tables_asked(question: Question, tables: Iterable[tuple[Document, Table]]) -> list[tuple[Document, Table]]:
    """Return the tables whose rows are what a question asks for: one of its words is what they are called."""
    asked = [(pair, roster) for pair in tables if is_asked(question, roster := roster_of([pair]))]
    headed = [pair for pair, roster in asked if roster.heads]  # by their first header, not by their caption only
    return headed or [pair for pair, _ in asked]


def is_asked(question: Question, roster: Roster) -> bool:
    """Tell whether a word of a question is what the records are called."""
    if not any(n.surface in c.asked for n in question.needles for c in question.clauses if roster.calls(n)):
        question = _with_heads_of_phrases(question)
    needles = [needle for needle in question.needles if not IDLE.fullmatch(needle.surface)]
    asked = [n for n in needles if any(n.surface in clause.asked for clause in question.clauses)]
    if any(roster.calls(needle) for needle in asked or needles):
        return True
    return any(kind_said(question, needle, roster.records) for needle in needles) or any(
        kind_named(question, mention, roster.records) for mention in subjects(question.mentions)
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """The records for which everything holds that a question says, None if it says nothing of them; and what it says of them."""

    chosen: list[Chosen] | None
    used: tuple[Needle, ...] = ()


def _with_heads_of_phrases(question: Question) -> Question:
    """Return a question with what stands at the end of what it asks for asked for too: 系统 of "哪些开源的系统"."""
    text, clauses = question.text.lower(), []
    for clause in question.clauses:
        words, ends = list(clause.asked), {text.find(word) + len(word) for word in clause.asked if word in text}
        for needle in sorted(question.needles, key=lambda needle: text.find(needle.surface)):
            at = text.find(needle.surface)
            if at in ends or at - 1 in ends or (_ASKS.search(text, 0, at) if at >= 0 else False):
                words.append(needle.surface)
                ends.add(at + len(needle.surface))
        clauses.append(replace(clause, asked=tuple(dict.fromkeys(words))))
    return replace(question, clauses=tuple(clauses)) if tuple(clauses) != question.clauses else question


_ASKS = pattern(r"\b(?:which|what|how many) (?:(?:of )?the )?\Z", re.IGNORECASE)


def choose(question: Question, roster: Roster, index: Index, every: Sequence[Record] = ()) -> Choice:
    """Return the records for which everything holds that a question says, in their order.

    ``every`` are the records that they were taken from, whose names tell of what kind they are.
    """
    records = roster.records
    every = every or records
    headed = _with_heads_of_phrases(question)
    found: list[dict[str, list[Value]]] = []
    named = [
        (mention, _by_name(records, mention, relation_of(question))) for mention in subjects(question.mentions, roster)
    ]
    related = any(held_by for _, held_by in named)
    for mention, held_by in named:
        named_so = kind_named(question, mention, every)
        if len(named_so) > len(held_by) or any(record.is_named(mention) for record in named_so):
            found.append({record.key: list(record.values[:1]) for record in named_so})
            continue
        if related and not held_by:  # one of several names is what the relation is to: "Chinese models built on X"
            held_by = _matching(records, mention, None)
        if not held_by:  # of "AGPL" also "AGPL-3.0", where no cell has it alone
            held_by = _beginning_with(records, mention)
        if (
            not held_by and relation_of(question) == "about"
        ):  # "Linux-class boards" are those under the heading with this name
            held_by = {
                r.key: list(r.values[:1])
                for r in records
                if r.values and mention_strength(_titles(r.values[0]), mention) == 1.0
            }
        if held_by or not _heads_a_column(mention, records):
            found.append(held_by)
    for year in _YEAR.findall(question.text):
        found.append(_by_year(records, int(year)))
    negated = _NEGATES.search(question.text) is not None
    used = []
    for needle in conditions(question, roster, index):
        if exactly := _in_its_column(needle, question, roster):
            found.append(exactly)
            used.append(needle)
            continue
        kind = _is_before_called(needle, question, roster)
        held = _by_word(records, needle, negated=negated, kind=kind)
        named_so = kind_said(headed, needle, every)
        if not held and held is not None and not named_so and _only_leads_in(needle, question):
            continue
        if named_so:
            held = {record.key: list(record.values[:1]) for record in named_so} | (held or {})
        if held is not None:
            found.append(held)
            used.append(needle)
    if not found:
        return Choice(None)
    keys = set.intersection(*(set(each) for each in found))
    chosen = [
        Chosen(record, tuple(value for each in found for value in each[key]))
        for record in records
        if (key := record.key) in keys
    ]
    return Choice(chosen, tuple(used))


def _in_its_column(number: Needle, question: Question, roster: Roster) -> dict[str, list[Value]]:
    """Return the records with a number in the column that the word behind it names: "6 lanes", 6车道; {} if it names none."""
    if not number.surface.isdigit():
        return {}
    text = question.text.lower()
    behind = _MEASURE_WORD.sub("", text[text.find(number.surface) + len(number.surface) :])
    words = [n for n in question.needles if n is not number and behind.startswith(n.surface)]
    headers = {v.header for record in roster.records for v in record.values if v.header} if words else set()
    named = {header for header in headers if any(_names(word, header) for word in words)}
    held = {
        record.key: [
            v for v in record.values if v.header in named and any(q.value == int(number.surface) for q in sizes_of(v))
        ]
        for record in (roster.records if named else ())
    }
    return {key: values for key, values in held.items() if values}


_MEASURE_WORD = pattern(rf"^\s*(?:{MEASURE_WORD}(?=[\u4e00-\u9fff]{{2}}))?")


def _only_leads_in(needle: Needle, question: Question) -> bool:
    """Tell whether a word of an English question stands right before what compares: "carries" of "carries the most cars"."""
    found = (match for match in re.finditer(re.escape(needle.surface), question.text, re.IGNORECASE))
    return any(_COMPARES_NEXT.match(question.text, match.end()) for match in found)


def _is_before_called(needle: Needle, question: Question, roster: Roster) -> bool:
    """Tell whether a word stands right before what the records are called: "storage" of "storage sites"."""
    text = question.text.lower()
    end = text.find(needle.surface) + len(needle.surface)
    after = (
        n
        for n in question.needles
        if n is not needle and text.startswith(n.surface, end + (text[end : end + 1] == " "))
    )
    return needle.surface in text and any(roster.calls(other) for other in after)


def conditions(question: Question, roster: Roster, index: Index) -> list[Needle]:
    """Return the words of a question that say something of the things it looks for, and are no part of a column's name."""
    kept = []
    columns = _literal_columns(question.text.lower(), roster.records)
    for needle in question.needles:
        at = question.text.lower().find(needle.surface)
        if any(start < at + len(needle.surface) and at < end for start, end in columns if at >= 0):
            continue
        said = roster.said_of(needle)
        if said:
            kept.append(_as_needle(said, index))
        elif not IDLE.fullmatch(needle.surface) and not roster.calls(needle) and not _only_measures(needle, question):
            kept.append(
                needle if needle.sureness >= MEANT or _names_alike(needle, roster) else replace(needle, others=())
            )
    return kept


def _names_alike(needle: Needle, roster: Roster) -> bool:
    """Tell whether another form of a word ("flew" and flight) stands in what a column is called."""
    alike = frozenset(same_terms(needle.surface))
    return bool(alike) and any(
        alike & terms_of(header) for header in {v.header for r in roster.records for v in r.values if v.header}
    )


def _only_measures(needle: Needle, question: Question) -> bool:
    """Tell whether a word of a question for an extreme only says that something is measured: the "size" of a crew."""
    return question.direction != 0 and (needle.surface in GENERIC_HEADS or SIZE.names(needle.surface))


def _literal_columns(text: str, records: Sequence[Record]) -> list[tuple[int, int]]:
    """Return where the names of columns of amounts stand in a question; a dictionary may cut them in other places."""
    headers = {value.header for record in records for value in record.values}
    said = [header for header in headers if len(header) > 1 and header.lower() in text]
    return [(at := text.find(h.lower()), at + len(h)) for h in said if is_measured(h, records)]


def subjects(mentions: Iterable[Mention], roster: Roster | None = None) -> list[Mention]:
    """Return the names that are held, each thing once, without what merely names the kind of thing that records are."""
    heads = {key_of(head) for head in roster.heads} if roster else set()
    kept: list[Mention] = []
    for mention in mentions:
        keys = {key_of(spelling) for spelling in mention.spellings}
        if IDLE.fullmatch(mention.surface):
            continue  # "listed" is no name, whatever stands in the documents
        if mention.held and not keys & heads and not any(keys & {key_of(s) for s in other.spellings} for other in kept):
            kept.append(mention)
    return kept


def _as_needle(word: str, index: Index) -> Needle:
    from rag.understanding.questions import understand

    needles = understand(word, index).needles
    return needles[0] if needles else Needle(word, terms_of(word), (), 1.0, held=True)


def _heads_a_column(mention: Mention, records: Sequence[Record]) -> bool:
    """Tell whether a name is part of what a column is called, such as the unit in "Price per kWh"."""
    headers = {value.header for record in records for value in record.values}
    return any(mention_strength(header, mention) == 1.0 for header in headers)


def _by_name(records: Sequence[Record], mention: Mention, relation: Relation) -> dict[str, list[Value]]:
    """Return the records that stand in the relation to a name, with the values that say so."""
    made = _matching(records, mention, MAKER)
    if made and relation != "built on":
        return made
    if relation == "built on":
        return _matching(records, mention, BASE)
    other = _matching(records, mention, None)
    if relation == "about":
        return other
    other = {key: [v for v in values if v.header and not BASE.names(v.header)] for key, values in other.items()}
    return {key: values for key, values in other.items() if values}


def _matching(records: Sequence[Record], mention: Mention, attribute: Attribute | None) -> dict[str, list[Value]]:
    found = {}
    for record in records:
        values = [v for v in (record.under(attribute) if attribute else record.values) if mentions_name(v, mention)]
        if values and not record.is_named(mention):
            found[record.key] = values
    return found


def _beginning_with(records: Sequence[Record], mention: Mention) -> dict[str, list[Value]]:
    """Return the records of which a cell begins with a name and goes on with a version of it; no column of bases counts."""
    names = tuple(spelling.lower() + "-" for spelling in mention.spellings)
    cells = {
        r.key: [v for v in r.values if v.header and not BASE.names(v.header) and v.text.lower().startswith(names)]
        for r in records
    }
    return {key: values for key, values in cells.items() if values}


def _by_year(records: Sequence[Record], year: int) -> dict[str, list[Value]]:
    found = {}
    for record in records:
        values = [v for v in record.under(DATE) if (date := date_of(v.text)) and date[0] == year]
        if values:
            found[record.key] = values
    return found


def _by_word(
    records: Sequence[Record], needle: Needle, *, negated: bool, kind: bool = False
) -> dict[str, list[Value]] | None:
    """Return the records of which a word is said (or, where the question negates, denied); None if it only names a column."""
    headers = {value.header for record in records for value in record.values if value.header}
    named = {header for header in headers if _names(needle, header)}
    about = [v for record in records for v in record.values if v.header in named]
    said = [v for v in about if v.negative or v.affirmative or needle.found_in(terms_of(v.text)) >= SAID]
    whole = [
        v for v in said if v.header.lower() in needle.surface != v.header.lower() and needle.surface in v.text.lower()
    ]
    if about and not whole and len(said) < _WHOLE_COLUMN * len(about):
        return None
    found = {}
    needle = _literally(needle, about or [value for record in records for value in record.values])
    for record in records:
        values = [v for v in record.values if _denies(v, needle) == negated and _says(v, needle, named)]
        if values:
            found[record.key] = values
    if found:
        return found
    return _otherwise_said(records, needle) if negated else _by_place(records, needle, kind=kind)


def _otherwise_said(records: Sequence[Record], needle: Needle) -> dict[str, list[Value]]:
    """Return the records that have something else in a column of which some cells are a word: "which are not functional"."""
    whole = {v.header for r in records for v in r.values if v.header and terms_of(v.text) == needle.own}
    others = {
        r.key: [v for v in r.values if v.header in whole and needle.found_in(terms_of(v.text)) < SAID] for r in records
    }
    return {key: values for key, values in others.items() if values}


def _by_place(records: Sequence[Record], needle: Needle, *, kind: bool = False) -> dict[str, list[Value]]:
    """Return the records over which a word is said, by their caption, headings or title: all that stands there is so.

    A word right before what the records are called (``kind``) may also be said where their document begins.
    """
    found: dict[str, list[Value]] = {}
    for record in records:
        rows = [
            v
            for v in record.values[:1]
            if needle.found_in(terms_of(_titles(v) + (_opening(v) if kind else ""))) >= SAID
        ]
        if rows:
            found[record.key] = rows
    return found


def _opening(value: Value) -> str:
    """Return how the document of a value begins, after its title."""
    return " " + value.span.document.text[:_OPENING]


def _titles(value: Value) -> str:
    """Return what stands over a value: the caption and heading of its table, or its headings, and the document's title."""
    place, document = row_of(value.span), value.span.document
    if place:
        return f"{place[0].caption} {place[0].section.rpartition('>')[2]} {document.title}"
    section = document.section_at(value.span.start)
    return f"{' '.join(section.path) if section else ''} {document.title}"


def _literally(needle: Needle, values: Sequence[Value]) -> Needle:
    """Return a word with those of its translations that stand in for it here, if it stands here itself.

    A translation does that if it often stands beside the word ("大学 (university)"); one term of a translation of several
    words does not, such as the university of the "Stanford University" that 斯坦福 is.
    """
    terms = [terms_of(value.text) for value in values]
    having = [each for each in terms if needle.own <= each]
    if not having:
        return needle
    others = []
    for term, weight in needle.others:
        beside, all_in_all = sum(term in each for each in having), sum(term in each for each in terms)
        if beside and beside >= BESIDE * all_in_all:
            others.append((term, weight))
    return replace(needle, others=tuple(others))


def _denies(value: Value, needle: Needle) -> bool:
    """Tell whether a value denies a word: right before it ("不开源", "is not open"), or as a whole where it does not have it."""
    word = re.escape(needle.surface)
    if needle.surface not in value.text.lower():
        return value.negative
    denied = rf"[不未没非无]有?\S?{word}|\b(?:not|no|never|without)\s+(?:\w+\s+)?{word}"
    return re.search(denied, value.text, re.IGNORECASE) is not None


def _names(needle: Needle, header: str) -> bool:
    """Tell whether a word names a column: the column's name has it, it has most of that, or both say a cost, a date, a size."""
    terms = terms_of(header)
    own = {term for term in terms if len(term) > 1}
    if mean_alike(needle.surface, header) or any(_akin(a, b) for a in own for b in needle.own):
        return True
    if any(attribute.names(needle.surface) and attribute.names(header) for attribute in (COST, DATE, SIZE)):
        return True
    return needle.found_in(terms) >= SAID or (bool(own) and len(own & needle.own) >= SAID * len(own))


def _akin(word: str, other: str) -> bool:
    """Tell whether two English words have one stem: operate and operator."""
    if not (word.isascii() and other.isascii()):
        return False
    same = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    return same >= _STEM and same >= 0.75 * max(len(word), len(other))


def _says(value: Value, needle: Needle, named: set[str]) -> bool:
    if named:
        if value.header not in named:
            return False
        if value.negative or value.affirmative:
            return True
    return needle.found_in(terms_of(value.text)) >= SAID
