"""The picture of a report: everything is shown, nothing in it can do anything."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from rag.evaluating import Report, Result
from ui.cli import main
from ui.picture import draw_report


def result(number, *, answerable=True, correct=True, refused=False, probability=0.8, category="fact"):
    made = Result(
        f"q{number}",
        category,
        "en",
        answerable,
        correct,
        refused,
        1,
        True,
        1.0,
        answerable,
        1,
        1,
        probability=probability,
    )
    return replace(made, timings_ms={"total": float(number)})


@pytest.fixture
def report():
    told = [result(n) for n in range(5)] + [result(5, correct=False, refused=True, probability=0.1)]
    untold = [
        result(n, answerable=False, refused=True, probability=0.05, category="unanswerable") for n in range(6, 10)
    ]
    return Report((*told, *untold), "extractive", "memory")


def texts(picture):
    return " ".join(element.text or "" for element in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"))


def test_a_picture_shows_categories_costs_and_times(report):
    shown = texts(draw_report(report))
    assert "0.83  n=6" in shown
    assert "unanswerable" in shown
    assert "0.167, 1.000" in shown
    assert "p95" in shown


def test_what_has_an_answer_and_what_has_none_are_bars_of_their_own(report):
    mixed = replace(report, results=tuple(replace(r, category="all") for r in report.results))
    assert "n=6" in texts(draw_report(mixed))
    assert "n=4" in texts(draw_report(mixed))


def test_a_category_cannot_bring_markup_of_its_own(report):
    hostile = replace(report, results=tuple(replace(r, category="<script>&\x1b") for r in report.results))
    picture = draw_report(hostile)
    assert "<script" not in picture
    assert "<script>&" in texts(picture)


def test_a_report_without_unanswerable_questions_says_what_the_plot_needs(report):
    one_kind = replace(report, results=report.results[:5])
    assert "needs questions of both kinds" in texts(draw_report(one_kind))


def test_both_settings_of_light_are_served(report):
    assert "prefers-color-scheme:dark" in draw_report(report)


def test_eval_draws_the_picture_beside_its_report(tmp_path, capsys):
    (tmp_path / "birds.md").write_text("# Birds\n\nThe heron weighs 2 kilograms.\n", "utf-8")
    line = {"id": "a", "question": "How much does the heron weigh?", "must_contain": [["2 kilograms"]]}
    (tmp_path / "q.jsonl").write_text(json.dumps(line), "utf-8")
    index = str(tmp_path / "i")
    assert main(["index", "build", str(tmp_path / "birds.md"), "--index", index]) == 0
    out = tmp_path / "r.json"
    assert main(["eval", str(tmp_path / "q.jsonl"), "--index", index, "--out", str(out)]) == 0
    assert "n=1" in texts((tmp_path / "r.svg").read_text("utf-8"))
    assert main(["eval", str(tmp_path / "q.jsonl"), "--index", index, "--fit"]) == 2
    assert "a fit takes 20 of each" in capsys.readouterr().err
