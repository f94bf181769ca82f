"""What a text goes on about without naming it again, and how many pieces are shown when they are equally good."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.reading.units import passage_units

FISH = {
    "a": "蓝鳍石鲷，俗名海鸡母，为石鲷科的一种。本鱼分布于东海。体侧有七条横带。体长可达46公分。肉质鲜美，适合清蒸。",
    "b": "斑点石鲷，俗名硬壳仔，为石鲷科的一种。本鱼分布于南海。体侧有黑斑。体长可达60公分。适合煮汤。",
    "c": "小眼石鲷，俗名石老，为石鲷科的一种。本鱼分布于黄海。体侧银白。体长可达23公分。",
}
BAND = "Norwick is a folk band from Orkney. Its first record, Tides, came out in 2009. The group was founded in 1998 by two sisters. It tours every summer."


def assistant(texts):
    return Assistant.open(index=Index.build(split([Document.from_text(t, id=i) for i, t in texts.items()])))


@pytest.mark.parametrize(("name", "length"), [("蓝鳍石鲷", "46"), ("斑点石鲷", "60"), ("小眼石鲷", "23")])
def test_a_sentence_is_about_what_its_text_begins_with(name, length):
    answer = assistant(FISH).ask(f"{name}体长可达多少公分?")
    assert length in answer.text.splitlines()[0]


def test_a_value_of_what_a_text_begins_with_is_shown_though_other_sentences_name_it():
    other = "Many bands of the islands record at home. Norwick and others sell their records at the door."
    answer = assistant({"a": BAND, "b": other}).ask("When was Norwick founded?")
    assert "1998" in answer.text


def test_a_sentence_that_names_something_else_does_not_carry_on():
    text = "Norwick is a folk band from Orkney. Skerry was founded in 1971. It has a library."
    first = assistant({"a": text, "b": BAND}).ask("When was Norwick founded?").text.splitlines()[0]
    assert "1971" not in first


def test_a_piece_knows_how_its_section_begins():
    text = "# Ships\n\n## Alma\n\nAlma is a ferry. It has two decks.\n\n## Bruno\n\nBruno is a tug. It is red.\n"
    document = Document.from_text(text, id="ships.md")
    openings = {unit.text: unit.opening for passage in split([document]) for unit in passage_units(passage)}
    assert (openings["It has two decks."], openings["It is red."]) == ("Alma is a ferry.", "Bruno is a tug.")
    assert openings["Alma is a ferry."] == ""


def test_pieces_that_are_as_good_as_the_best_one_are_shown_beyond_four():
    towns = ("North", "South", "East", "West", "Upper", "Lower", "Old", "New")
    texts = {town: f"The harbour of Quill {town} was dredged by hand." for town in towns}
    lines = assistant(texts).ask("Which harbour of Quill was dredged by hand?").text.splitlines()
    assert 4 < len(lines) <= 6
