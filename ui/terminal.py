"""How things look in a terminal: answers, hits, tables, progress. Plain text where no person looks (a pipe, a file).

Knows nothing of commands. Words of documents are printed without control characters, so that none of them can steer the
terminal.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from ui.texts import TEXTS, Language, Texts

if TYPE_CHECKING:
    from corpus import Skipped
    from corpus.duplicates import Alike
    from corpus.readings import Cut
    from index import DocumentInfo, SnapshotInfo
    from index.hits import Hit
    from rag.answers import Answer, Citation
    from rag.build import Synced
    from rag.evaluating import Comparison, Report
    from rag.refusals.calibrating import Fit
    from ui.doctor import Check

Progress = Callable[[str, int, int], None]

QUOTE_COLUMNS = 160
PASSAGE_COLUMNS = 400
NEAREST = 3
STATES = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "fail": ("FAIL", "red")}
FIGURES = {
    "accuracy": "answers with the gold",
    "refused_unanswerable": "unanswerable, refused",
    "refused_answerable": "answerable, but refused",
    "evidence_recall@1": "evidence in first passage",
    "evidence_recall@5": "evidence in first 5",
    "evidence_recall@10": "evidence in first 10",
    "mrr": "mean reciprocal rank",
    "evidence_in_window": "evidence in 2,400 characters",
    "evidence_share_in_window": "share of evidence there",
    "citation_support": "citations that hold the gold",
    "citation_precision": "citations that support",
    "citation_recall": "statements supported",
    "correct_with_supporting_citation": "right with such a citation",
}


def print_answer(answer: Answer) -> None:
    """Print an answer and its sources; a refusal says so first and shows the nearest passages."""
    print_flag(answer)
    say(answer.text)
    print_ending(answer)


def print_flag(answer: Answer) -> None:
    """Print the line that keeps a refusal, or what a content check stopped, from being taken for an answer."""
    texts = TEXTS[_language_of(answer.question)]
    if answer.stopped_by:
        say(f"■ {texts.moderated}", fg="magenta", bold=True)
    elif not answer.found:
        say(f"✗ {texts.refused}", fg="yellow", bold=True)


def print_ending(answer: Answer) -> None:
    """Print what follows an answer's text: notes and sources."""
    for note in answer.notes:
        say(f"({note})", dim=True)
    print_sources(answer)


def print_sources(answer: Answer) -> None:
    """Print where each mark of an answer leads, or the passages nearest to a refused question."""
    texts = TEXTS[_language_of(answer.question)]
    if answer.citations:
        say(f"\n{texts.sources}", bold=True)
        for citation in answer.citations:
            _print_citation(citation, texts)
    elif not answer.found and answer.passages:
        say(f"\n{texts.nearest}", bold=True)
        for hit in answer.passages[:NEAREST]:
            say(f" · {_place(hit.passage.document.title or hit.passage.document_id, hit.passage.section)}")
            say(f"     {shorten(hit.passage.text, QUOTE_COLUMNS)}", dim=True)


def print_explanation(answer: Answer) -> None:
    """Print how an answer came about: what was asked for, found, packed, checked and decided, and each stage's time."""
    say("\nHow this came about", bold=True)
    for name, value in answer.explanation.items():
        _print_told(name, value)
    stages = ", ".join(f"{stage} {ms:.1f} ms" for stage, ms in answer.timings_ms.items())
    say(f"  time: {stages}\n  reader: {answer.reader}, index: {answer.index}")


