"""Texts of long runs are read in a time that grows with their length: no pattern goes through a run again and again.

Each is read in a process of its own, as nothing ends a pattern that does not come back.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LENGTH = 100_000
SECONDS = 60  # what is linear takes about one; what is quadratic takes minutes, what is worse never ends
READ = "import sys; from corpus import Document, split; list(split([Document.from_text(sys.stdin.read(), id='a')]))"
TEXTS = {
    "a heading of spaces": "# a{ }b",
    "a heading of spaces before a bracket": "# a{ }[b",
    "a heading of stars": "# {*a }b",
    "a line of a table that is none": "a | b\n{ }x\n",
    "full stops in a sentence": "Text a{.}b",
    "full stops after others": "**a{。}{.}b** text",
    "full stops in a directory": "目录\n\na{.}b\nc\nd\n\na{.}b\n",
    "full stops and spaces in a directory": "目录\n\na{. }b\nc\nd\n\na{. }b\n",
}


def made(form: str) -> str:
    """Return a text in which each ``{x}`` stands for a long run of x."""
    parts = form.replace("}", "{").split("{")
    runs = len(parts) // 2
    return "".join(part * (LENGTH // runs // len(part)) if number % 2 else part for number, part in enumerate(parts))


def ends(code: str, text: str) -> bool:
    """Tell whether code ends well; one that does not come back in time fails the test."""
    command = [sys.executable, "-c", code]
    return not subprocess.run(
        command, input=text, cwd=ROOT, text=True, encoding="utf-8", check=False, timeout=SECONDS
    ).returncode


@pytest.mark.parametrize("form", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_of_long_runs_is_read_and_split_soon(form: str) -> None:
    assert ends(READ, made(form))


def test_a_page_of_comments_is_told_from_text_soon(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("<!--1-->" * 1_000 + "<p>", "utf-8")
    assert ends(f"from corpus import read; list(read({str(tmp_path / 'a.txt')!r}))", "")
