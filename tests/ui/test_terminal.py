import sys
from dataclasses import replace

import pytest

from ui.terminal import print_answer, progress, say, shorten, visible


class Screen:
    """A stream that says it is a terminal, before a real one."""

    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a[31mb"),
        ("a\x07\x00b", "ab"),
        ("a\u202eb\u2066", "ab"),
        ("a\tb\nc", "a\tb\nc"),
        ("大模型👩\u200d💻", "大模型👩\u200d💻"),
    ],
)
def test_nothing_that_steers_a_terminal_is_shown(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "columns", "short"),
    [
        ("大模型 综述", 11, "大模型 综述"),
        ("大模型综述", 8, "大模型…"),
        ("abc\n  def", 7, "abc def"),
        ("abcdefgh", 5, "abcd…"),
        ("", 5, ""),
    ],
)
def test_a_text_is_shortened_to_columns_where_chinese_takes_two(text, columns, short):
    assert shorten(text, columns) == short


def test_styles_appear_only_where_a_person_looks(capsys, monkeypatch):
    say("plain", bold=True)
    monkeypatch.setattr(sys, "stdout", Screen(sys.stdout))
    say("bold", bold=True)
    monkeypatch.setenv("NO_COLOR", "1")
    say("no colour", bold=True)

    assert capsys.readouterr().out == "plain\n\x1b[1mbold\x1b[0m\nno colour\n"


def test_a_refusal_shows_the_nearest_passages(refusal, capsys):
    print_answer(refusal)

    assert capsys.readouterr().out.splitlines() == [
        "✗ 资料里没有答案",
        "文档没有提到天气。",
        "",
        "最接近的段落",
        " · 开源模型笔记 · Pecan",
        "     Pecan was trained by Acme on 300B tokens and is not open.",
    ]


def test_the_words_around_an_answer_are_in_the_language_of_the_question(answer, capsys):
    print_answer(replace(answer, question="How much memory?"))

    assert "\nSources\n" in capsys.readouterr().out


def test_progress_is_silent_where_nobody_looks(capsys):
    with progress() as tell:
        tell("reading", 1, 2)

    assert capsys.readouterr().err == ""


def test_progress_shows_stage_and_count_on_the_error_stream(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Screen(sys.stderr))
    monkeypatch.setenv("TERM", "xterm")
    with progress() as tell:
        tell("reading", 1, 2)
        tell("embedding", 0, 0)

    captured = capsys.readouterr()
    assert "reading" in captured.err
    assert "left" in captured.err
    assert captured.out == ""


def test_progress_says_once_what_a_resumed_build_has_already(capsys):
    with progress() as tell:
        tell("resuming", 12, 40)
        tell("embedding", 12, 40)

    assert capsys.readouterr().err == "Resuming: 12 of 40 passages are embedded already.\n"