def _print_told(name: str, value: object) -> None:
    """Print one part of an explanation, what it consists of line by line."""
    if isinstance(value, Mapping):
        say(f"  {name}:")
        for key, inner in value.items():
            say(f"    {key}: {shorten(_plain(inner), QUOTE_COLUMNS)}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        say(f"  {name}:")
        for inner in value:
            say(f"    {shorten(_plain(inner), QUOTE_COLUMNS)}")
    else:
        say(f"  {name}: {value}")


def print_hits(hits: Sequence[Hit]) -> None:
    """Print passages, best first."""
    if not hits:
        say("No passage matches.", err=True)
    for rank, hit in enumerate(hits, 1):
        title = hit.passage.document.title or hit.passage.document_id
        say(f"{rank:>2}  {_place(title, hit.passage.section)}  {hit.score:.3f}", bold=True)
        say(f"    {shorten(hit.passage.text, PASSAGE_COLUMNS)}\n")


def print_skipped(skipped: Sequence[Skipped]) -> None:
    """Print on stderr what was left out, and why."""
    for source in skipped:
        say(f"skipped {source.path}: {source.reason}", err=True)


def plain_skipped(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    """Return what was left out as plain JSON."""
    return [{"path": str(source.path), "reason": source.reason} for source in skipped]


def print_cut(cut: Sequence[Cut]) -> None:
    """Print the lines that were taken for what is around a text, document by document."""
    for each in cut:
        say(f"cut from {each.document}: {len(each.lines)} lines", bold=True)
        for line, rule in zip(each.lines, each.rules, strict=True):
            say(f"    {shorten(line, QUOTE_COLUMNS)}  ({rule})", dim=True)


def plain_cut(cut: Sequence[Cut]) -> dict[str, list[dict[str, str]]]:
    """Return the lines that were cut and the rule that cut each, by document, as plain JSON."""
    return {
        each.document: [{"line": line, "rule": rule} for line, rule in zip(each.lines, each.rules, strict=True)]
        for each in cut
    }


def print_alike(alike: Sequence[Alike]) -> None:
    """Print on stderr which documents say the same."""
    for each in alike:
        how = {
            "same text": "has the same text as",
            "same paper": "is about the same paper as",
            "shared lines": f"shares {each.share:.0%} of the shorter one's lines with",
        }[each.how]
        say(f"note: {each.second} {how} {each.first}", err=True)


def plain_sync(synced: Synced) -> dict[str, Any]:
    """Return what bringing a folder in has done as plain JSON."""
    return {
        "added": list(synced.added),
        "changed": list(synced.changed),
        "removed": list(synced.removed),
        "unchanged": synced.unchanged,
        "skipped": plain_skipped(synced.skipped),
        "snapshot": synced.index.snapshot,
    }


def print_documents(documents: Sequence[DocumentInfo]) -> None:
    """Print one line for each document: id, title, passages."""
    for document in documents:
        say(f"{document.id}\t{document.title}\t{document.passages} passages")


def print_snapshots(snapshots: Sequence[SnapshotInfo]) -> None:
    """Print one line for each snapshot, oldest first: name, time, size, and whether it is current and whole."""
    for snapshot in snapshots:
        current = " (current)" if snapshot.current else ""
        say(
            f"{snapshot.name}\t{snapshot.made or 'at an unknown time'}\t{snapshot.documents} documents\t"
            f"{snapshot.passages} passages\t{snapshot.bytes / 1e6:.1f} MB\t{snapshot.damage or 'whole'}{current}"
        )


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print names and values, one a line."""
    for name, value in facts.items():
        if value not in ("", None):
            say(f"{name}: {_plain(value)}")


def print_checks(checks: Sequence[Check], advice: str) -> None:
    """Print the findings of the doctor and its advice."""
    for check in checks:
        label, colour = STATES[check.state]
        typer.echo(f"{_styled(label, fg=colour, bold=True)}  {visible(check.name)}: {visible(check.finding)}")
        if check.remedy:
            say(f"      {check.remedy}")
    if advice:
        say(f"\n{advice}")


def print_report(report: Report, comparison: Comparison | None) -> None:
    """Print a report as tables: the figures overall, accuracy by category and language, latency, and what changed."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    overall = Table(title=f"{len(report.results)} questions, reader {report.reader}", title_justify="left")
    for heading in ("figure", "value", "95 % interval", "n", *(("earlier",) if comparison else ())):
        overall.add_column(heading, justify="left" if heading == "figure" else "right")
    for name, e in report.estimates().items():
        before = [f"{comparison.changes[name][0]:.3f}" if name in comparison.changes else ""] if comparison else []
        overall.add_row(FIGURES.get(name, name), f"{e.value:.3f}", f"{e.low:.3f} to {e.high:.3f}", str(e.n), *before)
    console.print(overall)
    for attribute, heading in (("category", "category"), ("lang", "language")):
        console.print(_group_table(report, attribute, heading))
    console.print(_latency_table(report))
    if comparison:
        for label, ids in (
            ("gained", comparison.gained),
            ("lost", comparison.lost),
            ("only in one", comparison.missing),
        ):
            say(f"{label}: {', '.join(ids) or 'none'}")


def print_fit(fit: Fit) -> None:
    """Print what a fit of the refusal has chosen, and what other choices would cost."""
    say("refusing, fitted (shares of questions that the weights have not seen)", bold=True)
    say("  bound   answerable refused   unanswerable refused   without the gold")
    for point in fit.curve:
        chosen = " <- chosen" if point.most_false_refusals == fit.chosen.most_false_refusals else ""
        say(
            f"  {point.most_false_refusals:5.3f}   {point.refused_answerable:18.3f}   {point.refused_unanswerable:20.3f}"
            f"   {point.refused_without_gold:16.3f}{chosen}"
        )


def plain_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain JSON: each figure's earlier and present value, and the ids that changed."""
    return {
        "changes": {name: {"earlier": old, "now": new} for name, (old, new) in comparison.changes.items()},
        "gained": list(comparison.gained),
        "lost": list(comparison.lost),
        "missing": list(comparison.missing),
    }


@contextmanager
def progress() -> Iterator[Progress]:
    """Give a function that shows progress on stderr; nothing appears before it is called, or where nobody looks."""
    shown: list[Any] = []
    tasks: dict[str, Any] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage == "resuming":
            say(f"Resuming: {done} of {total} passages are embedded already.", err=True)
            return
        if not sys.stderr.isatty():
            return
        if not shown:
            shown.append(_progress_bars())
        bars = shown[0]
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total or None, completed=done)  # not work of now
        bars.update(tasks[stage], completed=done, total=total or None)

    try:
        yield tell
    finally:
        for bars in shown:
            bars.stop()


def say(text: str, *, err: bool = False, **style: Any) -> None:  # noqa: ANN401 typer.style's own options
    """Print text with a style where a person looks, without control characters of its own."""
    typer.echo(_styled(visible(text), err=err, **style), err=err)


def visible(text: str) -> str:
    r"""Return text without the control characters that steer a terminal; line breaks and tabs stay.

    >>> visible("a\x1b[31mb")
    'a[31mb'
    """
    return "".join(
        c for c in text if c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs", "Co") and c not in _BIDI)
    )


def shorten(text: str, columns: int) -> str:
    """Return text on one line in at most so many columns; wide characters take two.

    >>> shorten("大模型  综述", 8)
    '大模型…'
    """
    line = " ".join(text.split())
    used = 0
    for position, character in enumerate(line):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > columns - (position < len(line) - 1):
            return line[:position].rstrip() + "…"
    return line


_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _print_citation(citation: Citation, texts: Texts) -> None:
    page = f", {texts.page.format(page=citation.page)}" if citation.page is not None else ""
    say(f"[{citation.number}] {_place(citation.title or citation.document_id, citation.section)}{page}")
    say(f"    “{shorten(citation.quote, QUOTE_COLUMNS)}”", dim=True)
    if citation.label == "supported":
        say(f"    {texts.support[citation.label]}", dim=True)
    else:
        say(f"    {texts.support[citation.label]}", fg="yellow")
    if citation.url:
        say(f"    {citation.url}", dim=True)


def _place(title: str, section: str) -> str:
    """Return a document's title and its innermost section."""
    innermost = section.rpartition(" > ")[2]
    return f"{title} · {innermost}" if innermost and innermost != title else title


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value)


