import pytest

from corpus import Document, Passage, UsageError, count_tokens, split

LONG = "这是第一句话,它说模型很大。这是第二句话,它说数据很多。这是第三句话,它说训练很慢。"


def passages_of(text: str, **options: int) -> list[Passage]:
    return split([Document.from_text(text, id="a")], **options)


def test_a_short_section_is_one_passage_with_its_heading() -> None:
    text = "# 文\n\n## 一\n\n甲说了一句话。\n\n- 一项\n- 又一项\n\n## 二\n\n乙也说了一句话。"
    assert [passage.text for passage in passages_of(text)] == [
        "# 文",
        "## 一\n\n甲说了一句话。\n\n- 一项\n- 又一项",
        "## 二\n\n乙也说了一句话。",
    ]


def test_the_context_holds_title_and_heading_path() -> None:
    passage = passages_of("# 文\n\n## 一\n\n### 二\n\n话在这里。")[-1]
    assert (passage.section, passage.context) == ("一 > 二", "文\n一 > 二")


def test_no_passage_is_larger_than_asked_for() -> None:
    table = f"| 甲 | 乙 |\n|---|---|\n| {LONG * 3} | 一 |"
    references = f"## 参考\n\n[1] {LONG * 4}\n[2] 短"
    text = "# 文\n\n" + "\n\n".join(
        [LONG, LONG * 4, "- 一项\n" * 30, "word " * 300, "x" * 900, "字" * 500, table, references]
    )
    for size in (16, 40, 100):
        assert max(count_tokens(passage.text) for passage in passages_of(text, max_tokens=size)) <= size


def test_passages_of_a_long_section_are_even() -> None:
    sizes = [count_tokens(passage.text) for passage in passages_of("\n\n".join([LONG] * 12), max_tokens=100)]
    assert min(sizes) * 2 > max(sizes)


def test_paragraphs_are_cut_between_sentences() -> None:
    assert all(passage.text.endswith("。") for passage in passages_of(LONG * 6, max_tokens=60))


def test_a_long_sentence_is_cut_between_clauses() -> None:
    text = "模型很大,数据很多,训练很慢,结果很好,成本很高," * 8 + "就这样。"
    assert all(passage.text[-1] in ",。" for passage in passages_of(text, max_tokens=30))


@pytest.mark.parametrize("letter", ["👨‍👩‍👧‍👦", "🇨🇳", "e\u0301\u0302", "👍🏽", "❤️", "각", "𠮷"])
def test_a_letter_is_never_cut(letter: str) -> None:
    passages = passages_of(letter * 60, max_tokens=24)
    assert len(passages) > 1
    assert all(len(passage.text) % len(letter) == 0 for passage in passages)


def test_a_heading_is_not_left_alone_at_the_end_of_a_passage() -> None:
    text = "# 文\n\n## 一\n\n" + LONG * 3 + "\n\n要点如下：\n\n- " + LONG + "\n- " + LONG
    assert not [passage for passage in passages_of(text, max_tokens=90) if passage.text.endswith("：")]


def test_the_rest_of_a_list_remembers_what_introduced_it() -> None:
    text = "# 文\n\n开源模型有几个注意点:\n" + "\n".join(f"- 第 {number} 点,{LONG}" for number in range(6))
    later = passages_of(text, max_tokens=100)[-1]
    assert later.text.startswith("- 第")
    assert later.context.endswith("开源模型有几个注意点:")


def test_nested_items_remember_the_item_that_they_hang_from() -> None:
    text = "# 文\n\n- 论文名称：甲\n- 论文贡献：\n" + "\n".join(f"  - {LONG}" for _ in range(6)) + "\n- 时间：2022"
    contexts = [passage.context for passage in passages_of(text, max_tokens=80)]
    assert "文\n论文贡献：" in contexts
    assert not contexts[0].endswith("论文贡献：")


def test_a_row_is_a_passage_that_knows_its_header_and_caption() -> None:
    text = "# 文\n\n## 模型一览\n\n| 模型 | 参数 |\n|---|---|\n| GLM | 6B |\n| OPT | 175B |\n\n表后有话。"
    rows = [passage for passage in passages_of(text) if passage.kind == "table_row"]
    assert [row.text for row in rows] == ["| GLM | 6B |", "| OPT | 175B |"]
    assert rows[0].context == "文\n模型一览\n列名: 模型 | 参数"


def test_rows_of_english_tables_say_columns() -> None:
    rows = passages_of("# Survey of models\n\nAll sizes:\n\n| Model | Size |\n|---|---|\n| GLM | 6B |")
    assert rows[-1].context == "Survey of models\nAll sizes\nColumns: Model | Size"


def test_every_reference_is_a_passage_of_its_own() -> None:
    text = (
        "# 文\n\n正文[1]。\n\n## 参考资料\n\n[1]甲:https://a.org/1\n[2] 乙的很长的题目\nhttps://a.org/2\n\n作者：某某"
    )
    passages = [passage for passage in passages_of(text) if passage.kind == "reference"]
    assert [passage.text for passage in passages] == ["[1]甲:https://a.org/1", "[2] 乙的很长的题目\nhttps://a.org/2"]


def test_code_stays_together_where_it_fits() -> None:
    text = f"# 文\n\n{LONG * 3}\n\n```python\nx = 1\n\ny = 2\n```\n\n{LONG * 3}"
    assert any("x = 1\n\ny = 2" in passage.text for passage in passages_of(text, max_tokens=80))


def test_wrapped_lines_are_one_paragraph() -> None:
    text = (
        "# Survey of models\n\n"
        + "\n".join(["The model was trained on a lot of text and it took them"] * 12)
        + " a year."
    )
    assert len(passages_of(text, max_tokens=60)) < 8


def test_documents_are_split_in_their_order() -> None:
    documents = [Document.from_text(f"第 {number} 篇的正文。", id=str(number)) for number in range(3)]
    assert [passage.document_id for passage in split(documents)] == ["0", "1", "2"]


def test_an_empty_document_has_no_passages() -> None:
    assert passages_of(" ") == []


def test_passages_that_could_hold_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="max_tokens is 8, but passages need at least 16"):
        split([], max_tokens=8)


def test_ten_thousand_passages_take_seconds() -> None:
    document = Document.from_text("\n\n".join(f"## 第 {number} 节\n\n{LONG * 3}" for number in range(10_000)), id="a")
    assert len(split([document])) == 10_000


def test_references_inside_code_that_never_ends_make_passages_without_outer_white_space():
    entries = [f"[{n}] Ann Grove. On walnuts {n}. 2019. https://a.org/{n}.pdf" for n in range(1, 5)]
    text = "# Walnuts\n\nThey grow [1].\n\n## References\n\n```\n" + "\n\n\n".join(entries) + "\n\n\nThe end.\n"
    document = Document.from_text(text, id="a.md")

    passages = split([document])

    assert [passage.text for passage in passages] == [passage.text.strip() for passage in passages]
    assert all(entry in document.text and any(entry in passage.text for passage in passages) for entry in entries)
