from corpus import Document
from corpus.duplicates import Alike, find_alike

LINES = [f"The keeper of pier number {n} wrote down the height of the tide." for n in range(10)]


def document(id: str, text: str, **options) -> Document:
    return Document.from_text(text, id=id, **options)


def test_the_same_text_under_two_names_is_recognised() -> None:
    text = "\n\n".join(LINES)
    assert find_alike([document("a.md", text), document("b.txt", text.replace("\n\n", "\n"))])[0] == Alike(
        "a.md", "b.txt", "same text", 1.0
    )


def test_two_versions_of_a_text_are_recognised_by_the_lines_that_they_share() -> None:
    first, second = (
        "\n\n".join(LINES),
        "\n\n".join([*LINES[:8], "A new line about the pier that was written later on."]),
    )
    assert find_alike([document("v1.md", first), document("v2.md", second)]) == [
        Alike("v1.md", "v2.md", "shared lines", 8 / 9)
    ]


def test_an_article_and_the_paper_that_it_retells_are_recognised() -> None:
    paper = document("arxiv:2302.13971", "We study the tide.", url="https://arxiv.org/abs/2302.13971")
    article = document("notes/llama.md", "An article about it.", metadata={"arxiv": "2302.13971"})
    assert [(each.first, each.how) for each in find_alike([paper, article])] == [("arxiv:2302.13971", "same paper")]


def test_documents_that_share_a_licence_or_a_heading_are_not_alike() -> None:
    licence = "\n\n".join(f"You may copy and change these words under term {n}." for n in range(6))
    documents = [
        document(f"{n}.md", f"{licence}\n\nAn own sentence of document {n} that is long enough to count.")
        for n in range(20)
    ]
    assert find_alike(documents) == []
