"""The five web copies and the abstracts that the project was built from, where they lie beside the checkout."""

import json
import re
import unicodedata
from pathlib import Path

import pytest

from corpus import Document, Passage, read, read_folder, split
from corpus.cleaning import clean_characters

SHARED = Path(__file__).parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "seeds").is_dir(), reason="../shared is not beside this checkout")


@pytest.fixture(scope="module")
def seeds() -> dict[str, Document]:
    return {document.id[:3]: document for document in read_folder(SHARED / "seeds").documents}


@pytest.fixture(scope="module")
def passages(seeds: dict[str, Document]) -> list[Passage]:
    return split(seeds.values())


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def test_all_evidence_of_the_questions_survives_and_lies_in_one_passage(
    seeds: dict[str, Document], passages: list[Passage]
) -> None:
    held: dict[str, list[str]] = {}
    for passage in passages:
        held.setdefault(passage.document_id, []).append(squeezed(passage.text))
    questions = map(json.loads, (SHARED / "qa" / "dev.jsonl").read_text("utf-8").splitlines())
    evidence = [each for question in questions for each in question["evidence"]]
    lost = [each for each in evidence if not any(squeezed(each["text"]) in text for text in held[each["doc"]])]
    assert evidence
    assert lost == []


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ("000", ["ainavi", "版权声明", "相关文章", "暂无评论"]),
        ("001", ["![", "img/"]),
        ("002", ["点赞", "红包", "余额", "相关推荐", "hope_wisdom", "三连"]),
        ("003", ["管理员组", "文章数量", "目录", "本文标签"]),
        ("004", ["礼包", "福利", "粗体", "通知其他用户"]),
    ],
)
def test_the_boilerplate_is_gone(seeds: dict[str, Document], seed: str, words: list[str]) -> None:
    assert [word for word in words if word in seeds[seed].text] == []


def lines_of(name: str) -> list[str]:
    text = next((SHARED / "seeds").glob(f"{name}*")).read_text("utf-8")
    return [squeezed(clean_characters(line)) for line in text.split("\n") if squeezed(clean_characters(line))]


@pytest.fixture(scope="module")
def cut() -> dict[str, dict[str, str]]:
    """The squeezed lines that were cut from each seed, with the rule that cut them."""
    reading = read_folder(SHARED / "seeds", show_cut=True)
    return {each.document[:3]: dict(zip(map(squeezed, each.lines), each.rules, strict=True)) for each in reading.cut}


@pytest.mark.parametrize("seed", ["000", "001", "002", "003", "004"])
def test_every_line_of_a_source_is_in_a_passage_or_told_as_cut(
    passages: list[Passage], cut: dict[str, dict[str, str]], seed: str
) -> None:
    held = "".join(squeezed(p.text) for p in passages if p.document_id.startswith(seed))
    missing = [line for line in lines_of(seed) if line not in held and line not in cut.get(seed, {})]
    lost = [line for line in missing if any(part not in held for part in re.split(r"(?=\[\d+\])|[|-]+", line))]
    assert lost == []


def test_what_was_cut_is_no_content(seeds: dict[str, Document], cut: dict[str, dict[str, str]]) -> None:
    advert = re.compile("礼包|资料|红包|余额|付费|粉丝|三连|版权|前往|一亿|粗体|标签|ainavi")
    doubtful = []
    for seed, lines in cut.items():
        text = squeezed(seeds[seed].text)
        for line, rule in lines.items():
            again = rule in {"list of contents", "title again"} and squeezed(line) in text
            if len(line) > 14 and not again and not advert.search(line) and "![" not in line:
                doubtful.append((seed, rule, line))
    assert doubtful == []


def test_no_passage_holds_a_line_of_a_frame(passages: list[Passage]) -> None:
    frame = re.compile(
        r"(?:点赞|收藏|评论|分享|转发|关注|三连|打赏|提交|举报|暂无评论|相关(?:文章|推荐)|扫码支付|余额充值|[•·]?\d+|copyright.*|©.*|.*版权声明.*|.*红包.*|.*礼包.*)",
        re.IGNORECASE,
    )
    found = [line for p in passages for line in map(squeezed, p.text.split("\n")) if frame.fullmatch(line)]
    assert found == []


def test_titles_recur_no_more(seeds: dict[str, Document]) -> None:
    assert seeds["000"].text.count(seeds["000"].title) == 1


@pytest.mark.parametrize(("seed", "sections"), [("000", 28), ("001", 18), ("002", 30), ("003", 23), ("004", 5)])
def test_the_headings_are_found(seeds: dict[str, Document], seed: str, sections: int) -> None:
    assert len(seeds[seed].sections) == sections


def test_models_stand_under_their_chapter_and_points_under_their_model(seeds: dict[str, Document]) -> None:
    paths = {section.path for document in seeds.values() for section in document.sections}
    assert ("一. Basic Language Model", "LLaMA") in paths
    assert ("ChatGLM", "可以借鉴的点") in paths
    assert ("效率", "2.延迟") in paths


def test_reference_marks_resolve(seeds: dict[str, Document]) -> None:
    document = seeds["000"]
    marks = {document.text[link.start : link.end]: link for link in document.links}
    assert marks["[18]"].url == "https://arxiv.org/pdf/2302.13971v1.pdf"
    assert marks["[45]"].url == "https://arxiv.org/pdf/2106.09685.pdf"
    assert [f"[{number}]" for number in range(1, 54) if f"[{number}]" not in marks] == []


def test_the_table_is_read_row_by_row(seeds: dict[str, Document]) -> None:
    (table,) = seeds["004"].tables
    assert [cell.text for cell in table.header][:3] == ["Model", "作者", "参数量"]
    assert len(table.rows) == 7
    assert {len(row.cells) for row in table.rows} == {5}


def test_every_abstract_is_a_document() -> None:
    documents = read(SHARED / "papers" / "abstracts.jsonl")
    assert len({document.id for document in documents}) == 113
    assert documents[0].id.startswith("arxiv:")
    assert {document.language for document in documents} == {"en"}
