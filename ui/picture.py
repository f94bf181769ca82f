"""A report as one picture: accuracy by category, what refusing costs, and how long answers take; SVG of our own.

The picture follows the reader's light or dark setting, needs no font and no script, and every word in it is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.evaluating import Estimate, Report

WIDTH, MARGIN, ROW = 960, 24, 22
NAMES, BAR = 190, 250  # pixels for a category's name, and for the whole of a bar
PLOT = 300  # side of the trade-off plot
STYLE = """
  .bg{fill:#fff}.t{fill:#1b1f24}.m{fill:#59636e}.g{stroke:#d1d9e0}.a{fill:#1a7f5a}.u{fill:#8250df}
  .i{stroke:#1b1f24;stroke-width:1.5}.c{fill:none;stroke:#0969da;stroke-width:2}.d{fill:#cf222e}
  text{font:12px system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif}.h{font-size:15px;font-weight:600}
  @media (prefers-color-scheme:dark){.bg{fill:#0d1117}.t{fill:#e6edf3}.m{fill:#9198a1}.g{stroke:#3d444d}.a{fill:#3fb984}
  .u{fill:#b392f0}.i{stroke:#e6edf3}.c{stroke:#4493f8}.d{fill:#ff7b72}}
"""


def draw_report(report: Report) -> str:
    """Return a report as an SVG document."""
    groups = {f"{name or '(none)'}": figures for name, figures in sorted(report.by("category").items())}
    rows = [row for name, figures in groups.items() for row in _rows(name, figures)]
    left = list(_bars(rows, top=78))
    right = [*_curve(report, x=620, y=100), *_latency(report.latencies(), x=560, y=100 + PLOT + 70)]
    height = max(110 + ROW * len(rows), 100 + PLOT + 100 + ROW * (len(report.latencies()) + 1)) + MARGIN
    title = f"{len(report.results)} questions, reader {report.reader}, index {report.index}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{escape(title)}">',
            f"<style>{STYLE}</style>",
            f'<rect class="bg" width="{WIDTH}" height="{height}"/>',
            _text(MARGIN, 32, title, "t h"),
            *left,
            *right,
            "</svg>\n",
        ]
    )


def _rows(name: str, figures: Mapping[str, Estimate]) -> Iterator[tuple[str, str, Estimate]]:
    """Yield a bar's name, class and figure; questions with an answer and without one are never one bar."""
    if "accuracy" in figures:
        yield name, "a", figures["accuracy"]
    if "refused_unanswerable" in figures:
        yield name, "u", figures["refused_unanswerable"]


def _bars(rows: Sequence[tuple[str, str, Estimate]], top: int) -> Iterator[str]:
    yield _text(MARGIN, top - 16, "right by category, with 95 % intervals", "m")
    yield f'<rect class="a" x="{MARGIN + 240}" y="{top - 26}" width="10" height="10"/>'
    yield _text(MARGIN + 254, top - 16, "answered with the gold", "m")
    yield f'<rect class="u" x="{MARGIN + 410}" y="{top - 26}" width="10" height="10"/>'
    yield _text(MARGIN + 424, top - 16, "refused", "m")
    x = MARGIN + NAMES
    for number, (name, kind, figure) in enumerate(rows):
        y = top + ROW * number
        middle = y + 7
        yield _text(x - 8, y + 11, name if len(name) <= 26 else f"{name[:25]}…", "t", "end")
        yield f'<rect class="{kind}" x="{x}" y="{y}" width="{BAR * figure.value:.1f}" height="14" opacity="0.75"/>'
        yield f'<path class="i" d="M{x + BAR * figure.low:.1f} {middle}H{x + BAR * figure.high:.1f}"/>'
        yield _text(x + BAR + 8, y + 11, f"{figure.value:.2f}  n={figure.n}", "m")


def _curve(report: Report, x: int, y: int) -> Iterator[str]:
    """Yield the plot of refused unanswerable questions over refused answerable ones; the dot is what was done."""
    points, figures = report.refusal_curve(), report.estimates()
    yield _text(x, y - 38, "what refusing costs", "t h")
    yield _text(x, y - 20, "unanswerable refused ↑, answerable refused →", "m")
    for tick in (0, 0.25, 0.5, 0.75, 1):
        at = PLOT * tick
        yield f'<path class="g" d="M{x} {y + PLOT - at}h{PLOT}M{x + at} {y}v{PLOT}"/>'
        yield _text(x - 6, y + PLOT - at + 4, f"{tick:g}", "m", "end")
        yield _text(x + at, y + PLOT + 16, f"{tick:g}", "m", "middle")
    if not points:
        yield _text(x + 12, y + 24, "needs questions of both kinds", "m")
        return
    line = "L".join(f"{x + PLOT * a:.1f} {y + PLOT - PLOT * b:.1f}" for a, b in points)
    yield f'<path class="c" d="M{line}"/>'
    cost, gain = (figures[name].value for name in ("refused_answerable", "refused_unanswerable"))
    yield f'<circle class="d" cx="{x + PLOT * cost:.1f}" cy="{y + PLOT - PLOT * gain:.1f}" r="5"/>'
    yield _text(x + PLOT * cost + 9, y + PLOT - PLOT * gain + 16, f"{cost:.3f}, {gain:.3f}", "t")


def _latency(latencies: Mapping[str, Mapping[str, float]], x: int, y: int) -> Iterator[str]:
    yield _text(x, y - 14, "milliseconds", "t h")
    for column, offset in (("p50", 170), ("p95", 250), ("max", 330)):
        yield _text(x + offset, y - 14, column, "m", "end")
    for number, (stage, values) in enumerate(latencies.items()):
        at = y + 8 + ROW * number
        yield _text(x, at, stage, "t")
        for column, offset in (("p50", 170), ("p95", 250), ("max", 330)):
            yield _text(x + offset, at, f"{values[column]:.1f}", "m", "end")


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    shown = "".join(c for c in words if c.isprintable())
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(shown)}</text>'
