from dataclasses import fields

import pytest

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


def test_both_languages_offer_as_many_examples():
    assert len(EXAMPLES["zh"]) == len(EXAMPLES["en"]) >= 4
