"""References by author and year lead where the list of references says."""

import pytest

from corpus import Document

LIST = """
## References

- Lindqvist, A., Moe, B. (2019). Tides of the north. https://a.org/tides
- Carlos Ibarra, Dana Poe. 2021. Winds of the south. https://a.org/winds
- van der Meer, K. (2020a). Rain. https://a.org/rain-a
- van der Meer, K. (2020b). More rain. https://a.org/rain-b
- Hydro Office. 2018. Almanac. arXiv:1804.01234
- Quist, E. (2017). Snow. https://a.org/snow
- Quist, F. (2017). Ice. https://a.org/ice
- 林岚, 高远. 潮汐研究[J]. 海洋, 2021. https://a.org/chaoxi
- Nobody, N. (2016). Without a place.
"""


def cited(sentence: str) -> list[tuple[str, str]]:
    document = Document.from_text(f"# Weather\n\n{sentence}\n{LIST}", id="a")
    body = document.text.index("## References")
    return [(document.text[link.start : link.end], link.url) for link in document.links if link.start < body]


@pytest.mark.parametrize(
    ("sentence", "place", "url"),
    [
        ("It rises (Lindqvist et al., 2019) at noon.", "Lindqvist et al., 2019", "https://a.org/tides"),
        ("Lindqvist and Moe (2019) say so.", "Lindqvist and Moe (2019", "https://a.org/tides"),
        ("As Ibarra & Poe, 2021 have it.", "Ibarra & Poe, 2021", "https://a.org/winds"),
        ("Rain falls [van der Meer, 2020b].", "Meer, 2020b", "https://a.org/rain-b"),
        ("Ibarra等人（2021）测量了风。", "Ibarra等人（2021", "https://a.org/winds"),
        ("Ibarra 和 Poe（2021）测量了风。", "Ibarra 和 Poe（2021", "https://a.org/winds"),
        ("正如林岚等（2021）所述。", "林岚等（2021", "https://a.org/chaoxi"),
        ("潮汐很高（林岚和高远，2021）。", "林岚和高远，2021", "https://a.org/chaoxi"),
    ],
)
def test_an_author_and_a_year_lead_to_the_entry(sentence: str, place: str, url: str) -> None:
    assert cited(sentence) == [(place, url)]


def test_each_of_several_references_in_one_bracket_is_a_link() -> None:
    found = cited("Both agree (Lindqvist et al., 2019; Ibarra and Poe, 2021).")

    assert [url for _, url in found] == ["https://a.org/tides", "https://a.org/winds"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Two fit: (Quist, 2017).",
        "Another year: (Lindqvist et al., 2018).",
        "Which of the two? (van der Meer, 2020)",
        "Not the first author: (Moe, 2019).",
        "No address: (Nobody, 2016).",
        "Nobody is named in 2019, but it rained.",
        "```\nLindqvist (2019)\n```",
        "高远（2021）不是第一作者。",
    ],
)
def test_nothing_is_guessed(sentence: str) -> None:
    assert cited(sentence) == []


def test_the_text_of_a_link_is_no_second_link() -> None:
    assert cited("See [Lindqvist et al., 2019](https://b.org/x).") == [
        ("[Lindqvist et al., 2019](https://b.org/x)", "https://b.org/x")
    ]


def test_an_entry_is_called_by_its_title_there() -> None:
    document = Document.from_text(f"# Weather\n\nIt rises (Lindqvist et al., 2019).\n{LIST}", id="a")

    assert "Tides of the north" in document.links[0].label
