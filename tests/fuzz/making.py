"""Makes inputs out of random bytes: choices, texts of pieces that mean something to us, and mutants of valid files.

Everything follows from the bytes alone, so a fuzzer that keeps bytes keeps inputs, and a finding can be run again.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import TypeVar

Chosen = TypeVar("Chosen")

PIECES = (
    "# 模型", "## T5 [3]", "### **粗体** 标题", "一、基础模型", "1. 训练", "2) 推理", "- ", "• ", "| 模型 | 参数 |", "|---|---|", "| GLM | 6B |", "a | b", "```", "~~~", "---",
    "===", "参考资料", "[1]T5:https://a.org/1.pdf", "[3] GPT-3: https://b.org/x_(y).", "[^1]", "[1, 2]", "【1】", "[说明](https://c.org)", "![x](https://evil.example/?q=1)",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!--", "-->", "</div>", "<think>", "</think>", "<|assistant|>", "\n\n", "\n", "\t", " ", "　", "。", "？", "，", ".", "?",
    "!", ":", "：", "\u202e", "\u200b", "\x00", "\x1b[31m", "\ud800", "\U000e0041", "e\u0301", "👨‍👩‍👧‍👦", "𠮷", "﷽", "İ", "ẞ", "½", "Ⅳ", "①", "٣", "GPT-3", "gpt3", "ChatGLM-6B", "LLaMA", "T5", "BLOOM-176B",
    "1750亿", "175B", "6.7 billion", "1,000,000", "1e999", "0.1%", "百分之三", "2021年3月", "March 2021", "¥3万", "$5", "多少", "什么", "谁", "哪些", "比", "最大", "和", "与", "呢", "它", "前者", "how many",
    "which", "who", "when", "why", "compare", "list all", "largest", "and", "it", "the former", "not", "没有", "不", "((((", "))))", "[[[[", "{{", "}}", "$$", "\\", "`", "*", "_", '"', "'", "<", ">", "&amp;", "&#0;",
    "http://[::1", "https://x.org/" + "a" * 40, "://", "@", "a" * 70, "字" * 70, "1" * 40, "9" * 400, "-" * 90,
)  # fmt: skip
NAMED = (
    "Walnut-7B",
    "Hazel-3B",
    "Elm",
    "Alder",
    "核桃",
    "Grove",
    "Moss",
    "Pelican",
    "Osier-9B",
    "walnut 7b",
    "Wallnut-7B",
)
FORMS = (  # of questions: {a} and {b} are names, {c} is anything
    "How many parameters does {a} have?", "Which is larger, {a} or {b}?", "Compare {a} and {b} in size and year.", "What is {a} based on?", "What descends from {a}?",
    "How does {a} lead to {b}?", "Where is the code of {a}?", "List the models of {a}.", "What did {a} release?", "Who released {a} and {b}?", "Which model has the most parameters?",
    "Which models were released after 2021?", "How many models are there?", "What is the average size?", "What are the steps of pruning?", "What is {a}?", "Define {c}.", "Why does {a} {c}?",
    "Is {a} open?", "Does {a} need {c}?", "When did {a} {c}?", "What does the section Sizes list?", "Are {a} and {b} the same?", "Which of {a}, {b} and {c} is cheaper?", "How much {c} between 5 GB and 2021?",
    "{a}和{b}哪个更大？", "比较{a}与{b}的参数和年份", "{a}基于什么？", "哪些模型由{a}发展而来？", "{a}的代码在哪里？", "列出{a}发布的模型", "参数最多的模型是哪个？", "2021年后发布的有哪些？", "一共多少个模型？",
    "剪枝有哪些步骤？", "{a}是什么？", "{a}为什么{c}？", "{a}开源吗？", "什么是{c}？", "{a}、{b}和{c}谁更便宜？", "它呢？", "And {b}?", "那{b}呢？", "What about its code?", "前者的参数是多少？",
)  # fmt: skip
TOKENS = (
    b"\0", b"\xff" * 4, b"\x7f\xff\xff\xff", b"<", b">", b"</", b"]]>", b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"<table>", b"<tr><td>", b"<td colspan=999999>",
    b"rowspan='-1'", b"<div>" * 60, b"{", b"[" * 2_000, b'"', b"'", b",", b"\n", b"\r", b"|", b"|---|", b"# ", b"=" * 70, b"::", b".. table::\n", b".. include:: /etc/passwd", b":", b"%PDF-1.7", b"obj", b"endobj", b"stream\n",
    b"endstream", b"/Kids[2 0 R]", b"/Count 2000000000", b"/Filter/FlateDecode", b"1 0 R", b"BT", b"ET", b"Tj", b"Td", b"-1", b"1e308", b"99999999999999999999", b"NaN", b"null", b"true", b"\\u0000", b"\\ud800",
    b"charset=utf-16", b"charset=x", b"Content-Transfer-Encoding: base64\n\n", b"--boundary", b"\x1b$B", b"\xef\xbb\xbf", b"\xfe\xff", b"\xd6\xd0", b"w:tbl", b"w:gridSpan", b"sharedStrings", b"r:id", b"../../x",
)  # fmt: skip


class Draw:
    """Draws from some bytes; when they are used up, everything is the first choice, 0 or empty."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def raw(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        self._at += len(found)
        return found

    def number(self, below: int) -> int:
        """Return a number from 0 to below - 1."""
        return int.from_bytes(self.raw(1 if below <= 256 else 4), "little") % max(below, 1)

    def one_of(self, things: Sequence[Chosen]) -> Chosen:
        return things[self.number(len(things))]

    def text(self, most: int = 60) -> str:
        """Return a text of pieces and of characters as they come."""
        parts = []
        for _ in range(self.number(most + 1)):
            kind = self.number(4)
            parts.append(
                self.raw(self.number(12)).decode("utf-8", "replace") if kind == 0 else
                chr(self.number(0x110000)) if kind == 1 and self.number(4) == 0 else self.one_of(PIECES)
            )  # fmt: skip
        return "".join(parts)

    def question(self) -> str:
        """Return a question that asks in one of the known forms, of names that are known or not, perhaps with more around it."""
        made = self.one_of(FORMS).format(a=self.one_of(NAMED), b=self.one_of(NAMED), c=self.text(2))
        return made if self.number(3) else f"{self.text(2)}{made}{self.text(2)}"

    def value(self, depth: int = 3) -> object:
        """Return something that JSON can hold."""
        kind = self.number(8 if depth else 6)
        if kind == 6:
            return [self.value(depth - 1) for _ in range(self.number(5))]
        if kind == 7:
            return {self.text(2): self.value(depth - 1) for _ in range(self.number(5))}
        return (None, True, self.number(1 << 32) - (1 << 31), self.number(99) / 7, self.text(8), self.text(2))[kind]


