"""What several commands share: their options, and how they open an index, read what they are given and print JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from index import Filter, Index
    from rag import Assistant
    from rag.evaluating import Report
    from rag.llm.moderating import Moderation
    from rag.sources import Manner

Home = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Where indexes live. Default: SURVEY_QA_HOME or your data directory."),
]
IndexDirectory = Annotated[
    str | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help="An index of its own instead of the default one; or the address of an engine, as `index push` takes it.",
    ),
]
EngineAddress = Annotated[
    str,
    typer.Argument(
        metavar="ENGINE",
        help="milvus://HOST:PORT/COLLECTION or postgresql://USER@HOST:PORT/DATABASE?schema=NAME; secrets come from the "
        "environment (SURVEY_QA_MILVUS_TOKEN, PGPASSWORD) or a file.",
        show_default=False,
    ),
]
Llm = Annotated[
    str,
    typer.Option(
        "--llm",
        metavar="SPEC",
        help="Who writes answers: extractive, openai:MODEL, chatglm:FILE, transformers:PATH, PROVIDER:MODEL.",
    ),
]
LlmBaseUrl = Annotated[
    str | None,
    typer.Option(
        "--llm-base-url", metavar="URL", help="An OpenAI-compatible server, such as http://127.0.0.1:8000/v1."
    ),
]
LlmFallback = Annotated[
    str, typer.Option("--llm-fallback", metavar="SPEC", help="Who answers where --llm fails; extractive is the last.")
]
ModerationSpec = Annotated[
    str | None,
    typer.Option(
        "--moderation",
        metavar="SPEC",
        help="Who checks questions and answers: openai:omni-moderation-latest, or a chat model. Default: nobody.",
    ),
]
ModerationPolicy = Annotated[
    Path | None,
    typer.Option("--moderation-policy", metavar="FILE", help="What a chat model is to stop: a text of yours."),
]
ModerationBaseUrl = Annotated[
    str | None, typer.Option("--moderation-base-url", metavar="URL", help="The server that checks.")
]
ModerationFailsOpen = Annotated[
    bool,
    typer.Option("--moderation-fails-open", help="Let through what cannot be checked. Default: it is an error."),
]
Embedder = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        metavar="SPEC",
        help="The embedder: builtin, a sentence-transformers name or path, or openai:MODEL.",
    ),
]
Passages = Annotated[
    int | None,
    typer.Option("-k", metavar="N", min=1, max=100, help="How many passages the search hands on. Default: 20."),
]
Documents = Annotated[
    list[str] | None,
    typer.Option("--document", metavar="ID", help="Only this document (see `index list`); may be given again."),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only documents of this kind, such as paper; may be given again."),
]
Languages = Annotated[
    list[str] | None, typer.Option("--language", metavar="zh|en", help="Only documents in this language.")
]
Years = Annotated[
    str | None, typer.Option("--year", metavar="YEARS", help="Only documents of 2023, 2021..2023, 2021.. or ..2023.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Question = Annotated[
    str, typer.Argument(metavar="QUESTION", help="The question; - reads it from standard input.", show_default=False)
]
Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE", help="Folders, files, addresses of pages, arxiv:ID, openreview:ID.", show_default=False
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=256,
        help="Processes that read files side by side. Default: as many as suit.",
    ),
]
BuildWorkers = Annotated[
    str | None,
    typer.Option(
        "--workers",
        metavar="N|ray://HOST:PORT",
        help="Who reads, splits and embeds: so many processes, or a Ray cluster (docs/scale.md). Default: as suits.",
    ),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host", metavar="NAME", help="A host that may be asked though it is not public; may be given again."
    ),
]
ArxivInterface = Annotated[
    str | None,
    typer.Option("--arxiv", metavar="URL", envvar="SURVEY_QA_ARXIV", help="The interface of a mirror of arXiv."),
]
ShowCut = Annotated[
    bool, typer.Option("--show-cut", help="Also show the lines that were taken for what is around a text.")
]


def workers_of(given: str | None) -> int | str | None:
    """Return the number of processes or the address of the cluster that an option names."""
    if given is None or given.startswith("ray://"):
        return given
    if not given.isdecimal() or not 1 <= int(given) <= 256:
        wrong(f"{given!r} says not who is to work. Give a number of processes (1 to 256), or ray://HOST:PORT.")
    return int(given)


def manner_of(
    home: Path | None, workers: int | None, allowed: list[str] | None, arxiv: str | None, *, show_cut: bool = False
) -> Manner:
    """Return how the options want sources to be read."""
    from rag.settings import home_directory, kept_readings
    from rag.sources import Manner

    return Manner(
        workers, tuple(allowed or ()), arxiv, home_directory(home) / "papers", show_cut, kept=kept_readings(home)
    )


def open_assistant(
    index: str | None,
    home: Path | None,
    llm: str,
    llm_base_url: str | None,
    embedder: str | None,
    k: int | None = None,
    llm_fallback: str = "extractive",
    moderation: Moderation | None = None,
) -> Assistant:
    """Open the assistant that the options describe, with progress on stderr."""
    from rag import Assistant
    from rag.settings import DEFAULT_HITS
    from ui.terminal import progress

    with progress() as tell:
        return Assistant.open(
            index,
            home=home,
            llm=llm,
            llm_base_url=llm_base_url,
            llm_fallback=llm_fallback,
            moderation=moderation,
            embedder=embedder,
            k=k or DEFAULT_HITS,
            progress=tell,
        )


def moderation_of(spec: str | None, policy: Path | None, base_url: str | None, fails_open: bool) -> Moderation | None:
    """Return the check of questions and answers that the options describe; None if there is to be none."""
    if spec is None:
        if policy or base_url or fails_open:
            wrong(
                "Nobody is named to check questions and answers. Name who: --moderation openai:omni-moderation-latest."
            )
        return None
    from rag.llm.moderating import Moderation

    return Moderation(spec, policy, base_url, fails_open)


def open_index(index: str | None, home: Path | None, embedder: str | None = None) -> Index:
    """Open the index that the options name, with progress on stderr."""
    from rag.opening import open_index
    from ui.terminal import progress

    with progress() as tell:
        return open_index(index, home=home, embedder=embedder, progress=tell)


def filter_of(
    documents: list[str] | None, kinds: list[str] | None, languages: list[str] | None, years: str | None
) -> Filter | None:
    """Return the filter that the options describe; None if they set no condition."""
    if not (documents or kinds or languages or years is not None):
        return None
    from index import Filter

    return Filter.of(documents or None, kinds or None, languages or None, years)


def text_of(question: str) -> str:
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


def read_history(path: Path) -> list[Any]:
    """Return the earlier turns that a file holds; what is no history is wrong usage."""
    data = _read_json(path, 'a JSON list of {"role": "user" | "assistant", "content": TEXT}')
    if not isinstance(data, list):
        wrong(f'{path} holds no history. Write a JSON list of {{"role": "user" | "assistant", "content": TEXT}}.')
    return data


def read_report(path: Path) -> Report:
    """Return the report that a file holds; what is no report is wrong usage."""
    from rag.evaluating import Report

    data = _read_json(path, "a report made with `survey-qa eval --out`")
    if not isinstance(data, dict):
        wrong(f"{path} is no report. Make one with `survey-qa eval QUESTIONS.jsonl --out {path}`.")
    return Report.from_dict(data)


def _read_json(path: Path, expected: str) -> Any:  # noqa: ANN401 JSON
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        wrong(f"{path} cannot be read ({error.strerror}). Give {expected}.")
    except (ValueError, RecursionError):
        wrong(f"{path} is not JSON. Give {expected}.")


def write_json(path: Path, content: object) -> None:
    """Write a JSON file for people to read and keep."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file for people to keep."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        wrong(f"{path} cannot be written ({error.strerror}). Give --out a file in a folder that exists.")


def wrong(message: str) -> NoReturn:
    """Raise the error for wrong usage, which ends with exit status 2."""
    from corpus.errors import UsageError

    raise UsageError(message) from None


def print_json(content: object) -> None:
    """Print the one JSON document of a command to stdout."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
