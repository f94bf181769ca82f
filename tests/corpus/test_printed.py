"""Pages printed to PDF by Chromium are read, and their facts are answered with the page that they stand on."""

import shutil
import subprocess
from pathlib import Path

import pytest

from corpus import Document, read, split
from index import Index
from rag import Assistant

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.long, pytest.mark.skipif(BROWSER is None, reason="no Chromium prints here")]

STYLE = """@page { size: A4; margin: 25mm 20mm; @top-center { content: "Imaginary Proceedings, volume 7" }
@bottom-right { content: counter(page) " / " counter(pages) } } .columns { column-count: 2; text-align: justify; hyphens: auto }
h2 { break-before: page } sup { font-size: 7pt } .note { font-size: 8pt; border-top: 1px solid } table { border-collapse: collapse }
td, th { border: 1px solid }"""
FILL = {
    "en": "The tide rises and falls at the pier while internationally acknowledged observatories continuously record the weather. ",
    "zh": "潮水每天在码头边上涨落，船只来来往往，观测站持续记录群岛上空的气象变化。",
}
PAGES = {
    "en": """<h1>Harbour Models: A Survey</h1><p>The Pelican model was released in March 2021<sup>1</sup> by the Harbour Institute.</p><p>{fill}</p>
<p class=note><sup>1</sup> Its weights leaked 9 days before.</p><h2>Training</h2><div class=columns><p>{fill}{fill}</p>
<p>The Heron model was trained for 42 days on 512 accelerators.</p><p>{fill}{fill}{fill}</p></div><h2>Sizes</h2><p>{fill}</p><table>
<caption>Table 1: Sizes of the models</caption><tr><th>Model<th>Parameters<tr><td>Pelican<td>17B<tr><td>Heron<td>65B</table>""",
    "zh": """<h1>港湾模型综述</h1><p>鹈鹕模型由港湾研究所于2021年3月发布<sup>1</sup>。</p><p>{fill}</p><p class=note><sup>1</sup> 权重在九天前泄露。</p>
<h2>训练</h2><div class=columns><p>{fill}{fill}</p><p>苍鹭模型在五百一十二块加速卡上训练了四十二天。</p><p>{fill}{fill}{fill}</p></div>
<h2>规模</h2><p>{fill}</p><table><caption>表1 各模型的规模</caption><tr><th>模型<th>参数量<tr><td>鹈鹕<td>170亿<tr><td>苍鹭<td>650亿</table>""",
}
QUESTIONS = {
    "en": [
        ("For how many days was the Heron model trained?", "42", 2, "Training"),
        ("How many parameters does Heron have?", "65B", 3, "Sizes"),
    ],
    "zh": [("苍鹭模型训练了多少天?", "四十二天", 2, "训练"), ("苍鹭的参数量是多少?", "650亿", 3, "规模")],
}
NOTES = {
    "en": "2021[^1] by the Harbour Institute.\n\n[^1]: Its weights leaked 9 days before.",
    "zh": "发布[^1]。\n\n[^1]: 权重在九天前泄露。",
}


@pytest.fixture(scope="module", params=PAGES)
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Document]:
    folder, language = tmp_path_factory.mktemp("printed"), request.param
    body = PAGES[language].format(fill=FILL[language] * 6)
    page = f'<html lang="{language}"><meta charset="utf-8"><style>{STYLE}</style><body>{body}'
    (folder / "page.html").write_text(page, "utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    places = [f"--user-data-dir={folder}/profile", f"--print-to-pdf={folder}/page.pdf", f"file://{folder}/page.html"]
    subprocess.run([*command, *places], check=True, capture_output=True, timeout=120)
    (document,) = read(Path(folder) / "page.pdf")
    return language, document


def test_facts_are_answered_with_their_page_and_section(printed: tuple[str, Document]) -> None:
    language, document = printed
    assistant = Assistant(Index.build(split([document])))
    for question, fact, page, section in QUESTIONS[language]:
        answer = assistant.ask(question)
        citation = next(each for each in answer.citations if fact in each.quote)
        assert (citation.page, citation.section.rpartition(" > ")[2]) == (page, section)


def test_justified_columns_are_text_in_order(printed: tuple[str, Document]) -> None:
    language, document = printed
    squeezed, fill = "".join(document.text.split()), "".join(FILL[language].split())
    assert squeezed.count(fill * 12) == 2  # once in the longer one
    assert squeezed.count(fill * 18) == 1
    assert len(document.tables) == 1


def test_running_lines_are_cut_and_notes_follow_their_marks(printed: tuple[str, Document]) -> None:
    language, document = printed
    assert "Imaginary Proceedings" not in document.text
    assert " / 3" not in document.text
    assert NOTES[language] in document.text
