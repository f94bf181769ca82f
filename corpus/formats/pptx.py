"""Slides: each is a page with its title as heading, its text, tables and the speaker's notes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from corpus.errors import ReadError
from corpus.formats import Extract, limits, missing
from corpus.formats.packages import check_office
from corpus.formats.writing import Spanned, count_headers, heading, join, one_line, spread, table

_DEEPEST_GROUP = 20


def extract(data: bytes, name: str) -> Extract:
    """Return the slides in order.

    Raises:
        ReadError: It is none, damaged, encrypted or has too many slides.
    """
    check_office(data, "ppt/presentation.xml", ".pptx")
    try:
        import pptx
        from lxml.etree import LxmlError
        from pptx.exc import PythonPptxError
    except ImportError:
        raise missing("python-pptx", "office") from None
    try:
        deck = pptx.Presentation(io.BytesIO(data))
        slides = list(deck.slides)
    except (PythonPptxError, LxmlError, KeyError, ValueError) as error:
        raise ReadError(f"it is damaged ({one_line(str(error))[:80]})") from error
    if len(slides) > limits.PAGES:
        raise ReadError(f"it has {len(slides):,} slides, more than the {limits.PAGES:,} that are read; split it")
    facts = deck.core_properties
    title = one_line(facts.title or "")
    if title.lower() in {"powerpoint presentation", "powerpoint 演示文稿", "presentation"}:
        title = ""
    texts = [_slide(slide, number) for number, slide in enumerate(slides, 1)]
    if not title and slides:
        title = _title(slides[0])
    text, pages = heading(1, title), list[int]()
    for slide in texts:
        text += "\n\n" if text else ""
        pages.append(len(text))
        text += slide
    author = one_line(facts.author or "")
    return Extract(text, title, metadata={"author": author} if author else {}, pages=tuple(pages))


def _slide(slide: Any, number: int) -> str:  # noqa: ANN401 a pptx Slide
    """Return one slide as text."""
    title = _title(slide)
    blocks = list(_blocks(_in_order(slide.shapes), slide.shapes.title, 0))
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    said = [one_line(paragraph.text) for paragraph in notes.paragraphs] if notes is not None else []
    if not any(blocks) and not any(said) and not title:
        return ""
    return join([heading(2, title or f"{number}"), *blocks, *said])


def _title(slide: Any) -> str:  # noqa: ANN401 a pptx Slide
    shape = slide.shapes.title
    return one_line(shape.text_frame.text) if shape is not None and shape.has_text_frame else ""


def _in_order(shapes: Iterable[Any]) -> list[Any]:
    """Return shapes as a person reads them: from top to bottom, what stands side by side from left to right."""
    return sorted(shapes, key=lambda shape: (round((shape.top or 0) / 300_000), shape.left or 0))


def _blocks(shapes: Iterable[Any], title: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 pptx shapes
    """Yield the blocks of shapes, groups opened."""
    for shape in shapes:
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if hasattr(shape, "shapes") and depth < _DEEPEST_GROUP:
            yield from _blocks(_in_order(shape.shapes), title, depth + 1)
        elif getattr(shape, "has_table", False):
            grid = spread(_cells(row) for row in shape.table.rows)
            yield table(grid, headers=count_headers(grid))
        elif getattr(shape, "has_chart", False):
            yield _chart(shape.chart)
        elif shape.has_text_frame:
            yield _paragraphs(shape.text_frame)


def _cells(row: Any) -> list[Spanned]:  # noqa: ANN401 a pptx row
    """Return the cells of a row; those that others cover are left out, but for the rows that they reach down to."""
    return [
        Spanned(one_line(cell.text), cell.span_width or 1, cell.span_height or 1)
        for cell in row.cells
        if not cell.is_spanned
    ]


def _paragraphs(frame: Any) -> str:  # noqa: ANN401 a pptx text frame
    """Return the paragraphs of a box: one alone as text, several as a list by their levels."""
    lines = [(paragraph.level, one_line(paragraph.text)) for paragraph in frame.paragraphs]
    lines = [(level, text) for level, text in lines if text]
    if len(lines) < 2:
        return lines[0][1] if lines else ""
    return "\n".join(f"{'  ' * level}- {text}" for level, text in lines)


def _figure(value: object) -> str:
    """Return a figure as a person writes it: 4120, not 4120.0."""
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


def _chart(chart: Any) -> str:  # noqa: ANN401 a pptx chart
    """Return the figures of a chart as a table."""
    try:
        plot = chart.plots[0]
        rows = [["", *(series.name or "" for series in plot.series)]]
        columns = [list(series.values) for series in plot.series]
        rows += [
            [str(category), *(_figure(column[number]) if number < len(column) else "" for column in columns)]
            for number, category in enumerate(plot.categories)
        ]
        caption = (
            one_line(chart.chart_title.text_frame.text) if chart.has_title and chart.chart_title.has_text_frame else ""
        )
    except (IndexError, KeyError, ValueError, AttributeError):
        return ""
    return table(rows, caption=caption)
