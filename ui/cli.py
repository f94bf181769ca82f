"""The command line: reads arguments, calls the library, prints.

Everything heavy is imported inside the command that needs it, so that ``--help``, ``ask`` and ``search`` start at once.
Results go to stdout; progress, warnings and errors to stderr. Exit status: 0 done, 1 a failure, 2 wrong usage.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from index import Index
    from rag import Assistant

DEBUG = "SURVEY_QA_DEBUG"
INTERRUPTED = 130  # what shells expect after Ctrl-C

app = typer.Typer(
    name="survey-qa",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Ask surveys of large language models; every sentence of an answer cites the exact words of its source.\n\n"
    "Example: survey-qa ask 'ChatGLM-6B 量化后最低要多少显存?'",
)
index_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Build, list and look into indexes.\n\nExample: survey-qa index build my-papers/",
)
app.add_typer(index_app, name="index")

Home = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Where indexes live. Default: SURVEY_QA_HOME or your data directory."),
]
IndexDirectory = Annotated[
    Path | None, typer.Option("--index", metavar="DIR", help="An index of its own instead of the default one.")
]
Llm = Annotated[
    str, typer.Option("--llm", metavar="SPEC", help="Who writes answers: extractive, openai:MODEL, PROVIDER:MODEL.")
]
LlmBaseUrl = Annotated[
    str | None,
    typer.Option(
        "--llm-base-url", metavar="URL", help="An OpenAI-compatible server, such as http://127.0.0.1:8000/v1."
    ),
]
Embedder = Annotated[
    str | None,
    typer.Option("--embedder", metavar="SPEC", help="The embedder: builtin, or a sentence-transformers name or path."),
]
Passages = Annotated[
    int | None,
    typer.Option("-k", metavar="N", min=1, max=100, help="How many passages the search hands on. Default: 20."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Question = Annotated[
    str, typer.Argument(metavar="QUESTION", help="The question; - reads it from standard input.", show_default=False)
]
Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH", help="Folders and files to index.", show_default=False)
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; every failure is a message, never a traceback."""
    _speak_utf8()
    _quiet_libraries()
    try:
        app(args=arguments if arguments is None else list(arguments), prog_name="survey-qa")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:  # noqa: BLE001 the outermost frame: a person gets sentences
        status = _report(error)
    return _flushed(status)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"survey-qa {version('survey-qa')}")
        raise typer.Exit


