"""Fit the refusal that ships: the questions in ``tests/questions`` over the library and over eleven other subjects.

Run ``python tests/tools/fit_refusal.py`` after the figures of ``rag.refusals.evidence``, the library or the questions changed; it
writes ``rag/refusals/calibration*.json`` and prints the trade-off.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from corpus import Document, load_library, read_folder, split
from index import Index
from rag.evaluating import GoldQuestion, load_questions, normalise
from rag.refusals import calibration
from rag.refusals.calibrating import CAREFUL_WITH_VALUES, TRUSTING_LISTS, Sample, collect, fit
from rag.refusals.evidence import Sort

QUESTIONS = Path(__file__).parents[1] / "questions"
FITTED = ("library", "hard", "asked", "conditions")  # ``unseen`` and ``asked_unseen`` are kept out
MOST_IN_LIBRARY = 0.025  # share of the questions with an answer that may be refused
MOST_ELSEWHERE = 0.02  # of documents on other subjects
ONE_LANGUAGE = 0.3  # weight of documents in one language only: most people ask in the language of their documents


def main() -> None:
    """Collect, fit, write and print."""
    library = list(load_library())
    surveys = [_without_catalogue(document) for document in library if "/surveys/" in document.id]
    subjects = list(read_folder(QUESTIONS / "subjects").documents)
    own = [question for name in FITTED for question in load_questions(QUESTIONS / f"{name}.jsonl")]
    others = load_questions(QUESTIONS / "subjects.jsonl")
    longer = list(read_folder(QUESTIONS / "near").documents)
    near = load_questions(QUESTIONS / "near.jsonl")
    samples = _collected(library, own) + _collected(surveys, own)
    _ship(samples, calibration.LIBRARY, MOST_IN_LIBRARY, CAREFUL_WITH_VALUES)
    samples += _saying_once(_collected(subjects, others)) + _saying_once(_collected([*surveys, *subjects], others))
    samples += _saying_once(_collected(longer, near)) + _saying_once(_collected([*surveys, *longer], near))
    for language in ("zh", "en"):  # half of the questions are then in the other language than all documents
        found = _saying_once(_collected([document for document in subjects if document.language == language], others))
        samples += [replace(sample, weight=ONE_LANGUAGE * sample.weight) for sample in found]
    _ship(samples, calibration.OTHERS, MOST_ELSEWHERE, TRUSTING_LISTS)


def _ship(samples: Sequence[Sample], name: str, most: float, care: Mapping[Sort, float]) -> None:
    found = fit(samples, most_false_refusals=most, care=care)
    place = Path(calibration.__file__).with_name(name)
    place.write_text(json.dumps(found.calibration.to_dict(), indent=1) + "\n", "utf-8")
    print(name, json.dumps(found.to_dict(), indent=1))


def _saying_once(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples of documents that say nothing twice: without its gold, no question has an answer there."""
    return [replace(sample, weight=1.0) for sample in samples]


def _without_catalogue(document: Document) -> Document:
    """Return a survey without the table of facts that we put at its end: other people's documents have none."""
    text = document.text.partition("## 模型目录")[0]
    return Document.from_text(text, id=document.id, title=document.title)


def _collected(documents: Sequence[Document], questions: Sequence[GoldQuestion]) -> list[Sample]:
    """Return the samples of the questions without an answer, and of those whose evidence is in the documents."""
    texts = [normalise(document.text) for document in documents]
    there = [q for q in questions if not q.answerable or any(normalise(e) in t for e in q.evidence for t in texts)]
    return collect(Index.build(split(documents)), there)


if __name__ == "__main__":
    main()
