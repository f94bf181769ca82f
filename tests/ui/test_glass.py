import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from ui.conversations import Conversations
from ui.glass import render_inside
from ui.handlers import Chat, Inside, ask

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def turn():
    text = "# Kelp\n\nKelp-9B was released by Tidewater in May 2031.\n"
    assistant = Assistant(Index.build(split([Document.from_text(text, id="kelp.md", title="Kelp")])))
    *_, chat = ask(Chat(), "Who released Kelp-9B?", assistant)
    return chat.turns[0]


def test_the_panel_tells_the_question_the_candidates_the_decision_and_the_times(turn):
    html = render_inside(turn.inside, 0, "en")

    assert ">Who released Kelp-9B?</button>" in html
    assert "kelp.md" in html
    assert "threshold" in html
    assert "search" in html
    assert 'class="sq-knob" value="0.40"' in html


def test_foreign_words_in_an_explanation_stay_text():
    candidates = [{"rank": 1, "document": EVIL, "section": EVIL, "cut": EVIL}]
    told = {"standalone_question": EVIL, "names": [EVIL], "refusal": {EVIL: EVIL}, "candidates": candidates}

    html = render_inside(Inside(told, {EVIL: 1.0}, EVIL, EVIL), 0, "zh")

    assert "<img" not in html
    assert "&lt;img" in html


def test_how_an_answer_came_about_is_not_kept_on_disk(turn, tmp_path):
    conversations = Conversations(tmp_path / "c.sqlite")
    name = conversations.save("me", "", [turn])

    assert conversations.read("me", name).turns[0].inside is None
