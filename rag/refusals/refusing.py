"""Saying that the documents do not say: decided by calibrated evidence, told in the question's language.

A question is answered only when the passages probably speak of what is named *and* of what is asked about it; how
probable that must be was fitted on labelled questions (``rag.refusals.calibration``). Nothing here knows who wrote the draft, and
no text of a refusal holds a value that could pass for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index import Index
from index.hits import Hit
from index.terms import has_cjk
from rag.reading.drafts import Draft, Statement
from rag.reading.limits import periods_of
from rag.reading.scoring import name_match
from rag.reading.selecting import relation_of, tells_maker
from rag.reading.units import Unit, units_of
from rag.refusals.calibration import calibration_of
from rag.refusals.evidence import Evidence, foreign_share, says_all, weigh, years_of
from rag.understanding.mentions import Mention, names_in
from rag.understanding.questions import Question

Reason = Literal["unknown_name", "not_about_it", "off_topic", "nothing_found"]

NEAREST = 3  # passages to show with a refusal
MOST_TOLD = 5  # things to name that the documents do tell
ABOUT = 0.8  # name match from which a piece is about a name
SPELLED_ALIKE = 66.0  # rapidfuzz ratio from which another name may have been meant
LONGEST_TOLD = 20  # characters of a heading or a column's name that says what is told


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not answered, what was looked for, and the passages that came nearest.

    ``meant`` are names that are spelled alike and that the documents hold; ``told`` is what they do tell of the names.
    """

    reason: Reason
    searched_for: tuple[str, ...] = ()
    nearest: tuple[Hit, ...] = field(default=(), repr=False)
    meant: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The refusal, or None for an answer; and what decided, where figures did and not the question's form."""

    refusal: Refusal | None
    evidence: Evidence | None = None
    probability: float = 1.0
    threshold: float = 0.0

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON."""
        figures = self.evidence.figures() if self.evidence else {}
        return {
            "refused_because": self.refusal.reason if self.refusal else None,
            "probability": round(self.probability, 4), "threshold": round(self.threshold, 4),
            "figures": {name: round(value, 4) for name, value in figures.items()},
        }  # fmt: skip


def decide(question: Question, hits: Sequence[Hit], draft: Draft, index: Index) -> Decision:
    """Return whether the draft should be shown, or why it should not: the documents do not say."""
    settled = settle(question, hits, draft, index)
    if settled is not None:
        return settled
    calibration = calibration_of(index, hits)
    evidence = weigh(question, hits, draft, index)
    probability = calibration.probability(evidence)
    threshold = calibration.threshold(evidence)
    refusal = None
    if probability < threshold:
        reason: Reason = "not_about_it" if question.mentions else "off_topic"
        refusal = _refusal(reason, question, hits)
    return Decision(refusal, evidence, probability, threshold)


def settle(question: Question, hits: Sequence[Hit], draft: Draft, index: Index) -> Decision | None:
    """Return the decision where a question's names and the draft's form make it, None where the evidence must be weighed."""
    if _says_nothing(question):
        return Decision(nothing_said(question, hits), probability=0.0)
    alone = not any(m.held for m in question.mentions)  # "who made Wexford": nothing else is known of what is asked
    unknown = tuple(
        m.surface
        for m in question.mentions
        if not m.held and (m.certain or (question.several and question.spoken) or (alone and m.surface[:1].isupper()))
    )
    if unknown and _names_are_written_so(question, hits):
        meant = tuple(_spelled_alike(unknown[0], hits, index))
        return Decision(Refusal("unknown_name", unknown, tuple(hits[:NEAREST]), meant), probability=0.0)
    unknown = tuple(year for year in years_of(question) if not index.holds(year) and question.spoken)
    if unknown and not (draft.assured and periods_of(question.text)):  # "after 1950": dates were compared
        return Decision(Refusal("unknown_name", unknown, tuple(hits[:NEAREST])), probability=0.0)
    if not draft.statements:
        return Decision(nothing_said(question, hits), probability=0.0)
    if draft.assured:
        return Decision(None)
    if (
        draft.unmet
        and _lists_what_is_so(question)
        and not any(_meets(question, statement) for statement in draft.statements)
    ):
        return Decision(_refusal("not_about_it", question, hits), probability=0.0)
    if any(clause.kind == "link" for clause in question.clauses):
        return Decision(None)  # a link was found for what is named, or there would be no statement
    return None


def _lists_what_is_so(question: Question) -> bool:
    """Tell whether a question asks for all things of which everything holds that it says: not one or the other, no descent."""
    either = re.search(r"或|还是|\bor\b", question.text) is not None
    return all(c.kind == "list" for c in question.clauses) and relation_of(question) != "built on" and not either


def _meets(question: Question, statement: Statement) -> bool:
    """Tell whether a statement says by itself all that a question says of what it looks for, and that somebody made it."""
    made = relation_of(question) != "made by" or tells_maker(statement.text)
    return made and says_all(question, statement.text)


def _says_nothing(question: Question) -> bool:
    """Tell whether a question has neither a name nor a word to look for: "你是谁?", "1+1=?"."""
    words = (needle.surface for needle in question.needles)
    return not question.mentions and not any(re.search(r"[^\W\d_]{2}", word) for word in words)


def nothing_said(question: Question, hits: Sequence[Hit]) -> Refusal:
    """Return the refusal for a reader that found nothing in the passages."""
    return _refusal("nothing_found", question, hits)


def refusal_text(refusal: Refusal, question: Question) -> str:
    """Return the refusal in words: what was looked for, that the documents do not say, and what they do tell; no value."""
    return _chinese_text(refusal) if question.language == "zh" else _english_text(refusal)


def searched(question: Question, index: Index) -> str:
    """Return what was searched for a refusal, as a note in the question's language."""
    if question.language == "zh":
        return f"查找范围:索引里的全部段落(共 {len(index):,} 段)。"
    return f"Searched: all {len(index):,} passages of the index."


