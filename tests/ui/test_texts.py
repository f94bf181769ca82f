from dataclasses import fields
from typing import get_args

import pytest

from ui.jobs import State, Work
from ui.texts import EXAMPLES, LANGUAGES, TEXTS, Texts, language_of_browser


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh-TW;q=0.7,en;q=0.3", "zh"),
        ("zh;q=0.1, en;q=0.9", "en"),
        ("fr-CH, de", "en"),
        ("zha", "en"),
        ("", "en"),
        (None, "en"),
        (";q=x,,en;q=NaN,\x00" * 1_000, "en"),
    ],
)
def test_the_page_speaks_the_first_language_of_ours_that_the_browser_names(header, language):
    assert language_of_browser(header) == language


@pytest.mark.parametrize("field", [field.name for field in fields(Texts)])
def test_no_text_is_missing_in_either_language(field):
    chinese, english = (getattr(TEXTS[language], field) for language in LANGUAGES)

    assert chinese
    assert english
    assert chinese != english


@pytest.mark.parametrize("field", [field.name for field in fields(Texts)])
def test_texts_by_name_have_the_same_names_in_both_languages(field):
    chinese, english = (getattr(TEXTS[language], field) for language in LANGUAGES)

    assert type(chinese) is type(english)
    assert not isinstance(chinese, dict) or chinese.keys() == english.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_work_and_state_of_a_job_has_a_word(language):
    assert TEXTS[language].works.keys() == set(get_args(Work))
    assert TEXTS[language].states.keys() == set(get_args(State))


def test_both_languages_offer_as_many_examples():
    assert len(EXAMPLES["zh"]) == len(EXAMPLES["en"]) >= 4
