"""Bars and curves as SVG that follows the reader's light or dark setting; knows figures by system and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from peers_page import OURS, SIZES, Report, Value, value_of

LEFT, BAR, ROW, PANEL = 190, 200, 20, 34
WIDE, HIGH, MARGIN = 380, 230, 52
FAMILIES = {  # class of a system's line, and its dashes
    OURS: ("o", ""), "LangChain FAISS": ("l", ""), "LangChain BM25, jieba": ("l", "2 3"), "LangChain ensemble, jieba": ("l", "7 4"),
    "LlamaIndex vectors": ("x", ""), "LlamaIndex fusion": ("x", "7 4"), "Haystack hybrid": ("y", ""), "txtai hybrid": ("r", ""),
    "Chroma": ("c", ""), "bm25s, jieba": ("p", "2 3"),
}  # fmt: skip
_COLOURS = {
    "bg": ("#fff", "#0d1117"), "t": ("#1b1f24", "#e6edf3"), "m": ("#59636e", "#9198a1"), "g": ("#d8dee4", "#30363d"),
    "o": ("#1a7f5a", "#3fb984"), "p": ("#8c959f", "#8b949e"), "l": ("#0969da", "#58a6ff"), "x": ("#8250df", "#bc8cff"),
    "y": ("#bc4c00", "#f0883e"), "r": ("#cf222e", "#ff7b72"), "c": ("#9a6700", "#d29922"),
}  # fmt: skip


def bars(report: Report, panels: Sequence[tuple[str, Value]]) -> str:
    """Return a panel of bars for each figure, two beside each other."""
    high = PANEL + ROW * len(report) + 12
    width, height = 2 * (LEFT + BAR + 90), 20 + high * ((len(panels) + 1) // 2)
    out = _begun(width, height, "survey-qa and other systems")
    for number, (name, value) in enumerate(panels):
        x, y = number % 2 * (width // 2) + 10, 20 + number // 2 * high
        found = {system: value_of(value, steps) for system, steps in report.items()}
        most = max((figure for figure in found.values() if figure is not None), default=1) or 1
        out.append(f'<text class="t h" x="{x}" y="{y + 12}">{escape(name)}</text>')
        for row, (system, figure) in enumerate(found.items()):
            at = y + PANEL - 8 + row * ROW
            out.append(f'<text class="t" x="{x + LEFT - 8}" y="{at + 11}" text-anchor="end">{escape(system)}</text>')
            if figure is None:
                continue
            long, shade = BAR * figure / most, "o" if system == OURS else "p"
            out.append(f'<rect class="{shade}" x="{x + LEFT}" y="{at}" width="{long:.1f}" height="13"/>')
            out.append(f'<text class="m" x="{x + LEFT + long + 6:.1f}" y="{at + 11}">{_shown(figure)}</text>')
    return "\n".join([*out, "</svg>\n"])


def curves(report: Report, panels: Sequence[tuple[str, Callable[[int], Value]]]) -> str:
    """Return a panel of curves over the number of passages for each figure, both axes logarithmic, and what is whose."""
    width = 2 * (WIDE + MARGIN) + 40
    top = 92
    height = top + (HIGH + MARGIN + 30) * ((len(panels) + 1) // 2)
    out = [*_begun(width, height, "Cost by the number of passages"), *_legend(report, width)]
    for number, (name, by_size) in enumerate(panels):
        x = number % 2 * (WIDE + MARGIN + 10) + MARGIN
        y = top + number // 2 * (HIGH + MARGIN + 30) + 20
        points = {
            system: [(size, figure) for size in SIZES if (figure := value_of(by_size(size), steps))]
            for system, steps in report.items()
        }
        out += [f'<text class="t h" x="{x}" y="{y - 10}">{escape(name)}</text>', *_panel(points, x, y)]
    return "\n".join([*out, "</svg>\n"])


def _panel(points: Mapping[str, Sequence[tuple[int, float]]], x: float, y: float) -> list[str]:
    """Return the grid and the curves of one panel; ours is drawn last, over the others."""
    figures = [figure for line in points.values() for _, figure in line] or [1.0]
    low, high = math.floor(math.log10(min(figures))), math.ceil(math.log10(max(figures) * 1.001))

    def across(size: float) -> float:
        first, last = math.log10(SIZES[0]), math.log10(SIZES[-1])
        return x + 8 + (math.log10(size) - first) / (last - first) * (WIDE - 24)

    def up(figure: float) -> float:
        return y + HIGH - (math.log10(figure) - low) / (high - low) * HIGH

    out = []
    for power in range(low, high + 1):
        at = up(10.0**power)
        out.append(f'<line class="g" x1="{x}" y1="{at:.1f}" x2="{x + WIDE}" y2="{at:.1f}"/>')
        out.append(f'<text class="m" x="{x - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    for size in SIZES:
        out.append(f'<text class="m" x="{across(size):.1f}" y="{y + HIGH + 18}" text-anchor="middle">{size:,}</text>')
    for system in sorted(points, key=lambda name: name == OURS):
        shade, dashes = FAMILIES[system]
        places = [(across(size), up(figure)) for size, figure in points[system]]
        wide = 3 if system == OURS else 1.6
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        out.append(f'<polyline class="{shade}l" stroke-width="{wide}" stroke-dasharray="{dashes}" points="{path}"/>')
        out += [f'<circle class="{shade}" cx="{a:.1f}" cy="{b:.1f}" r="{wide + 0.6}"/>' for a, b in places]
    return out


def _legend(report: Report, width: float) -> list[str]:
    """Return the systems' names beside a piece of their lines, four in a row."""
    out, step = [], width / 4
    for number, system in enumerate(report):
        shade, dashes = FAMILIES[system]
        x, y = number % 4 * step + 12, 22 + number // 4 * 22
        wide = 3 if system == OURS else 1.6
        out.append(
            f'<polyline class="{shade}l" stroke-width="{wide}" stroke-dasharray="{dashes}" points="{x:.0f},{y} {x + 26:.0f},{y}"/>'
        )
        out.append(f'<text class="t" x="{x + 32:.0f}" y="{y + 4}">{escape(system)}</text>')
    return out


def _begun(width: float, height: float, label: str) -> list[str]:
    """Return the beginning of a picture, with its colours in light and dark."""
    light, dark = (
        "".join(
            f".{name}{{fill:{pair[shade]};stroke:none}}.{name}l{{stroke:{pair[shade]}}}"
            for name, pair in _COLOURS.items()
        )
        + f".g{{stroke:{_COLOURS['g'][shade]}}}"
        for shade in (0, 1)
    )
    style = (
        f"{light}polyline{{fill:none;stroke-linejoin:round}}.h{{font-size:13px;font-weight:600}}"
        "text{font:12px system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif}"
        f"@media (prefers-color-scheme:dark){{{dark}polyline{{fill:none}}}}"
    )
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(label)}"><style>{style}</style><rect class="bg" width="{width}" height="{height}"/>'
    ]


def _shown(figure: float) -> str:
    return f"{figure:.3f}" if 0 < figure < 1 else f"{figure:,.1f}".removesuffix(".0")
