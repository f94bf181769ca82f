"""Draws the models: evolution tree, timeline, table and comparison; escapes and seals as ``rendering`` does.

Every value has a mark that opens the place where it stands (``m.MODEL.FIELD.N``); a model's name is a button that asks
about it. Sorting and filtering happen in the browser (``page.js``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag.exploring import BRANCHES, FIELDS, Descent, ModelCard, descend
from ui.rendering import escaped, seal
from ui.texts import TEXTS, Language, Texts

MOST_COMPARED = 6
MOST_MARKS = 3  # of those who say the same


def render_tree(models: Sequence[ModelCard], language: Language) -> str:
    """Return the evolution tree: a column for each branch, what was made from what, open and closed weights apart."""
    texts = TEXTS[language]
    numbers = {id(model): number for number, model in enumerate(models)}
    tree = descend(models)
    if not tree:
        return seal(f'<p class="sq-note">{escaped(texts.no_models)}</p>')
    columns = "".join(
        f'<section class="sq-branch"><h2>{escaped(branch or texts.other_branch)}</h2>'
        f'<ul class="sq-tree">{_descents(tree[branch], numbers, texts)}</ul></section>'
        for branch in (*BRANCHES, "")
        if branch in tree
    )
    return seal(f'<div class="sq-gallery">{_legend(texts)}<div class="sq-branches">{columns}</div></div>')


def render_timeline(models: Sequence[ModelCard], language: Language) -> str:
    """Return the models by year and date, as far as a document tells it."""
    texts = TEXTS[language]
    dated = sorted((model.date, number) for number, model in enumerate(models) if model.date)
    if not dated:
        return seal(f'<p class="sq-note">{escaped(texts.no_models)}</p>')
    years: dict[str, list[str]] = {}
    for date, number in dated:
        when = f'<span class="sq-when">{escaped(date[5:])}</span>' if len(date) > 4 else '<span class="sq-when"></span>'
        entry = (
            f"<li>{when}{_button(models[number], number, texts)}{_marks(models[number], number, 'date', texts)}</li>"
        )
        years.setdefault(date[:4], []).append(entry)
    drawn = "".join(
        f'<section class="sq-year"><h2>{year}</h2><ul class="sq-times">{"".join(entries)}</ul></section>'
        for year, entries in years.items()
    )
    return seal(f'<div class="sq-gallery">{_legend(texts)}<div class="sq-timeline">{drawn}</div></div>')


def render_table(models: Sequence[ModelCard], language: Language) -> str:
    """Return all models as a table with a column for each field that anything is told of."""
    texts = TEXTS[language]
    told = [name for name in FIELDS if any(model.of(name) for model in models)]
    if not told:
        return seal(f'<p class="sq-note">{escaped(texts.no_models)}</p>')
    heads = "".join(
        f'<th><button type="button" class="sq-sort" value="{at}">{escaped(head)}</button></th>'
        for at, head in enumerate([texts.model, *(texts.fields[name] for name in told)])
    )
    rows = "".join(
        f'<tr class="sq-row"><td>{_pick(model, number, texts)}{_button(model, number, texts)}</td>'
        + "".join(f"<td>{_cell(model, number, name, texts)}</td>" for name in told)
        + "</tr>"
        for number, model in enumerate(models)
    )
    hint = f'<p class="sq-note">{escaped(texts.pick_hint)}</p>'
    table = (
        f'<div class="sq-scroll sq-models"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
    return seal(f'<div class="sq-gallery">{hint}{table}</div>')


def render_comparison(models: Sequence[ModelCard], chosen: Sequence[int], language: Language) -> str:
    """Return the chosen models side by side, a row for each field that is told of one of them; "" for fewer than two."""
    texts = TEXTS[language]
    numbers = [number for number in dict.fromkeys(chosen) if 0 <= number < len(models)][:MOST_COMPARED]
    if len(numbers) < 2:
        return ""
    heads = "".join(f"<th>{_button(models[number], number, texts)}</th>" for number in numbers)
    rows = "".join(
        f"<tr><th>{escaped(texts.fields[name])}</th>"
        + "".join(f"<td>{_cell(models[number], number, name, texts) or '–'}</td>" for number in numbers)
        + "</tr>"
        for name in FIELDS
        if any(models[number].of(name) for number in numbers)
    )
    table = f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    done = f'<button type="button" class="sq-worded sq-pick-none" value="all">{escaped(texts.close)}</button>'
    head = f'<div class="sq-compare-head"><span>{escaped(texts.compared)}</span>{done}</div>'
    return seal(f'<div class="sq-gallery">{head}<div class="sq-scroll sq-compared">{table}</div></div>')


def _legend(texts: Texts) -> str:
    kinds = "".join(
        f'<li><span class="sq-open-{kind}">{escaped(texts.openness[kind])}</span></li>'
        for kind in ("yes", "partly", "no", "")
    )
    return f'<ul class="sq-legend">{kinds}</ul>'


def _descents(descents: Iterable[Descent], numbers: dict[int, int], texts: Texts) -> str:
    drawn = ""
    for descent in descents:
        number = numbers[id(descent.model)]
        below = f"<ul>{_descents(descent.children, numbers, texts)}</ul>" if descent.children else ""
        year = f'<span class="sq-when">{descent.model.date[:4]}</span>' if descent.model.date else ""
        source = _marks(descent.model, number, "derived_from", texts)
        drawn += f"<li>{_button(descent.model, number, texts)}{year}{source}{below}</li>"
    return drawn


def _button(model: ModelCard, number: int, texts: Texts) -> str:
    """Return the button that asks about a model; its look and its name tell whether the weights are open."""
    name = f"{texts.ask_about.format(name=model.name)} ({texts.openness[model.openness]})"
    return (
        f'<button type="button" class="sq-model sq-open-{model.openness}" value="{number}" title="{escaped(name)}">'
        f"{escaped(model.name)}</button>"
    )


def _pick(model: ModelCard, number: int, texts: Texts) -> str:
    name = texts.pick.format(name=model.name)
    return f'<button type="button" class="sq-tool sq-pick" value="{number}" title="{escaped(name)}"></button>'


def _cell(model: ModelCard, number: int, name: str, texts: Texts) -> str:
    """Return the values of a field, equal ones once, each with the marks of those who say it."""
    said: dict[str, list[int]] = {}
    for at, value in enumerate(model.of(name)):
        said.setdefault(" ".join(value.text.split()), []).append(at)
    return "".join(
        f'<p class="sq-value">{escaped(text)}{"".join(_mark(model, number, name, at, texts) for at in places[:MOST_MARKS])}</p>'
        for text, places in said.items()
    )


def _marks(model: ModelCard, number: int, name: str, texts: Texts) -> str:
    return "".join(_mark(model, number, name, at, texts) for at in range(min(len(model.of(name)), MOST_MARKS)))


def _mark(model: ModelCard, number: int, name: str, at: int, texts: Texts) -> str:
    value = model.of(name)[at]
    title = f"{texts.open_source}: {model.name}, {texts.fields[name]}, {value.document_id}"
    return f'<button type="button" class="sq-mark sq-dot" value="m.{number}.{name}.{at}" title="{escaped(title)}"></button>'
