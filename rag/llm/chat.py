"""The reader with a language model: packed passages and a question in, streamed text and a cited draft out.

What a model writes is untrusted text: it is cleaned, its marks are resolved by code, and a statement counts only as far
as a passage holds it. Nothing here knows the index.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from corpus.languages import Language, language_of
from corpus.patterns import pattern
from index.hits import Hit
from index.laps import lap
from rag.answers import Citation, Message
from rag.errors import LLMError
from rag.grounding.marks import lift_marks
from rag.llm.budgets import PER_MESSAGE, Fitted, fit, last_turns, share
from rag.llm.calls import Deadline
from rag.llm.chat_model import ChatMessage, ChatModel
from rag.llm.failures import stated_window
from rag.llm.feeding import Feed
from rag.llm.live_text import LiveText
from rag.llm.prompting import (
    SENTINEL,
    SENTINEL_WRITTEN,
    load_prompt,
    neutralise,
    new_fence,
    without_marks,
    without_thoughts,
)
from rag.llm.talking import Request, Talk
from rag.llm.tools import Offer, Tools, specifications

_LEAST_EVIDENCE = 64  # tokens; with less there is nothing to answer from
_MAX_REWRITTEN_CHARS = 400
_REWRITE_TURNS = 4
_SHORT = 160  # characters of an answer that may be nothing but "they do not say"

_SAYS_NOTHING = pattern(
    r"(?:资料|段落|文档|材料|上下文|文中|原文)[^。\n]{0,12}(?:没有|未|并未|不)[^。\n]{0,6}(?:提到|提及|说明|包含|涉及|给出|提供|足以)"
    r"|(?:无法|不能)[^。\n]{0,16}(?:回答|得知|确定|判断)"
    r"|\b(?:passages?|documents?|context|sources?|text)\b[^.\n]{0,30}\b(?:do(?:es)? not|don't|doesn't|no)\b[^.\n]{0,20}"
    r"\b(?:mention|say|tell|state|contain|include|provide|specify|information|answer)"
    r"|\b(?:cannot|can't|unable to)\b[^.\n]{0,30}\b(?:answer|determine|find)",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChatDraft:
    """What became of a model's reply: text with our marks, its citations, and the passages that the model was given.

    ``found`` is false when the passages do not tell, or nothing that the model wrote is in them.
    """

    text: str
    citations: tuple[Citation, ...] = field(default=(), repr=False)
    found: bool = True
    used: tuple[Hit, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """True when there is nothing to show but that the documents do not say."""
        return not self.found


class ChatReader:
    """Answers from packed passages with a language model."""

    def __init__(self, model: ChatModel, feed: Feed | None = None) -> None:
        self.model = model
        self._feed = feed

    def fed(self, feed: Feed) -> ChatReader:
        """Return a reader of the same model whose replies come through a feed; its texts are "" while more is awaited."""
        return ChatReader(self.model, feed)

    @property
    def spec(self) -> str:
        """The SPEC of the model."""
        return self.model.spec

    def deadline(self) -> Deadline:
        """Return the point in time by which an answer that begins now must be finished."""
        return Deadline(self.model.timeout_s)

    def stand_alone(self, question: str, history: Sequence[Message], deadline: Deadline) -> Generator[str, None, str]:
        """Return a follow-up as a question that stands alone; yield "" while a feed is awaited. See ``rewrite_question``."""
        said = ""
        for piece in self._reply(_rewriting(self.model, question, history), deadline):
            said += piece
            if not piece:
                yield ""
        return _rewritten(self.model, question, said)

    def _reply(self, messages: Sequence[ChatMessage], deadline: Deadline, offer: Offer | None = None) -> Iterator[str]:
        feed = self._feed
        return (
            feed.read(self.model, messages, deadline, offer) if feed else self.model.stream(messages, deadline, offer)
        )

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        history: Sequence[Message] = (),
        deadline: Deadline | None = None,
        tools: Tools | None = None,
    ) -> Iterator[str | ChatDraft]:
        """Yield the answer's text piece by piece, then the finished draft.

        A reply that breaks off is kept, with a note, as far as passages support it. Without a ``deadline`` the model's
        own time limit counts from now. A model that can call tools may call ``tools``.

        Raises:
            LLMError: There is no reply, or nothing of it that could be kept.
        """
        if not hits:
            yield ChatDraft("", found=False)
            return
        deadline = deadline or self.deadline()
        for may_shrink in (True, False):
            offered = tools if self.model.calls_tools else None
            request = make_request(self.model, question, hits, history, with_tools=offered is not None)
            talk, broken = Talk(self.model, request, self._show, offered), None
            try:
                yield from talk.follow(self._reply, deadline)
            except LLMError as error:
                broken = error
            if not (may_shrink and broken and broken.kind == "too_long" and not talk.live.text):
                break
            self.model.context_length = _smaller(self.model.context_length, broken)  # the server knows better
        language = language_of(question)
        fitted = replace(request.fitted, hits=tuple(talk.hits))
        yield _finish(talk.live, fitted, broken, language, _left_out(request.fitted, language) + talk.notes(language))

    def _show(self, number: int, hit: Hit) -> str:
        return show_passage(number, hit, self.model)


def make_request(
    model: ChatModel, question: str, hits: Sequence[Hit], history: Sequence[Message] = (), *, with_tools: bool = False
) -> Request:
    """Fill the answering prompt with as many passages and turns as the model's window takes.

    Raises:
        LLMError: The question leaves no room for evidence (kind ``too_long``).
    """
    window = model.context_length
    language = language_of(question)
    once, each = load_prompt("answer", language)
    fence = new_fence()
    asked = neutralise(question, model.special_tokens)
    system = once.substitute(fence=fence, sentinel=SENTINEL)
    if with_tools:
        system += "\n\n" + load_prompt("tools", language)[0].substitute(sentinel=SENTINEL)
    bare = each.substitute(fence=fence, passages="", question=asked)
    specified = model.count_tokens(str(specifications())) if with_tools else 0
    instructions = model.count_tokens(system) + model.count_tokens(bare) + 2 * PER_MESSAGE + specified
    room = share(window, instructions)
    turns = (
        last_turns(_said(history, model), model.count_tokens, room.history) if room.evidence >= _LEAST_EVIDENCE else []
    )
    unused = room.history - sum(model.count_tokens(turn["content"]) + PER_MESSAGE for turn in turns)
    evidence = share(window, instructions - unused).evidence
    fitted = fit(hits, question, lambda hit: show_passage(99, hit, model), model.count_tokens, evidence)
    if evidence < _LEAST_EVIDENCE or not fitted.hits:
        raise LLMError(
            f"{model.spec}: instructions and question take {instructions:,} of the model's {window:,} tokens, which leaves "
            "no room for evidence. Ask a shorter question.",
            kind="too_long",
        )
    passages = "\n\n".join(show_passage(number, hit, model) for number, hit in enumerate(fitted.hits, 1))
    user = each.substitute(fence=fence, passages=passages, question=asked)
    messages: list[ChatMessage] = [{"role": "system", "content": system}]
    messages += [{"role": turn["role"], "content": turn["content"]} for turn in turns]
    messages.append({"role": "user", "content": user})
    return Request(tuple(messages), fitted, question, fence)


def show_passage(number: int, hit: Hit, model: ChatModel) -> str:
    """Return a passage as it stands in the prompt: number, title and headings on a line, then its text."""
    passage = hit.passage
    known = neutralise(passage.context or f"{passage.document.title}\n{passage.section}", model.special_tokens)
    heading = " / ".join(dict.fromkeys(line.strip() for line in known.splitlines() if line.strip()))
    return f"[{number}] {heading}\n{neutralise(without_marks(passage.text), model.special_tokens)}"


def rewrite_question(
    model: ChatModel, question: str, history: Sequence[Message], deadline: Deadline | None = None
) -> str:
    """Return a follow-up as a question that stands alone, written by a model.

    Raises:
        LLMError: The model failed, or what it wrote is no question (kind ``bad_response``).
    """
    return _rewritten(model, question, "".join(model.stream(_rewriting(model, question, history), deadline)))


def _rewriting(model: ChatModel, question: str, history: Sequence[Message]) -> list[ChatMessage]:
    once, each = load_prompt("rewrite", language_of(question))
    turns = last_turns(_said(history, model)[-_REWRITE_TURNS:], model.count_tokens, model.context_length // 2)
    conversation = "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)
    user = each.substitute(conversation=conversation, question=neutralise(question, model.special_tokens))
    return [{"role": "system", "content": once.template}, {"role": "user", "content": user}]


def _rewritten(model: ChatModel, question: str, reply: str) -> str:
    said = without_thoughts(reply).strip()
    line = said.splitlines()[-1].strip(" \"'“”「」") if said else ""
    if not line or len(line) > max(_MAX_REWRITTEN_CHARS, 2 * len(question)):
        raise LLMError(f"{model.spec}: the follow-up was not rewritten into a question.", kind="bad_response")
    return line


def _finish(
    live: LiveText, fitted: Fitted, broken: LLMError | None, language: Language, before: tuple[str, ...]
) -> ChatDraft:
    """Return the draft of a reply, or raise what broke it off before anything in it could be kept."""
    with lap("check"):
        text, citations, notes = live.resolver.resolve(SENTINEL_WRITTEN.sub("", live.text).strip())
    if live.was_defused:
        notes += (
            "去掉了段落中没有的网址、图片或标记语言。"
            if language == "zh"
            else "Addresses, images or markup that no passage holds were removed.",
        )
    refused = _is_refusal(live.text, citations)
    if broken and (refused or not citations):
        raise broken
    if refused:
        return ChatDraft("", found=False, used=fitted.hits, notes=before)
    if not citations:
        why = (
            "模型的回答在所给段落中找不到依据,没有采用。"
            if language == "zh"
            else "Nothing that the model wrote is in the passages, so it is not shown."
        )
        return ChatDraft("", found=False, used=fitted.hits, notes=(*before, why))
    if broken:
        notes += (f"回答不完整:{broken}" if language == "zh" else f"The answer is incomplete: {broken}",)
    return ChatDraft(text, citations, used=fitted.hits, notes=before + notes)


def _is_refusal(text: str, citations: Sequence[Citation]) -> bool:
    """Tell whether a reply says that the passages do not tell, in the agreed word or in its own."""
    if sentinel := SENTINEL_WRITTEN.search(text):
        return not text[: sentinel.start()].strip("*`\"'「 ") or not lift_marks(text)[1]
    supported = any(citation.label == "supported" for citation in citations)
    return len(text) <= _SHORT and not supported and bool(_SAYS_NOTHING.search(text))


def _left_out(fitted: Fitted, language: Language) -> tuple[str, ...]:
    if not fitted.left_out and not fitted.shortened:
        return ()
    given, all_of_them = len(fitted.hits), len(fitted.hits) + fitted.left_out
    if language == "zh":
        cut = ",其中一段被截短" if fitted.shortened else ""
        return (f"模型的窗口只容得下 {all_of_them} 段中的 {given} 段{cut}。",)
    cut = ", one of them shortened" if fitted.shortened else ""
    return (f"The model's window took {given} of {all_of_them} passages{cut}.",)


def _said(history: Sequence[Message], model: ChatModel) -> list[Message]:
    """Return the turns without marks, which would count passages that are no longer there."""
    return [
        {"role": turn["role"], "content": neutralise(lift_marks(turn["content"])[0], model.special_tokens)}
        for turn in history
    ]


def _smaller(window: int, error: LLMError) -> int:
    """Return the window to try after a server found a prompt too long: what it named, or half."""
    stated = stated_window(str(error))
    return stated if stated and stated < window else window // 2
