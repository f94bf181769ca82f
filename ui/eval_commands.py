"""``survey-qa eval``: measuring answers against questions with known gold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.options import (
    AsJson,
    Embedder,
    Home,
    IndexDirectory,
    Llm,
    LlmBaseUrl,
    LlmFallback,
    Passages,
    open_assistant,
    print_json,
    read_report,
    write_json,
)


def evaluate(
    questions: Annotated[
        Path, typer.Argument(metavar="QUESTIONS.jsonl", help="A question set, one JSON object a line.")
    ],
    against: Annotated[
        Path | None, typer.Option("--against", metavar="REPORT.json", help="An earlier report to compare with.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="REPORT.json", help="Where to write the report.")] = None,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
    llm_fallback: LlmFallback = "extractive",
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Measure answers against questions with known gold.

    Example: survey-qa eval questions.jsonl --out today.json --against yesterday.json
    """
    from rag.evaluating import compare, load_questions
    from rag.evaluating import evaluate as measure
    from ui import terminal

    gold = load_questions(questions)
    earlier = read_report(against) if against else None
    assistant = open_assistant(index, home, llm, llm_base_url, embedder, k, llm_fallback)
    with terminal.progress() as tell:
        report = measure(assistant, gold, progress=lambda done, total: tell("asking", done, total))
    if out:
        write_json(out, report.to_dict())
    comparison = compare(report, earlier) if earlier else None
    if as_json:
        print_json(report.to_dict() | ({"comparison": terminal.plain_comparison(comparison)} if comparison else {}))
    else:
        terminal.print_report(report, comparison)
