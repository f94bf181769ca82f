"""How fast files become passages on one core, and how much memory a folder of many files takes.

    python tests/benchmarks/reading.py [--runs 5] [--files 10000] [--skip-folder] [--profile KIND]

Writes texts of its own (prose, copies of web pages full of links and tables, PDF of one and two columns), reads and splits them
as `index build` does, and prints one JSON document: megabytes a second by the clock and by the processor (medians), PDF pages a
second, and the seconds and the largest resident size of a process that reads and splits a folder of so many files.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from corpus import Document, read, read_folder, split
from corpus.converting import convert

ENGLISH = [
    "harbour",
    "model",
    "training",
    "corpus",
    "tokens",
    "letters",
    "survey",
    "of",
    "the",
    "a",
    "in",
    "with",
    "for",
    "large",
    "small",
    "released",
    "trained",
    "on",
    "by",
    "parameters",
    "layers",
    "attention",
    "window",
    "context",
    "open",
    "weights",
    "licence",
    "research",
    "university",
    "laboratory",
    "measured",
    "reported",
    "score",
    "benchmark",
    "translation",
    "question",
    "answer",
    "dialogue",
    "memory",
    "accelerator",
    "weeks",
    "figures",
    "earlier",
    "later",
    "version",
    "family",
    "successor",
    "data",
]
CHINESE = "模型训练数据参数开源发布研究机构大学实验结果显示上下文长度注意力语料问答翻译对话记忆评测基准版本系列后续规模层数窗口许可港湾综述性能提升微调指令推理成本显存量化"


def english(rng: random.Random, words: int) -> str:
    said = [
        rng.choice(ENGLISH) if rng.random() > 0.08 else f"{rng.choice('ABCDE')}{rng.randrange(900)}"
        for _ in range(words)
    ]
    return " ".join(said).capitalize() + "."


def chinese(rng: random.Random, characters: int) -> str:
    return "".join(rng.choice(CHINESE) for _ in range(characters)) + "。"


def sentence(rng: random.Random) -> str:
    return english(rng, rng.randrange(8, 25)) if rng.random() < 0.5 else chinese(rng, rng.randrange(15, 45))


def paragraph(rng: random.Random) -> str:
    one = english if rng.random() < 0.5 else chinese
    return (" " if one is english else "").join(one(rng, rng.randrange(10, 30)) for _ in range(rng.randrange(3, 8)))


def prose(rng: random.Random, size: int) -> str:
    """Return a text of headings and paragraphs of about so many bytes."""
    parts = [f"# {english(rng, 4)[:-1]}"]
    while _bytes(parts) < size:
        parts.append(f"## {english(rng, 3)[:-1]} {len(parts)}" if rng.random() < 0.15 else paragraph(rng))
    return "\n\n".join(parts)


def copy(rng: random.Random, size: int) -> str:
    """Return what a web page full of links, lists, tables and notes becomes when it is copied as Markdown."""
    parts = [f"# {english(rng, 5)[:-1]}", " ".join(f"[{rng.choice(ENGLISH)}](/{n})" for n in range(9))]
    while _bytes(parts) < size:
        kind, number = rng.randrange(6), len(parts)
        link = f"[{english(rng, 3)[:-1]}](https://example.org/{number}/{rng.randrange(9999)}.html)"
        if kind == 0:
            parts.append(f"### {english(rng, 3)[:-1]} {number}")
        elif kind == 1:
            parts.append("\n".join(f"- {sentence(rng)} {link}" for _ in range(rng.randrange(3, 8))))
        elif kind == 2:
            rows = (
                f"| {rng.choice(ENGLISH)}-{rng.randrange(99)}B | {rng.randrange(999)} | {link} | {chinese(rng, 6)} |"
                for _ in range(8)
            )
            parts.append("\n".join(["| model | size | source | note |", "| --- | --- | --- | --- |", *rows]))
        elif kind == 3:
            parts.append(
                f"{sentence(rng)} {link} [{rng.randrange(1, 60)}] (Berg et al., 20{rng.randrange(10, 24)})，{sentence(rng)}"
            )
        elif kind == 4:
            parts.append("分享 收藏 点赞 评论\n![](img/1.png)\n阅读 1,234")
        else:
            parts.append("\n".join(f"{rng.choice(ENGLISH)}：{chinese(rng, 9)}" for _ in range(5)))
    references = [
        f"[{n}] Author{n}, {english(rng, 6)} 20{n % 24:02d}. https://arxiv.org/abs/21{n % 12 + 1:02d}.{n:05d}"
        for n in range(1, 60)
    ]
    return "\n\n".join([*parts, "## References", "\n".join(references)])


def _bytes(parts: list[str]) -> int:
    return sum(map(len, parts)) * 2  # about: half of the characters take three bytes, half one


def split_bytes(data: bytes) -> int:
    """Read and split a text as a file of that content would be; return how many passages come out."""
    return len(split(convert(data, "measured.md", ".md").documents))


def speed(texts: list[bytes], runs: int) -> dict[str, float]:
    """Return megabytes a second by the clock and by the processor, medians over the runs."""
    size, clock, processor = sum(map(len, texts)) / 1e6, [], []
    for _ in range(runs):
        began, used = time.perf_counter(), time.process_time()
        for text in texts:
            split_bytes(text)
        clock.append(size / (time.perf_counter() - began))
        processor.append(size / (time.process_time() - used))
    return {
        "MB": round(size, 2),
        "MB/s": round(statistics.median(clock), 2),
        "MB/s of processor": round(statistics.median(processor), 2),
    }


def write_pdf(path: Path, rng: random.Random, pages: int, columns: int) -> None:
    """Write a PDF of running text, a table on every fourth page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Table

    width = (A4[0] - 120) / columns
    frames = [Frame(60 + n * width, 60, width - 10, A4[1] - 120) for n in range(columns)]
    document = BaseDocTemplate(str(path), pagesize=A4, invariant=True)
    document.addPageTemplates(PageTemplate(frames=frames))
    body = ParagraphStyle("body", fontSize=10, leading=12, spaceAfter=6)
    story = []
    for number in range(pages):
        story += [Paragraph(english(rng, 60), body) for _ in range(6 * columns)]
        if number % 4 == 3:
            story.append(Table([[f"{rng.choice(ENGLISH)}", f"{rng.randrange(999)}"] for _ in range(6)]))
        story.append(PageBreak())
    document.build(story)


