import logging
from dataclasses import replace
from threading import Event, Thread

import pytest

from corpus import Document, SurveyQAError
from index.filters import Filter
from rag.llm.calls import Deadline, current_call, run
from ui.handlers import (
    MAX_TURNS,
    Brakes,
    Chat,
    Turn,
    ask,
    choose_examples,
    clear,
    find_source,
    limit,
    locate,
    narrow,
    switch_language,
    widen,
)


class Silent:
    """Says what another one says, then nothing until it is let; ``ended`` tells that nobody waits for it any more."""

    def __init__(self, assistant):
        self.assistant = assistant
        self.speak = Event()
        self.ended = Event()

    def stream(self, question, history=()):
        try:
            yield from self.assistant.stream(question, history)
            self.speak.wait(60)
            while True:
                yield "more "
        finally:
            self.ended.set()


def finish(chat, question, assistant):
    *_, last = ask(chat, question, assistant)
    return last


def test_an_answer_grows_piece_by_piece_and_ends_as_the_checked_text(assistant, answer):
    texts = [chat.turns[-1].text for chat in ask(Chat(), "要多少显存?", assistant)]

    assert texts == ["", "量化到 INT4 后,", "量化到 INT4 后,Walnut-7B 只要", answer.text]


def test_the_question_shows_before_anything_is_found(assistant):
    first = next(ask(Chat(), "  要多少显存? ", assistant))

    assert first.turns == (Turn("要多少显存?"),)
    assert assistant.asked == []


def test_a_blank_question_changes_nothing(assistant):
    assert finish(Chat(), " \n ", assistant) == Chat()
    assert assistant.asked == []


def test_a_follow_up_carries_the_turns_before_it(assistant, answer):
    chat = finish(Chat(), "要多少显存?", assistant)

    finish(chat, "那 INT8 呢?", assistant)

    assert assistant.asked[1] == (
        "那 INT8 呢?",
        [{"role": "user", "content": "要多少显存?"}, {"role": "assistant", "content": answer.text}],
    )


def test_a_refusal_is_no_answer_and_shows_the_nearest_passages(scripted, refusal):
    turn = finish(Chat(), "天气?", scripted(refusal)).turns[-1]

    assert turn.outcome == "refused"
    assert [source.quote.strip() for source in turn.sources] == [
        "Pecan was trained by Acme on 300B tokens and is not open."
    ]
    assert turn.sources[0].label is None


def test_our_errors_are_shown_in_their_own_words(scripted):
    turn = finish(Chat(), "q", scripted("Half an", SurveyQAError("The key is missing. Set OPENAI_API_KEY."))).turns[-1]

    assert (turn.outcome, turn.text, turn.error) == ("failed", "Half an", "The key is missing. Set OPENAI_API_KEY.")


def test_an_unexpected_error_is_named_but_its_text_stays_out_of_the_page(scripted, caplog):
    caplog.set_level(logging.INFO)

    turn = finish(Chat(language="en"), "q", scripted(RuntimeError("/srv/secret"))).turns[-1]

    assert "RuntimeError" in turn.error
    assert "secret" not in turn.error + turn.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_a_stop_keeps_what_was_written_and_ends_the_answering(scripted):
    stopped = Event()
    answerer = Silent(scripted("Half an "))
    seen = []

    for chat in ask(Chat(), "q", answerer, stopped):
        seen.append(chat.turns[-1])
        if chat.turns[-1].text:
            stopped.set()

    assert [(turn.outcome, turn.text) for turn in seen[-2:]] == [("answering", "Half an "), ("stopped", "Half an ")]
    answerer.speak.set()
    assert answerer.ended.wait(60)


def test_a_stop_ends_the_request_of_a_model_that_says_nothing():
    asked, stopped, ended = Event(), Event(), Event()

    class Hanging:
        def stream(self, question, history=(), **chosen):
            return run(self.wait, Deadline(120))

        def wait(self):
            current_call().on_abort(ended.set)
            asked.set()
            ended.wait(120)
            yield "late"

    Thread(target=lambda: (asked.wait(60), stopped.set())).start()
    *_, chat = ask(Chat(), "q", Hanging(), stopped)
    assert chat.turns[-1].outcome == "stopped"
    assert ended.wait(60)


def test_closing_the_page_ends_the_answering(scripted):
    answerer = Silent(scripted("Half an "))
    answering = ask(Chat(), "q", answerer)
    next(answering)
    next(answering)

    answering.close()

    answerer.speak.set()
    assert answerer.ended.wait(60)


def test_pulling_the_brake_stops_the_answer_of_that_page_only():
    brakes = Brakes()
    with brakes.armed("mine") as mine, brakes.armed("yours") as yours:
        brakes.pull("mine")
        brakes.pull("nobody's")

        assert (mine.is_set(), yours.is_set()) == (True, False)
    brakes.pull("mine")


def test_a_stopped_answer_is_part_of_the_history(assistant):
    partial = replace(Turn("q1"), text="half", outcome="stopped")

    finish(Chat((partial,)), "q2", assistant)

    assert assistant.asked[0][1][-1] == {"role": "assistant", "content": "half"}


