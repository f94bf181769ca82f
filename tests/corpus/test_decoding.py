import os

import pytest

from corpus import ReadError
from corpus.decoding import decode

CHINESE = "检索增强生成先找出相关的片段,再让模型依据片段回答问题,并给出引用。\n"
MIXED = "RAG 系统 v2.1 的地址是 http://x/y ,端口 8080。"
ENGLISH = "The model was trained on 1.4T tokens.\nIt is open.\n"


@pytest.mark.parametrize("text", [CHINESE, MIXED, ENGLISH, "羊驼", CHINESE * 300])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_text_is_decoded(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("text", [CHINESE, MIXED, ENGLISH, CHINESE * 300])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_decoded(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("text", ["机器学习", "你好", "退货政策:七天内可以退货。", "模型 | 参数\nGLM | 六十亿"])
def test_very_short_gbk_is_chinese(text: str) -> None:
    assert decode(text.encode("gbk")).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("退貨政策:七天內可以無理由退貨,運費由賣家承擔。我們會在三個工作天內退款。" * 3, "big5"),
        ("検索拡張生成は文書を検索して回答します。モデルはとても大きいです。" * 3, "shift_jis"),
        ("Le modèle a été entraîné sur des données où l'été était déjà passé. " * 5, "cp1252"),
    ],
)
def test_other_old_encodings_are_detected_in_longer_texts(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


def test_the_encoding_is_reported() -> None:
    assert decode(CHINESE.encode("gb18030")).encoding == "gb18030"
    assert decode(CHINESE.encode()).encoding == "utf-8"


def test_broken_bytes_in_utf_8_are_replaced_and_counted() -> None:
    data = CHINESE.encode() * 3
    decoded = decode(data[:40] + b"\xff\xfe" + data[40:])
    assert decoded.encoding == "utf-8"
    assert decoded.invalid > 0
    assert decoded.text.count("\ufffd") == decoded.invalid


def test_replacement_characters_that_a_text_brings_along_are_not_counted() -> None:
    assert decode("坏\ufffd字".encode()).invalid == 0


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x7fELF\x02\x01\x01", "ELF"),
        (b"%PDF-1.7\n%abc", "PDF"),
        (b"PK\x03\x04abc", "ZIP"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"{\\rtf1", "RTF"),
    ],
)
def test_known_binary_kinds_are_refused_by_name(data: bytes, what: str) -> None:
    with pytest.raises(ReadError, match=what):
        decode(data + os.urandom(64))


@pytest.mark.parametrize(
    "data", [bytes(range(32)) * 20, b"hello\0world", b"\x00\x01\x02\x03" * 100, b"\x01text\x02text\x03" * 50]
)
def test_nuls_and_controls_mean_binary(data: bytes) -> None:
    with pytest.raises(ReadError, match="binary"):
        decode(data)


def test_one_stray_nul_in_a_long_text_is_forgiven() -> None:
    assert decode(ENGLISH.encode() * 100 + b"\0").text.startswith("The model")


def test_no_bytes_are_an_empty_text() -> None:
    assert decode(b"").text == ""
