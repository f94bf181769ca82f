"""Traditional and simplified, half and full width, old encodings: questions in one find what files in the other say."""

from pathlib import Path

import pytest

from corpus import read_folder, split
from index import Index
from rag import Assistant

TRADITIONAL = (
    "港灣模型綜述\n\n訓練\n\n蒼鷺模型在五百一十二塊加速卡上訓練了四十二天，語料的內容是航海日誌和海圖。\n\n"
    "發布\n\n鵜鶘模型由港灣研究所於2021年3月發布，後來的版本改用開放的許可證。\n"
)
SIMPLIFIED = (
    "港湾模型综述\n\n训练\n\n苍鹭模型在五百一十二块加速卡上训练了四十二天，语料的内容是航海日志和海图。\n\n"
    "发布\n\n鹈鹕模型由港湾研究所于2021年3月发布，后来的版本改用开放的许可证。\n"
)
WIDE = "港湾模型综述\n\n规模\n\n模型ＨＥＲＯＮ－３有１７５０亿个参数，上下文长度为４０９６。\n\n训练\n\n\u3000\u3000模型ＨＥＲＯＮ－３训练了４２天。\n"


def answer(folder: Path, question: str) -> str:
    return Assistant(Index.build(split(read_folder(folder).documents))).ask(question).text


@pytest.mark.parametrize("encoding", ["utf-8", "big5", "utf-16", "gb18030"])
@pytest.mark.parametrize(("question", "fact"), [
    ("苍鹭模型训练了多少天?", "四十二天"), ("蒼鷺模型訓練了多少天?", "四十二天"), ("鹈鹕模型是谁发布的?", "港灣研究所"),
])  # fmt: skip
def test_a_file_in_traditional_characters_answers_both(tmp_path: Path, encoding: str, question: str, fact: str) -> None:
    (tmp_path / "a.txt").write_bytes(TRADITIONAL.encode(encoding))
    assert fact in answer(tmp_path, question)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk", "utf-16-le"])
@pytest.mark.parametrize(
    ("question", "fact"), [("蒼鷺模型訓練了多少天?", "四十二天"), ("鵜鶘模型是誰發布的?", "港湾研究所")]
)
def test_a_file_in_simplified_characters_answers_traditional_questions(
    tmp_path: Path, encoding: str, question: str, fact: str
) -> None:
    (tmp_path / "a.txt").write_bytes(SIMPLIFIED.encode(encoding))
    assert fact in answer(tmp_path, question)


@pytest.mark.parametrize("question", ["HERON-3 有多少参数?", "ＨＥＲＯＮ－３有多少参数？", "heron3\u00a0有多少参数"])
def test_full_and_half_width_letters_and_digits_match_each_other(tmp_path: Path, question: str) -> None:
    (tmp_path / "a.txt").write_text(WIDE, "utf-8")
    assert "１７５０亿" in answer(tmp_path, question)
