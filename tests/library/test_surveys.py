"""Promises about the surveys that ship: how each says where it comes from, and that no link of the sources was lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SURVEYS = sorted((ROOT / "corpus" / "library" / "surveys").glob("*.md"))
SEEDS = ROOT.parent / "shared" / "seeds"
REQUIRED = {"title", "language", "source", "note"}
KNOWN = REQUIRED | {"url", "author", "date"}


def front_matter(path: Path) -> dict[str, str]:
    """Return the keys and values between the two lines of dashes that open the file."""
    opening, block, _ = path.read_text("utf-8").split("---\n", 2)
    assert opening == ""
    return dict(line.split(": ", 1) for line in block.splitlines())


def links_of(text: str) -> set[str]:
    """Return the http(s) links of a text, slips such as ``https:///`` and ``\\_`` put right."""
    found = re.findall(r"https?:/+(?:(?!:http)[^\s\[\]()|\u3000-\uffef])+", text.replace("\\_", "_"))
    return {re.sub(r":/{3,}", "://", link) for link in found}


def test_five_surveys_ship():
    assert len(SURVEYS) >= 5


@pytest.mark.parametrize("path", SURVEYS, ids=lambda path: path.name)
def test_a_survey_names_its_title_language_source_and_that_it_is_our_digest(path: Path):
    keys = front_matter(path)
    assert REQUIRED <= keys.keys() <= KNOWN
    assert all(keys.values())
    assert keys["language"] == "zh"
    assert "survey-qa" in keys["note"]


@pytest.mark.parametrize("path", SURVEYS, ids=lambda path: path.name)
def test_a_survey_opens_with_its_title_and_has_sections(path: Path):
    body = path.read_text("utf-8").split("---\n", 2)[2].lstrip()
    assert body.startswith(f"# {front_matter(path)['title']}\n")
    assert body.count("\n## ") >= 3


@pytest.mark.parametrize("path", SURVEYS, ids=lambda path: path.name)
def test_every_row_of_a_table_has_as_many_cells_as_its_header(path: Path):
    blocks = re.findall(r"(?:^\|.*\n)+", path.read_text("utf-8"), flags=re.MULTILINE)
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the documents that the surveys digest (../shared/seeds) are not here")
def test_no_link_of_the_documents_is_lost():
    wanted = set().union(*(links_of(path.read_text("utf-8")) for path in SEEDS.glob("*.txt")))
    wanted = {link for link in wanted if "//example.com" not in link}  # an editor's tool bar in the last document
    kept = set().union(*(links_of(path.read_text("utf-8")) for path in SURVEYS))
    assert len(wanted) > 60
    assert sorted(wanted - kept) == []
