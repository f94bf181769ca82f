"""What a command must not load: these libraries cost seconds, or are not needed to answer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "gradio",
    "torch",
    "sentence_transformers",
    "transformers",
    "sklearn",
    "langchain",
    "fastapi",
    "uvicorn",
    "scipy",
    "pandas",
)
PROGRAM = """
import json, sys
from ui.cli import main
status = main(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps([status, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def run(*arguments):
    """Run the command in a process of its own; return its status and the top-level modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=True,
    )
    return json.loads(done.stderr.rpartition("\n")[2])


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    (folder / "nuts.md").write_text(
        "# Nuts\n\nWalnut-7B needs 6 GB of memory.\n\nPecan was trained by Acme.\n", "utf-8"
    )
    assert run("index", "build", str(folder), "--index", str(folder / "index"))[0] == 0
    return str(folder / "index")


def heavy(modules):
    return [name for name in modules if name.startswith(HEAVY)]


def test_asking_loads_nothing_heavy(index):
    status, modules = run("ask", "How much memory does Walnut-7B need?", "--index", index)

    assert (status, heavy(modules)) == (0, [])


def test_searching_loads_nothing_heavy(index):
    status, modules = run("search", "Acme", "--index", index)

    assert (status, heavy(modules)) == (0, [])


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["index", "--help"]])
def test_help_loads_neither_the_library_nor_numpy(arguments):
    status, modules = run(*arguments)

    assert status == 0
    assert heavy(modules) == []
    assert not {"numpy", "rag", "index", "corpus", "rich"} & set(modules)
