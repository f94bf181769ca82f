"""Marks and citations: numbers, quotes, and what becomes of brackets that others wrote."""

from __future__ import annotations

from corpus.documents import Document, Section
from rag.citing import compose
from rag.drafts import Draft, Span, Statement

TEXT = "Intro.\n# Sizes\nT5 has 11B parameters[3]. GPT-3 has 175B parameters. Both are dense."
DOCUMENT = Document(
    id="sizes.md",
    text=TEXT,
    title="Model sizes",
    url="https://example.org/sizes",
    sections=(Section(title="Sizes", level=2, start=7, body=15, end=len(TEXT), path=("Models", "Sizes")),),
)


def span(words: str) -> Span:
    start = TEXT.index(words)
    return Span(DOCUMENT, start, start + len(words))


def test_a_statement_ends_with_its_mark_and_the_lead_comes_first():
    draft = Draft(
        (Statement("GPT-3 has 175B parameters.", (span("GPT-3 has 175B parameters."),)),), lead="The documents say:"
    )
    text, _ = compose(draft)
    assert text == "The documents say: GPT-3 has 175B parameters. [1]"


def test_a_citation_quotes_the_exact_characters_and_says_where_they_stand():
    _, (citation,) = compose(Draft((Statement("GPT-3 has 175B parameters.", (span("GPT-3 has 175B parameters."),)),)))
    assert TEXT[citation.start : citation.end] == citation.quote == "GPT-3 has 175B parameters."
    assert (citation.document_id, citation.title, citation.section) == ("sizes.md", "Model sizes", "Models > Sizes")
    assert (citation.url, citation.page, citation.support) == ("https://example.org/sizes", None, 1.0)


def test_equal_spans_share_a_number_and_numbers_follow_first_use():
    both, gpt3 = span("Both are dense."), span("GPT-3 has 175B parameters.")
    draft = Draft((Statement("Both are dense.", (both,)), Statement("GPT-3 has 175B parameters.", (gpt3, both))))
    text, citations = compose(draft)
    assert text == "- Both are dense. [1]\n- GPT-3 has 175B parameters. [2][1]"
    assert [c.quote for c in citations] == ["Both are dense.", "GPT-3 has 175B parameters."]


def test_a_documents_own_reference_marks_never_look_like_ours():
    quote = span("T5 has 11B parameters[3].")
    text, (citation,) = compose(Draft((Statement(quote.quote, (quote,)),)))
    assert text == "T5 has 11B parameters. [1]"
    assert citation.quote == "T5 has 11B parameters[3]."


def test_a_linked_reference_mark_becomes_its_address():
    text, _ = compose(Draft((Statement("See [3](https://example.org/t5).", (span("T5"),)),)))
    assert text == "See https://example.org/t5. [1]"


def test_sources_that_each_hold_a_part_of_a_statement_support_it_together():
    sources = (span("T5 has 11B parameters[3]."), span("GPT-3 has 175B parameters."))
    _, citations = compose(Draft((Statement("T5 has 11B parameters and GPT-3 175B.", sources),)))
    assert [c.label for c in citations] == ["supported", "supported"]


def test_a_statement_that_its_source_does_not_hold_is_labelled():
    _, (citation,) = compose(Draft((Statement("GPT-3 has 176B parameters.", (span("GPT-3 has 175B parameters."),)),)))
    assert citation.label == "unsupported"


def test_a_draft_without_statements_is_its_lead():
    assert compose(Draft(lead="Nothing.")) == ("Nothing.", ())
