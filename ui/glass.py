"""Draws how an answer came about, from its explanation; escapes and seals as ``rendering`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.explaining import Explanation
from ui.choices import PASSAGES
from ui.handlers import Inside
from ui.rendering import escaped, seal
from ui.texts import TEXTS, Language, Texts

MOST_CANDIDATES = 40


def render_inside(inside: Inside, place: int, language: Language) -> str:
    """Return the panel that tells how the answer of turn ``place`` came about."""
    texts = TEXTS[language]
    told: Mapping[str, Any] = (
        inside.explanation if isinstance(inside.explanation, Explanation) else dict(inside.explanation)
    )
    parts = [
        f"<header><h2>{escaped(texts.inside)}</h2></header>",
        _standalone(str(told.get("standalone_question", "")), place, texts),
        _pairs(
            {
                texts.inside_kind: str(told.get("kind", "")),
                texts.inside_names: ", ".join(map(str, told.get("names", ()))),
                texts.inside_reader: inside.reader,
                texts.inside_snapshot: inside.index,
            }
        ),
        _refusal(told.get("refusal") or {}, texts),
        _timings(inside.timings_ms, texts),
        _knobs(place, texts),
        _candidates(told.get("candidates", ()), texts),
    ]
    return seal(f'<section class="sq-panel sq-inside-panel">{"".join(parts)}</section>')


def _standalone(question: str, place: int, texts: Texts) -> str:
    """Return the question that was searched for, as a button that puts it into the field to be edited."""
    if not question:
        return ""
    button = f'<button type="button" class="sq-reword" value="{place}" title="{escaped(texts.reword)}">{escaped(question)}</button>'
    return f'<p class="sq-label">{escaped(texts.inside_question)}</p>{button}'


def _pairs(pairs: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><th>{escaped(name)}</th><td>{escaped(value)}</td></tr>" for name, value in pairs.items() if value
    )
    return f'<div class="sq-scroll sq-pairs"><table><tbody>{rows}</tbody></table></div>'


def _refusal(refusal: Mapping[str, Any], texts: Texts) -> str:
    """Return the evidence that decided whether to answer, where there are figures of it."""
    figures = {
        name: _figure(value) for name, value in refusal.items() if isinstance(value, int | float | str) and value != ""
    }
    return f'<p class="sq-label">{escaped(texts.inside_decision)}</p>{_pairs(figures)}' if figures else ""


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _timings(timings: Mapping[str, float], texts: Texts) -> str:
    told = " · ".join(f"{stage} {ms:.1f} ms" for stage, ms in timings.items())
    return f'<p class="sq-label">{escaped(texts.inside_times)}</p><p class="sq-section">{escaped(told)}</p>'


def _knobs(place: int, texts: Texts) -> str:
    """Return buttons that ask again with another number of passages."""
    buttons = "".join(f'<button type="button" class="sq-knob" value="{place}.{k}">{k}</button>' for k in PASSAGES)
    return f'<p class="sq-label">{escaped(texts.again_with)}</p><p class="sq-knobs">{buttons}</p>'


def _candidates(candidates: Sequence[Mapping[str, Any]], texts: Texts) -> str:
    heads = "".join(f"<th>{escaped(head)}</th>" for head in texts.candidate_columns)
    rows = "".join(_candidate(one) for one in candidates[:MOST_CANDIDATES])
    table = f'<div class="sq-scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    return f'<p class="sq-label">{escaped(texts.inside_candidates)}</p><div class="sq-passage">{table}</div>'


def _candidate(one: Mapping[str, Any]) -> str:
    where = f"{one.get('document', '')} · {one.get('section', '')}"
    fate = str(one["packed"]) if one.get("packed") else str(one.get("cut") or "")
    cells = (one.get("rank"), where, one.get("lexical_rank"), one.get("vector_rank"), one.get("score"), fate)
    return "<tr>" + "".join(f"<td>{escaped('' if cell is None else str(cell))}</td>" for cell in cells) + "</tr>"
