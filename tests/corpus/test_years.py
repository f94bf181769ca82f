import pytest

from corpus import Document, load_library
from corpus.years import year_of


@pytest.mark.parametrize(
    ("metadata", "year"),
    [
        ({"date": "2023"}, 2023),
        ({"date": "2023-05-01"}, 2023),
        ({"published": "5 May 1998"}, 1998),
        ({"日期": "2021年3月"}, 2021),
        ({"arxiv": "2205.05198"}, 2022),
        ({"arxiv_id": "1706.03762v5"}, 2017),
        ({"arxiv": "cs/0112017"}, 2001),
        ({"arxiv": "hep-th/9901001"}, 1999),
        ({"year": "2019", "date": "2021-01-01"}, 2019),
        ({"date": "soon"}, None),
        ({"date": "120235"}, None),
        ({"author": "Class of 2004"}, None),
    ],
)
def test_metadata_tells_the_year(metadata, year):
    assert year_of(Document(id="a", text="", metadata=metadata)) == year


@pytest.mark.parametrize(
    ("document", "year"),
    [
        (Document(id="arxiv:2304.01373", text=""), 2023),
        (Document(id="a.md", text="", url="https://arxiv.org/abs/1910.10683"), 2019),
        (Document(id="a.md", text="", url="https://example.org/1910.10683"), None),
        (Document(id="report 2013.4501.md", text="It is from 2013."), None),
    ],
)
def test_an_arxiv_number_tells_the_year_where_it_is_one(document, year):
    assert year_of(document) == year


def test_the_shipped_papers_have_years_and_kinds():
    papers = [document for document in load_library() if document.kind == "paper"]
    assert papers
    assert all(2000 < (year_of(paper) or 0) < 2100 for paper in papers)
    assert {document.kind for document in load_library()} == {"paper", "survey"}
