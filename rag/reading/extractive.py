"""Reading without a model: the shortest pieces of the packed passages that answer, in the documents' own words.

The kind of question decides what is tried first: a link, a list, two things side by side, a row of a table. Where none
of these fits, the sentences, items and cells that score best are the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from corpus.patterns import pattern
from index import Index
from index.hits import Hit
from rag.grounding.checking import is_negated
from rag.reading import assembling, comparing, linking, listing, relating, tables
from rag.reading.deciding import deciding
from rag.reading.drafts import Draft, Statement
from rag.reading.framing import fitting, state
from rag.reading.limits import Limit, limits_of
from rag.reading.records import key_of, with_unit
from rag.reading.scoring import MEASURED, NAME_IN_PATH, Scored, Scorer, only_names, scores_of
from rag.reading.units import Unit, terms_of, units_of
from rag.understanding.amounts import find_amounts
from rag.understanding.grammar import CUES
from rag.understanding.questions import Question
from rag.understanding.ranks import ranks_of, says_place

MAX_STATEMENTS = 4
RUNNER_UP = 0.6  # of the best score from which another piece is shown too
TIED = 0.85  # of the best score from which a piece is as good as the best one
MOST_TIED = 2  # statements that are shown beside MAX_STATEMENTS where pieces are that close
SURE = (
    0.5  # share of the question's words from which the best piece is likely the answer; others need to be like it then
)
SAME_NAMES = 0.6  # of the best piece's names that another one must have: a value of something else misleads
SIMILAR_NAMES = 0.4  # the same where the best piece is not sure to be the answer
SHOWS = 0.7  # fit from which a piece shows the kind of value that is asked for
AS_WELL_SHOWN = 0.6  # of the best fit that another piece must have beside it
STATED = 0.75  # share of the question's names and words in a piece from which its number is the one asked for
SAME_SAID = 0.6  # of a statement's terms that another one must have to say the same

_ASIDE = pattern(r"[(（]([^()（）]+)[)）]")
_WORD = pattern(r"\w+(?:[.-]\w+)*", re.ASCII)
_NUMBER_OR_NAME = pattern(r"(?:\d|[A-Z])\w*(?:[.-]\w+)*", re.ASCII)


def read(question: Question, hits: Sequence[Hit], index: Index) -> Draft:
    """Return the draft that answers best; without statements when the passages hold no piece at all."""
    units = units_of(hits)
    if not units:
        return Draft()
    scored = scores_of(question, units, hits)
    ranked = sorted((scored[unit] for unit in units), key=lambda scored: -scored.total)
    first = assembling.ancestry(question, hits, index)
    draft = None if first else _assembled(question, hits, units, ranked, index)
    if draft is not None and not (draft.unmet and not draft.statements):
        return draft
    told = deciding(_not_contrary(_of_what_is_named(_saying(ranked), question), question), question)
    said = _sentences(question, told, units, hits) if told else Draft()
    if not first:
        return replace(said, unmet=draft is not None)
    statements = list(first)
    for statement in said.statements:
        _take_in(statement, statements)
    return Draft(tuple(fitting(statements, most=len(first) + MAX_STATEMENTS)), assured=True)


def _assembled(
    question: Question, hits: Sequence[Hit], units: Sequence[Unit], ranked: Sequence[Scored], index: Index
) -> Draft | None:
    """Return the draft of the first way of answering that fits the question, or None."""
    kinds = {clause.kind for clause in question.clauses}
    if "link" in kinds:
        pointers = linking.find_pointers(question, hits)
        if pointers or (question.mentions and linking.asks_for_page(question.text)):
            return Draft(tuple(linking.statements_of(pointers, question)))
        return None
    several = question.several or bool(kinds & {"list", "lineage"})
    if several and (draft := listing.list_led_in(question, units)):
        return draft
    stated = bool(kinds & {"number", "count"}) and _is_stated(question, ranked)
    assembled = None if stated else assembling.assemble(question, hits, index)
    if assembled is not None and assembled.statements:
        return relating.and_related(assembled, question, ranked) if several else assembled
    other = _otherwise(question, hits, units, ranked, index)
    if assembled is None or (other is not None and not other.statements):
        return other
    return replace(other, unmet=True) if other is not None else assembled


def _otherwise(
    question: Question, hits: Sequence[Hit], units: Sequence[Unit], ranked: Sequence[Scored], index: Index
) -> Draft | None:
    """Return the draft of a question that no rows or entries answer by themselves, or None."""
    kinds = {clause.kind for clause in question.clauses}
    if question.side_by_side and (draft := comparing.compare(question, units)):
        return draft
    counts = assembling.only_counts(question)
    if ("count" in kinds or counts) and (draft := tables.count_rows(question, hits, index)):
        return replace(draft, assured=counts)
    several = question.several or bool(kinds & {"list", "lineage"})
    if several and relating.is_made_by_nobody(question, ranked):
        return Draft()
    if several:
        return listing.list_section(question, units) or (
            relating.list_related(question, ranked) if question.several else None
        )
    return None


def _is_stated(question: Question, ranked: Sequence[Scored]) -> bool:
    """Tell whether a piece about what is named says itself how many there are: nothing needs to be counted."""
    said = (s for s in ranked[:MAX_STATEMENTS] if s.value >= 1.0 and s.names >= STATED and s.words >= STATED)
    return bool(question.mentions) and any(s.unit.kind != "cell" for s in said)


def _saying(ranked: Sequence[Scored]) -> Sequence[Scored]:
    """Return the pieces without those that only name things; all of them if nothing else is there."""
    saying = [s for s in ranked if not only_names(s.unit)]
    return saying or ranked


def _of_what_is_named(ranked: Sequence[Scored], question: Question) -> Sequence[Scored]:
    """Return the pieces that are about what a question names: what is said of others is no answer.

    A value that is asked for must stand closer to the name than somewhere under a heading with it.
    """
    if not any(mention.sure and mention.held for mention in question.mentions):
        return ranked
    measured = len(question.mentions) == 1 and all(clause.kind in MEASURED for clause in question.clauses)
    return [scored for scored in ranked if scored.names > (NAME_IN_PATH if measured else 0.0)]


def _not_contrary(ranked: Sequence[Scored], question: Question) -> Sequence[Scored]:
    """Return the pieces without those that cannot answer by themselves.

    A cell of some row is no extreme where the rows could not be compared, and who asks for more than 500 kg asks for nothing
    of 400 kg.
    """
    if all(clause.kind == "superlative" for clause in question.clauses):
        floor = RUNNER_UP * ranked[0].total if ranked and ranked[0].unit.kind == "cell" else 0.0
        ranked = [scored for scored in ranked if scored.unit.kind != "cell" and scored.total >= floor]
    places = ranks_of(question.text)
    if places.first > 1:
        ranked = [scored for scored in ranked if says_place(scored.unit.text, places)]
    limits = [limit for limit in limits_of(question.text) if limit.amount.unit]
    return [scored for scored in ranked if not any(_is_beyond(_with_its_unit(scored.unit), limit) for limit in limits)]


def _with_its_unit(unit: Unit) -> str:
    """Return the text of a piece, a cell that is a bare number with the unit in its column's name."""
    return with_unit(unit.lead, unit.text) if unit.kind == "cell" else unit.text


