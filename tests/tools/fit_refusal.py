"""Fit the refusal that ships: the questions in ``tests/questions`` over the library and over eight other subjects.

Run ``python tests/tools/fit_refusal.py`` after the figures of ``rag.evidence``, the library or the questions changed; it
writes ``rag/calibration*.json`` and prints the trade-off.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from corpus import Document, load_library, read_folder, split
from index import Index
from rag import calibration
from rag.calibrating import CAREFUL_WITH_VALUES, Fit, Sample, collect, fit
from rag.evaluating import GoldQuestion, load_questions, normalise

QUESTIONS = Path(__file__).parents[1] / "questions"
MOST_IN_LIBRARY = 0.03  # share of the questions with an answer that may be refused
MOST_ELSEWHERE = 0.015  # of documents on subjects that no question of ours is about


def main() -> None:
    """Collect, fit, write and print."""
    library = list(load_library())
    surveys = [_without_catalogue(document) for document in library if "/surveys/" in document.id]
    subjects = list(read_folder(QUESTIONS / "subjects").documents)
    own = [*load_questions(QUESTIONS / "library.jsonl"), *load_questions(QUESTIONS / "hard.jsonl")]
    others = load_questions(QUESTIONS / "subjects.jsonl")
    samples = _collected(library, own) + _collected(surveys, own)
    _ship(fit(samples, most_false_refusals=MOST_IN_LIBRARY), calibration.LIBRARY)
    samples += _collected(subjects, others)
    for language in ("zh", "en"):  # half of the questions are then in the other language than all documents
        samples += _collected([document for document in subjects if document.language == language], others)
    _ship(fit(samples, most_false_refusals=MOST_ELSEWHERE, care=CAREFUL_WITH_VALUES), calibration.OTHERS)


def _ship(found: Fit, name: str) -> None:
    place = Path(calibration.__file__).with_name(name)
    place.write_text(json.dumps(found.calibration.to_dict(), indent=1) + "\n", "utf-8")
    print(name, json.dumps(found.to_dict(), indent=1))


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
