"""``survey-qa llm``: trying a model out, and bringing ChatGLM-6B to run on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.options import AsJson, Home, LlmBaseUrl, print_json

if TYPE_CHECKING:
    from rag.llm.probing import Probe
    from ui.doctor import Check

llm_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Try a language model out, and bring ChatGLM-6B to run here.\n\nExample: survey-qa llm check openai:gpt-4.1-mini",
)

ModelDirectory = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="A downloaded THUDM/chatglm-6b or one of its successors.", show_default=False),
]
RunRemoteCode = Annotated[
    bool, typer.Option("--run-remote-code", help="The Python files that came with the weights may run, apart from us.")
]
Environment = Annotated[
    Path | None, typer.Option("--environment", metavar="DIR", help="Keep the environment there, and use it again.")
]


@llm_app.command("check")
def check(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="A model: openai:MODEL, chatglm:FILE, transformers:PATH, …")
    ],
    llm_base_url: LlmBaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model one question whose answer stands in the prompt, and tell what works; exit 1 if it does not answer.

    Example: survey-qa llm check openai:qwen3 --llm-base-url http://127.0.0.1:8000/v1
    """
    from rag.llm.models import open_model
    from rag.llm.probing import probe

    found = probe(open_model(spec, base_url=llm_base_url))
    if as_json:
        print_json({"spec": spec, **found.to_dict()})
    else:
        from ui.terminal import print_checks

        print_checks(_findings(spec, found), f"Use it: survey-qa ask --llm {spec} QUESTION" if found.reachable else "")
    if not found.reachable:
        raise typer.Exit(1)


@llm_app.command("convert")
def convert(
    path: ModelDirectory,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.", show_default=False)],
    kind: Annotated[
        str,
        typer.Option("--type", metavar="TYPE", help="How numbers are stored: q4_0 (4 GB), q8_0 (7 GB), f16 (13 GB), …"),
    ] = "q4_0",
    run_remote_code: RunRemoteCode = False,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Turn a downloaded ChatGLM into the one file that chatglm:FILE runs, and compare what both say.

    It makes an environment with the packages of 2023 (from PyPI, some minutes); the conversion itself uses no network.

    Example: survey-qa llm convert models/chatglm-6b --out chatglm-6b.bin --run-remote-code
    """
    from rag.llm.converting import convert as make
    from ui import terminal

    if not as_json:
        terminal.say("Making an environment for it; this takes some minutes the first time.", err=True)
    made = make(path, out, kind=kind, run_remote_code=run_remote_code, environment=environment)
    if as_json:
        print_json({"file": str(made.file), "bytes": made.bytes, "agreed": made.agreed, "compared": made.compared})
        return
    compared = (
        f"its first {made.agreed} of {made.compared} tokens are those of the original"
        if made.compared
        else "the weights came quantised, so it was not compared with the original"
    )
    terminal.say(f"{made.file}: {made.bytes / 1e9:.2f} GB; {compared}. Ask with --llm chatglm:{made.file}")


@llm_app.command("serve-chatglm")
def serve_chatglm(
    path: ModelDirectory,
    quantize: Annotated[
        str,
        typer.Option(
            "--quantize", metavar="4|8|none", help="Bits on a GPU (6 or 8 GB); none: 16 there (13 GB), 32 without one."
        ),
    ] = "none",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="On 127.0.0.1; 0 takes any.")] = 8_000,
    run_remote_code: RunRemoteCode = False,
    environment: Environment = None,
    home: Home = None,
) -> None:
    """Run a downloaded ChatGLM behind the OpenAI protocol on this machine until Ctrl-C, its own code apart from ours.

    It makes an environment with the packages of 2023 (from PyPI, some minutes, kept under the home) the first time.

    Example: survey-qa llm serve-chatglm models/chatglm-6b --quantize 4 --run-remote-code
    """
    from rag.errors import LLMError
    from rag.llm.chatglm_serving import serve_chatglm as serving
    from rag.settings import home_directory
    from ui import terminal

    kept = environment or home_directory(home) / "environments" / "chatglm"
    terminal.say("Making its environment where there is none yet, and loading the model.", err=True)
    with serving(path, port=port, quantize=quantize, run_remote_code=run_remote_code, environment=kept) as served:
        terminal.say(
            f"{served.name} answers at {served.base_url} until Ctrl-C. Ask it: survey-qa ask --llm openai:{served.name} "
            f"--llm-base-url {served.base_url} QUESTION"
        )
        status = served.wait()
    raise LLMError(f"The process that ran the model ended (status {status}).", kind="server")


def _findings(spec: str, found: Probe) -> list[Check]:
    from ui.doctor import Check

    if not found.reachable:
        return [Check("answers", "fail", found.failure)]
    whose = (
        "counted by its own tokenizer" if found.counts_tokens else "tokens estimated; the true window may be another"
    )
    checks = [
        Check(
            "answers",
            "note" if found.failure else "ok",
            found.failure or f"{spec} answered {found.said.strip()[:120]!r}",
        ),
        Check("window", "ok", f"{found.context_length:,} tokens, {whose}"),
        Check(
            "streams",
            "ok" if found.pieces > 1 else "note",
            f"{found.pieces} pieces, the first after {found.first_piece_s:.2f} s",
        ),
        Check("speed", "ok", f"{found.tokens_per_s:.1f} tokens a second after the first piece"),
    ]
    right = Check("known answer", "ok", "it read the passage" + ("" if found.cites else ", but named no source"))
    wrong = Check("known answer", "note", "it did not tell what stands in the passage", "A larger model may do better.")
    return [*checks, right if found.knows else wrong]
