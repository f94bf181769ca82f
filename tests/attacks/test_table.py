"""The table of attacks and faults (docs/drills.md): every row has tests, and these are there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = {
    found[1]: (re.findall(r"`(test_\w+)`", found[2]), found[3].strip())
    for found in re.finditer(
        r"^\| (\w+) \| [^|]+ \| ([^|]*) \| ([^|]*) \|$", (ROOT / "docs" / "drills.md").read_text("utf-8"), re.MULTILINE
    )
}
WANTED = [
    *map(str, range(1, 71)),
    *(f"G{n}" for n in range(1, 8)),
    *(f"K{n}" for n in range(1, 6)),
    *(f"F{n}" for n in range(1, 16)),
]


@pytest.fixture(scope="module")
def there():
    """The names of all tests."""
    files = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    return {name for text in files for name in re.findall(r"^(?:async )?def (test_\w+)\(", text, re.MULTILINE)}


@pytest.mark.parametrize("row", WANTED)
def test_every_row_has_tests_that_are_there_and_an_outcome(there, row):
    tests, outcome = ROWS[row]

    assert tests
    assert outcome
    assert set(tests) - there == set()


def test_no_library_with_a_cache_in_a_shared_folder_is_loaded():
    """jieba reads a file of a known name in the folder for temporary files, whoever wrote it."""
    code = "import sys; from rag import Assistant; from index import Index; import ui.server, ui.cli; print('jieba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
    assert "jieba" not in (ROOT / "requirements.lock").read_text("utf-8")
