"""Fit the refusal that ships: the questions in ``tests/questions`` over the library and over eight other subjects.

Run ``python tests/tools/fit_refusal.py`` after the figures of ``rag.evidence``, the library or the questions changed; it
writes ``rag/calibration.json`` and prints the trade-off.
"""

from __future__ import annotations

import json
from pathlib import Path

from corpus import load_library, read_folder, split
from index import Index
from rag import calibration
from rag.calibrating import Sample, collect, fit
from rag.evaluating import load_questions, normalise

QUESTIONS = Path(__file__).parents[1] / "questions"


def main() -> None:
    """Collect, fit, write and print."""
    samples = collect(Index.build(split(load_library())), load_questions(QUESTIONS / "library.jsonl"))
    samples += _of_other_subjects()
    found = fit(samples)
    place = Path(calibration.__file__).with_name("calibration.json")
    place.write_text(json.dumps(found.calibration.to_dict(), indent=1) + "\n", "utf-8")
    print(json.dumps(found.to_dict(), indent=1))  # noqa: T201 a tool for the terminal


def _of_other_subjects() -> list[Sample]:
    """Return the samples over both languages together, and over each alone: half of the questions are then foreign."""
    documents = list(read_folder(QUESTIONS / "subjects").documents)
    questions = load_questions(QUESTIONS / "subjects.jsonl")
    samples = []
    for languages in (("zh", "en"), ("zh",), ("en",)):
        chosen = [document for document in documents if document.language in languages]
        texts = [normalise(document.text) for document in chosen]
        there = [q for q in questions if not q.answerable or any(normalise(e) in t for e in q.evidence for t in texts)]
        samples += collect(Index.build(split(chosen)), there)
    return samples


if __name__ == "__main__":
    main()
