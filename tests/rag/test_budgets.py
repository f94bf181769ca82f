"""What fits into a model's window, and what goes first when not everything does."""

from __future__ import annotations

import pytest

from corpus.documents import Document, Passage
from index.hits import Hit
from rag.errors import LLMError
from rag.llm.budgets import fit, last_turns, share
from rag.llm.chat import ChatReader, make_request


def words(text):
    return len(text.split())


def text_of(hit):
    return hit.passage.text


def hit(text, kind="text"):
    return Hit(Passage(Document(id="a", text=text, title="T"), 0, len(text), kind=kind), 1.0)


SENTENCE = "The old dish on the green hill listens to the far stars every single night. "  # 15 words


def test_a_small_window_gives_evidence_1200_tokens_at_most():
    assert share(2_048, 100).evidence <= 1_200
    assert share(8_192, 100).evidence > 5_000


def test_the_parts_of_a_window_never_exceed_it():
    for window in (512, 2_048, 8_192, 131_072):
        room = share(window, 300)
        assert 300 + room.answer + room.history + room.evidence <= max(window, 300 + room.answer + room.history)


def test_passages_are_taken_whole_while_they_fit():
    fitted = fit([hit(SENTENCE * 2), hit(SENTENCE * 3)], "q", text_of, words, 100)
    assert (len(fitted.hits), fitted.left_out, fitted.shortened) == (2, 0, 0)


def test_a_passage_that_does_not_fit_is_cut_between_sentences_around_what_answers():
    text = SENTENCE * 4 + "The Arran Array has 48 dishes. " + SENTENCE * 4
    fitted = fit([hit(text)], "How many dishes does the Arran Array have?", text_of, words, 60)
    passage = fitted.hits[0].passage
    assert "48 dishes." in passage.text
    assert words(passage.text) <= 60
    assert passage.text.startswith("The")
    assert passage.text.endswith(".")
    assert passage.document.text[passage.start : passage.end] == passage.text
    assert fitted.shortened == 1


def test_a_table_row_is_never_cut():
    fitted = fit([hit("| " + SENTENCE * 5 + "|", kind="table_row")], "q", text_of, words, 50)
    assert (fitted.hits, fitted.left_out) == ((), 1)


def test_a_short_passage_may_follow_one_that_was_left_out():
    fitted = fit([hit(SENTENCE * 9, kind="table_row"), hit(SENTENCE)], "q", text_of, words, 50)
    assert [words(h.passage.text) for h in fitted.hits] == [15]


def test_of_a_conversation_the_oldest_turns_go_first_and_it_begins_with_a_question():
    turns = [
        {"role": role, "content": f"{number} " + "word " * 10} for number, role in enumerate(["user", "assistant"] * 3)
    ]
    kept = last_turns(turns, words, 70)
    assert [turn["content"][0] for turn in kept] == ["4", "5"]


def test_what_was_left_out_is_told(scripted):
    hits = [hit(SENTENCE * 10) for _ in range(30)]
    *_, draft = ChatReader(scripted("The old dish listens to the far stars [1].", context_length=2_048)).stream(
        "dish?", hits
    )
    assert any(note.startswith("The model's window took") and "of 30 passages" in note for note in draft.notes)
    assert len(draft.used) < 30


def test_the_citations_of_a_shortened_passage_are_exact(scripted):
    text = SENTENCE * 30 + "The Arran Array has 48 dishes. " + SENTENCE * 30
    model = scripted("The Arran Array has 48 dishes [1].", context_length=1_024)
    *_, draft = ChatReader(model).stream("How many dishes does the Arran Array have?", [hit(text)])
    (citation,) = draft.citations
    assert text[citation.start : citation.end] == "The Arran Array has 48 dishes."
    assert any("shortened" in note for note in draft.notes)


@pytest.mark.parametrize("window", [1_024, 2_048, 4_096, 8_192])
def test_no_prompt_exceeds_its_window(scripted, window):
    model = scripted("x", context_length=window)
    history = [{"role": role, "content": SENTENCE * 5} for role in ("user", "assistant") * 10]
    request = make_request(model, "How many dishes?" * 5, [hit(SENTENCE * 12) for _ in range(40)], history)
    assert sum(model.count_tokens(m["content"]) for m in request.messages) + share(window, 0).answer <= window


def test_a_question_that_leaves_no_room_for_evidence_is_too_long(scripted):
    with pytest.raises(LLMError, match="Ask a shorter question") as raised:
        make_request(scripted("x", context_length=1_024), "Why? " * 500, [hit(SENTENCE)])
    assert raised.value.kind == "too_long"


def test_instructions_and_question_are_never_cut(scripted):
    model = scripted("x", context_length=1_024)
    request = make_request(model, "Which dish listens to the stars?", [hit(SENTENCE * 100)])
    assert request.messages[0]["content"].startswith("You answer questions")
    assert request.messages[-1]["content"].endswith("Question: Which dish listens to the stars?")
