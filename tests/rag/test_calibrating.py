"""Fitting the refusal: what samples say, what a threshold promises, where a calibration is kept."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from corpus import Document, load_library, read_folder, split
from corpus.errors import UsageError
from index import Index, IndexDamaged
from rag import Assistant
from rag.evaluating import load_questions, normalise
from rag.refusals.calibrating import Sample, collect, fit
from rag.refusals.calibration import FIGURES, SETTING, SORTS, Calibration, calibration_of, shipped

QUESTIONS = Path(__file__).parents[1] / "questions"
TEXT = "# Birds\n\nThe heron weighs 2 kilograms. The heron eats fish.\n\nThe wren weighs 9 grams and sings."


def sample(number, *, answerable, together, settled=None):
    figures = dict.fromkeys(FIGURES, 0.0) | {"together": together, "log_together": together}
    return Sample(f"q{number}", answerable, figures, "other", settled)


def separated(n=40):
    told = [sample(i, answerable=True, together=0.6 + i / 200) for i in range(n)]
    return told + [sample(100 + i, answerable=False, together=i / 200) for i in range(n)]


@pytest.fixture
def index():
    return Index.build(split([Document.from_text(TEXT, id="birds.md")]))


def test_a_fit_tells_much_evidence_from_little():
    calibration = fit(separated()).calibration
    assert calibration.weights["together"] > 0
    assert calibration.questions == 80


def test_a_fit_keeps_the_bound_on_false_refusals():
    mixed = [sample(i, answerable=True, together=(i % 40) / 40) for i in range(400)]
    mixed += [sample(1000 + i, answerable=False, together=(i % 20) / 40) for i in range(400)]
    found = fit(mixed, most_false_refusals=0.1)
    assert found.chosen.refused_answerable <= 0.1
    assert found.chosen.refused_unanswerable > found.chosen.refused_answerable


def test_a_question_that_weighs_little_moves_a_threshold_little():
    told = [sample(i, answerable=True, together=0.5 + (i % 40) / 80) for i in range(200)]
    odd = [replace(sample(500 + i, answerable=True, together=0.0), weight=0.1) for i in range(20)]
    untold = [sample(1000 + i, answerable=False, together=(i % 20) / 80) for i in range(200)]
    light = fit(told + odd + untold, most_false_refusals=0.05).calibration
    heavy = fit(told + [replace(s, weight=1.0) for s in odd] + untold, most_false_refusals=0.05).calibration
    assert light.thresholds["other"] > heavy.thresholds["other"]


def test_more_refusals_of_one_kind_cost_more_of_the_other():
    curve = fit(separated()).curve
    shares = [(point.refused_answerable, point.refused_unanswerable) for point in curve]
    assert shares == sorted(shares)


def test_a_fit_repeats():
    assert fit(separated()).to_dict() == fit(separated()).to_dict()


def test_more_evidence_never_refuses_what_less_evidence_answered():
    turned = [sample(i, answerable=i % 2 == 0, together=0.9 - (i % 2 == 0) * 0.5) for i in range(80)]
    assert fit(turned).calibration.weights["together"] == 0


def test_too_few_questions_are_refused_with_what_is_needed():
    with pytest.raises(UsageError, match=r"3 questions with an answer and 3 without; a fit takes 20 of each"):
        fit(separated(3))


def test_an_answerable_question_is_also_asked_without_its_gold(index, tmp_path):
    path = tmp_path / "q.jsonl"
    line = {"id": "a", "question": "How much does the heron weigh?", "must_contain": [["2 kilograms"]]}
    path.write_text(json.dumps(line), "utf-8")
    there, gone = collect(index, load_questions(path))
    assert (there.answerable, gone.answerable) == (True, False)
    assert gone.figures["together"] < there.figures["together"]


def test_an_index_uses_what_ships_until_it_has_its_own(index):
    assert calibration_of(index) == shipped()
    own = fit(separated()).calibration
    index.settle({SETTING: own.to_dict()})
    assert calibration_of(index).thresholds != shipped().thresholds


def test_its_own_calibration_survives_disk_and_new_documents(index, tmp_path):
    index.save(tmp_path / "i")
    index.settle({SETTING: fit(separated()).calibration.to_dict()})
    index.add([Document.from_text("The owl weighs 400 grams.", id="owl.md")])
    reopened = Index.open(tmp_path / "i")
    assert calibration_of(reopened).to_dict() == calibration_of(index).to_dict() != shipped().to_dict()
    reopened.verify()


def test_a_threshold_decides(index):
    strict = shipped().to_dict() | {"thresholds": dict.fromkeys(SORTS, 1.0)}
    question = "What does the heron eat together with the wren?"
    assert Assistant(index.settle({SETTING: strict | {"intercept": -99}})).ask(question).found is False
    mild = strict | {"thresholds": dict.fromkeys(SORTS, 0.0)}
    assert Assistant(index.settle({SETTING: mild})).ask(question).found is True


@pytest.mark.parametrize("bad", ["text", {"weights": {}}, {"weights": dict.fromkeys(FIGURES, "x")}])
def test_a_calibration_that_cannot_be_used_says_how_to_make_one(index, bad):
    index.settle({SETTING: bad})
    with pytest.raises(IndexDamaged, match="Fit them again"):
        calibration_of(index)


def test_what_ships_is_a_calibration():
    assert Calibration.from_dict(shipped().to_dict()).to_dict() == shipped().to_dict()
    assert all(0 < threshold < 0.5 for threshold in shipped().thresholds.values())


@pytest.mark.parametrize("name", ["library", "subjects", "near", "asked", "asked_unseen", "conditions"])
def test_the_questions_are_sound(name):
    """Ids differ, many have no answer, evidence is in its document, and the gold is there to be found."""
    documents = read_folder(QUESTIONS / name).documents if (QUESTIONS / name).is_dir() else load_library()
    texts = {document.id: document.text for document in documents}
    lines = (QUESTIONS / f"{name}.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    assert len({q["id"] for q in questions}) == len({q["question"] for q in questions}) == len(questions)
    assert 0.25 < sum(q["answerable"] for q in questions) / len(questions) < 0.6
    everything = normalise("".join(texts.values()))
    for question in questions:
        assert bool(question["evidence"]) == bool(question["must_contain"]) == question["answerable"]
        for evidence in question["evidence"]:
            assert evidence["text"] in texts[evidence["doc"]]
            assert 8 <= len(evidence["text"]) <= 160
        for group in question["must_contain"]:
            assert any(normalise(other) in everything for other in group), question["id"]