def mutated(data: bytes, draw: Draw) -> bytes:
    """Return a valid file with a few things wrong; of a zip archive, inside its parts."""
    if zipfile.is_zipfile(io.BytesIO(data)) and draw.number(5):
        return _rezipped(data, draw)
    return _bytes_mutated(data, draw)


def _bytes_mutated(data: bytes, draw: Draw) -> bytes:
    out = bytearray(data)
    for _ in range(1 + draw.number(6)):
        at = draw.number(len(out) + 1)
        kind = draw.number(7)
        length = 1 + draw.number(64)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << draw.number(8)
        elif kind == 1:
            del out[at : at + length]
        elif kind == 2:
            out[at:at] = out[at : at + length] * (1 + draw.number(20))
        elif kind == 3:
            out[at : at + length] = draw.one_of(TOKENS)
        elif kind == 4:
            out[at:at] = draw.one_of(TOKENS) * (1 + draw.number(3))
        elif kind == 5 and draw.number(8) == 0:
            del out[at:]
        else:
            out[at:at] = draw.raw(length)
    return bytes(out)


def _rezipped(data: bytes, draw: Draw) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    chosen = draw.number(len(parts))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for at, (name, content) in enumerate(parts):
            archive.writestr(name, _bytes_mutated(content, draw) if at == chosen else content)
    return made.getvalue()
