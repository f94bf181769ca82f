"""The shipped library is in our own words: it shares no run of 30 characters with its sources but names, titles and links.

The sources (``../shared``: five survey documents and the papers' abstracts) do not ship; where they are absent the
comparison is skipped. What the comparison calls a copy is tested with invented texts and always runs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "corpus" / "library"
SHARED = ROOT.parent / "shared"
RUN = 30  # characters, after NFKC, case folding and removal of white space
BESIDE_A_TERM = 10  # a run with fewer characters beside a term of the glossary is that term, not a sentence
TEXT_FILES = {".md", ".txt", ".tsv", ".csv", ".json", ".jsonl", ".toml", ".yaml", ".yml"}

# Works that the documents name and papers.jsonl does not list.
OTHER_TITLES = (
    "BLOOMZ and mT0: Multilingual version of BLOOM and T0",
    "ChatGPT Prompt Engineering for Developers!",
    "How does GPT Obtain its Ability? Tracing Emergent Abilities of Language Models to their Sources",
    "OpenAI's GPT-3 Language Model: A Technical Overview",
    "OpenAI: Our approach to AI safety",
    "Reinforcement Learning for Language Models",
)
MASK = "\0"
LINK = re.compile(r"https?:/+[!-~]+")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_'-]*|[\u3400-\u9fff]+")
BETWEEN_NAMES = {"和", "与", "及", "或", "and"}

needs_sources = pytest.mark.skipif(
    not (SHARED / "seeds").is_dir(), reason="the sources that the library digests (../shared) are not here"
)


def library_files() -> list[Path]:
    """Return every text file of the library, in order."""
    return sorted(path for path in LIBRARY.rglob("*") if path.suffix in TEXT_FILES)


def flatten(text: str) -> tuple[str, list[int]]:
    """Return the text as it is compared, and for each of its characters the offset it came from."""
    characters: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character).casefold():
            if not folded.isspace():
                characters.append(folded)
                offsets.append(offset)
    return "".join(characters), offsets


def grams_of(sources: Iterable[str]) -> set[str]:
    """Return every run of RUN characters that a source holds."""
    flats = [flatten(source)[0] for source in sources]
    return {flat[i : i + RUN] for flat in flats for i in range(len(flat) - RUN + 1)}


def find_copies(text: str, grams: set[str], titles: Iterable[str] = (), terms: Iterable[str] = ()) -> list[str]:
    """Return the longest stretches of a text that are in a source and are no link, no title, no term and no list of names."""
    text = LINK.sub(lambda link: MASK * len(link[0]), text)
    flat, offsets = flatten(text)
    flat = _mask(flat, titles)
    without_terms = _mask(flat, terms)
    found = []
    for start, end in _common_runs(flat, grams):
        run = text[offsets[start] : offsets[end - 1] + 1]
        beside_terms = end - start - without_terms.count(MASK, start, end)
        if beside_terms >= BESIDE_A_TERM and not is_list_of_names(run):
            found.append(run)
    return found


def _mask(flat: str, names: Iterable[str]) -> str:
    for name in names:
        flat = flat.replace(name, MASK * len(name))
    return flat


def is_list_of_names(run: str) -> bool:
    """Return whether a run holds Latin names (a capital or a digit in each) and what separates them, no prose."""
    words = WORD.findall(unicodedata.normalize("NFKC", run))
    if words and words[0].isascii():
        words = words[1:]  # a run may begin within a word
    if words and words[-1].isascii():
        words = words[:-1]  # and end within one
    return all(word in BETWEEN_NAMES or _is_name(word) for word in words)


def _is_name(word: str) -> bool:
    return word.isascii() and any(character.isupper() or character.isdigit() for character in word)


def _common_runs(flat: str, grams: set[str]) -> Iterator[tuple[int, int]]:
    start = None
    for i in range(len(flat) - RUN + 2):
        hit = flat[i : i + RUN] in grams
        if hit and start is None:
            start = i
        elif not hit and start is not None:
            yield start, i + RUN - 1
            start = None


@cache
def shared_grams() -> set[str]:
    """Return the runs of all sources."""
    seeds = [path.read_text("utf-8") for path in sorted((SHARED / "seeds").glob("*.txt"))]
    lines = (SHARED / "papers" / "abstracts.jsonl").read_text("utf-8").splitlines()
    return grams_of([*seeds, *(json.loads(line)["abstract"] for line in lines)])


@cache
def known_titles() -> list[str]:
    """Return the flattened titles of the papers, of the documents (their first lines) and of other works, longest first."""
    lines = (SHARED / "papers" / "papers.jsonl").read_text("utf-8").splitlines()
    titles = [json.loads(line)["title"] for line in lines]
    parts = [part for title in titles for part in title.split(": ", 1)]
    documents = [path.read_text("utf-8").split("\n", 1)[0] for path in (SHARED / "seeds").glob("*.txt")]
    return _longest_first([*titles, *parts, *documents, *OTHER_TITLES])


@cache
def known_terms() -> list[str]:
    """Return the flattened terms of the glossary and the aliases, of one to six words and no punctuation but hyphens, longest first."""
    files = [LIBRARY / "glossary.tsv", LIBRARY / "aliases.tsv"]
    lines = [line for path in files for line in path.read_text("utf-8").splitlines()]
    cells = re.split(r"[\t|]", "|".join(line for line in lines if not line.startswith("#")))
    return _longest_first([term for term in cells if re.fullmatch(r"[\w-]+(?: [\w-]+){0,5}", term)])


def _longest_first(names: Iterable[str]) -> list[str]:
    flats = {flatten(name)[0] for name in names}
    return sorted((flat for flat in flats if len(flat) >= 12), key=len, reverse=True)


@needs_sources
@pytest.mark.parametrize("path", library_files(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_file_of_the_library_copies_no_sentence_of_a_source(path: Path):
    text = path.read_text("utf-8")
    if path.suffix in {".json", ".jsonl"}:
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda escape: chr(int(escape[1], 16)), text)

    copies = find_copies(text, shared_grams(), known_titles(), known_terms())

    assert not copies, f"{path.relative_to(LIBRARY)} has {len(copies)} run(s) from a source: " + " ∥ ".join(copies)


SOURCE = "The orchard keeps nineteen kinds of apples and sells none of them before the first frost of the year."


def test_a_copied_run_is_found_whatever_its_spacing_case_and_width():
    copy = "It says: THE orchard　keeps nineteen\nkinds of ａｐｐｌｅｓ. So it does."
    assert find_copies(copy, grams_of([SOURCE])) == ["THE orchard　keeps nineteen\nkinds of ａｐｐｌｅｓ"]


def test_a_text_that_tells_the_same_in_other_words_is_no_copy():
    assert (
        find_copies("Nineteen kinds of apples grow there; frost must come before any is sold.", grams_of([SOURCE]))
        == []
    )


def test_a_copied_chinese_run_is_found():
    source = "果园里种着十九种苹果，每年第一场霜降之前一个也不出售，附近的人都知道这条老规矩，从不提前来买。"
    assert find_copies("据说" + source[:32] + "。", grams_of([source])) == [source[:32]]


def test_titles_and_links_may_be_the_same():
    source = "See A Long Title About Growing Apples in Cold Places: https://example.org/apples/in/cold/places.pdf today"
    title = flatten("A long title about growing apples in cold places")[0]
    assert find_copies(source, grams_of([source]), [title]) == []


def test_a_list_of_names_may_be_the_same_but_prose_around_names_may_not():
    assert is_list_of_names("Alpha-13B (130B)、BetaNet 7B、Gamma 3.0 和 Delta-Large, and Epsilon")
    assert not is_list_of_names("Alpha-13B 大幅超过 BetaNet 7B 和 Gamma 3.0")
    assert not is_list_of_names("Alpha-13B outperforms BetaNet 7B and Gamma 3.0")


def test_a_term_may_be_the_same_but_a_sentence_with_a_term_may_not():
    term = "slow ripening under cold storage in winter"
    copied = f"the farmers of the valley are proud of {term}"
    grams, terms = grams_of([f"Every year {copied} and tell it."]), [flatten(term)[0]]
    assert find_copies(f"{term}: what it is.", grams, terms=terms) == []
    assert find_copies(f"There {copied}!", grams, terms=terms) == [copied]
