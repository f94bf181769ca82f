import pytest

from corpus import Document
from corpus.links import repair_url, trim_url


def links_of(text: str) -> list[tuple[str, str, str]]:
    document = Document.from_text(text, id="a")
    return [(document.text[link.start : link.end], link.url, link.label) for link in document.links]


def test_a_markdown_link_is_called_by_its_text() -> None:
    assert links_of("见 [论文](https://a.org/x_(1)) 。") == [
        ("[论文](https://a.org/x_(1))", "https://a.org/x_(1)", "论文")
    ]


@pytest.mark.parametrize("after", ["。", "，见下", "）", "）。", ").", "、然后", "中文", "》", "”", ";", " 后文", "'"])
def test_a_bare_address_ends_before_punctuation_and_chinese(after: str) -> None:
    assert [link[1] for link in links_of(f"地址是 https://a.org/x?y=1{after}")] == ["https://a.org/x?y=1"]


def test_an_address_keeps_brackets_of_its_own() -> None:
    assert trim_url("https://a.org/BERT_(model)") == "https://a.org/BERT_(model)"
    assert trim_url("https://a.org/x).") == "https://a.org/x"


def test_a_malformed_address_is_repaired_but_its_place_is_not() -> None:
    assert links_of(r"见 https:///a.org/x\_y 。") == [(r"https:///a.org/x\_y", "https://a.org/x_y", "")]
    assert repair_url("https://a.org/?a=1&amp;b=2") == "https://a.org/?a=1&b=2"


def test_an_address_is_called_by_the_field_before_it() -> None:
    assert links_of("- 论文地址：https://a.org/1\n- **代码**: https://b.org/2")[0][2] == "论文地址"
    assert links_of("- 论文地址：https://a.org/1\n- **代码**: https://b.org/2")[1][2] == "代码"


def test_an_address_in_a_nested_list_is_called_by_the_item_above() -> None:
    assert [link[2] for link in links_of("- 代码：\n  - https://a.org/1\n  - https://a.org/2")] == ["代码", "代码"]


def test_an_address_in_a_sentence_has_no_name() -> None:
    assert links_of("他们在博客里写得很清楚，见 https://a.org/1 。")[0][2] == ""


def test_an_address_in_a_table_is_called_by_its_column() -> None:
    assert links_of("| 模型 | 论文 |\n|---|---|\n| GLM | https://a.org/1 |")[0][2] == "论文"


@pytest.mark.parametrize(
    "entry",
    [
        "[7]GLM:https://a.org/7",
        "[7] GLM https://a.org/7",
        "[7]: GLM: https://a.org/7",
        "[7] [GLM](https://a.org/7)",
        "[7] GLM.\n    https://a.org/7",
    ],
)
def test_a_mark_resolves_through_the_list_of_references(entry: str) -> None:
    text = f"GLM[7] 是双语模型。\n\n参考资料\n\n[6]OPT:https://a.org/6\n{entry}\n"
    assert ("[7]", "https://a.org/7", "GLM") in [(text, url, label.rstrip(".")) for text, url, label in links_of(text)]


def test_a_numbered_list_of_references_resolves_marks_too() -> None:
    text = "# 文\n\nGLM[2] 是双语模型。\n\n## 参考\n\n1. [OPT](https://a.org/1)\n2. [GLM](https://a.org/2)\n"
    assert ("[2]", "https://a.org/2", "GLM") in links_of(text)


def test_every_number_of_a_joint_mark_resolves() -> None:
    text = "都很大 [1, 2]。\n\n## 参考文献\n\n[1] A https://a.org/1\n[2] B https://a.org/2\n"
    assert [link for link in links_of(text) if link[2] and "参" not in link[0]][:2] == [
        ("1", "https://a.org/1", "A"),
        ("2", "https://a.org/2", "B"),
    ]


def test_a_mark_without_an_entry_is_no_link() -> None:
    assert links_of("它很大[9]。数组 a[0] 也一样。") == []


def test_the_mark_that_opens_an_entry_is_no_link_itself() -> None:
    assert [link[0] for link in links_of("## 参考\n\n[1] A https://a.org/1\n[2] B https://a.org/2")] == [
        "https://a.org/1",
        "https://a.org/2",
    ]


def test_with_several_lists_a_mark_resolves_in_the_next_one() -> None:
    text = "## 一\n\n甲[1]。\n\n### 参考\n\n[1] A https://a.org/1\n\n## 二\n\n乙[1]。\n\n### 参考\n\n[1] B https://b.org/1\n"
    assert [link[1] for link in links_of(text) if link[0] == "[1]"] == ["https://a.org/1", "https://b.org/1"]


def test_an_address_in_a_list_of_references_is_called_by_its_title() -> None:
    assert links_of("## 参考\n\n[1]GPT-3:https://a.org/1")[0] == ("https://a.org/1", "https://a.org/1", "GPT-3")


def test_a_reference_whose_title_is_an_address_still_points_somewhere() -> None:
    text = "仓库[1]。\n\n## 参考\n\n[1]https://a.org/x:https://a.org/x"
    assert links_of(text)[0] == ("[1]", "https://a.org/x", "https://a.org/x")


def test_links_by_key_and_arxiv_numbers_are_found() -> None:
    text = "见 [论文][p] 与 arXiv:2302.13971v1。\n\n[p]: https://a.org/p\n"
    assert links_of(text)[:2] == [
        ("[论文][p]", "https://a.org/p", "论文"),
        ("arXiv:2302.13971v1", "https://arxiv.org/abs/2302.13971v1", ""),
    ]


@pytest.mark.parametrize("text", ["见 github.com/THUDM/GLM 。", "见 www.example.org/x。"])
def test_an_address_without_a_scheme_is_found(text: str) -> None:
    assert links_of(text)[0][1].startswith("https://")


@pytest.mark.parametrize(
    "text", ["版本 1.2/3.4 与 and/or", "a@b.com/x", "![图](https://a.org/1.png) 图", "llama.cpp 很快"]
)
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    assert links_of(text) == []


def test_marks_in_code_are_no_links() -> None:
    text = "```\nx[1]\n```\n\n## 参考\n\n[1] A https://a.org/1"
    assert [link[0] for link in links_of(text)] == ["https://a.org/1"]


def test_footnotes_with_names_and_numbers_resolve() -> None:
    text = "语料有 825 GiB[^pile],也有 1.2T[^2]。\n\n[^pile]: Gao 等 https://a.org/pile\n\n另一段。\n\n[^2]: https://a.org/red"
    assert links_of(text)[:2] == [("[^pile]", "https://a.org/pile", "Gao 等"), ("[^2]", "https://a.org/red", "")]


def test_a_badge_is_called_by_its_picture() -> None:
    assert links_of("[![构建](https://a.org/b.svg)](https://a.org) 通过")[0][1:] == ("https://a.org", "构建")


def test_a_definition_gives_its_address_no_name() -> None:
    assert links_of('[p]: https://a.org/p "题目"')[0][2] == ""
