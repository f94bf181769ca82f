"""The shipped papers: one page a paper, with its link, its people and a digest in both languages."""

import json
import re
from pathlib import Path

import pytest

from corpus import Document, language_of, load_library

PAPERS = Path(__file__).parents[2] / "corpus" / "library" / "papers"
LISTED = Path(__file__).parents[3] / "shared" / "papers" / "papers.jsonl"

needs_list = pytest.mark.skipif(not LISTED.is_file(), reason="the list of papers (../shared) is not here")


@pytest.fixture(scope="module")
def papers() -> dict[str, Document]:
    library = {document.id: document for document in load_library()}
    return {path.stem: library[f"library/papers/{path.name}"] for path in sorted(PAPERS.glob("*.md"))}


@pytest.fixture(scope="module")
def listed() -> list[dict]:
    return [json.loads(line) for line in LISTED.read_text("utf-8").splitlines()]


def _body(document: Document, title: str) -> str:
    section = next(section for section in document.sections if section.title == title)
    return document.text[section.body : section.end].strip()


def test_the_library_holds_115_papers(papers):
    assert len(papers) == 115


def test_every_paper_names_its_title_link_people_year_and_survey(papers):
    for id_, paper in papers.items():
        assert paper.title, id_
        assert re.fullmatch(r"https?://\S+", paper.url), id_
        assert {"author", "date", "source", "note"} <= set(paper.metadata), id_
        assert re.fullmatch(r"(19|20)\d\d", paper.metadata["date"]), id_


def test_the_link_and_the_people_stand_in_the_text_so_that_they_can_be_cited(papers):
    for id_, paper in papers.items():
        assert paper.url in paper.text, id_
        assert paper.metadata["author"].split(",")[0] in paper.text, id_


def test_every_paper_has_a_digest_in_chinese_and_in_english(papers):
    for id_, paper in papers.items():
        assert language_of(_body(paper, "中文摘要")) == "zh", id_
        assert language_of(_body(paper, "English digest")) == "en", id_


def test_an_arxiv_number_agrees_with_the_link(papers):
    for id_, paper in papers.items():
        number = paper.metadata.get("arxiv")
        if number and "arxiv.org" in paper.url:
            assert number in paper.url, id_


@needs_list
def test_every_paper_that_a_document_links_or_names_is_there(papers, listed):
    assert {entry["id"] for entry in listed} == set(papers)


@needs_list
def test_titles_links_and_years_are_the_originals(papers, listed):
    shown = {id_: (paper.title, paper.url, int(paper.metadata["date"])) for id_, paper in papers.items()}
    assert shown == {entry["id"]: (entry["title"], entry["url"], entry["year"]) for entry in listed}


@needs_list
def test_every_linked_paper_has_three_to_seven_sentences_in_each_language(papers, listed):
    for id_ in (entry["id"] for entry in listed if entry["linked"]):
        chinese = re.findall(r"。(?!）)", _body(papers[id_], "中文摘要"))
        english = re.findall(r"[.!?](?=\s|$)", _body(papers[id_], "English digest"))
        assert 3 <= len(chinese) <= 7, id_
        assert 3 <= len(english) <= 8, id_
