"""A window of 2,048 tokens over whole sets of questions: no prompt exceeds it, and the gold stands in what the model is given."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from rag import Assistant
from rag.llm.chat import ChatReader

pytestmark = pytest.mark.long

WINDOW = 2_048
GOLD = 0.95
ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"


def plain(text):
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def told(scripted, index, questions):
    """Return the size of the largest prompt, and the share of answerable questions whose gold stands in theirs."""
    # a model that cannot rewrite a follow-up, so that the rules do, and that answers nothing
    model = scripted(lambda prompt: "NO_ANSWER" if prompt.startswith("===") else "", context_length=WINDOW)
    assistant = Assistant(index, ChatReader(model))
    largest, kept = 0, []
    for question in questions:
        model.prompts.clear()
        assistant.ask(question["question"], question.get("history", []))
        largest = max(
            largest, *(sum(model.count_tokens(str(message.content)) for message in prompt) for prompt in model.prompts)
        )
        if question["answerable"]:
            shown = plain(str(model.prompts[-1][-1].content))
            kept.append(all(any(plain(way) in shown for way in group) for group in question["must_contain"]))
    return largest, sum(kept) / len(kept)


def read(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Assistant.open(home=tmp_path_factory.mktemp("home")).index


@pytest.mark.parametrize("name", ["library", "hard", "unseen"])
def test_over_the_library(scripted, library, name):
    largest, gold = told(scripted, library, read(ROOT / "tests" / "questions" / f"{name}.jsonl"))
    assert largest + WINDOW // 5 <= WINDOW  # the answer has its room too
    assert gold >= GOLD


def test_over_documents_of_others(scripted, tmp_path):
    questions = SHARED / "qa" / "dev.jsonl"
    if not questions.is_file():
        pytest.skip("the set of questions lies beside the repository and is not there")
    index = Assistant.from_folder(SHARED / "seeds", home=tmp_path).index
    largest, gold = told(scripted, index, read(questions))
    assert largest + WINDOW // 5 <= WINDOW
    assert gold >= GOLD