@app.callback()
def survey_qa(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Hold the options that come before a command."""


@app.command()
def ask(
    question: Question,
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="FILE.json", help='Earlier turns: a list of {"role", "content"}.'),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Also show how the answer came about.")] = False,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Answer one question, with its sources.

    Example: survey-qa ask "Which open models support Chinese?"
    """
    turns = _read_history(history) if history else []
    assistant = _open(index, home, llm, llm_base_url, embedder, k)
    answer = assistant.ask(_text_of(question), turns)
    if as_json:
        _print_json({**answer.to_dict(), **({"explanation": dict(answer.explanation)} if explain else {})})
        return
    from ui import terminal

    terminal.print_answer(answer)
    if explain:
        terminal.print_explanation(answer)


@app.command()
def chat(
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Talk in the terminal; answers stream.

    Follow-ups are understood. Ctrl-C ends an answer, /exit the chat, /help lists the commands.

    Example: survey-qa chat --llm openai:gpt-4.1-mini
    """
    from ui.conversing import converse

    converse(_open(index, home, llm, llm_base_url, embedder, k).conversation())


@app.command()
def search(
    question: Question,
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, max=100, help="How many passages.")] = 5,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    embedder: Embedder = None,
) -> None:
    """Show the passages that match best, without an answer.

    Example: survey-qa search "instruction tuning" -k 3
    """
    asked = _text_of(question)
    hits = _open(index, home, "extractive", None, embedder).search(asked, k)
    if as_json:
        _print_json({"question": asked, "passages": [hit.to_dict() for hit in hits]})
        return
    from ui.terminal import print_hits

    print_hits(hits)


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 7860,
    open_page: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open the page in a browser. Default: if this is a terminal."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A further host name to answer to; may be given again."),
    ] = None,
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Serve the chat page and the HTTP interface.

    Example: survey-qa serve --port 8080
    """
    from ui.serving import serve as start

    open_assistant = lambda: _open(index, home, llm, llm_base_url, embedder, k)  # noqa: E731 opened once the port is ours
    opens = sys.stdout.isatty() if open_page is None else open_page
    start(open_assistant, host=host, port=port, hosts=allow_host or [], home=home, open_page=opens)


@app.command("eval")
def evaluate(
    questions: Annotated[
        Path, typer.Argument(metavar="QUESTIONS.jsonl", help="A question set, one JSON object a line.")
    ],
    against: Annotated[
        Path | None, typer.Option("--against", metavar="REPORT.json", help="An earlier report to compare with.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="REPORT.json", help="Where to write the report.")] = None,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Measure answers against questions with known gold.

    Example: survey-qa eval questions.jsonl --out today.json --against yesterday.json
    """
    from rag.evaluating import compare, load_questions
    from rag.evaluating import evaluate as measure
    from ui import terminal

    gold = load_questions(questions)
    earlier = _read_report(against) if against else None
    assistant = _open(index, home, llm, llm_base_url, embedder, k)
    with terminal.progress() as tell:
        report = measure(assistant, gold, progress=lambda done, total: tell("asking", done, total))
    if out:
        _write_json(out, report.to_dict())
    comparison = compare(report, earlier) if earlier else None
    if as_json:
        _print_json(report.to_dict() | ({"comparison": terminal.plain_comparison(comparison)} if comparison else {}))
    else:
        terminal.print_report(report, comparison)


@app.command()
def doctor(
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
) -> None:
    """Check the installation, the index and the model.

    It also says which embedders to take with a network, and how.

    Example: survey-qa doctor --llm openai:gpt-4.1-mini
    """
    from ui.doctor import ADVICE, examine

    checks = examine(home=home, index=index, llm=llm, llm_base_url=llm_base_url)
    if as_json:
        _print_json({"checks": [check.to_dict() for check in checks], "advice": ADVICE})
    else:
        from ui.terminal import print_checks

        print_checks(checks, ADVICE)
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)


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
        str, typer.Option("--embedder", metavar="SPEC", help="builtin, or a sentence-transformers name or path.")
    ] = "builtin",
) -> None:
    """Build an index from folders and files; what stood there serves until the new one is complete.

    Example: survey-qa index build my-papers/ notes.md
    """
    from rag.build import build_index
    from rag.settings import default_index_directory
    from ui import terminal

    with terminal.progress() as tell:
        built = build_index(paths or (), directory=index, home=home, library=library, embedder=embedder, progress=tell)
    result = {
        "index": str(index or default_index_directory(home)),
        "snapshot": built.index.snapshot,
        "documents": built.documents,
        "passages": built.passages,
        "skipped": terminal.plain_skipped(built.skipped),
    }
    if as_json:
        _print_json(result)
    else:
        terminal.print_skipped(built.skipped)
        terminal.say(f"Indexed {built.documents} documents in {built.passages} passages at {result['index']}.")


@index_app.command("add")
def add(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Folders and files to add.", show_default=False)],
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    embedder: Embedder = None,
) -> None:
    """Add documents, or replace those with the same id.

    Example: survey-qa index add new-paper.md
    """
    from rag.build import gather
    from ui import terminal

    with terminal.progress() as tell:
        gathered = gather(paths, library=False, progress=tell)
    if not gathered.documents:
        terminal.print_skipped(gathered.skipped)
        _wrong("There is no document to add. Give a folder or file with .md, .txt or .jsonl text.")
    opened = _open_index(index, home, embedder)
    with terminal.progress() as tell:
        opened.update(gathered.documents, folders=gathered.folders, progress=tell)
    if as_json:
        added = [document.id for document in gathered.documents]
        _print_json({"added": added, "skipped": terminal.plain_skipped(gathered.skipped), "snapshot": opened.snapshot})
    else:
        terminal.print_skipped(gathered.skipped)
        terminal.say(f"Added {len(gathered.documents)} documents; the index holds {len(opened.documents())}.")


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
    opened = _open_index(index, home, embedder).remove(documents)
    if as_json:
        _print_json({"removed": documents, "snapshot": opened.snapshot})
    else:
        typer.echo(f"Removed {len(documents)} documents; the index holds {len(opened.documents())}.")


@index_app.command("sync")
def sync(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to bring in.", show_default=False)],
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    embedder: Embedder = None,
) -> None:
    """Bring in what was added, changed and removed in a folder since the last time.

    Only documents that came from that folder are removed. Nothing changed: nothing is written.

    Example: survey-qa index sync my-papers/
    """
    from rag.build import sync_folder
    from ui import terminal

    with terminal.progress() as tell:
        synced = sync_folder(folder, directory=index, home=home, embedder=embedder, progress=tell)
    if as_json:
        _print_json(terminal.plain_sync(synced))
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
    opened = _open_index(index, home)
    opened.verify()
    if as_json:
        _print_json({"verified": True, "snapshot": opened.snapshot})
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
        _print_json({"snapshots": [snapshot.to_dict() for snapshot in found]})
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

    opened = Index.open(index or default_index_directory(home))
    opened.rollback(snapshot)
    if as_json:
        _print_json({"snapshot": opened.snapshot, "documents": len(opened.documents())})
    else:
        typer.echo(f"Snapshot {opened.snapshot} is current again, with {len(opened.documents())} documents.")


@index_app.command("list")
def list_documents(as_json: AsJson = False, index: IndexDirectory = None, home: Home = None) -> None:
    """List the documents of an index.

    Example: survey-qa index list --json
    """
    documents = _open_index(index, home).documents()
    if as_json:
        _print_json({"documents": [document.to_dict() for document in documents]})
        return
    from ui.terminal import print_documents

    print_documents(documents)


@index_app.command("info")
def info(as_json: AsJson = False, index: IndexDirectory = None, home: Home = None) -> None:
    """Say what an index is made of.

    Example: survey-qa index info --index my-index/
    """
    from rag.refreshing import count_library

    opened = _open_index(index, home)
    facts = {**opened.info(), "library": count_library(opened)}
    if as_json:
        _print_json(facts)
        return
    from ui.terminal import print_facts

    print_facts(facts)


def _open(
    index: Path | None,
    home: Path | None,
    llm: str,
    llm_base_url: str | None,
    embedder: str | None,
    k: int | None = None,
) -> Assistant:
    from rag import Assistant
    from rag.settings import DEFAULT_HITS
    from ui.terminal import progress

    with progress() as tell:
        return Assistant.open(
            index, home=home, llm=llm, llm_base_url=llm_base_url, embedder=embedder, k=k or DEFAULT_HITS, progress=tell
        )


def _open_index(index: Path | None, home: Path | None, embedder: str | None = None) -> Index:
    from rag.build import open_index
    from ui.terminal import progress

    with progress() as tell:
        return open_index(index, home=home, embedder=embedder, progress=tell)


def _text_of(question: str) -> str:
    """Return the question itself, or all of standard input for ``-``."""
    if question == "-":
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    return _bytes_as_text(question)


def _bytes_as_text(argument: str) -> str:
    """Return an argument as UTF-8 says it, where the locale (LC_ALL=C) could only pass its bytes through."""
    try:
        return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # Windows passes halves of characters through too
        return argument


def _read_history(path: Path) -> list[Any]:
    data = _read_json(path, 'a JSON list of {"role": "user" | "assistant", "content": TEXT}')
    if not isinstance(data, list):
        _wrong(f'{path} holds no history. Write a JSON list of {{"role": "user" | "assistant", "content": TEXT}}.')
    return data


def _read_report(path: Path) -> Any:  # noqa: ANN401 a Report; its module is imported late
    from rag.evaluating import Report

    data = _read_json(path, "a report made with `survey-qa eval --out`")
    if not isinstance(data, dict):
        _wrong(f"{path} is no report. Make one with `survey-qa eval QUESTIONS.jsonl --out {path}`.")
    return Report.from_dict(data)


def _read_json(path: Path, expected: str) -> Any:  # noqa: ANN401 JSON
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        _wrong(f"{path} cannot be read ({error.strerror}). Give {expected}.")
    except (ValueError, RecursionError):
        _wrong(f"{path} is not JSON. Give {expected}.")


def _write_json(path: Path, content: object) -> None:
    try:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        _wrong(f"{path} cannot be written ({error.strerror}). Give --out a file in a folder that exists.")


def _wrong(message: str) -> NoReturn:
    from corpus.errors import UsageError

    raise UsageError(message) from None


def _print_json(content: object) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))


def _report(error: Exception) -> int:
    """Print what went wrong to stderr and return the exit status."""
    from corpus.errors import SurveyQAError, UsageError

    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, SurveyQAError):
        typer.echo(f"survey-qa: {error}", err=True)
        return 2 if isinstance(error, UsageError) else 1
    typer.echo(
        f"survey-qa: something unexpected happened ({type(error).__name__}: {error}).\n"
        f"  Run it again with {DEBUG}=1 to see where, and report that with the output of `survey-qa doctor`.",
        err=True,
    )
    return 1


def _speak_utf8() -> None:
    """Make Chinese go in and come out whole in any locale; what is not text becomes a question mark."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace")


def _quiet_libraries() -> None:
    """Send our log and nobody's warnings to stderr; with SURVEY_QA_DEBUG=1, everything."""
    import logging
    import warnings

    if os.environ.get(DEBUG):
        logging.basicConfig(level=logging.DEBUG)
        for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)  # below that they log questions and addresses
    else:
        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        warnings.simplefilter("ignore")


def _flushed(status: int) -> int:
    """Return the status once everything is written; a reader that went away (``| head``) is no error worth words."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


if __name__ == "__main__":
    sys.exit(main())
