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
NOT_FOR_A_QUESTION = {  # each costs 3 to 15 ms: what reads, builds and serves
    "asyncio",
    "concurrent.futures",
    "corpus.files",
    "corpus.reading",
    "faiss",
    "index.building",
    "index.calibrating",
    "multiprocessing",
    "numpy.ma",
    "rag.build",
    "rag.llm.chat",
    "rag.sources",
    "ssl",
    "ui.server",
}
PROGRAM = """
import json, sys
from ui.cli import main
status = main(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps([status, sorted(sys.modules)]))
"""


def run(*arguments):
    """Run the command in a process of its own; return its status and the modules it loaded."""
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


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_loads_nothing_that_reads_documents_builds_or_serves(index, command):
    _, modules = run(command, "How much memory does Walnut-7B need?", "--index", index)

    assert NOT_FOR_A_QUESTION & set(modules) == set()


def test_importing_what_answers_compiles_no_regular_expression():
    program = (
        "import re, sys; real = re.compile; ours = set()\n"
        "def spy(*given):\n"
        "    ours.add(sys._getframe(1).f_globals['__name__'].partition('.')[0]); return real(*given)\n"
        "re.compile = spy; import rag, index.index; print(sorted(ours & {'corpus', 'index', 'rag'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("own", "kept"), [(None, "4"), ("20", "20")])
def test_the_threads_of_numpy_do_not_spin_unless_a_person_wants_them_to(monkeypatch, own, kept):
    monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT", raising=False)
    if own:
        monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", own)
    program = "import os; from ui.cli import main; main(['--version']); print(os.environ['OPENBLAS_THREAD_TIMEOUT'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)

    assert done.stdout.split()[-1] == kept


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["index", "--help"]])
def test_help_loads_neither_the_library_nor_numpy(arguments):
    status, modules = run(*arguments)

    assert status == 0
    assert heavy(modules) == []
    assert not {"numpy", "rag", "index", "corpus", "rich"} & set(modules)