def _is_beyond(text: str, limit: Limit) -> bool:
    """Tell whether a text has amounts in the unit of a limit, all on its wrong side."""
    alike = [q for q in find_amounts(text) if q.unit == limit.amount.unit]
    return bool(alike) and not any(map(limit.holds, alike))


def _sentences(question: Question, ranked: Sequence[Scored], units: Sequence[Unit], hits: Sequence[Hit]) -> Draft:
    """Return the best pieces, for each clause of the question its own first."""
    chosen: list[Scored] = []
    if len(question.clauses) > 1:
        scorer = Scorer(question, units, hits)
        for clause in question.clauses:
            best = max((scorer.score(scored.unit, clause) for scored in ranked[:12]), key=lambda scored: scored.total)
            chosen.append(best)
    sure = any(mention.sure for mention in question.mentions)
    measured = all(clause.kind in MEASURED for clause in question.clauses)
    valued = all(clause.kind in CUES or clause.kind == "definition" for clause in question.clauses)
    good = [
        scored
        for scored in ranked[: 3 * MAX_STATEMENTS]
        if _is_as_good(scored, ranked[0], same_names=sure, measured=measured, valued=valued)
    ]
    tied = [scored for scored in good[MAX_STATEMENTS:] if scored.total >= TIED * ranked[0].total]
    statements = _different(state(scored, question) for scored in chosen)
    for scored in (*good[:MAX_STATEMENTS], *tied):
        _take_in(state(scored, question), statements)
    return Draft(tuple(fitting(statements, most=max(MAX_STATEMENTS + min(len(tied), MOST_TIED), len(chosen)))))


def _is_as_good(scored: Scored, best: Scored, *, same_names: bool, measured: bool, valued: bool) -> bool:
    """Tell whether a piece may stand beside the best one: nearly as well scored, about the same names, with a value too."""
    alike = SAME_NAMES if best.words >= SURE else SIMILAR_NAMES
    if same_names and scored.names < alike * best.names:
        return False
    if measured and best.value > 0 and scored.value == 0:
        return False
    if valued and best.value >= SHOWS and scored.value < AS_WELL_SHOWN * best.value:
        return False
    return scored.total >= RUNNER_UP * best.total


def _different(chosen: Iterable[Statement]) -> list[Statement]:
    """Return the statements for the clauses of a question: what says the same in more words may answer another clause."""
    kept: list[Statement] = []
    for statement in chosen:
        if not any(statement.text in other.text for other in kept):
            kept.append(statement)
    return kept


def _take_in(statement: Statement, statements: list[Statement]) -> None:
    """Add a statement, or its source to the one that says the same already."""
    for number, other in enumerate(statements):
        if statement.text in other.text or other.text in statement.text:
            return
        if _same_said(statement.text, other.text):
            statements[number] = replace(other, sources=other.sources + statement.sources)
            return
    statements.append(statement)


def _names(statement: str) -> set[str]:
    """Return the keys of what stands before the column of a statement: "Heron（苍鹭）" is Heron and 苍鹭."""
    name = statement.partition(" · ")[0]
    return {key_of(name), *map(key_of, _ASIDE.findall(name))}


def _same_said(text: str, other: str) -> bool:
    """Tell whether two texts say the same: most words of the shorter one, all of its numbers and names, no negation apart."""
    if " · " in text and " · " in other and _names(text).isdisjoint(_names(other)):
        return False  # the same of two things
    short, long = sorted((text, other), key=len)
    few, many = terms_of(short), terms_of(long)
    if len(few & many) < SAME_SAID * len(few):
        return False
    words = set(_WORD.findall(long.lower()))
    return all(named.lower() in words for named in _NUMBER_OR_NAME.findall(short)) and not is_negated(short, long)
