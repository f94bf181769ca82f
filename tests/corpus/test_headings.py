import pytest

from corpus import Document

TEXT = "这一段有足够的话,讲的是上面的题目。"


def titles(text: str) -> list[str]:
    return [section.title for section in Document.from_text(text, id="a").sections]


def levels(text: str) -> list[tuple[int, str]]:
    return [(section.level, section.title) for section in Document.from_text(text, id="a").sections]


def copy_of_page(*headings: str) -> str:
    """A copy of a web page whose headings are bare lines."""
    return "一篇足够长的文章题目\n\n" + "\n\n".join(f"{heading}\n\n{TEXT}" for heading in headings)


def test_markdown_headings_nest_by_their_level() -> None:
    sections = Document.from_text("# 文\n\n## 一\n\n甲。\n\n### 二\n\n乙。\n\n## 三\n\n丙。", id="a").sections
    assert [section.path for section in sections] == [("一",), ("一", "二"), ("三",)]


def test_a_section_ends_where_the_next_of_its_level_begins() -> None:
    document = Document.from_text("# 文\n\n## 一\n\n甲。\n\n### 二\n\n乙。\n\n## 三\n\n丙。", id="a")
    first, second, _ = document.sections
    assert document.text[first.start : first.end] == "## 一\n\n甲。\n\n### 二\n\n乙。\n\n"
    assert document.text[second.body : second.end] == "\n乙。\n\n"


def test_the_only_heading_of_level_one_is_the_title_and_no_section() -> None:
    document = Document.from_text("# 大模型\n\n## 一\n\n甲。", id="a")
    assert document.title == "大模型"
    assert [section.title for section in document.sections] == ["一"]


def test_one_of_several_headings_of_level_one_is_a_section_when_it_has_a_text() -> None:
    assert titles("# 甲\n\n甲的话。\n\n# 乙\n\n乙的话。") == ["甲", "乙"]
    assert titles("# 文\n\n# 乙\n\n乙的话。\n\n# 丙\n\n丙的话。") == ["乙", "丙"]


def test_underlined_headings_are_read() -> None:
    text = "某文\n====\n\n第一\n----\n\n甲。\n\n第二\n----\n\n乙。"
    document = Document.from_text(text, id="a")
    assert (document.title, titles(text)) == ("某文", ["第一", "第二"])
    assert document.text[document.sections[0].body :].startswith("\n甲。")


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("LLaMA[18]", "LLaMA"),
        ("**T5** 模型", "T5 模型"),
        ("[GLM](https://a.org)", "GLM"),
        (r"BLOOMZ \& mT0[31]", "BLOOMZ & mT0"),
        ("架构[编辑]", "架构"),
        ("安装 {#install}", "安装"),
        ("结论 ##", "结论"),
        ("C#", "C#"),
        ("项目 [![构建](a.svg)](https://a.org)", "项目"),
    ],
)
def test_titles_come_without_marks_emphasis_links_and_escapes(heading: str, title: str) -> None:
    assert titles(f"# 文\n\n## {heading}\n\n{TEXT}") == [title]


def test_headings_in_code_are_none() -> None:
    assert titles("# 文\n\n## 一\n\n```\n## 二\n```") == ["一"]


@pytest.mark.parametrize(
    "heading",
    ["LLaMA[18]", "一. Basic Language Model", "趋势", "可以借鉴的点", "总结", "编码风格的语言模型:编码器-解码器或仅编码器(Encoder-Decoder or Encoder-only)", "1)闭源趋势", "2.延迟", "第三章 数据", "第二条 用途", "（一）背景", "3.1 数据来源", "为什么要对齐？", "What counts as small?", "**推理**", "Chain of Thought"],
)  # fmt: skip
def test_a_short_line_that_stands_apart_heads_a_section(heading: str) -> None:
    assert len(titles(copy_of_page("背景", heading))) == 2


@pytest.mark.parametrize(
    "line",
    [
        "这里的指令是指通过自然语言形式对任务进行描述",
        "它很快。",
        "作者：某某某",
        "论文地址:https://a.org/1",
        "https://a.org/1",
        "最重要的一张图:",
        "在手机芯片上跑模型,只需要 4GB 内存,很多人转发",
        "• 一个要点",
        "- 作者",
        " 前面有空格的图名",
        "2023-05-01",
        "Posted on May 4, 2023 by admin",
        "原创 某某 2024-05-06 12:00",
        "1.2K",
        "The model was trained on two trillion tokens of text from the web and books",
    ],
)
def test_other_lines_that_stand_apart_head_nothing(line: str) -> None:
    assert titles(copy_of_page("背景", line)) == ["背景"]


