"""Every target of the fuzzer on some hundred inputs, and what it once found; the long test lets the fuzzer itself run.

``python tests/fuzz/run.py --minutes 10`` is the run that finds things.
"""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.llm import chat_model

HERE = Path(__file__).resolve().parent
MINUTES = os.environ.get("SURVEY_QA_FUZZ_MINUTES", "0.1")
EXAMPLES = {"snapshot": 25, "http": 40, "reader": 40, "question": 40, "citing": 40, "replies": 40, "kept": 60}
CHANGED = (
    "GRADIO_ANALYTICS_ENABLED", "GRADIO_SHARE", "HF_HUB_DISABLE_TELEMETRY", "GRADIO_TEMP_DIR", "OPENAI_API_KEY", "OPENAI_BASE_URL", "SURVEY_QA_LLM_TOOLS",
    "LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2",
)  # fmt: skip
SLOW = ("snapshot", "http", "reader", "question", "citing", "replies", "links")


@pytest.fixture(scope="module")
def targets():
    spec = importlib.util.spec_from_file_location("fuzz_targets", HERE / "targets.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def names():
    return [pytest.param(name, marks=pytest.mark.long if name in SLOW else ()) for name in run_names()]


def run_names():
    """Return the names of the targets without running the file, whose dataclasses want to be imported properly."""
    nodes = ast.parse((HERE / "run.py").read_text("utf-8")).body
    values = (node.value for node in nodes if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NAMES")
    return ast.literal_eval(next(values))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", names())
def test_no_bytes_break_a_promise(targets, name, monkeypatch):
    for variable in CHANGED:
        monkeypatch.setenv(variable, os.environ.get(variable, ""))  # so that what serving sets is undone
    monkeypatch.setattr(chat_model, "time", chat_model.time)
    target = targets.prepared(name)

    @settings(
        max_examples=EXAMPLES.get(name, 100),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(max_size=400))
    def run(data):
        target(data)

    run()


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_run_of_the_fuzzer_finds_nothing():
    jobs = str(max(os.cpu_count() or 1, 2))
    done = subprocess.run(
        [sys.executable, HERE / "run.py", "--minutes", MINUTES, "--jobs", jobs],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
