"""Small corpora for the tests of the index, and a fake embedder that goes in through the same door as a real one."""

import hashlib
import json

import numpy as np
import pytest

from corpus import Document
from corpus.documents import Passage
from index import Index, snapshots

CHINESE = {
    "tides": "潮汐由月球和太阳的引力引起。大潮出现在新月和满月之后。",
    "bridge": "这座悬索桥全长 2700 米,由石田工程公司于 1987 年建成,造价 12 亿元。",
    "bakery": "面包店每天凌晨四点开始烤面包,最受欢迎的是黑麦面包。",
    "orchid": "兰花喜欢潮湿的空气,浇水过多会使根部腐烂。",
    "telescope": "Heron-2 望远镜的口径为 6 米,位于高原天文台。它的前身是 Heron-1。",
}
ENGLISH = {
    "glacier": "The glacier retreats by forty metres every year because summers have become warmer.",
    "violin": "A violin has four strings, and its bow is strung with horse hair.",
    "harbour": "The harbour handles 3 million containers a year; its oldest pier dates from 1871.",
    "volcano": "The volcano last erupted in 1902 and buried the village of Santa Rosa under ash.",
    "library": "The library lends books, maps and musical scores to every citizen of the town.",
}


def passage_of(text, *, id, title="", context="", start=0, end=None, kind="text"):
    """One passage of a document that is made of the text as it is."""
    document = text if isinstance(text, Document) else Document(id=id, text=text, title=title)
    return Passage(document, start, len(document.text) if end is None else end, context=context, kind=kind)


def passages_of(texts):
    return [passage_of(text, id=id) for id, text in texts.items()]


class WordLengths:
    """An embedder whose vector counts the words of each length: a small real implementation."""

    name = "word-lengths"
    fingerprint = "1"
    dimensions = 12

    def __init__(self):
        self.embedded = []

    def embed_passages(self, texts, progress=None):
        self.embedded.extend(texts)
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text):
        vector = np.zeros(self.dimensions, np.float32)
        for word in text.split():
            vector[min(len(word), self.dimensions) - 1] += 1
        return vector / max(float(np.linalg.norm(vector)), 1e-9)


def reseal(directory, manifest, **files):
    """Give the current snapshot another manifest and other files, and make name and pointer fit, as an attacker could."""
    old = directory / "snapshots" / snapshots.names(directory)[-1]
    for name, data in files.items():
        (old / name).unlink()
        (old / name).write_bytes(data)
        manifest["files"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    encoded = json.dumps(manifest).encode()
    (old / "manifest.json").write_bytes(encoded)
    checksum = hashlib.sha256(encoded).hexdigest()
    new = old.rename(old.with_name(old.name[:9] + checksum[:8]))
    pointer = {"format": snapshots.FORMAT, "snapshot": new.name, "manifest_sha256": checksum}
    (directory / "CURRENT").write_text(json.dumps(pointer))


@pytest.fixture(name="reseal")
def resealing():
    return reseal


@pytest.fixture
def make_passage():
    return passage_of


@pytest.fixture
def make_passages():
    return passages_of


@pytest.fixture
def word_lengths():
    return WordLengths()


@pytest.fixture(scope="session")
def bilingual():
    """An index of five Chinese and five English documents; never changed."""
    return Index.build(passages_of(CHINESE | ENGLISH))


@pytest.fixture(scope="session")
def chinese():
    return Index.build(passages_of(CHINESE))


@pytest.fixture(scope="session")
def english():
    return Index.build(passages_of(ENGLISH))


@pytest.fixture
def found():
    """The ids of the documents that a search finds, best first."""
    return lambda index, question, k=3, **options: [
        hit.passage.document_id for hit in index.search(question, k, **options)
    ]
