from corpus import Document


def table_of(text: str):
    (table,) = Document.from_text(text, id="a").tables
    return table


def cells(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_a_table_with_pipes_at_both_ends_is_read() -> None:
    table = table_of("| 模型 | 参数 |\n|:--|--:|\n| GLM | 6B |\n| OPT | 175B |")
    assert [cell.text for cell in table.header] == ["模型", "参数"]
    assert cells(table) == [["GLM", "6B"], ["OPT", "175B"]]


def test_a_table_without_pipes_at_the_ends_is_read() -> None:
    assert cells(table_of("模型 | 参数\n---|---\nGLM | 6B")) == [["GLM", "6B"]]


def test_a_pipe_only_at_the_end_opens_no_further_cell() -> None:
    table = table_of("模型 | 参数 |\n---|---|\nGLM | 6B |")
    assert len(table.header) == 2
    assert cells(table) == [["GLM", "6B"]]


def test_offsets_of_cells_point_at_their_text() -> None:
    document = Document.from_text("前文。\n\n| 模型 |  参数  |\n|---|---|\n|  鹏程·盘古α |  |", id="a")
    (table,) = document.tables
    for cell in (*table.header, *table.rows[0].cells):
        assert document.text[cell.start : cell.end] == cell.text
    assert [cell.text for cell in table.rows[0].cells] == ["鹏程·盘古α", ""]


def test_rows_may_be_shorter_or_longer_than_the_header() -> None:
    assert cells(table_of("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |")) == [["1"], ["1", "2", "3"]]


def test_an_escaped_pipe_does_not_end_a_cell() -> None:
    assert cells(table_of("| a | b |\n|---|---|\n| x \\| y | 2 |")) == [["x \\| y", "2"]]


def test_a_blank_line_ends_a_table() -> None:
    assert cells(table_of("| a | b |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |")) == [["1", "2"]]


def test_a_copy_with_a_blank_line_after_every_row_is_read() -> None:
    assert cells(table_of("| a | b |\n\n|---|---|\n\n| 1 | 2 |\n\n| 3 | 4 |")) == [["1", "2"], ["3", "4"]]


def test_two_tables_that_touch_stay_two() -> None:
    document = Document.from_text("| a | b |\n|---|---|\n| 1 | 2 |\n| c | d |\n|---|---|\n| 3 | 4 |", id="a")
    assert [cells(table) for table in document.tables] == [[["1", "2"]], [["3", "4"]]]


def test_pipes_without_a_row_of_dashes_are_no_table() -> None:
    assert Document.from_text("a | b | c\nd | e | f", id="a").tables == ()


def test_a_table_in_code_is_no_table() -> None:
    assert Document.from_text("```\n| a | b |\n|---|---|\n| 1 | 2 |\n```", id="a").tables == ()


def test_the_caption_is_the_line_or_heading_above() -> None:
    assert table_of("# 文\n\n## 模型一览\n\n| a | b |\n|---|---|\n| 1 | 2 |").caption == "模型一览"
    assert table_of("各模型的规模如下：\n\n| a | b |\n|---|---|\n| 1 | 2 |").caption == "各模型的规模如下"


def test_a_numbered_caption_may_stand_below() -> None:
    text = "| a | b |\n|---|---|\n| 1 | 2 |\n\n表 3：训练成本"
    assert table_of(text).caption == "表 3：训练成本"


def test_a_long_paragraph_above_is_no_caption() -> None:
    assert table_of("很长的一段话。" * 20 + "\n\n| a | b |\n|---|---|\n| 1 | 2 |").caption == ""


def test_a_table_knows_the_path_of_its_section() -> None:
    assert table_of("# 文\n\n## 模型\n\n### 规模\n\n| a | b |\n|---|---|\n| 1 | 2 |").section == "模型 > 规模"


def test_lines_with_tabs_copied_from_a_page_are_a_table() -> None:
    document = Document.from_text(
        "开源模型对照表\n\n模型\t参数\t许可\nLLaMA\t7B\t非商用\nFalcon\t40B\n\n截至六月。", id="a"
    )
    (table,) = document.tables
    assert [cell.text for cell in table.header] == ["模型", "参数", "许可"]
    assert cells(table) == [["LLaMA", "7B", "非商用"], ["Falcon", "40B"]]
    assert all(document.text[cell.start : cell.end] == cell.text for row in table.rows for cell in row.cells)


def test_one_tab_in_a_text_makes_no_table() -> None:
    assert Document.from_text("甲\t乙\n丙\t丁\n\n戊\t己", id="a").tables == ()


def test_rows_of_a_spaced_out_table_are_no_headings() -> None:
    document = Document.from_text(
        "一篇足够长的文章题目\n\n模型 | 参数\n\n---|---\n\nGLM | 6B\n\nOPT | 175B\n\n后面是正文,讲得很清楚。", id="a"
    )
    assert len(document.tables[0].rows) == 2
    assert document.sections == ()
