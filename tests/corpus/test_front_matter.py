import pytest

from corpus.front_matter import take_front_matter


def test_fields_are_taken_out_of_the_text() -> None:
    fields, text = take_front_matter(
        '---\nTitle: "综述: 第一版"\nurl: https://a.org/x\ndate: 2023-05-01\n---\n\n# 一\n'
    )
    assert fields == {"title": "综述: 第一版", "url": "https://a.org/x", "date": "2023-05-01"}
    assert text == "\n# 一\n"


@pytest.mark.parametrize("values", ["tags: [nlp, 'llm']", "tags:\n- nlp\n- llm", "tags:\n  - nlp\n  - llm"])
def test_lists_become_one_string(values: str) -> None:
    assert take_front_matter(f"---\n{values}\n---\n").fields == {"tags": "nlp, llm"}


@pytest.mark.parametrize(
    "text",
    ["# 一\n---\na: b\n---\n", "---\n正文在这里。\n---\n", "---\na: b\n", "----\na: b\n---\n", "", "---"],
)
def test_other_texts_are_left_as_they_are(text: str) -> None:
    assert take_front_matter(text) == ({}, text)


def test_comments_and_empty_values_are_allowed() -> None:
    assert take_front_matter("---\n# note\nauthor:\n---\nx").fields == {"author": ""}
