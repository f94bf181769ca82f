"""``survey-qa index …``: building, changing and looking into indexes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ui.options import (
    AllowedHosts,
    ArxivInterface,
    AsJson,
    BuildWorkers,
    Embedder,
    EngineAddress,
    Home,
    IndexDirectory,
    Paths,
    ShowCut,
    Workers,
    manner_of,
    open_index,
    print_json,
    workers_of,
    wrong,
)

if TYPE_CHECKING:
    from rag.build import Built, Gathered

PulledInto = Annotated[
    Path, typer.Option("--index", metavar="DIR", help="The directory to copy into.", show_default=False)
]

index_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Build, list and look into indexes.\n\nExample: survey-qa index build my-papers/",
)


@index_app.command("build")
def build(
    paths: Paths = None,
    library: Annotated[
        bool | None,
        typer.Option("--library/--no-library", help="Put the shipped library in. Default: into the default index."),
    ] = None,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    embedder: Annotated[
        str,
        typer.Option(
            "--embedder", metavar="SPEC", help="builtin, a sentence-transformers name or path, or openai:MODEL."
        ),
    ] = "builtin",
    vectors: Annotated[
        Literal["auto", "flat", "sq8", "hnsw", "ivf"],
        typer.Option("--vectors", help="The kind of vector index; auto chooses by size, and `index info` names it."),
    ] = "auto",
    workers: BuildWorkers = None,
    allow_host: AllowedHosts = None,
    arxiv: ArxivInterface = None,
    show_cut: ShowCut = False,
    engine: Annotated[
        str | None,
        typer.Option("--engine", metavar="URL", help="Build into this engine; the same as an address for --index."),
    ] = None,
) -> None:
    """Build an index from folders, files, pages and papers; what stood there serves until the new one is complete.

    Example: survey-qa index build my-papers/ notes.md
    """
    from rag.build import build_index
    from rag.settings import default_index_directory
    from ui import terminal

    if engine and index:
        wrong("--engine and --index both say where the index is. Give one of them.")
    index = engine or index
    with terminal.progress() as tell:
        built = build_index(
            paths or (),
            directory=index,
            home=home,
            library=library,
            embedder=embedder,
            vectors=vectors,
            manner=manner_of(home, None, allow_host, arxiv, show_cut=show_cut),
            workers=workers_of(workers),
            progress=tell,
        )
    place = str(index or default_index_directory(home))
    if as_json:
        print_json(
            {
                "index": place,
                "snapshot": built.index.snapshot,
                "documents": built.documents,
                "passages": built.passages,
                **_left_out(built, show_cut),
            }
        )
    else:
        _tell_left_out(built)
        terminal.say(f"Indexed {built.documents} documents in {built.passages} passages at {place}.")


@index_app.command("add")
def add(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE", help="Folders, files, addresses of pages, arxiv:ID, openreview:ID.", show_default=False
        ),
    ],
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    embedder: Embedder = None,
    workers: Workers = None,
    allow_host: AllowedHosts = None,
    arxiv: ArxivInterface = None,
    show_cut: ShowCut = False,
) -> None:
    """Add documents, or replace those that came from the same place before.

    A document of the same name from another folder is another document: its id gets its folder's name in front.

    Reads .pdf .docx .pptx .xlsx .csv .tsv .html .mhtml .epub .md .txt .rst .ipynb .json .jsonl .zip, pages on the web, and
    papers by their arXiv or OpenReview id. One source that cannot be read stops nothing; what was left out is told.

    Example: survey-qa index add papers/ https://example.org/survey.html arxiv:2302.13971
    """
    from corpus.duplicates import find_alike
    from rag.build import gather, with_ids_for
    from rag.papers import missing_papers
    from ui import terminal

    manner = manner_of(home, workers, allow_host, arxiv, show_cut=show_cut)
    with terminal.progress() as tell:
        gathered = gather(paths, library=False, manner=manner, progress=tell)
    if not gathered.documents:
        terminal.print_skipped(gathered.skipped)
        wrong("There is no document to add. `survey-qa index add --help` lists the kinds of files that are read.")
    opened = open_index(index, home, embedder)
    gathered = with_ids_for(gathered, opened)
    with terminal.progress() as tell:
        opened.update(gathered.documents, folders=gathered.folders, progress=tell)
    offered, alike = missing_papers(gathered.documents, opened), find_alike(gathered.documents)
    if as_json:
        print_json(
            {
                "added": [document.id for document in gathered.documents],
                "alike": [asdict(each) for each in alike],
                "linked_papers": offered,
                "snapshot": opened.snapshot,
                **_left_out(gathered, show_cut),
            }
        )
        return
    _tell_left_out(gathered)
    terminal.print_alike(alike)
    terminal.say(f"Added {len(gathered.documents)} documents; the index holds {len(opened.documents())}.")
    if offered:
        terminal.say(
            f"They link {len(offered)} papers that the index does not hold; `survey-qa papers fetch` brings their abstracts."
        )


@index_app.command("remove")
def remove(
    documents: Annotated[
        list[str], typer.Argument(metavar="DOCUMENT", help="Ids, as `index list` shows them.", show_default=False)
    ],
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    embedder: Embedder = None,
) -> None:
    """Remove documents; they answer no more.

    Example: survey-qa index remove old-paper.md
    """
    from rag.settings import kept_readings
    from rag.sources import forget_pages

    opened = open_index(index, home, embedder).remove(documents)
    forget_pages(documents, kept_readings(home))
    if as_json:
        print_json({"removed": documents, "snapshot": opened.snapshot})
    else:
        typer.echo(f"Removed {len(documents)} documents; the index holds {len(opened.documents())}.")


@index_app.command("sync")
def sync(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to bring in.", show_default=False)],
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on whenever something changes there; Ctrl-C ends. One line per change.")
    ] = False,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    embedder: Embedder = None,
    workers: Workers = None,
) -> None:
    """Bring in what was added, changed and removed in a folder since the last time.

    Only documents that came from that folder are removed. Nothing changed: nothing is written.
    With --watch --json each round that did something prints one line of JSON.

    Example: survey-qa index sync my-papers/ --watch
    """
    from rag.build import sync_folder
    from ui import terminal

    if watch:
        from ui.following import follow

        follow(folder, directory=index, home=home, embedder=embedder, as_json=as_json)
        return

    with terminal.progress() as tell:
        synced = sync_folder(folder, directory=index, home=home, embedder=embedder, workers=workers, progress=tell)
    if as_json:
        print_json(terminal.plain_sync(synced))
    else:
        terminal.print_skipped(synced.skipped)
        terminal.say(
            f"Added {len(synced.added)}, changed {len(synced.changed)}, removed {len(synced.removed)}, "
            f"unchanged {synced.unchanged}, skipped {len(synced.skipped)}; "
            f"the index holds {len(synced.index.documents())} documents."
        )


@index_app.command("verify")
def verify(as_json: AsJson = False, index: IndexDirectory = None, home: Home = None) -> None:
    """Compare every byte of an index with what was written; exit 1 if one differs.

    Example: survey-qa index verify --index my-index/
    """
    opened = open_index(index, home)
    opened.verify()
    if as_json:
        print_json({"verified": True, "snapshot": opened.snapshot})
    else:
        typer.echo(f"Every byte of {opened.snapshot} is as it was written.")


@index_app.command("snapshots")
def list_snapshots(as_json: AsJson = False, index: IndexDirectory = None, home: Home = None) -> None:
    """List the snapshots of an index: when each was made, what it holds, whether it is whole.

    Example: survey-qa index snapshots --index my-index/
    """
    from index import Index
    from rag.settings import default_index_directory

    found = Index.snapshots(index or default_index_directory(home))
    if as_json:
        print_json({"snapshots": [snapshot.to_dict() for snapshot in found]})
        return
    from ui.terminal import print_snapshots

    print_snapshots(found)


@index_app.command("rollback")
def rollback(
    snapshot: Annotated[
        str | None, typer.Argument(metavar="[SNAPSHOT]", help="Default: the newest whole one before the current.")
    ] = None,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
) -> None:
    """Go back to an earlier snapshot; nothing is deleted, so naming the later one undoes it.

    Example: survey-qa index rollback
    """
    from index import Index
    from rag.settings import default_index_directory

    opened = Index.rolled_back(index or default_index_directory(home), snapshot)
    if as_json:
        print_json({"snapshot": opened.snapshot, "documents": len(opened.documents())})
    else:
        typer.echo(f"Snapshot {opened.snapshot} is current again, with {len(opened.documents())} documents.")


@index_app.command("push")
def push(engine: EngineAddress, as_json: AsJson = False, index: IndexDirectory = None, home: Home = None) -> None:
    """Copy an index into an engine that many machines share; what answers there serves until the copy was checked.

    Interrupted, the same command goes on where it was.

    Example: survey-qa index push milvus://localhost:19530/surveys --index my.index
    """
    from ui import terminal

    opened = open_index(index, home)
    with terminal.progress() as tell:
        pushed = opened.push(engine, tell)
    if as_json:
        print_json({"engine": engine, **asdict(pushed)})
        return
    again = f", {pushed.found} of them there already" if pushed.found else ""
    terminal.say(
        f"{pushed.documents} documents in {pushed.passages} passages answer at {engine}{again}; every row was checked."
    )


@index_app.command("pull")
def pull(engine: EngineAddress, index: PulledInto, as_json: AsJson = False) -> None:
    """Copy an index out of an engine into a directory, as a snapshot of its own; every row is checked.

    Interrupted, the same command goes on where it was.

    Example: survey-qa index pull milvus://localhost:19530/surveys --index my.index
    """
    from index import Index
    from index.places import is_engine
    from ui import terminal

    if not is_engine(engine):
        wrong(
            f"{engine} is no address of an engine. Write milvus://HOST:PORT/COLLECTION or postgresql://HOST/DATABASE."
        )
    with terminal.progress() as tell:
        pulled = Index.open(engine).pull(index, tell)
    if as_json:
        print_json(
            {
                "index": str(index),
                "snapshot": pulled.snapshot,
                "documents": len(pulled.documents()),
                "passages": len(pulled),
            }
        )
    else:
        terminal.say(
            f"Copied {len(pulled.documents())} documents in {len(pulled)} passages to {index}; every row was checked."
        )


@index_app.command("list")
def list_documents(as_json: AsJson = False, index: IndexDirectory = None, home: Home = None) -> None:
    """List the documents of an index.

    Example: survey-qa index list --json
    """
    documents = open_index(index, home).documents()
    if as_json:
        print_json({"documents": [document.to_dict() for document in documents]})
        return
    from ui.terminal import print_documents

    print_documents(documents)


@index_app.command("info")
def info(as_json: AsJson = False, index: IndexDirectory = None, home: Home = None) -> None:
    """Say what an index is made of.

    Example: survey-qa index info --index my-index/
    """
    from rag.refreshing import count_library

    opened = open_index(index, home)
    facts = {**opened.info(), "library": count_library(opened)}
    if as_json:
        print_json(facts)
        return
    from ui.terminal import print_facts

    print_facts(facts)


def _left_out(read: Built | Gathered, show_cut: bool) -> dict[str, object]:
    """Return what was skipped and, if asked for, cut, for JSON."""
    from ui import terminal

    cut = {"cut": terminal.plain_cut(read.cut)} if show_cut else {}
    return {"skipped": terminal.plain_skipped(read.skipped), **cut}


def _tell_left_out(read: Built | Gathered) -> None:
    from ui import terminal

    terminal.print_cut(read.cut)
    terminal.print_skipped(read.skipped)
