"""The report of the comparison with other systems as a page in Markdown and a picture; knows nothing of how it was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

Report = Mapping[str, Mapping[str, Any]]
OURS = "survey-qa"
LEFT, BAR, ROW, PANEL = 190, 200, 20, 34
STYLE = """
  .bg{fill:#fff}.t{fill:#1b1f24}.m{fill:#59636e}.o{fill:#1a7f5a}.p{fill:#8c959f}
  text{font:12px system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif}.h{font-size:13px;font-weight:600}
  @media (prefers-color-scheme:dark){.bg{fill:#0d1117}.t{fill:#e6edf3}.m{fill:#9198a1}.o{fill:#3fb984}.p{fill:#6e7681}}
"""


def write(report: Report, picture: str | None) -> str:
    """Return the page: a table for each step, best figures in bold, and what they say of the losses."""
    parts = [_INTRODUCTION]
    if picture:
        parts.append(f"![The figures below as bars]({picture})\n")
    for title, words, rows in TABLES:
        parts += [f"## {title}\n", f"{words}\n", _table(report, rows)]
    return "\n".join(parts)


def draw(report: Report) -> str:
    """Return the main figures as bars, a panel for each figure, as an SVG that follows the reader's light or dark setting."""
    panels = [
        (f"{DRAWN[title, name]}, {better} is better", value)
        for title, _, rows in TABLES
        for name, better, value, _ in rows
        if (title, name) in DRAWN
    ]
    high = PANEL + ROW * len(report) + 12
    width, height = 2 * (LEFT + BAR + 90), 20 + high * ((len(panels) + 1) // 2)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="survey-qa and other systems"><style>{STYLE}</style><rect class="bg" width="{width}" height="{height}"/>'
    ]
    for number, (name, value) in enumerate(panels):
        x, y = number % 2 * (width // 2) + 10, 20 + number // 2 * high
        found = {system: _value(value, steps) for system, steps in report.items()}
        most = max((figure for figure in found.values() if figure is not None), default=1) or 1
        out.append(f'<text class="t h" x="{x}" y="{y + 12}">{escape(name)}</text>')
        for row, (system, figure) in enumerate(found.items()):
            at = y + PANEL - 8 + row * ROW
            out.append(f'<text class="t" x="{x + LEFT - 8}" y="{at + 11}" text-anchor="end">{escape(system)}</text>')
            if figure is not None:
                long = BAR * figure / most
                out.append(
                    f'<rect class="{"o" if system == OURS else "p"}" x="{x + LEFT}" y="{at}" width="{long:.1f}" height="13"/>'
                )
                out.append(f'<text class="m" x="{x + LEFT + long + 6:.1f}" y="{at + 11}">{_shown(figure)}</text>')
    return "\n".join([*out, "</svg>\n"])


def _table(report: Report, rows: tuple[Row, ...]) -> str:
    heads = ["", *(name for name, *_ in rows)]
    best: list[float | None] = []
    for _, better, value, _ in rows:
        figures = [figure for steps in report.values() if (figure := _value(value, steps)) is not None]
        best.append((max if better == "more" else min)(figures) if figures and better else None)
    lines = [heads, ["---"] * len(heads)]
    for system, steps in report.items():
        cells = [_cell(value, show, steps, top) for (_, _, value, show), top in zip(rows, best, strict=True)]
        lines.append([system, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(value: Value, show: Callable[[float], str], steps: Mapping[str, Any], best: float | None) -> str:
    figure = _value(value, steps)
    if figure is None:
        return "–"
    shown = show(figure)
    return f"**{shown}**" if best is not None and shown == show(best) else shown


def _value(value: Value, steps: Mapping[str, Any]) -> float | None:
    try:
        return value(steps)
    except KeyError:
        return None


def _shown(figure: float) -> str:
    return f"{figure:.3f}" if 0 < figure < 1 else f"{figure:,.1f}".removesuffix(".0")


def _share(figure: float) -> str:
    return f"{figure:.3f}".replace("0.", ".", 1) if figure < 1 else "1"


def _number(figure: float) -> str:
    if not figure:
        return "0"
    return f"{figure:,.0f}" if figure >= 10 else f"{figure:.1f}" if figure >= 1 else f"{figure:.2f}"


Value = Callable[[Mapping[str, Any]], float]
Row = tuple[str, str, Value, Callable[[float], str]]


def _of(step: str, *names: str) -> Value:
    def value(steps: Mapping[str, Any]) -> float:
        found: Any = steps[step]
        for name in names:
            found = found[name]
        return float(found)

    return value


_TASKS = ("Chinese (CMRC)", "Chinese (XQuAD)", "English (XQuAD)", "English on Chinese", "Chinese on English")
_FIRST = "Finding: the right context first"
DRAWN = {
    (_FIRST, "Chinese (CMRC)"): "right context first, Chinese",
    (_FIRST, "English (XQuAD)"): "right context first, English",
    (_FIRST, "English on Chinese"): "first, English question on Chinese text",
    ("Refusing", "unanswerable refused at 5 % cost"): "unanswerable refused at 5 % cost",
    ("Cost", "first answer s"): "seconds to the first answer of a fresh process",
    ("Killed while it saves", "unusable afterwards"): "of 40 killed saves, unusable afterwards",
}
TABLES: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    (
        "Finding: the right context first",
        "hit@1 over the questions of each set; the last two ask in one language about texts in the other.",
        tuple((task, "more", _of("find", task, "hit@1"), _share) for task in _TASKS),
    ),
    (
        "Finding: the right context among five",
        "hit@5, the same questions.",
        tuple((task, "more", _of("find", task, "hit@5"), _share) for task in _TASKS),
    ),
    (
        "Shown without a language model",
        "The share of questions whose gold answer stands in what a person is shown first, cut at 800 columns, and how many characters that "
        "are on average: an answer of ours, the best passage of the others, which do not answer without a model.",
        tuple(
            row
            for task in _TASKS[:3]
            for row in (
                (task, "more", _of("find", task, "shown"), _share),
                ("characters", "less", _of("find", task, "characters"), _number),
            )
        ),
    ),
    (
        "Refusing",
        "Over the library that ships, questions of ours that nothing was fitted on. The area under the curve is the chance that a question "
        "with an answer gets a higher figure than one without (.5 is a coin); the next column is what would be refused of the unanswerable at a "
        "threshold that refuses 5 % of the answerable, which no system but ours sets for its user.",
        (
            ("gold in what is shown", "more", _of("refuse", "right"), _share),
            ("area under the curve", "more", _of("refuse", "auc"), _share),
            ("unanswerable refused at 5 % cost", "more", _of("refuse", "refused_at_5_percent"), _share),
            ("unanswerable refused as it comes", "more", _of("refuse", "refused_unanswerable"), _share),
            ("answerable refused as it comes", "less", _of("refuse", "refused_answerable"), _share),
        ),
    ),
    (
        "Cost",
        "300 contexts of CMRC on one thread; a search for 10; a first answer is a fresh process that imports, loads and asks once.",
        (
            ("build s", "less", _of("cost", "build_s"), _number),
            ("build, processor s", "less", _of("cost", "build_cpu_s"), _number),
            ("search p50 ms", "less", _of("cost", "p50_ms"), _number),
            ("search p50, processor ms", "less", _of("cost", "cpu_p50_ms"), _number),
            ("first answer s", "less", _of("cost", "cold_s"), _number),
            ("first answer, processor s", "less", _of("cost", "cold_cpu_s"), _number),
            ("on disk MB", "less", _of("cost", "disk_mb"), _number),
        ),
    ),
    (
        "Killed while it saves",
        "SIGKILL at random moments while an index is saved over an earlier one: what is left cannot be loaded, or finds neither the old nor "
        "the new. (Chroma writes through a database while it builds; here its files are copied, as a backup would. txtai's save fails in a "
        "forked process, so it was not killed.)",
        (
            ("kills", "", _of("kill", "kills"), _number),
            ("unusable afterwards", "less", _of("kill", "unusable"), _number),
        ),
    ),
)
_INTRODUCTION = """# Beside other systems

`python tests/benchmarks/peers.py --data DIR --peers PYTHON --out peers.json --page docs/peers.md` measures survey-qa and what one would pick in its
place on the same texts and questions, and writes this page. Every step of every system is a process of its own on one thread.
Dense systems use all-MiniLM-L6-v2, the usual default, which knows English: their Chinese figures say nothing of multilingual models.
Questions of such sets were written by people who saw the text, which flatters searching by words. Bold is the best of a column;
differences under a point are ties. Finding, refusing and kills were measured beside other work, costs with nothing else running.
"""
