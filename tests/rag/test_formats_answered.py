"""Facts that were written into files of every format are found by questions, with the place where they stand."""

import importlib.util
import sys
from pathlib import Path

import pytest

from corpus import read, split
from index import Index
from rag import Assistant

QUESTIONS = {
    "en": ("For how many days was the Heron model trained?", "42", "Training"),
    "zh": ("苍鹭模型训练了多少天?", "四十二天", "训练"),
    "e2": ("For how many nights was the Chamois engine tuned?", "18", "Tuning"),
    "z2": ("岩羚引擎的档案有多少页?", "九千五百万页", "调试"),
}
PAGES = {"print.pdf": 2, "slides.pptx": 3}
WITHOUT_SECTIONS = {"table.csv", "table.tsv", "records.json", "records.jsonl", "sheet.xlsx"}


def _writers():
    path = Path(__file__).parents[1] / "corpus" / "writers.py"
    spec = importlib.util.spec_from_file_location("rag_writers", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


WRITERS = _writers()


@pytest.mark.parametrize("language", QUESTIONS)
@pytest.mark.parametrize("name", WRITERS.WRITERS)
def test_a_fact_is_answered_with_its_section_and_page(tmp_path: Path, language: str, name: str) -> None:
    WRITERS.WRITERS[name](tmp_path / name, WRITERS.SURVEYS[language])
    question, fact, section = QUESTIONS[language]
    answer = Assistant(Index.build(split(read(tmp_path / name)))).ask(question)
    assert answer.found
    assert fact in answer.text
    citation = next(each for each in answer.citations if fact in each.quote)
    assert citation.page == PAGES.get(name) or name == "columns.pdf"
    if name not in WITHOUT_SECTIONS:
        assert citation.section == section


TABLE_QUESTIONS = {
    "en": ("How many parameters does the Heron have?", "65B"),
    "zh": ("苍鹭的参数量是多少?", "650亿"),
    "e2": ("What is the rating of the Ibex?", "79.25"),
    "z2": ("羱羊的评分是多少?", "79.25"),
}
WITHOUT_TABLE = {"plain.txt", "gbk.txt", "notebook.ipynb", "book.epub", "records.json", "records.jsonl"}
TABLE_PAGES = {"print.pdf": 3, "slides.pptx": 5}


@pytest.mark.parametrize("language", TABLE_QUESTIONS)
@pytest.mark.parametrize("name", [name for name in WRITERS.WRITERS if name not in WITHOUT_TABLE])
def test_a_cell_of_a_table_is_answered_with_its_page(tmp_path: Path, language: str, name: str) -> None:
    WRITERS.WRITERS[name](tmp_path / name, WRITERS.SURVEYS[language])
    question, fact = TABLE_QUESTIONS[language]
    answer = Assistant(Index.build(split(read(tmp_path / name)))).ask(question)
    citation = next(each for each in answer.citations if fact in each.quote)
    assert fact in answer.text
    expected = {**TABLE_PAGES, "columns.pdf": 2 if language.startswith("e") else 1}
    assert citation.page == expected.get(name)


def test_the_corpus_of_real_files_is_large() -> None:
    assert len(WRITERS.WRITERS) * len(WRITERS.SURVEYS) >= 60
