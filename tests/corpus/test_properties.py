"""What holds for every text, tried on random characters and on random pages."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Document, split, split_sentences
from corpus.cleaning import clean_characters

LINES = st.sampled_from(
    [
        "", "", "", "# 模型", "## T5 [3]", "### **粗体** 标题", "一、基础模型", "1. 训练", "2) 推理", "趋势", "可以借鉴的点", "可以借鉴的点:", "LLaMA[18]",
        "大语言模型的发展与展望：一份综述", "T5 是谷歌的模型,支持 101 种语言。它把任务都看成文本到文本。", "What is a model?", "目录", "Contents", "  1. 第一点", "• 第二点",
        "    • 更深的一点:", "- 论文：https://arxiv.org/abs/1910.10683", "[1]T5:https://a.org/1.pdf[2]mT5:https://a.org/2.pdf", "[3] GPT-3: https://b.org/x_(y).",
        "参考资料", "| 模型 | 参数 |", "|---|---|", "| GLM | 6B | 多 |", "a | b", "---|---", "c | d |", "---", "===", "```", "print('点赞')", "![图](a.png)", "<!-- 注 -->", "点赞", "12",
        "5 点赞 3 评论 2 分享", "© 版权声明", "暂无评论...", "关注公众号「某某」,回复资料领取礼包", "admin 管理员组", "文章数量: 12", "3天前 发布", "0", "Share this:", "All rights reserved.",
        "　　缩进的段落没有句号", " 前面有一个空格", "\u200b\u202e\x1b[31m红\x1b[0m", "\ud800", "👨‍👩‍👧‍👦🇨🇳🇨🇳e\u0301\u0301", "见 [说明](https:///c.org) 与 [3]、[1, 2]。", "https://x.org/路径，后面", "END", "福利",
        "模型\t参数", "甲\t1", "乙\t2\t3", "语料[^pile]", "[^pile]: Gao https://a.org", "[上一篇：甲](/p)", "[Home](/) [About](/a)", "问：多大？", "第二条 用途", "- [x](#x)", "10 亿", "***",
    ]
)  # fmt: skip
PAGES = st.lists(LINES | st.text(max_size=30), max_size=40).map("\n".join)
TEXTS = PAGES | st.text()


def structure(document: Document) -> tuple[object, ...]:
    return document.text, document.sections, document.tables, document.links, document.language


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_parsing_a_parsed_text_changes_nothing(text: str) -> None:
    once = Document.from_text(text, id="a")
    assert structure(Document.from_text(once.text, id="a")) == structure(once)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_offsets_of_structure_lie_inside_the_text(text: str) -> None:
    document = Document.from_text(text, id="a")
    size = len(document.text)
    assert all(0 <= s.start <= s.body <= s.end <= size for s in document.sections)
    assert all(0 <= link.start < link.end <= size and link.url for link in document.links)
    cells = [
        cell for table in document.tables for row in (table.header, *(r.cells for r in table.rows)) for cell in row
    ]
    assert all(document.text[cell.start : cell.end] == cell.text == cell.text.strip() for cell in cells)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_links_are_in_order_and_do_not_overlap(text: str) -> None:
    links = Document.from_text(text, id="a").links
    assert all(left.end <= right.start for left, right in pairwise(links))


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(16, 80))
def test_passages_hold_all_text_once_and_in_order(text: str, size: int) -> None:
    document = Document.from_text(text, id="a")
    reached = 0
    for passage in split([document], max_tokens=size):
        assert passage.text == document.text[passage.start : passage.end] == passage.text.strip() != ""
        assert passage.start >= reached
        assert not document.text[reached : passage.start].strip()
        reached = passage.end
    assert not document.text[reached:].strip()


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(16, 80))
def test_no_passage_crosses_a_section(text: str, size: int) -> None:
    document = Document.from_text(text, id="a")
    for passage in split([document], max_tokens=size):
        assert document.section_at(passage.start) == document.section_at(passage.end - 1)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_sentences_hold_all_text_once_and_no_newline(text: str) -> None:
    reached = 0
    for start, end in split_sentences(text):
        assert text[start:end] == text[start:end].strip() != ""
        assert "\n" not in text[start:end]
        assert not text[reached:start].strip()
        reached = end
    assert not text[reached:].strip()


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_every_line_that_is_kept_stands_in_the_original(text: str) -> None:
    original = "".join(clean_characters(text).split())
    kept = Document.from_text(text, id="a").text.split("\n")
    assert [line for line in kept if "".join(line.split()) not in original] == []