def test_a_line_at_the_end_heads_nothing() -> None:
    assert titles(copy_of_page("背景") + "\n\n图一") == ["背景"]


def test_what_a_colon_introduces_heads_nothing() -> None:
    assert titles(copy_of_page("背景") + f"\n\n最重要的图:\n\n进化的树图\n\n{TEXT}") == ["背景"]


def test_a_list_of_short_lines_is_not_a_list_of_headings() -> None:
    lines = "\n\n".join(["甲模型", "乙模型", "丙模型", "丁模型", "戊模型", "背景"])
    assert titles(f"一篇足够长的文章题目\n\n{lines}\n\n{TEXT}") == ["背景"]


def test_chinese_numerals_rank_above_names_and_names_below_them() -> None:
    assert levels(copy_of_page("一、基础模型", "T5", "二、指令模型", "T0")) == [
        (1, "一、基础模型"), (2, "T5"), (1, "二、指令模型"), (2, "T0"),
    ]  # fmt: skip


def test_arabic_numbers_rank_below_the_name_before_them() -> None:
    assert levels(copy_of_page("效率", "1.成本", "2.延迟", "信用")) == [
        (1, "效率"),
        (2, "1.成本"),
        (2, "2.延迟"),
        (1, "信用"),
    ]


def test_arabic_numbers_that_have_names_between_them_rank_above_the_names() -> None:
    assert levels(copy_of_page("1. 数据", "来源", "2. 模型", "结构")) == [
        (1, "1. 数据"),
        (2, "来源"),
        (1, "2. 模型"),
        (2, "结构"),
    ]


def test_dotted_numbers_rank_by_their_dots() -> None:
    assert [level for level, _ in levels(copy_of_page("1. 数据", "1.1 来源", "1.1.1 网页", "2. 模型"))] == [1, 2, 3, 1]


def test_a_numbered_heading_may_stand_right_above_its_first_part() -> None:
    text = f"一篇足够长的文章题目\n\n1. 数据\n\n1.1 来源\n\n{TEXT}"
    assert titles(text) == ["1. 数据", "1.1 来源"]


def test_a_heading_that_recurs_is_a_part_of_what_stands_before_it() -> None:
    page = copy_of_page("甲模型", "优点", "乙模型", "优点")
    assert [section.path for section in Document.from_text(page, id="a").sections][1::2] == [
        ("甲模型", "优点"),
        ("乙模型", "优点"),
    ]


def test_a_heading_that_recurs_with_a_colon_is_one_too() -> None:
    assert titles(copy_of_page("甲模型", "优点", "乙模型", "优点:")) == ["甲模型", "优点", "乙模型", "优点"]


def test_abstract_and_references_rank_with_the_highest() -> None:
    page = copy_of_page("Abstract", "1 Introduction", "1.1 Scope", "References")
    ranks = {title: level for level, title in levels(page)}
    assert (ranks["Abstract"], ranks["1 Introduction"], ranks["1.1 Scope"], ranks["References"]) == (1, 1, 2, 1)


def test_in_a_copy_without_blank_lines_short_lines_between_sentences_are_headings() -> None:
    text = f"前言\n{TEXT}\n训练模型\n{TEXT}\n- 一项\n- 又一项\n总结\n{TEXT}"
    assert titles(text) == ["前言", "训练模型", "总结"]


def test_in_a_copy_without_blank_lines_numbered_lines_over_text_are_headings_but_lists_are_not() -> None:
    text = f"一、数据\n{TEXT}\n1. 来源\n{TEXT}\n二、模型\n步骤如下：\n1. 切分\n2. 训练\n{TEXT}\n{TEXT}"
    assert titles(text) == ["一、数据", "1. 来源", "二、模型"]


def test_bare_headings_count_below_a_single_markdown_title() -> None:
    document = Document.from_text(f"# 文的题目\n\n背景\n\n{TEXT}\n\n方法\n\n{TEXT}", id="a")
    assert (document.title, [section.title for section in document.sections]) == ("文的题目", ["背景", "方法"])


def test_where_markdown_headings_are_used_bare_lines_head_nothing() -> None:
    assert titles(f"# 文\n\n## 一\n\n{TEXT}\n\n图名\n\n{TEXT}\n\n## 二\n\n{TEXT}") == ["一", "二"]
