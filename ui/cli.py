"""The command line: reads arguments, calls the library, prints.

Everything heavy is imported inside the command that needs it, so that ``--help``, ``ask`` and ``search`` start at once.
Results go to stdout; progress, warnings and errors to stderr. Exit status: 0 done, 1 a failure, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ui.eval_commands import evaluate
from ui.index_commands import index_app
from ui.keys_commands import keys_app
from ui.llm_commands import llm_app
from ui.options import (
    AsJson,
    Documents,
    Embedder,
    Home,
    IndexDirectory,
    Kinds,
    Languages,
    Llm,
    LlmBaseUrl,
    LlmFallback,
    ModerationBaseUrl,
    ModerationFailsOpen,
    ModerationPolicy,
    ModerationSpec,
    Passages,
    Question,
    Years,
    filter_of,
    moderation_of,
    open_assistant,
    print_json,
    read_history,
    text_of,
    wrong,
)
from ui.papers_commands import papers_app
from ui.serve_command import serve

DEBUG = "SURVEY_QA_DEBUG"
TRACED = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
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
app.add_typer(index_app, name="index")
app.add_typer(llm_app, name="llm")
app.add_typer(papers_app, name="papers")
app.add_typer(keys_app, name="keys")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; every failure is a message, never a traceback."""
    _speak_utf8()
    _quiet_libraries()
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")  # else numpy's threads spin for 0.2 s on every core at start
    try:
        app(args=arguments if arguments is None else list(arguments), prog_name="survey-qa")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:  # noqa: BLE001 the outermost frame: a person gets sentences
        status = _report(error)
    if tracing := sys.modules.get("rag.tracing"):
        tracing.end()
    return _flushed(status)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"survey-qa {version('survey-qa')}")
        except PackageNotFoundError:
            typer.echo("survey-qa, run from its folder and not installed")
        raise typer.Exit


@app.callback()
def survey_qa(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
    trace: Annotated[
        bool,
        typer.Option("--trace", help="Send spans of OpenTelemetry to where its OTEL_… variables say (docs/team.md)."),
    ] = False,
) -> None:
    """Hold the options that come before a command."""
    if trace:
        os.environ.setdefault("OTEL_TRACES_EXPORTER", "otlp")  # processes that are started do the same
    if any(os.environ.get(name) for name in TRACED):
        from rag.tracing import begin_if_asked

        begin_if_asked()


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
    llm_fallback: LlmFallback = "extractive",
    moderation: ModerationSpec = None,
    moderation_policy: ModerationPolicy = None,
    moderation_base_url: ModerationBaseUrl = None,
    moderation_fails_open: ModerationFailsOpen = False,
    embedder: Embedder = None,
    k: Passages = None,
    document: Documents = None,
    kind: Kinds = None,
    language: Languages = None,
    year: Years = None,
) -> None:
    """Answer one question, with its sources.

    Example: survey-qa ask "Which open models support Chinese?"
    """
    turns = read_history(history) if history else []
    chosen = filter_of(document, kind, language, year)
    checks = moderation_of(moderation, moderation_policy, moderation_base_url, moderation_fails_open)
    assistant = open_assistant(index, home, llm, llm_base_url, embedder, k, llm_fallback, checks)
    answer = assistant.ask(text_of(question), turns, filter=chosen)
    if as_json:
        print_json({**answer.to_dict(), **({"explanation": dict(answer.explanation)} if explain else {})})
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
    llm_fallback: LlmFallback = "extractive",
    moderation: ModerationSpec = None,
    moderation_policy: ModerationPolicy = None,
    moderation_base_url: ModerationBaseUrl = None,
    moderation_fails_open: ModerationFailsOpen = False,
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Talk in the terminal; answers stream.

    Follow-ups are understood. Ctrl-C ends an answer, /exit the chat, /help lists the commands.

    Example: survey-qa chat --llm openai:gpt-4.1-mini
    """
    from ui.conversing import converse

    checks = moderation_of(moderation, moderation_policy, moderation_base_url, moderation_fails_open)
    converse(open_assistant(index, home, llm, llm_base_url, embedder, k, llm_fallback, checks).conversation())


@app.command()
def search(
    question: Question,
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, max=100, help="How many passages.")] = 5,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    embedder: Embedder = None,
    document: Documents = None,
    kind: Kinds = None,
    language: Languages = None,
    year: Years = None,
) -> None:
    """Show the passages that match best, without an answer.

    Example: survey-qa search "instruction tuning" -k 3
    """
    asked = text_of(question)
    chosen = filter_of(document, kind, language, year)
    hits = open_assistant(index, home, "extractive", None, embedder).search(asked, k, filter=chosen)
    if as_json:
        print_json({"question": asked, "passages": [hit.to_dict() for hit in hits]})
        return
    from ui.terminal import print_hits

    print_hits(hits)


@app.command()
def mcp(
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
    llm_fallback: LlmFallback = "extractive",
    moderation: ModerationSpec = None,
    moderation_policy: ModerationPolicy = None,
    moderation_base_url: ModerationBaseUrl = None,
    moderation_fails_open: ModerationFailsOpen = False,
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Serve the tools ask and search to one MCP client over standard input and output.

    Example: survey-qa mcp --index my.index
    """
    import asyncio

    from ui.http.answering import Here
    from ui.http.gate import Gate
    from ui.http.tools import over_pipes, tool_server

    checks = moderation_of(moderation, moderation_policy, moderation_base_url, moderation_fails_open)
    assistant = open_assistant(index, home, llm, llm_base_url, embedder, k, llm_fallback, checks)
    answering = Here(assistant)

    async def serve_tools() -> None:
        await over_pipes(tool_server(answering, Gate(answering.capacity)))

    with assistant.index.following():
        asyncio.run(serve_tools())


@app.command()
def password(
    user: Annotated[str, typer.Argument(metavar="NAME", help="The user's name: no spaces, no colon.")],
) -> None:
    """Print a line for --auth-file: a name and the hash of a password that is asked for, or read from standard input.

    Example: survey-qa password ada >> users.txt
    """
    from ui.login import hash_password, is_user_name

    if not is_user_name(user):
        wrong(f"{user!r} is no name: 1 to 64 characters, without spaces and colons.")
    if sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    typer.echo(f"{user}:{hash_password(given)}")


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
        print_json({"checks": [check.to_dict() for check in checks], "advice": ADVICE})
    else:
        from ui.terminal import print_checks

        print_checks(checks, ADVICE)
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)


app.command("eval")(evaluate)
app.command("serve")(serve)


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