def pdf_speed(rng: random.Random, columns: int, runs: int) -> dict[str, float]:
    import pypdfium2

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measured.pdf"
        write_pdf(path, rng, 60, columns)
        opened = pypdfium2.PdfDocument(path)
        pages = len(opened)
        opened.close()
        took, used = [], []
        for _ in range(runs):
            began, before = time.perf_counter(), _processor()
            split(read(path))
            took.append(time.perf_counter() - began)
            used.append(_processor() - before)
    return {
        "pages": pages,
        "pages/s, starting a process included": round(pages / statistics.median(took), 1),
        "pages/s of processor": round(pages / statistics.median(used), 1),
    }


def _processor() -> float:
    """Return the seconds of the processor that this process and its finished children took."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def folder_cost(files: int) -> dict[str, float]:
    """Return what reading and splitting so many files takes in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        rng = random.Random(3)
        texts = [prose(rng, 3_000 + 900 * (n % 9)) for n in range(200)]
        total = 0
        for number in range(files):
            text = f"{texts[number % 200]}\n\nThis is file {number}.\n"
            total += Path(folder, f"{number:05}.md").write_text(text, "utf-8")
        command = [sys.executable, __file__, "--read", folder]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout)
    return {"files": files, "MB": round(total / 1e6, 1), **told}


def read_one_folder(folder: str) -> None:
    began = time.perf_counter()
    documents: tuple[Document, ...] = read_folder(folder).documents
    reading = time.perf_counter() - began
    passages = len(split(documents))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e3 if sys.platform == "linux" else 1e6)
    took = {"reading s": round(reading, 1), "reading and splitting s": round(time.perf_counter() - began, 1)}
    print(json.dumps({"documents": len(documents), "passages": passages, **took, "largest resident MB": round(used)}))


def profile(texts: list[bytes]) -> None:
    import cProfile
    import pstats

    profiler = cProfile.Profile()
    profiler.runcall(lambda: [split_bytes(text) for text in texts])
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--files", type=int, default=10_000, help="how many files the folder has")
    parser.add_argument("--skip-folder", action="store_true")
    parser.add_argument("--profile", choices=["prose", "copies"])
    parser.add_argument("--read", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read_one_folder(arguments.read)
        return
    rng = random.Random(7)
    makers: dict[str, Callable[[random.Random, int], str]] = {"prose": prose, "copies": copy}
    kinds = {name: [make(rng, 60_000).encode() for _ in range(25)] for name, make in makers.items()}
    if arguments.profile:
        profile(kinds[arguments.profile])
        return
    report: dict[str, object] = {name: speed(texts, arguments.runs) for name, texts in kinds.items()}
    report |= {f"pdf, columns: {columns}": pdf_speed(rng, columns, arguments.runs) for columns in (1, 2)}
    if not arguments.skip_folder:
        report["folder"] = folder_cost(arguments.files)
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
