"""``survey-qa eval``: measuring answers against questions with known gold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.options import (
    AsJson,
    Embedder,
    Home,
    IndexDirectory,
    Llm,
    LlmBaseUrl,
    LlmFallback,
    ModerationBaseUrl,
    ModerationFailsOpen,
    ModerationPolicy,
    ModerationSpec,
    Passages,
    moderation_of,
    open_assistant,
    print_json,
    read_report,
    write_json,
    write_text,
)

if TYPE_CHECKING:
    from index import Index
    from rag.evaluating import GoldQuestion
    from rag.refusals.calibrating import Fit


def evaluate(
    questions: Annotated[
        Path, typer.Argument(metavar="QUESTIONS.jsonl", help="A question set, one JSON object a line.")
    ],
    against: Annotated[
        Path | None, typer.Option("--against", metavar="REPORT.json", help="An earlier report to compare with.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="REPORT.json", help="Where to write the report; a picture is drawn beside it."),
    ] = None,
    fit: Annotated[
        bool,
        typer.Option(
            "--fit", help="First fit to these questions when this index refuses, and keep that with the index."
        ),
    ] = False,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
    llm_fallback: LlmFallback = "extractive",
    moderation: ModerationSpec = None,
    moderation_policy: ModerationPolicy = None,
    moderation_base_url: ModerationBaseUrl = None,
    moderation_fails_open: ModerationFailsOpen = False,
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Measure answers against questions with known gold.

    --fit takes at least 20 questions with an answer and 20 without. An index that was never fitted refuses as the
    shipped library's was fitted to.

    Example: survey-qa eval questions.jsonl --out today.json --against yesterday.json
    """
    from rag.evaluating import compare, load_questions
    from rag.evaluating import evaluate as measure
    from ui import terminal
    from ui.picture import draw_report

    gold = load_questions(questions)
    earlier = read_report(against) if against else None
    checks = moderation_of(moderation, moderation_policy, moderation_base_url, moderation_fails_open)
    assistant = open_assistant(index, home, llm, llm_base_url, embedder, k, llm_fallback, checks)
    found = _fit(assistant.index, gold) if fit else None
    with terminal.progress() as tell:
        report = measure(assistant, gold, progress=lambda done, total: tell("asking", done, total))
    if out:
        write_json(out, report.to_dict())
        write_text(out.with_suffix(".svg"), draw_report(report))
    comparison = compare(report, earlier) if earlier else None
    if as_json:
        extra = {"comparison": terminal.plain_comparison(comparison)} if comparison else {}
        print_json(report.to_dict() | extra | ({"fit": found.to_dict()} if found else {}))
    else:
        if found:
            terminal.print_fit(found)
        terminal.print_report(report, comparison)


def _fit(index: Index, gold: Sequence[GoldQuestion]) -> Fit:
    """Fit when to refuse to the questions, and keep it with the index."""
    from rag.refusals.calibrating import collect, fit
    from rag.refusals.calibration import SETTING, shipped
    from ui import terminal

    with terminal.progress() as tell:
        samples = collect(index, gold, progress=lambda done, total: tell("fitting", done, total))
    found = fit(samples, start=shipped())
    index.settle({SETTING: found.calibration.to_dict()})
    return found
