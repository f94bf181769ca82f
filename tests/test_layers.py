"""The arrows of the architecture: corpus <- index <- rag <- ui, and foreign libraries only where they are needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ["corpus", "index", "rag", "ui"]
# Classes that inherit from LangChain's; each module is imported by the function that needs it, never by a package.
ADAPTERS = {
    "index/langchain.py",
    "rag/adapters.py",
    "rag/llm/local_chat.py",
    "rag/llm/local_models.py",
    "rag/llm/chatglm.py",
}
HEAVY = {"torch", "sentence_transformers", "transformers", "sklearn", "faiss", "gradio", "scipy"}


def modules(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_itself_and_what_is_left_of_it(layer):
    right = set(LAYERS[LAYERS.index(layer) + 1 :])
    wrong = {str(path): imported(ast.parse(path.read_text("utf-8"))) & right for path in modules(layer)}
    assert not {path: names for path, names in wrong.items() if names}


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_unpickles_or_uses_a_library_that_is_being_sunset(layer):
    forbidden = {"pickle", "dill", "joblib", "shelve", "marshal", "langchain_community"}
    wrong = {str(path): imported(ast.parse(path.read_text("utf-8"))) & forbidden for path in modules(layer)}
    assert not {path: names for path, names in wrong.items() if names}


@pytest.mark.parametrize("layer", LAYERS)
def test_importing_a_layer_loads_no_heavy_library(layer):
    code = f"import sys, {layer}; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {name for name in loaded if name in HEAVY or name.startswith("langchain")}


@pytest.mark.parametrize("layer", LAYERS)
def test_heavy_libraries_are_imported_inside_functions(layer):
    for path in modules(layer):
        if path.relative_to(ROOT).as_posix() in ADAPTERS:
            continue
        top = {
            name
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in imported(node)
        }
        assert not {name for name in top if name in HEAVY or name.startswith("langchain")}, path