def _styled(text: str, *, err: bool = False, **style: Any) -> str:  # noqa: ANN401 typer.style's own options
    stream = sys.stderr if err else sys.stdout
    return typer.style(text, **style) if style and stream.isatty() and not os.environ.get("NO_COLOR") else text


def _language_of(text: str) -> Language:
    return "zh" if any("\u4e00" <= character <= "\u9fff" for character in text) else "en"


def _progress_bars() -> Any:  # noqa: ANN401 rich is imported where a person looks
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    times = TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
    columns = (TextColumn("{task.description:>12}"), BarColumn(), MofNCompleteColumn(), *times)
    bars = Progress(*columns, console=Console(stderr=True), transient=True)
    bars.start()
    return bars


def _group_table(report: Report, attribute: str, heading: str) -> Any:  # noqa: ANN401 a rich Table
    """Return one row for each group; what has an answer and what has none are counted apart."""
    from rich.table import Table

    table = Table(title=f"by {heading}", title_justify="left")
    table.add_column(heading)
    for column in ("answerable", "right", "refused", "unanswerable", "refused", "evidence in first 5"):
        table.add_column(column, justify="right")
    for name, figures in report.by(attribute).items():
        told, untold = figures.get("accuracy"), figures.get("refused_unanswerable")
        shown = (told, figures.get("refused_answerable"), untold, figures.get("evidence_recall@5"))
        right, refused, kept, recall = (f"{e.value:.3f}" if e else "" for e in shown)
        counts = [str(e.n) if e else "" for e in (told, untold)]
        table.add_row(name or "(none)", counts[0], right, refused, counts[1], kept, recall)
    return table


def _latency_table(report: Report) -> Any:  # noqa: ANN401 a rich Table
    from rich.table import Table

    table = Table(title="milliseconds", title_justify="left")
    table.add_column("stage")
    for column in ("p50", "p95", "max"):
        table.add_column(column, justify="right")
    for stage, values in report.latencies().items():
        table.add_row(stage, *(f"{values[column]:.1f}" for column in ("p50", "p95", "max")))
    return table
