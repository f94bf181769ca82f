"""A small index with three snapshots, which differ in one document."""

import shutil

import pytest

from corpus import Document, split
from index import Index

TEXTS = {
    "tides": "The tide rises twice a day because of the moon.",
    "kiln": "The kiln burns at 1,200 degrees.",
    "兰花": "兰花喜欢潮湿的空气,浇水过多会使根部腐烂。",
}


def document(id, text):
    return Document.from_text(text, id=id, title=id)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    directory = tmp_path_factory.mktemp("made") / "index"
    index = Index.build(split([document(id, text) for id, text in TEXTS.items()]))
    index.save(directory)
    for generation in (2, 3):
        index.add([document("pier", f"The pier of generation {generation} is long.")])
    return directory


@pytest.fixture
def directory(made, tmp_path):
    """A copy of its own."""
    return shutil.copytree(made, tmp_path / "index")


@pytest.fixture
def generation_of():
    """Return a function that says which generation an index answers from, in every leg."""

    def find(index):
        hit = index.search("How long is the pier?")[0]
        texts = {index.document("pier").text, hit.passage.document.text}
        assert len(texts) == 1
        return int(texts.pop().split()[4])

    return find
