"""References across documents: by author and year, and by numbers of entries that name a paper's title and no address."""

import pytest

from corpus import Document
from corpus.referring import may_refer, refer

URL = "https://arxiv.org/abs/2005.00001"


def paper(authors: str, year: str, title: str = "On the Tides of Northern Harbours", url: str = URL) -> Document:
    return Document.from_text("Tides rise.", id=title, title=title, url=url, metadata={"author": authors, "date": year})


def cited(text: str, *papers: Document) -> dict[str, str]:
    """Return where the references of a survey lead."""
    (survey, *_) = refer([Document.from_text(text, id="survey", title="A Survey")], held=papers)
    return {survey.text[link.start : link.end]: link.url for link in survey.links}


@pytest.mark.parametrize(("text", "place", "authors"), [
    ("Tides rise (Lind et al., 2020).", "Lind et al., 2020", "Ada Lind, Bo Ek, Cy Dahl"),
    ("As Lind and Ek (2020) say, tides rise.", "Lind and Ek (2020", "Ada Lind, Bo Ek"),
    ("Lind (2020) saw tides rise.", "Lind (2020", "Ada Lind"),
    ("潮水会涨（林岚等，2020）。", "林岚等，2020", "林岚、周若水"),
])  # fmt: skip
def test_author_and_year_lead_to_the_paper(text: str, place: str, authors: str) -> None:
    assert cited(text, paper(authors, "2020")) == {place: URL}


@pytest.mark.parametrize(("text", "may"), [
    ("Tides rise (Lind et al., 2020).", True), ("As Lind (2020) says.", True), ("潮水会涨（林岚等，2020）。", True), ("## References\n\n[1] Ek.", True),
    ("## 参考文献\n\n[1] Ek.", True), ("Tides rise.", False), ("Tides rose in 2020.", False),
])  # fmt: skip
def test_whether_a_text_may_refer_to_others_is_told_cheaply(text: str, may: bool) -> None:
    assert may_refer(Document.from_text(text, id="a")) is may


@pytest.mark.parametrize("text", [
    "Tides rise (Lind et al., 2021).", "Tides rise (Lund et al., 2020).", "Lind and Dahl (2020) say so.", "Lind (2020) says so.", "In 2020 tides rose.",
])  # fmt: skip
def test_nothing_is_guessed_from_another_year_name_or_number_of_authors(text: str) -> None:
    assert cited(text, paper("Ada Lind, Bo Ek, Cy Dahl", "2020")) == {}


def test_two_papers_that_fit_leave_it_open() -> None:
    other = paper("Eva Lind, Finn Ek", "2020", "Of Other Tides in the South", "https://arxiv.org/abs/2005.00002")
    assert cited("Tides rise (Lind et al., 2020).", paper("Ada Lind, Bo Ek", "2020"), other) == {}


def test_an_entry_without_an_address_leads_to_the_paper_of_its_title() -> None:
    text = "# S\n\nTides rise [2].\n\n## References\n\n[1] Ek. Of Ropes. 1999.\n[2] A. Lind. On the tides of\n  northern harbours. Proc. 2020.\n"
    assert cited(text, paper("Ada Lind", "2020")) == {"[2]": URL}


def test_what_the_own_list_of_references_says_counts_first() -> None:
    text = (
        "# S\n\nTides rise (Lind, 2020).\n\n## References\n\n- Lind, A. (2020). Of Ropes. https://example.org/ropes\n"
    )
    found = cited(text, paper("Ada Lind", "2020"))
    assert found["Lind, 2020"] == "https://example.org/ropes"


def test_documents_that_are_read_together_refer_to_each_other_and_not_to_themselves() -> None:
    one = Document.from_text(
        "Tides rise (Lind et al., 2020).",
        id="a",
        title="A",
        url=URL,
        metadata={"author": "Ada Lind, Bo Ek", "date": "2020"},
    )
    two = Document.from_text("So say (Lind et al., 2020).", id="b", title="B")
    linked = refer([one, two])
    assert [[link.url for link in document.links] for document in linked] == [[], [URL]]
