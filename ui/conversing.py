"""A conversation in the terminal: reads lines, streams answers, understands a few commands that begin with a slash."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import typer

from corpus.errors import SurveyQAError
from rag.answers import Answer
from ui.terminal import print_answer, print_ending, print_flag, print_sources, say, visible

if TYPE_CHECKING:
    from rag import Conversation

HELP = """/help      this list
/sources   the sources of the last answer again
/clear     forget the conversation
/exit      end (so does Ctrl-D)
Ctrl-C     end an answer that is being written"""


def converse(conversation: Conversation) -> None:
    """Talk until the person leaves; failures are told and the conversation goes on."""
    with contextlib.suppress(ImportError):  # line editing where the platform has it
        import readline  # noqa: F401 importing it is what makes input() edit lines
    if sys.stdin.isatty():
        say("Ask about the documents. /help lists the commands.", dim=True)
    last: Answer | None = None
    while (line := _next_line()) is not None:
        if line in ("/exit", "/quit"):
            return
        if line.startswith("/"):
            last = _command(line, conversation, last)
        elif line:
            last = _ask(conversation, line) or last


def _next_line() -> str | None:
    """Return what the person typed, or None at the end of input."""
    try:
        return input("\n> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return None


def _command(line: str, conversation: Conversation, last: Answer | None) -> Answer | None:
    if line == "/help":
        say(HELP)
    elif line == "/clear":
        conversation.history.clear()
        say("The conversation is forgotten.", dim=True)
        return None
    elif line == "/sources" and last:
        print_sources(last)
    elif line == "/sources":
        say("There is no answer yet.", err=True)
    else:
        say(f"There is no command {line.split()[0]}.\n{HELP}", err=True)
    return last


def _ask(conversation: Conversation, question: str) -> Answer | None:
    """Stream one answer; a stop or a failure ends it, not the conversation."""
    written = ""
    try:
        for event in conversation.stream(question):
            if isinstance(event, Answer):
                _finish(event, written)
                return event
            written += event
            if event:
                typer.echo(visible(event), nl=False)
    except KeyboardInterrupt:
        say("\n(stopped)", dim=True)
    except SurveyQAError as error:
        say(f"\nsurvey-qa: {error}" if written else f"survey-qa: {error}", err=True)
    return None


def _finish(answer: Answer, written: str) -> None:
    """End the streamed text with its sources; where checking changed the text, show the checked one."""
    if written:
        typer.echo("")
    if written.strip() == answer.text.strip():
        print_flag(answer)
        print_ending(answer)
    else:
        print_answer(answer)
