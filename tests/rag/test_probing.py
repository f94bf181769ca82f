"""Trying a model out: what one request shows."""

from __future__ import annotations

from rag.llm.models import open_model
from rag.llm.probing import probe


def test_a_model_that_reads_its_passage_is_said_to(scripted):
    found = probe(scripted("It is 41 metres tall [1]."))
    assert (found.reachable, found.knows, found.cites, found.failure) == (True, True, True, "")
    assert found.pieces > 3


def test_a_model_that_does_not_read_is_said_not_to(scripted):
    found = probe(scripted("It is 99 metres tall."))
    assert (found.reachable, found.knows, found.cites) == (True, False, False)


def test_a_reply_that_breaks_off_is_measured_as_far_as_it_came(scripted):
    found = probe(scripted(["It is 41", ConnectionError("gone")]))
    assert found.knows
    assert "cannot be reached" in found.failure


def test_a_server_that_refuses_is_not_reachable_and_says_why(server):
    found = probe(open_model("openai:404", base_url=server.url, env={}))
    assert not found.reachable
    assert "Check the model's name" in found.failure


def test_whether_tokens_are_counted_or_estimated_is_told(scripted):
    assert probe(scripted("41 [1]", count_tokens=len)).counts_tokens
    assert not probe(scripted("41 [1]")).counts_tokens