def _chinese_text(refusal: Refusal) -> str:
    names = "、".join(refusal.searched_for)
    if refusal.reason == "unknown_name":
        text = f"资料里没有提到 {names},无法回答这个问题。"
    else:
        text = f"资料里没有说明这一点。查找的是:{names}。" if names else "资料里没有说明这一点。"
    if refusal.meant:
        text += f"您是不是要问:{'、'.join(refusal.meant)}?"
    if refusal.told:
        text += f"资料里说到的是:{'、'.join(refusal.told)};可以换成这些来问。"
    return text


def _english_text(refusal: Refusal) -> str:
    names = ", ".join(refusal.searched_for)
    if refusal.reason == "unknown_name":
        text = f"The documents do not mention {names}, so they cannot answer this question."
    else:
        text = f"The documents do not say. Looked for: {names}." if names else "The documents do not say."
    if refusal.meant:
        text += f" Did you mean {' or '.join(refusal.meant)}?"
    if refusal.told:
        text += f" What they do tell of it: {', '.join(refusal.told)}. Ask for one of these."
    return text


def _refusal(reason: Reason, question: Question, hits: Sequence[Hit]) -> Refusal:
    told = tuple(_told_of(question, hits))
    return Refusal(reason, _looked_for(question), tuple(hits[:NEAREST]), told=told)


def _names_are_written_so(question: Question, hits: Sequence[Hit]) -> bool:
    """Tell whether documents with this name would write it in these letters.

    Chinese documents on some subjects translate every name, on others hardly any: the passages tell which.
    """
    if question.language == "zh" or foreign_share(question, hits) < 1.0:
        return True
    return 2 * sum(any(names_in(hit.passage.text)) for hit in hits) > len(hits)


def _spelled_alike(surface: str, hits: Sequence[Hit], index: Index) -> Iterator[str]:
    """Yield the names, at most two, that are spelled most like one that no document holds."""
    from rapidfuzz import fuzz

    known = {name for others in index.aliases().values() for name in others if not has_cjk(name)}
    known |= {name for hit in hits for name in names_in(hit.passage.text)}
    scored = {name: fuzz.ratio(surface.lower(), name.lower()) for name in known}
    alike = sorted((name for name in known if scored[name] >= SPELLED_ALIKE), key=lambda name: (-scored[name], name))
    yield from alike[:2]


def _told_of(question: Question, hits: Sequence[Hit]) -> list[str]:
    """Return what the passages do tell of the first name: the columns of its row, else the headings under which it stands."""
    named = next((mention for mention in question.mentions if mention.held), None)
    if named is None:
        return []
    units = [unit for unit in units_of(hits) if name_match(named, unit) >= ABOUT]
    columns = (unit.lead for unit in units if unit.kind == "cell" and unit.lead)
    headings = (unit.path.rpartition(" > ")[2] for unit in units if unit.kind != "cell")
    for found in (columns, headings):
        told = [text for text in dict.fromkeys(found) if _is_plain(text, named, units)]
        if told:
            return told[:MOST_TOLD]
    return []


def _is_plain(text: str, named: Mention, units: Sequence[Unit]) -> bool:
    """Tell whether a heading or a column's name says something besides the name, and holds no value."""
    said = text.strip().lower()
    names = {spelling.lower() for spelling in named.spellings}
    topics = {unit.topic.lower() for unit in units if unit.kind == "cell"}
    return 0 < len(said) <= LONGEST_TOLD and not re.search(r"\d", said) and said not in names | topics


def _looked_for(question: Question) -> tuple[str, ...]:
    """Return what a person would want to see: the names, else the words that tell most."""
    asked = [noun for clause in question.clauses for noun in clause.asked if noun not in question.names]
    names = list(question.names) or [n.surface for n in sorted(question.needles, key=lambda n: -n.weight)[:3]]
    return tuple(dict.fromkeys([*names, *asked[:1]]))
