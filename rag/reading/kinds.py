"""What kind of thing is asked for, where the things' own names say it: "which Stork" of Stork-1 and Stork-2, 哪座大桥 of 长江大桥.

Tables often call their first column "name" or "model"; who asks says what the names have in common instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.patterns import pattern
from index.terms import is_cjk
from rag.reading.records import Record
from rag.understanding.mentions import Mention
from rag.understanding.questions import Needle, Question

FEWEST = 2  # things that make a kind
_SHORTEST = 3  # letters of a word that other words may end with

_ASKED_BEFORE = pattern(
    r"(?:\b(?:which|what|how many|list|name|all|every|each|any)(?: (?:of|the|these|those|all|different|is|are|was|were))*"
    r"|\b(?:\w{3,}est|(?:most|least|fewest) \w+|first|last|best|worst)|\b(?:of|among) (?:all )?(?:the)?"
    r"|哪一?[\u4e00-\u9fff]?|[几多][少]?[\u4e00-\u9fff]?|最[\u4e00-\u9fff]{1,3}的|第[一二三四五六七八九十][\u4e00-\u9fff]{1,2}的|所有的?|全部的?|列出|列举)\s*\Z",
    re.IGNORECASE,
)
_ASKED_AFTER = pattern(
    r"s?\s*(?:,? (?:which|what)\b|(?:with|that has|which has|having) (?:the )?(?:most|least|fewest|\w+est)\b"
    r"|(?:[里中]|当中|之中)(?:面|间)?.{0,12}(?:最|哪|多少|几)|最|哪一?[个些款种只台座条家]|(?:一共|总共|共)?有(?:多少|几)[个款种只台座条家]\s*[?？]?\s*\Z)",
    re.IGNORECASE,
)

_WHICH = pattern(r"(?:\bwhich|哪一?[个款种只台座条]) ?\Z", re.IGNORECASE)
_IS = pattern(r"\s*(?:(?:is|are|was|has|had)\b|最)", re.IGNORECASE)
_OWNS = pattern(r"\s?(?:['’]s?\s|的(?!是))")  # what it has is asked for, not which of them


def kin(words: Sequence[str], records: Sequence[Record]) -> list[Record]:
    """Return the records whose names begin or end with one of some words, [] for fewer than ``FEWEST``.

    What goes on in a name is no letter of the same word: Stork-3, "Stork XL", "Forth Bridge", 长江大桥. Where most names end
    with it, it may be joined to what stands before: Nordhut, Seehut.
    """
    forms = {form for word in words for form in _forms(word.lower())}
    named = [(record, record.name.lower()) for record in records]
    joined = tuple(form for form in forms if form.isascii() and len(form) >= _SHORTEST)
    compounds = [record for record, name in named if joined and name.endswith(joined)]
    if 2 * len(compounds) > len(records) and len(compounds) > FEWEST:
        return compounds
    if sum(any(_is_of(name, form) for form in forms) for _, name in named) < FEWEST:
        return []
    return [record for record, name in named if name in forms or any(_is_of(name, form) for form in forms)]


def kind_named(question: Question, mention: Mention, records: Sequence[Record]) -> list[Record]:
    """Return the records of the kind that a name of a question says, [] where it is a thing and no kind."""
    text = question.text
    asked = _ASKED_BEFORE.search(text, 0, mention.start) or _ASKED_AFTER.match(text, mention.end)
    if not asked or _OWNS.match(text, mention.end):
        return []
    found = kin(mention.spellings, records)
    if not found and _WHICH.search(text, 0, mention.start) and _IS.match(text, mention.end):
        return [
            record for record in records if record.is_named(mention)
        ]  # "which Heron is the largest" asks for its sizes
    return found


def kind_said(question: Question, needle: Needle, records: Sequence[Record]) -> list[Record]:
    """Return the records of the kind that a word of a question says, [] where the question does not ask for it by this word."""
    if not any(needle.surface in clause.asked for clause in question.clauses):
        return []
    return kin([needle.surface], records)


def _forms(word: str) -> list[str]:
    """Return a word as names may have it: an English plural in the singular too; a Chinese character alone says no kind."""
    if not word.isascii():
        return [word] if len(word) > 1 else []
    singular = [word[:-3] + "y"] if word.endswith("ies") else [word[:-2]] if word.endswith("es") else []
    return [each for each in (word, word.removesuffix("s"), *singular) if len(each) > 1]


def _is_of(name: str, form: str) -> bool:
    if is_cjk(form[0]) or is_cjk(form[-1]):
        return name != form and (name.startswith(form) or name.endswith(form))
    if name.startswith(form):
        rest = name[len(form) :]
        return rest != "" and not (rest[0].isascii() and rest[0].isalpha())
    return name.endswith(f" {form}")