def test_clearing_keeps_the_language(assistant):
    assert clear(finish(Chat(language="zh"), "q", assistant)) == Chat(language="zh")


def test_a_source_opens_with_the_exact_quoted_words_and_what_stands_around_them(assistant, answer):
    source = find_source(finish(Chat(), "q", assistant), "0.1")

    assert source.quote == answer.citations[0].quote
    assert source.before.endswith("开源双语模型。")
    assert source.after.startswith("。它用 1T 词元训练。")
    assert (source.title, source.section, source.label) == ("开源模型笔记", "Walnut-7B", "supported")


def test_the_source_of_a_table_row_carries_the_header_and_marks_the_row(document, cite):
    citation = cite("INT8 | 9 GB")

    source = locate(document, citation.start, citation.end, number=1)

    assert source.header == ("精度", "显存")
    assert [[cell.text for cell in row if cell.quoted] for row in source.rows] == [[], ["INT8", "9 GB"], []]


def test_a_source_names_the_first_authors_the_year_and_what_the_text_is():
    about = {"author": "Ada One, Ben Two, Cem Three, Dan Four", "date": "2021", "note": "A digest in our own words."}
    document = Document.from_text("# Nuts\n\nWalnut is a model.\n", id="n.md", metadata=about)

    source = locate(document, 8, 14, number=1)

    assert source.byline == "Ada One, Ben Two, Cem Three … · 2021"
    assert source.remark == "A digest in our own words."


def test_a_source_without_front_matter_has_no_byline():
    assert locate(Document.from_text("Walnut is a model.", id="n.md"), 0, 6, number=1).byline == ""


def test_what_stands_around_a_quote_ends_with_its_section(document, cite):
    citation = cite("Pecan was trained")

    source = locate(document, citation.start, citation.end, number=1)

    assert "Walnut" not in source.before
    assert source.after.endswith("is not open.")


def test_long_surroundings_are_cut_at_lines_and_say_so():
    lines = [f"A line of some forty characters, or {n}." for n in range(100)]
    lines[50] = "The quoted words."
    document = Document.from_text("\n".join(lines), id="a", title="A")
    start = document.text.index("The quoted")

    source = locate(document, start, start + 10, number=1)

    assert source.before.startswith("…A line")
    assert source.after.endswith(".…")
    assert len(source.before) < 710


@pytest.mark.parametrize(
    "place", ["", "1.1", "0.9", "-1.1", "0", "x.1", "0.1.1", "².1", "99999999999.1", "0.99999999999"]
)
def test_a_place_that_does_not_exist_opens_nothing(assistant, place):
    assert find_source(finish(Chat(), "q", assistant), place) is None


def test_a_citation_whose_document_is_not_at_hand_still_shows_its_quote(scripted, answer):
    turn = finish(Chat(), "q", scripted(replace(answer, passages=()))).turns[-1]

    assert turn.sources[0].quote == answer.citations[0].quote
    assert turn.sources[0].before == ""


def test_a_very_long_conversation_forgets_its_beginning(assistant):
    chat = Chat(tuple(Turn(str(n), "t", "answered") for n in range(MAX_TURNS)))

    turns = finish(chat, "last", assistant).turns

    assert len(turns) == MAX_TURNS
    assert (turns[0].question, turns[-1].question) == ("1", "last")


def test_switching_the_language_changes_nothing_else(assistant):
    chat = finish(Chat(language="zh"), "q", assistant)

    assert switch_language(chat, "en") == replace(chat, language="en")


def test_examples_are_questions_that_the_documents_answer(scripted, answer, refusal):
    class Picky(scripted):
        def stream(self, question, history=()):
            yield answer if "Walnut" in question else refusal

    assert choose_examples(["weather?", "Walnut?", "Walnut-7B?"], Picky(), most=1) == ["Walnut?"]
    assert choose_examples(["weather?"], Picky()) == []


def test_no_examples_are_shown_where_nothing_can_be_asked(scripted):
    assert choose_examples(["q"], scripted(SurveyQAError("no model"))) == []


def test_a_chat_is_limited_by_documents_and_by_their_kinds_together(scripted, answer):
    chat = narrow(limit(Chat(), "a.md"), Filter(kinds=frozenset(["paper"]), years=(2022, 2023)))

    assert chat.filter() == Filter(frozenset(["a.md"]), frozenset(["paper"]), None, (2022, 2023))
    assert clear(chat).filter() == chat.filter()
    assert widen(chat).filter() is None


def test_only_a_limited_chat_hands_a_filter_to_who_answers(answer):
    asked = []

    class Answering:
        def stream(self, question, history=(), **limits):
            asked.append(limits)
            yield answer

    for chat in (Chat(), narrow(Chat(), Filter(languages=frozenset(["en"])))):
        list(ask(chat, "Why?", Answering()))

    assert asked == [{}, {"filter": Filter(languages=frozenset(["en"]))}]
