"""The documentation is true: its Python runs, its commands exist, its links lead somewhere, its reference is as new as the code."""

import doctest
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
COMMAND = re.compile(r"`(survey-qa [^`]+)`|^    (?:.*/)?(survey-qa .+)$", re.MULTILINE)


def name(page):
    return str(page.relative_to(ROOT))


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_story_of_an_answer_is_true():
    tried = doctest.testfile(
        str(ROOT / "docs" / "answer.md"), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8"
    )
    assert tried.attempted > 15
    assert not tried.failed


@pytest.mark.long
def test_a_reader_can_type_the_tutorial_from_top_to_bottom(tmp_path):
    command = tmp_path / "bin" / "survey-qa"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ui.cli "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "SURVEY_QA_HOME": str(tmp_path / "home"),
    }
    tutorial = ROOT / "docs" / "tutorial.md"
    script = "set -e\n" + "\n".join(blocks(tutorial, "sh"))
    typed = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=200
    )
    assert typed.returncode == 0, typed.stderr[-2000:]
    for told in ("5.1 metres", "5.08 metres", "口径为 4 米", "兴隆", "do not mention Falcon-1800B"):
        assert told in typed.stdout
    assert (tmp_path / "report.svg").is_file()
    (python,) = blocks(tutorial, "python")
    ran = subprocess.run(
        [sys.executable, "-c", python], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "5.08" in ran.stdout


def test_the_reference_is_as_new_as_the_code():
    written = runpy.run_path(str(ROOT / "tests" / "tools" / "write_reference.py"))["reference"]()
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == written, "run python tests/tools/write_reference.py"


def commands():
    for page in PAGES:
        told = [found[1] or found[2] for found in COMMAND.finditer(page.read_text("utf-8"))]
        told += [line for block in blocks(page, "sh") for line in block.splitlines() if line.startswith("survey-qa ")]
        yield from (pytest.param(line, id=f"{name(page)}: {line}") for line in dict.fromkeys(told))


@pytest.mark.parametrize("line", list(commands()))
def test_a_command_that_is_told_of_exists_with_its_options(line):
    import typer

    from ui.cli import app

    words = shlex.split(re.sub(r"\s#\s.*$|[\[\]…]|\|.*$| >>? .*$| && .*$", " ", line))[1:]
    command = typer.main.get_command(app)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        assert words[0] in command.commands, f"there is no command {words[0]!r}"
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help",
        "-h",
    }
    given = {word.split("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word)}
    assert given <= known, f"{sorted(given - known)} of {line!r}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_within_the_project_lead_somewhere(page):
    prose = re.sub(r"`[^`]*`", "", page.read_text("utf-8"))
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", prose)
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_headings_that_a_page_points_to_are_there(page):
    text = page.read_text("utf-8")
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=name)
def test_python_in_the_pages_is_python_of_ours(page):
    for block in blocks(page, "python"):
        if ">>>" in block:
            continue
        compile(block, name(page), "exec")
        for module, names in re.findall(r"^from ((?:corpus|index|rag|ui)[\w.]*) import ([\w, ]+)", block, re.M):
            loaded = __import__(module, fromlist=["_"])
            assert all(hasattr(loaded, one.strip()) for one in names.split(","))
