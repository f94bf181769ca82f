"""Draws the documents of an index, its jobs and its snapshots; escapes and seals as ``rendering`` does.

Buttons carry what they are about in ``value``; a document is named by a hash of its id (``key_of``), which is foreign text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from index.catalogue import DocumentInfo
from index.filters import Filter
from index.snapshots import SnapshotInfo
from ui.documents import key_of
from ui.facets import Facet, Group
from ui.jobs import Job
from ui.rendering import escaped, name_of, render_tool, seal
from ui.texts import TEXTS, Language, Texts

MOST_LISTED = 500  # documents; the search finds the others
MOST_SECTIONS = 200


def render_facets(
    facets: Mapping[Group, Sequence[Facet]],
    within: Filter,
    shown: int,
    total: int,
    language: Language,
    *,
    limited: bool,
) -> str:
    """Return what the list can be filtered by, and how many documents it shows.

    A filter can become what the chat is ``limited`` to, and that limit be lifted.
    """
    texts = TEXTS[language]
    groups = "".join(
        f'<div class="sq-facets"><span class="sq-label">{escaped(texts.facet_groups[group])}</span>'
        f"{''.join(_facet(facet, group, texts) for facet in values)}</div>"
        for group, values in facets.items()
    )
    told = f'<span class="sq-note">{escaped(texts.listed_documents.format(shown=shown, total=total))}</span>'
    tools = ""
    if within:
        tools += _worded("sq-facet", "all", texts.all_documents)
        tools += _worded("sq-these", "all", texts.only_these.format(count=shown)) if shown else ""
    if limited:
        tools += _worded("sq-everything", "all", texts.use_all)
    hint = "" if tools else f'<span class="sq-note">{escaped(texts.limit_hint)}</span>'
    return seal(f'{groups}<div class="sq-shown">{told}{hint}{tools}</div>')


def render_documents(
    listed: Sequence[DocumentInfo], chosen: Collection[str], language: Language, *, writable: bool
) -> str:
    """Return the list of documents; ``chosen`` ids are those that the chat is limited to."""
    texts = TEXTS[language]
    if not listed:
        return seal(f'<p class="sq-note sq-empty">{escaped(texts.no_documents)}</p>')
    heads = "".join(f"<th>{escaped(texts.document_columns[name])}</th>" for name in _COLUMNS)
    rows = "".join(_document(info, info.id in chosen, texts, writable=writable) for info in listed[:MOST_LISTED])
    table = f'<div class="sq-scroll"><table><thead><tr>{heads}<th></th></tr></thead><tbody>{rows}</tbody></table></div>'
    return seal(f'<div class="sq-gallery">{table}</div>')


def render_contents(info: DocumentInfo, sections: Sequence[tuple[int, str]], tables: int, language: Language) -> str:
    """Return what is in a document: its numbers and its sections."""
    texts = TEXTS[language]
    told = texts.contents.format(
        passages=info.passages, sections=len(sections), tables=tables, characters=info.characters
    )
    lines = "".join(
        f'<li class="sq-level-{min(level, 6)}">{escaped(title)}</li>' for level, title in sections[:MOST_SECTIONS]
    )
    return seal(
        f'<section class="sq-panel"><header><h2>{escaped(info.title or info.id)}</h2></header>'
        f'<p class="sq-section">{escaped(info.id)}</p><p class="sq-section">{escaped(told)}</p>'
        f'<ul class="sq-contents">{lines}</ul></section>'
    )


def render_jobs(jobs: Sequence[Job], language: Language) -> str:
    """Return the jobs, newest first, with how far each is; "" for none."""
    texts = TEXTS[language]
    if not jobs:
        return ""
    return seal(f'<ul class="sq-jobs">{"".join(_job(job, texts) for job in jobs)}</ul>')


def render_snapshots(snapshots: Sequence[SnapshotInfo], language: Language, *, writable: bool) -> str:
    """Return the snapshots, newest first, each with a button that goes back to it."""
    texts = TEXTS[language]
    if not snapshots:
        return seal(f'<p class="sq-note">{escaped(texts.no_snapshots)}</p>')
    return seal(f'<ul class="sq-jobs">{"".join(_snapshot(info, texts, writable=writable) for info in snapshots)}</ul>')


_COLUMNS = ("title", "kind", "language", "year", "passages")


def _facet(facet: Facet, group: Group, texts: Texts) -> str:
    name = name_of(facet.value, group, texts)
    chosen = " sq-chosen" if facet.chosen else ""
    return (
        f'<button type="button" class="sq-facet{chosen}" value="{facet.click}">{escaped(name)}'
        f'<span class="sq-count">{facet.count}</span></button>'
    )


def _worded(kind: str, value: str, words: str) -> str:
    return f'<button type="button" class="sq-worded {kind}" value="{value}">{escaped(words)}</button>'


def _document(info: DocumentInfo, chosen: bool, texts: Texts, *, writable: bool) -> str:
    key, pressed = key_of(info.id), " sq-chosen" if chosen else ""
    limit = render_tool(f"sq-only{pressed}", texts.limit.format(name=info.title or info.id), key)
    remove = render_tool("sq-remove", f"{texts.remove}: {info.title or info.id}", key) if writable else ""
    opener = (
        f'<button type="button" class="sq-document" value="d.{key}" title="{escaped(texts.look_inside)}">'
        f"{escaped(info.title or info.id)}</button>"
    )
    name = f'<span class="sq-at">{escaped(info.id)}</span>' if info.title and info.title != info.id else ""
    kind, language = name_of(info.kind, "kinds", texts), name_of(info.language, "languages", texts)
    cells = (kind, language, str(info.year or ""), str(info.passages))
    rest = "".join(f"<td>{escaped(cell)}</td>" for cell in cells)
    return (
        f'<tr class="sq-row"><td><span class="sq-named">{limit}{opener}</span>{name}</td>{rest}<td>{remove}</td></tr>'
    )


def _job(job: Job, texts: Texts) -> str:
    share = f" {job.done}/{job.total}" if job.state == "running" and job.total else ""
    stage = f" ({job.stage}{share})" if job.state == "running" and job.stage else ""
    words = f'<span class="sq-at">{escaped(job.words)}</span>' if job.words else ""
    cancel = "" if job.over else render_tool("sq-cancel", texts.cancel, job.number)
    told = f"{texts.works[job.work]} {job.about}: {texts.states[job.state]}{stage}"
    return f'<li class="sq-job sq-{job.state}">{escaped(told)} {words}{cancel}</li>'


def _snapshot(info: SnapshotInfo, texts: Texts, *, writable: bool) -> str:
    told = texts.snapshot.format(made=info.made[:16].replace("T", " "), documents=info.documents)
    state = ""
    if info.current:
        state = f'<span class="sq-badge">{escaped(texts.current_snapshot)}</span>'
    elif info.damage:
        state = f'<span class="sq-badge sq-bad">{escaped(texts.damaged_snapshot)}</span>'
    back = "" if state or not writable else _worded("sq-rollback", info.name, texts.roll_back)
    return f'<li class="sq-job"><span class="sq-code">{escaped(info.name)}</span>{escaped(told)}{state}{back}</li>'
