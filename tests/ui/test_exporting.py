import json

import pytest
from starlette.testclient import TestClient

from ui.conversations import Conversation, Conversations
from ui.errors import ConversationsBroken
from ui.exporting import to_bibtex, to_json, to_markdown
from ui.handlers import Source, Turn
from ui.owners import COOKIE
from ui.server import create_app

PAPER = Source(
    1, "papers/lora.md", "LoRA: 100% of_it {x}", "Abstract", "the\n# quote", url="https://arxiv.org/abs/2106.09685",
    author="Edward Hu, Yelong Shen", date="2021-06",
)  # fmt: skip
NOTES = Source(2, "notes.md", "笔记", "", "6 GB", url="javascript:alert(1)")
CONVERSATION = Conversation(
    "id", "LoRA?", (Turn("What is\n# LoRA?", "A method [1][2].", "answered", (PAPER, NOTES), ("a note",)),)
)


def test_markdown_has_questions_answers_and_quotes_and_no_heading_of_a_document():
    text = to_markdown(CONVERSATION)

    assert [line for line in text.splitlines() if line.startswith("#")] == ["# LoRA?", "## What is \\# LoRA?"]
    assert "A method [1][2]." in text
    assert "“the \\# quote” <https://arxiv.org/abs/2106.09685>" in text
    assert "javascript" not in text


def test_json_has_everything():
    assert json.loads(to_json(CONVERSATION))["turns"][0]["sources"][0]["author"] == "Edward Hu, Yelong Shen"


def test_bibtex_has_an_entry_for_each_cited_document_with_signs_escaped():
    text = to_bibtex(CONVERSATION)

    assert (
        "@article{hu2021lora,\n  title = {LoRA: 100\\% of\\_it \\{x\\}},\n  author = {Edward Hu and Yelong Shen},\n"
        in text
    )
    assert "  eprint = {2106.09685},\n" in text
    assert "@misc{document,\n  title = {笔记},\n}" in text


def test_two_papers_of_one_author_and_year_have_two_keys():
    other = Source(2, "papers/other.md", "LoRA again", "", "q", author="Edward Hu", date="2021")

    text = to_bibtex(Conversation("id", "t", (Turn("q", "a", "answered", (PAPER, other)),)))

    assert "{hu2021lora," in text
    assert "{hu2021lora-2," in text


def test_what_is_only_near_a_refusal_is_not_cited():
    assert to_bibtex(Conversation("id", "t", (Turn("q", "no", "refused", (PAPER,)),))) == ""


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    kept = Conversations(tmp_path / "conversations.sqlite")
    name = kept.save("browser:" + "a" * 43, "", CONVERSATION.turns)
    client = TestClient(create_app(None, home=tmp_path), base_url="http://localhost")
    return lambda ending, owner="a" * 43: client.get(f"/conversations/{name}.{ending}", cookies={COOKIE: owner})


def test_a_browser_fetches_its_own_conversation_as_a_file(fetch):
    answer = fetch("md")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="conversation.md"'
    assert "LoRA" in answer.text


def test_another_browser_and_another_format_find_nothing(fetch):
    assert fetch("md", owner="b" * 43).status_code == 404
    assert fetch("exe").status_code == 404


def test_a_file_of_conversations_that_cannot_be_read_now_is_said_to_be_so(fetch, monkeypatch):
    def broken(self, owner, conversation_id):
        raise ConversationsBroken("The conversations cannot be read or changed now (disk I/O error).")

    monkeypatch.setattr(Conversations, "read", broken)

    assert fetch("md").status_code == 503
    assert "disk I/O error" in fetch("md").text
