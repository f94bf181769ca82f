"""Marks and citations: numbers, quotes, and what becomes of brackets that others wrote."""

from __future__ import annotations

import pytest

from corpus.documents import Document, Passage, Section
from index.hits import Hit
from rag.grounding.citing import compose, resolve_marks
from rag.reading.drafts import Draft, Span, Statement

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


def test_a_heading_put_before_a_quote_takes_nothing_from_its_support():
    statement = Statement("Model sizes · Both are dense.", (span("Both are dense."),))
    assert compose(Draft((statement,)))[1][0].support == 1.0


def test_a_false_word_before_a_quote_is_still_checked():
    statement = Statement("Falcon 900B · Both are dense.", (span("Both are dense."),))
    assert compose(Draft((statement,)))[1][0].support < 0.6


def test_equal_spans_share_a_number_and_numbers_follow_first_use():
    both, gpt3 = span("Both are dense."), span("GPT-3 has 175B parameters.")
    draft = Draft((Statement("Both are dense.", (both,)), Statement("GPT-3 has 175B parameters.", (gpt3, both))))
    text, citations = compose(draft)
    assert text == "- Both are dense. [1]\n- GPT-3 has 175B parameters. [2][1]"
    assert [c.quote for c in citations] == ["Both are dense.", "GPT-3 has 175B parameters."]


def test_a_number_in_the_header_of_a_table_supports_what_is_said_of_a_row():
    text = "| Crop | Yield 2022 (t) |\n| --- | --- |\n| Leek | 54.5 |\n"
    document = Document.from_text(text, id="crops.md")
    start = document.text.index("| Leek")
    row = Span(document, start, document.text.index("54.5 |") + len("54.5 |"))

    _, (right,) = compose(Draft((Statement("Leek · Yield 2022 (t): 54.5", (row,)),)))
    _, (wrong,) = compose(Draft((Statement("Leek · Yield 2022 (t): 61.2", (row,)),)))

    assert (right.label, wrong.label) == ("supported", "unsupported")


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


def hit(text, *, id="doc", kind="text", context=""):
    document = Document(id=id, text=text, title="A survey")
    return Hit(Passage(document, 0, len(text), kind=kind, context=context), 1.0)


GPT3 = hit("GPT-3 was released in 2020. It has 175 billion parameters. It is not open.", id="gpt3")
T5 = hit("谷歌提出了 T5。T5 有 110 亿个参数。T5 是开源的。", id="t5")


def test_a_models_mark_becomes_a_citation_of_the_sentence_that_supports_it():
    text, (citation,), notes = resolve_marks("GPT-3 appeared in 2020 [1].", [GPT3, T5])
    assert text == "GPT-3 appeared in 2020 [1]."
    assert citation.quote == "GPT-3 was released in 2020."
    assert GPT3.passage.document.text[citation.start : citation.end] == citation.quote
    assert notes == ()


@pytest.mark.parametrize(
    "mark",
    [
        "[2]",
        "【2】",
        "［2］",
        "[^2]",
        "[[2]]",
        "[来源2]",
        "[Source 2]",
        "[2](https://evil.example/?q=1)",
        "【2†source】",
        "［２］",
    ],
)
def test_every_spelling_of_a_mark_is_read(mark):
    text, (citation,), _ = resolve_marks(f"T5 有 110 亿个参数{mark}。", [GPT3, T5])
    assert text == "T5 有 110 亿个参数 [1]。"
    assert citation.document_id == "t5"


@pytest.mark.parametrize("marks", ["[1][2]", "[1, 2]", "[1，2]", "[1-2]", "[1] [2]", "[1]、[2]"])
def test_several_marks_at_one_place_are_several_citations(marks):
    text, citations, _ = resolve_marks(f"GPT-3 有 175B 参数,T5 有 11B 参数 {marks}。", [GPT3, T5])
    assert text == "GPT-3 有 175B 参数,T5 有 11B 参数 [1][2]。"
    assert [c.document_id for c in citations] == ["gpt3", "t5"]
    assert [c.label for c in citations] == ["supported", "supported"]


@pytest.mark.parametrize("text", ["See (1).", "Between [0, 1] it grows.", "In [2023] it was new.", "Use `a[1]` here."])
def test_brackets_that_are_no_marks_stay(text):
    assert resolve_marks(text, [GPT3])[0] == text


def test_marks_that_point_nowhere_are_removed_and_reported():
    text, citations, notes = resolve_marks("GPT-3 was released in 2020 [1][7]. It is large [9].", [GPT3])
    assert text == "GPT-3 was released in 2020 [1]. It is large."
    assert len(citations) == 1
    assert any("[7][9]" in note for note in notes)


def test_numbers_follow_the_text_and_not_the_passages():
    text, citations, _ = resolve_marks("T5 有 110 亿个参数 [2]。GPT-3 有 1750 亿参数 [1]。", [GPT3, T5])
    assert text == "T5 有 110 亿个参数 [1]。GPT-3 有 1750 亿参数 [2]。"
    assert [c.document_id for c in citations] == ["t5", "gpt3"]


def test_two_statements_from_one_passage_quote_different_words():
    _, citations, _ = resolve_marks("T5 有 110 亿个参数 [1]。T5 是开源的 [1]。", [T5])
    assert [c.quote for c in citations] == ["T5 有 110 亿个参数。", "T5 是开源的。"]


