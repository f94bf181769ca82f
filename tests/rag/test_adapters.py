"""The retriever for LangChain: its own standard suite, then what that does not ask."""

import pytest
from langchain_tests.integration_tests import RetrieversIntegrationTests
from pydantic import ValidationError

from corpus import Document, UsageError, split
from index import Index, IndexNotFound
from rag import Assistant, BadQuestion
from rag.adapters import SurveyRetriever

SOURCES = {
    "kilns": "# Kilns\n\n## Firing\n\nThe Ardley kiln reaches 1,280 degrees after nine hours of firing with beech wood.",
    "looms": "# Looms\n\n## Weaving\n\nThe Borrow loom weaves four metres of linen an hour under one weaver's hand.",
    "mills": "# Mills\n\n## Grinding\n\nThe Calder mill grinds two tonnes of rye a day when the river is high.",
    "forges": "# Forges\n\n## Hammering\n\nThe Dunmore forge hammers ninety horseshoes a day with one water wheel.",
}


def build():
    documents = [
        Document.from_text(text, id=id, url=f"https://example.org/{id}" if id == "kilns" else None)
        for id, text in SOURCES.items()
    ]
    return Index.build(split(documents))


@pytest.fixture(scope="module")
def index():
    return build()


class TestSurveyRetriever(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self):
        return SurveyRetriever

    @property
    def retriever_constructor_params(self):
        return {"index": build()}

    @property
    def retriever_query_example(self):
        return "How much is done in a day or an hour?"


def test_a_document_says_where_its_words_stand(index):
    found = SurveyRetriever(index=index, k=1).invoke("How hot does the Ardley kiln become?")[0]
    where = found.metadata
    assert index.document("kilns").text[where["start"] : where["end"]] == found.page_content
    assert (where["document"], where["title"], where["url"]) == ("kilns", "Kilns", "https://example.org/kilns")
    assert where["section"] == "Firing"


def test_documents_come_best_first_and_each_has_an_id(index):
    found = SurveyRetriever(index=index).invoke("How many horseshoes does the forge hammer in a day?")
    scores = [document.metadata["score"] for document in found]
    assert found[0].metadata["document"] == "forges"
    assert scores == sorted(scores, reverse=True)
    assert len({document.id for document in found}) == len(found) > 1


def test_an_assistant_an_index_and_a_directory_find_the_same(index, tmp_path):
    build().save(tmp_path / "saved")
    sources = [index, Assistant.open(index), tmp_path / "saved", str(tmp_path / "saved")]
    found = [SurveyRetriever(index=source, k=2).invoke("rye and the river") for source in sources]
    assert all(documents == found[0] for documents in found)
    assert found[0][0].metadata["document"] == "mills"


def test_a_directory_without_an_index_is_refused(tmp_path):
    with pytest.raises(IndexNotFound, match="does not exist"):
        SurveyRetriever(index=tmp_path / "nothing")


def test_fewer_than_one_passage_cannot_be_asked_for(index):
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        SurveyRetriever(index=index, k=0)
    with pytest.raises(UsageError, match="at least 1 passage"):
        SurveyRetriever(index=index).invoke("kilns", k=0)


def test_an_empty_question_is_refused(index):
    with pytest.raises(BadQuestion, match="empty"):
        SurveyRetriever(index=index).invoke("  ")


def test_a_retriever_is_the_first_step_of_a_chain(index):
    chain = SurveyRetriever(index=index, k=1) | (lambda documents: documents[0].page_content)
    assert "four metres of linen" in chain.invoke("What does the Borrow loom weave?")
