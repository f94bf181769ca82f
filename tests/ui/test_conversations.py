import contextlib
import json
import sqlite3
import threading

import pytest

from ui.conversations import Conversations
from ui.errors import ConversationsBroken, UnknownConversation
from ui.handlers import Cell, Source, Turn

ME, YOU = "browser:me", "browser:you"
TURN = Turn(
    "要多少显存?\ud800",
    "6 GB [1]。",
    "answered",
    (
        Source(
            1, "a.md", "笔记", "显存", "只要 6 GB", rows=((Cell("6 GB", True),),), header=("显存",), label="supported"
        ),
    ),
    ("a note",),
    verdict="liked",
)


@pytest.fixture
def kept(tmp_path):
    conversations = Conversations(tmp_path / "conversations.sqlite")
    yield conversations
    conversations.close()


@pytest.fixture
def held(tmp_path, monkeypatch):
    """Return what opens conversations in a file that another process holds meanwhile."""
    monkeypatch.setattr("ui.conversations._BUSY_SECONDS", 0.0)

    @contextlib.contextmanager
    def hold(before=lambda kept: None):
        conversations = Conversations(tmp_path / "c.sqlite")
        before(conversations)
        with contextlib.closing(sqlite3.connect(tmp_path / "c.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield conversations
            other.execute("ROLLBACK")

    return hold


def test_a_conversation_comes_back_with_every_quote_after_a_restart(tmp_path):
    first = Conversations(tmp_path / "conversations.sqlite")
    name = first.save(ME, "", [TURN])
    first.close()

    (turn,) = Conversations(tmp_path / "conversations.sqlite").read(ME, name).turns

    assert turn.sources == TURN.sources
    assert (turn.text, turn.verdict, turn.notes) == (TURN.text, "liked", ("a note",))


def test_nobody_reads_renames_deletes_or_overwrites_what_belongs_to_another(kept):
    name = kept.save(ME, "", [TURN])

    for attempt in (lambda: kept.read(YOU, name), lambda: kept.rename(YOU, name, "x"), lambda: kept.delete(YOU, name)):
        with pytest.raises(UnknownConversation, match="may have been deleted"):
            attempt()
    kept.save(YOU, name, [Turn("mine now")])

    assert kept.of(YOU) == []
    assert kept.read(ME, name).turns[0].text == TURN.text


def test_the_first_question_is_the_title_until_it_is_renamed(kept):
    name = kept.save(ME, "", [Turn("  one\n question " + "x" * 200)])
    assert kept.of(ME)[0].title.startswith("one question xxx")
    assert len(kept.of(ME)[0].title) == 80

    kept.rename(ME, name, "显存")
    kept.save(ME, name, [Turn("one"), Turn("two")])

    assert [(info.title, info.turns) for info in kept.of(ME)] == [("显存", 2)]


def test_a_blank_title_renames_nothing(kept):
    name = kept.save(ME, "", [Turn("one")])
    kept.rename(ME, name, " \n ")

    assert kept.of(ME)[0].title == "one"


def test_the_search_finds_words_of_answers_and_takes_signs_as_they_are(kept):
    kept.save(ME, "", [TURN])
    kept.save(ME, "", [Turn("100% sure", "yes_no")])

    assert [info.title for info in kept.of(ME, "6 gb")] == ["要多少显存??"]
    assert [info.title for info in kept.of(ME, "100%")] == ["100% sure"]
    assert kept.of(ME, "%sure%") == []
    assert kept.of(ME, "s_n") == [kept.of(ME, "s_no")[0]]


def test_half_a_character_finds_nothing_and_names_nothing(kept):
    kept.save(ME, "", [Turn("one", "t", "answered")])

    assert kept.of(ME, "\ud800") == []
    with pytest.raises(UnknownConversation):
        kept.read(ME, "\ud800")
    with pytest.raises(UnknownConversation):
        kept.delete(ME, "\ud800")


def test_what_was_changed_last_comes_first(kept, monkeypatch):
    times = iter(["2026-01-01", "2026-01-02", "2026-01-03"])
    monkeypatch.setattr("ui.conversations._now", lambda: next(times))
    first = kept.save(ME, "", [Turn("first")])
    kept.save(ME, "", [Turn("second")])
    kept.save(ME, first, [Turn("first")])

    assert [info.title for info in kept.of(ME)] == ["first", "second"]


def test_a_deleted_conversation_is_gone_and_an_answer_still_being_written_keeps_its_id(kept):
    name = kept.save(ME, "", [Turn("one")])
    kept.delete(ME, name)

    assert kept.of(ME) == []
    assert kept.save(ME, name, [Turn("one", "late")]) == name
    assert kept.read(ME, name).turns[0].text == "late"


def test_an_answer_that_was_cut_off_by_the_end_of_the_server_reads_as_stopped(kept):
    name = kept.save(ME, "", [Turn("one", "half", "answering")])

    assert kept.read(ME, name).turns[0].outcome == "stopped"


def test_a_home_that_cannot_be_written_keeps_conversations_until_the_end(tmp_path, caplog):
    (tmp_path / "file").write_text("")

    conversations = Conversations.under(tmp_path / "file")

    assert "last until the server ends" in caplog.text
    assert conversations.read(ME, conversations.save(ME, "", [TURN])).turns


def test_the_file_is_its_owners_alone(tmp_path):
    Conversations(tmp_path / "c.sqlite").close()

    assert (tmp_path / "c.sqlite").stat().st_mode & 0o077 == 0


def test_a_turn_of_another_version_keeps_what_is_known(tmp_path):
    conversations = Conversations(tmp_path / "c.sqlite")
    name = conversations.save(ME, "", [TURN, Turn("two")])
    other = sqlite3.connect(tmp_path / "c.sqlite", isolation_level=None)
    kept = '[{"question": "one", "text": "t", "outcome": "pondered", "colour": "red"}, 7]'
    other.execute("UPDATE conversations SET kept = ?", (kept,))
    other.close()

    (turn,) = conversations.read(ME, name).turns

    assert (turn.question, turn.outcome) == ("one", "stopped")


@pytest.mark.parametrize("kept", ["", "7", "[", "[[[", '{"question": "one"}', "null"])
def test_a_conversation_whose_turns_are_damaged_opens_empty(tmp_path, kept, caplog):
    assert read_changed(tmp_path, kept) == ()


@pytest.mark.parametrize(
    "damage",
    [
        {"question": 7}, {"text": None}, {"error": []}, {"sources": 7}, {"sources": [{}]}, {"sources": [{"number": "1"}]}, {"notes": 7},
        {"sources": [{"number": 1, "document_id": "a", "title": {}, "section": "", "quote": ""}]},
        {"sources": [{"number": 1, "document_id": "a", "title": "", "section": "", "quote": "", "rows": [[{"text": 1}]]}]},
    ],
)  # fmt: skip
def test_a_turn_that_is_damaged_costs_that_turn_only(tmp_path, damage):
    whole = {"question": "one", "text": "t", "outcome": "answered"}

    turns = read_changed(tmp_path, json.dumps([whole, whole | damage, whole]))

    assert [turn.question for turn in turns] == ["one", "one"]


def test_a_verdict_or_a_label_that_nobody_gives_is_none(tmp_path):
    source = {"number": 1, "document_id": "a", "title": "", "section": "", "quote": "", "label": {}, "header": [1]}

    (turn,) = read_changed(tmp_path, json.dumps([{"question": "one", "verdict": [], "sources": [source]}]))

    assert (turn.verdict, turn.sources[0].label, turn.sources[0].header) == ("", None, ("1",))


def test_a_conversation_that_cannot_be_written_is_there_all_the_same_and_written_with_the_next(tmp_path, held, caplog):
    with held() as kept:
        name = kept.save(ME, "", [TURN])
        assert kept.read(ME, name).turns[0].sources == TURN.sources
        assert [info.id for info in kept.of(ME, "GB")] == [name]
        assert (kept.of(ME, "crown"), kept.of(YOU)) == ([], [])
        with pytest.raises(UnknownConversation):
            kept.read(YOU, name)
        with pytest.raises(ConversationsBroken, match="locked"):
            kept.rename(ME, name, "another")
    assert "stays in memory" in caplog.text
    second = kept.save(ME, "", [TURN])
    assert {info.id for info in Conversations(tmp_path / "c.sqlite").of(ME)} == {name, second}


def test_a_conversation_that_was_never_written_is_deleted_too(held):
    with held() as kept:
        name = kept.save(ME, "", [TURN])
    kept.delete(ME, name)
    assert kept.of(ME) == []


def test_what_waits_to_be_written_is_bounded(held, monkeypatch):
    monkeypatch.setattr("ui.conversations.MOST_WAITING", 2)
    with held() as kept:
        names = [kept.save(ME, "", [TURN]) for _ in range(3)]
        assert [info.id for info in kept.of(ME)] == names[:0:-1]


def test_conversations_that_are_lost_as_too_many_wait_are_said_in_the_log(held, monkeypatch, caplog):
    monkeypatch.setattr("ui.conversations.MOST_WAITING", 2)
    with held() as kept:
        for _ in range(4):
            kept.save(ME, "", [TURN])
    assert caplog.text.count("Conversations lost because more than 2 waited to be written: 1.") == 2


def test_one_conversation_that_can_never_be_written_keeps_no_other_from_it(tmp_path):
    kept = Conversations(tmp_path / "c.sqlite")
    with contextlib.closing(sqlite3.connect(tmp_path / "c.sqlite", isolation_level=None)) as other:
        refuse = "WHEN NEW.title = 'never' BEGIN SELECT RAISE(ABORT, 'refused'); END"
        other.execute(f"CREATE TRIGGER refusing BEFORE INSERT ON conversations {refuse}")
    never, other_ = kept.save(ME, "", [Turn("never")]), kept.save(ME, "", [TURN])

    assert {info.id: info.kept for info in kept.of(ME)} == {never: False, other_: True}
    assert [info.id for info in Conversations(tmp_path / "c.sqlite").of(ME)] == [other_]


def test_names_with_half_a_character_are_kept_and_found(kept):
    name = kept.save("user:\ud800", "an\ud800", [TURN])

    assert [(info.id, info.kept) for info in kept.of("user:\ud800")] == [(name, True)]


def test_what_waits_is_written_when_the_server_ends(tmp_path, held):
    with held() as kept:
        name = kept.save(ME, "", [TURN])
    kept.close()
    assert Conversations(tmp_path / "c.sqlite").read(ME, name).turns


def test_what_cannot_be_written_at_the_end_either_is_said_in_the_log(held, caplog):
    with held() as kept:
        kept.save(ME, "", [TURN])
        kept.close()
    assert "could not be written and end with the server: 1." in caplog.text


def test_what_waits_is_tried_again_though_nobody_asks(tmp_path, held, monkeypatch):
    monkeypatch.setattr("ui.conversations.RETRY_SECONDS", 0.01)
    written, settled = threading.Event(), Conversations._try_again

    def noticed(self):
        settled(self)
        if not self._unkept:
            written.set()

    monkeypatch.setattr(Conversations, "_try_again", noticed)
    with held() as kept:
        name = kept.save(ME, "", [TURN])
        assert not kept.of(ME)[0].kept
    assert written.wait(60)
    assert Conversations(tmp_path / "c.sqlite").of(ME)[0].id == name
    assert kept.of(ME)[0].kept


def test_a_conversation_whose_last_answer_waits_is_listed_once_and_as_not_kept(held):
    with held(lambda kept: kept.save(ME, "one", [TURN])) as kept:
        kept.save(ME, "one", [TURN, TURN])
        assert [(info.id, info.kept) for info in kept.of(ME)] == [("one", False)]
        assert len(kept.read(ME, "one").turns) == 2


def test_a_deletion_that_fails_loses_nothing(held):
    with held() as kept:
        name = kept.save(ME, "", [TURN])
        with pytest.raises(ConversationsBroken, match="locked"):
            kept.delete(ME, name)
        assert kept.read(ME, name).turns


def test_a_home_where_nothing_is_kept_is_shown_to_the_people_too(tmp_path):
    (tmp_path / "file").write_text("")
    conversations = Conversations.under(tmp_path / "file")
    conversations.save(ME, "", [TURN])

    assert [info.kept for info in conversations.of(ME)] == [False]


def test_a_file_that_is_damaged_while_it_is_open_is_told_and_lists_nothing(tmp_path, caplog):
    kept = Conversations(tmp_path / "c.sqlite")
    name = kept.save(ME, "", [Turn(f"question {n}", "words " * 400) for n in range(40)])
    kept.close()
    kept = Conversations(tmp_path / "c.sqlite")
    content = (tmp_path / "c.sqlite").read_bytes()
    (tmp_path / "c.sqlite").write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert kept.of(ME) == []
    assert "cannot be read" in caplog.text
    with pytest.raises(ConversationsBroken, match="malformed"):
        kept.read(ME, name)


def read_changed(folder, kept):
    """Return the turns of a conversation in whose row something else was written."""
    conversations = Conversations(folder / "c.sqlite")
    name = conversations.save(ME, "", [TURN])
    with contextlib.closing(sqlite3.connect(folder / "c.sqlite", isolation_level=None)) as other:
        other.execute("UPDATE conversations SET kept = ?", (kept,))
    return conversations.read(ME, name).turns
