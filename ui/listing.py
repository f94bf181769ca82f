"""Draws the documents of an index, its jobs and its snapshots; escapes and seals as ``rendering`` does.

Buttons carry what they are about in ``value``; a document is named by a hash of its id (``key_of``), which is foreign text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from index.catalogue import DocumentInfo
from index.snapshots import SnapshotInfo
from ui.documents import key_of
from ui.jobs import Job
from ui.rendering import escaped, seal
from ui.texts import TEXTS, Language, Texts

MOST_LISTED = 500  # documents; the search finds the others
MOST_SECTIONS = 200


def render_documents(
    listed: Sequence[DocumentInfo], chosen: Collection[str], language: Language, *, total: int, writable: bool
) -> str:
    """Return the list of documents; ``chosen`` ids are those that the chat is limited to."""
    texts = TEXTS[language]
    if not listed:
        return seal(f'<p class="sq-note">{escaped(texts.no_documents)}</p>')
    heads = "".join(f"<th>{escaped(texts.document_columns[name])}</th>" for name in _COLUMNS)
    rows = "".join(_document(info, info.id in chosen, texts, writable=writable) for info in listed[:MOST_LISTED])
    told = texts.listed_documents.format(shown=min(len(listed), MOST_LISTED), total=total)
    limited = texts.limited.format(count=len(chosen)) if chosen else texts.limit_hint
    table = f'<div class="sq-scroll"><table><thead><tr>{heads}<th></th></tr></thead><tbody>{rows}</tbody></table></div>'
    return seal(f'<div class="sq-gallery"><p class="sq-note">{escaped(told)} {escaped(limited)}</p>{table}</div>')


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


def _document(info: DocumentInfo, chosen: bool, texts: Texts, *, writable: bool) -> str:
    key, pressed = key_of(info.id), " sq-chosen" if chosen else ""
    limit = _tool(f"sq-only{pressed}", key, texts.limit.format(name=info.title or info.id))
    remove = _tool("sq-remove", key, f"{texts.remove}: {info.title or info.id}") if writable else ""
    opener = (
        f'<button type="button" class="sq-document" value="d.{key}" title="{escaped(texts.look_inside)}">'
        f"{escaped(info.title or info.id)}</button>"
    )
    name = f'<span class="sq-at">{escaped(info.id)}</span>' if info.title and info.title != info.id else ""
    cells = (info.kind, info.language, str(info.year or ""), str(info.passages))
    rest = "".join(f"<td>{escaped(cell)}</td>" for cell in cells)
    return (
        f'<tr class="sq-row"><td><span class="sq-named">{limit}{opener}</span>{name}</td>{rest}<td>{remove}</td></tr>'
    )


def _job(job: Job, texts: Texts) -> str:
    share = f" {job.done}/{job.total}" if job.state == "running" and job.total else ""
    stage = f" ({job.stage}{share})" if job.state == "running" and job.stage else ""
    words = f'<span class="sq-at">{escaped(job.words)}</span>' if job.words else ""
    cancel = "" if job.over else _tool("sq-cancel", job.number, texts.cancel)
    told = f"{texts.works[job.work]} {job.about}: {texts.states[job.state]}{stage}"
    return f'<li class="sq-job sq-{job.state}">{escaped(told)} {words}{cancel}</li>'


def _snapshot(info: SnapshotInfo, texts: Texts, *, writable: bool) -> str:
    told = texts.snapshot.format(name=info.name, made=info.made[:19].replace("T", " "), documents=info.documents)
    state = texts.current_snapshot if info.current else texts.damaged_snapshot if info.damage else ""
    back = (
        ""
        if info.current or info.damage or not writable
        else _tool("sq-rollback", info.name, f"{texts.roll_back}: {info.name}")
    )
    return f'<li class="sq-job">{escaped(told)} <strong>{escaped(state)}</strong>{back}</li>'


def _tool(kind: str, value: int | str, name: str) -> str:
    return f'<button type="button" class="sq-tool {kind}" value="{value}" title="{escaped(name)}"></button>'
