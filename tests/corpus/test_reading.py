import pytest

from corpus import Document


def test_the_title_is_the_first_heading() -> None:
    assert Document.from_text("# 大模型[1]\n\n正文。", id="x/y.md").title == "大模型"


def test_the_title_of_a_copy_is_its_first_line_which_is_no_section() -> None:
    document = Document.from_text("看懂大模型,这一张图就够了\n\n近来模型很多。\n\n趋势\n\n越来越大。", id="a.txt")
    assert document.title == "看懂大模型,这一张图就够了"
    assert [section.title for section in document.sections] == ["趋势"]


@pytest.mark.parametrize(
    "first",
    ["前言", "Introduction", "一、数据与模型的来源", "这是一个完整的句子。", "作者：某某某某", "https://a.org/1"],
)
def test_a_section_a_sentence_or_a_field_is_no_title(first: str) -> None:
    assert Document.from_text(f"{first}\n\n正文在这里,有一些话。", id="notes/我的笔记.txt").title == "我的笔记"


def test_a_given_title_wins_and_the_texts_own_is_still_no_section() -> None:
    document = Document.from_text("# 自己的题目\n\n## 一\n\n甲。", id="a", title="别的题目")
    assert document.title == "别的题目"
    assert [section.title for section in document.sections] == ["一"]


def test_language_url_kind_and_metadata_come_with_the_document() -> None:
    document = Document.from_text("模型很大。", id="a", url="https://a.org", kind="note", metadata={"author": "某某"})
    assert (document.language, document.url, document.kind, document.metadata) == (
        "zh",
        "https://a.org",
        "note",
        {"author": "某某"},
    )


def test_a_stated_language_wins_over_the_detected_one() -> None:
    assert Document.from_text("GPT", id="a", metadata={"language": "zh"}).language == "zh"
    assert Document.from_text("GPT", id="a", metadata={"language": "zh, en"}).language == "en"


def test_an_empty_text_makes_an_empty_document() -> None:
    document = Document.from_text(" \n\u200b\n", id="empty.txt")
    assert (document.text, document.title, document.sections) == ("", "empty", ())


def test_fields_of_lists_remain_text() -> None:
    text = "# 文\n\n## T5\n\n- 论文名称：T5\n- 作者：Google\n- 时间："
    assert Document.from_text(text, id="a").text == text


def test_the_content_hash_does_not_depend_on_the_id() -> None:
    one, other = (Document.from_text("# 文\n\n甲。", id=name) for name in "ab")
    assert one.content_hash == other.content_hash
    assert one.content_hash != Document.from_text("# 文\n\n乙。", id="a").content_hash


def test_the_innermost_section_of_a_place_is_found() -> None:
    document = Document.from_text("# 文\n\n开头。\n\n## 一\n\n### 二\n\n话在这里。", id="a")
    assert document.section_at(document.text.index("话")).path == ("一", "二")
    assert document.section_at(document.text.index("开头")) is None


def test_a_first_line_that_states_the_title_gives_it() -> None:
    assert Document.from_text("标题：大模型的三种训练方法\n\n正文在这里。", id="a.txt").title == "大模型的三种训练方法"


def test_the_address_that_a_text_calls_its_own_is_its_url() -> None:
    text = "正文在这里。\n\n原文链接：https://a.org/own"
    assert Document.from_text(text, id="a").url == "https://a.org/own"
    assert Document.from_text(text, id="a", url="https://b.org").url == "https://b.org"