def test_a_quote_grows_by_the_neighbouring_sentence_that_names_what_it_is_about():
    _, (citation,), _ = resolve_marks("GPT-3 has 175B parameters [1].", [GPT3])
    assert citation.quote == "GPT-3 was released in 2020. It has 175 billion parameters."


def test_a_table_row_is_quoted_whole():
    row = hit("| GPT-3 | 175B | 2020 |", kind="table_row", context="Model | Size | Year")
    _, (citation,), _ = resolve_marks("The size of GPT-3 is 175B [1].", [row])
    assert citation.quote == "| GPT-3 | 175B | 2020 |"
    assert citation.label == "supported"


def test_a_statement_that_contradicts_its_passage_is_reported():
    _, (citation,), notes = resolve_marks("GPT-3 has 200B parameters [1].", [GPT3])
    assert citation.label == "unsupported"
    assert any("[1]" in note for note in notes)


def test_an_answer_without_marks_gets_them_where_a_passage_clearly_supports_it():
    text, (citation,), notes = resolve_marks("GPT-3 has 175 billion parameters. Cats sleep a lot.", [T5, GPT3])
    assert text == "GPT-3 has 175 billion parameters. [1] Cats sleep a lot."
    assert citation.document_id == "gpt3"
    assert any("added" in note for note in notes)


def test_an_answer_that_nothing_supports_has_no_citation():
    assert resolve_marks("Cats sleep a lot.", [GPT3])[1] == ()


def test_a_list_of_sources_at_the_end_is_left_out():
    text, citations, _ = resolve_marks(
        "GPT-3 was released in 2020 [1].\n\nSources:\n[1] A survey\n[2] Another", [GPT3, T5]
    )
    assert text == "GPT-3 was released in 2020 [1]."
    assert len(citations) == 1


def test_a_mark_before_its_sentence_belongs_to_it():
    _, (citation,), _ = resolve_marks("- [1] It is not open.", [GPT3])
    assert citation.quote == "It is not open."


def test_each_mark_in_a_sentence_speaks_for_its_own_part():
    _, citations, _ = resolve_marks("GPT-3 has 175B parameters [1] and T5 has 11B parameters [2].", [GPT3, T5])
    assert [c.label for c in citations] == ["supported", "supported"]


def test_a_statement_that_its_passage_contradicts_is_marked_in_the_text_in_its_language():
    text, _, _ = resolve_marks("GPT-3 has 200B parameters [1].", [GPT3])
    assert text == "GPT-3 has 200B parameters (not supported by the source) [1]."
    text, _, _ = resolve_marks("T5 有 120 亿个参数 [1]。", [T5])
    assert text == "T5 有 120 亿个参数 （原文不支持）[1]。"


def test_statements_without_a_mark_are_reported_and_lines_that_lead_in_are_not():
    said = "About GPT-3 the passages say:\n- GPT-3 was released in 2020 [1].\n- It sleeps all day in a warm barn."
    _, _, notes = resolve_marks(said, [GPT3])
    assert notes == ("Without a source: “It sleeps all day in a warm barn.”",)
    _, _, notes = resolve_marks("T5 是开源的 [1]。它在北方的湖边长大。", [T5])
    assert notes == ("没有标明出处:「它在北方的湖边长大。」",)


TABLE = Document.from_text(
    "# Fleet\n\n| Ship | Length (m) | Crew | Built |\n| --- | --- | --- | --- |\n| Tern | 48 | 64 | 1998 |\n| Skua | 64 | 48 | 2011 |\n",
    id="fleet.md",
)


def row(name):
    return Span(TABLE, start := TABLE.text.index(f"| {name}"), TABLE.text.index("\n", start))


@pytest.mark.parametrize(
    ("statement", "label"),
    [
        ("Tern · Length (m): 48", "supported"),
        ("Tern · Length (m): 48 · Built: 1998", "supported"),
        ("Tern · Crew: 48", "unsupported"),
        ("Tern · Length (m): 64", "unsupported"),
        ("Skua · Length (m): 48", "unsupported"),
        ("Gull · Length (m): 48", "weak"),
    ],
)
def test_a_cell_is_held_against_its_row_and_column(statement, label):
    _, (citation,) = compose(Draft((Statement(statement, (row("Tern"),)),)))
    assert citation.label == label
    assert TABLE.text[citation.start : citation.end] == citation.quote


def test_a_cell_that_a_row_and_a_sentence_tell_is_supported_by_both():
    told = Document(id="told.md", text="The Tern is a ship of 48 metres.", title="Ships")
    sources = (row("Tern"), Span(told, 0, len(told.text)))
    _, citations = compose(Draft((Statement("Tern · Length (m): 48", sources),)))
    assert [c.label for c in citations] == ["supported", "supported"]


def test_the_words_that_lead_a_list_in_are_no_claim_of_their_own():
    text = "The fleet cost 600 dollars in all:\n- Tern cost 500 dollars.\n"
    document = Document.from_text(text, id="cost.md")
    start = document.text.index("Tern")
    item = Span(document, start, start + len("Tern cost 500 dollars."))
    _, (right,) = compose(Draft((Statement("The fleet cost 600 dollars in all: Tern cost 500 dollars.", (item,)),)))
    _, (wrong,) = compose(Draft((Statement("The fleet cost 900 dollars in all: Tern cost 500 dollars.", (item,)),)))
    assert (right.label, wrong.label) == ("supported", "weak")
