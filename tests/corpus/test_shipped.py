import time
from pathlib import Path

import pytest

from corpus import load_aliases, load_glossary, load_library, shipped
from corpus.cleaning import clean


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shipped, "_LIBRARY", tmp_path)
    return tmp_path


def test_documents_have_ids_titles_and_urls_from_path_and_front_matter(library: Path) -> None:
    (library / "surveys").mkdir()
    (library / "surveys" / "x.md").write_text(
        "---\ntitle: 题\nurl: https://a.org\nauthor: 某\nlanguage: zh\n---\n\n# 题\n\n正文。\n", "utf-8"
    )
    (document,) = load_library()
    assert (document.id, document.title, document.url) == ("library/surveys/x.md", "题", "https://a.org")
    assert (document.text, document.metadata["author"], document.language) == ("# 题\n\n正文。", "某", "zh")


def test_alternatives_on_either_side_are_paired(library: Path) -> None:
    (library / "glossary.tsv").write_text("# 注\n大模型|大语言模型\tlarge model|LLM\n\n对齐\talignment\n", "utf-8")
    (library / "aliases.tsv").write_text("Chinchilla\t龙猫\n", "utf-8")
    assert load_glossary() == [
        ("大模型", "large model"), ("大模型", "LLM"), ("大语言模型", "large model"), ("大语言模型", "LLM"), ("对齐", "alignment"),
    ]  # fmt: skip
    assert load_aliases() == [("Chinchilla", "龙猫")]


def test_without_files_there_is_nothing(library: Path) -> None:
    assert (load_library(), load_glossary(), load_aliases()) == ([], [], [])


def test_the_texts_that_ship_are_clean_already() -> None:
    assert [document.id for document in load_library() if clean(document.text, document.title) != document.text] == []


def test_the_library_ships_with_unique_ids_and_its_lists() -> None:
    ids = [document.id for document in load_library()]
    assert ids == sorted(set(ids), key=lambda each: each.split("/"))
    assert all(each.startswith("library/") and each.endswith(".md") for each in ids)
    assert load_glossary()
    assert load_aliases()


def test_the_library_loads_in_a_blink() -> None:
    load_library()
    begin = time.process_time()
    load_library()
    assert time.process_time() - begin < 1.0  # 0.03 to 0.05 s on an idle machine
