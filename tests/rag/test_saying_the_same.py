"""Documents that say the same thing make one statement with several sources; those that differ make several."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant

QUESTION = "How many dishes does the Arran Array have?"


def ask(*texts):
    documents = [Document.from_text(text, id=f"{number}.md") for number, text in enumerate(texts)]
    return Assistant.open(index=Index.build(split(documents))).ask(QUESTION)


def test_a_fact_that_two_documents_state_is_one_statement_with_two_citations():
    answer = ask(
        "# Arrays\n\nThe Arran Array has 48 dishes on the moor.\n",
        "# Survey\n\nOn the moor the Arran Array has 48 dishes in all.\n",
    )
    first, *_ = answer.text.splitlines()
    assert first.endswith("[1][2]")
    assert {citation.document_id for citation in answer.citations} == {"0.md", "1.md"}


@pytest.mark.parametrize(
    "other",
    [
        "The Arran Array has 52 dishes on the moor.",
        "The Arran Array does not have 48 dishes on the moor.",
        "The Sannox Array has 48 dishes on the moor.",
    ],
)
def test_another_number_a_denial_or_another_name_is_never_merged(other):
    answer = ask("# Arrays\n\nThe Arran Array has 48 dishes on the moor.\n", f"# Survey\n\n{other}\n")
    assert "[1][2]" not in answer.text


def test_a_heading_is_neither_a_statement_nor_a_second_source():
    answer = ask(
        "# Arran Array dishes\n\n## The Arran Array has dishes\n\nThe Arran Array has 48 dishes on the moor.\n"
    )
    assert [citation.quote for citation in answer.citations] == ["The Arran Array has 48 dishes on the moor."]
