"""What a content check stopped, as the doors show it: neither a refusal nor an error."""

import pytest

from rag.answers import Answer
from ui.cli import main
from ui.handlers import Chat, ask
from ui.rendering import render_messages
from ui.terminal import print_answer

STOPPED = Answer("要多少显存?", "没有通过审核。", False, stopped_by="openai:omni-moderation-latest")


@pytest.mark.parametrize(("language", "flag"), [("zh", "没有通过内容审核"), ("en", "Stopped by the content check")])
def test_the_page_has_a_look_and_words_of_its_own_for_it(scripted, language, flag):
    *_, chat = ask(Chat(language=language), STOPPED.question, scripted("", STOPPED))
    html = render_messages(chat)[-1]["content"]
    assert chat.turns[0].outcome == "moderated"
    assert "sq-moderated" in html
    assert flag in html
    assert "sq-refused" not in html
    assert "sq-alert" not in html


def test_what_was_stopped_is_not_told_to_the_reader_later(scripted):
    assistant = scripted("", STOPPED)
    *_, chat = ask(Chat(), STOPPED.question, assistant)
    *_, chat = ask(chat, "为什么?", assistant)
    assert assistant.asked[-1] == ("为什么?", [])


def test_no_question_leads_on_from_what_was_stopped(scripted):
    *_, chat = ask(Chat(), STOPPED.question, scripted(STOPPED), suggest=lambda *_: ("more of it?",))
    assert chat.turns[0].suggestions == ()


def test_the_terminal_tells_it_from_a_refusal(capsys):
    print_answer(STOPPED)
    assert capsys.readouterr().out == "■ 没有通过内容审核\n没有通过审核。\n"


def test_the_json_of_an_answer_names_who_stopped_it():
    assert STOPPED.to_dict()["stopped_by"] == "openai:omni-moderation-latest"


@pytest.mark.parametrize(
    "option", ["--moderation-fails-open", "--moderation-policy=p.txt", "--moderation-base-url=http://x"]
)
def test_options_of_a_check_that_nobody_makes_are_wrong_usage(option, capsys):
    for command in (["ask", "Who?"], ["mcp"]):
        assert main([*command, option]) == 2
    assert "--moderation openai:omni-moderation-latest" in capsys.readouterr().err


def test_a_chat_model_that_checks_needs_a_policy(capsys):
    assert main(["ask", "Who?", "--moderation", "openai:gpt-x"]) == 2
    assert "--moderation-policy FILE" in capsys.readouterr().err
