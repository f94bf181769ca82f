"""An optional check of questions before anything is looked up, and of answers before anybody sees them.

Who checks is a provider's moderation endpoint, or any chat model with a policy of the operator's. What it stops is told in
words of its own (``stopped_answer``); a check that fails lets nothing through, unless the operator says otherwise.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from corpus.errors import UsageError
from corpus.languages import language_of
from rag.answers import Answer, Message
from rag.errors import LLMError
from rag.llm.calls import Deadline, run
from rag.llm.chat_model import ChatMessage, ChatModel
from rag.llm.failures import Backend, translate
from rag.llm.keys import missing_key, read_key
from rag.llm.prompting import load_prompt, neutralise, new_fence, without_thoughts
from rag.llm.transport import checked_base_url, is_loopback, make_client

if TYPE_CHECKING:
    import openai

CHECK_TIMEOUT_S = 20.0  # for one question or answer; more than a checker needs, less than a person waits
MAX_POLICY_CHARS = 20_000
_PART_CHARS = 8_000  # of a long text that are checked at once
_OVERLAP_CHARS = 200  # so that nothing hides on the border of two parts
_MOST_REMEMBERED = 4_096
_TRIES = 2
_PASSED, _STOPPED = frozenset({"PASS", "SAFE"}), frozenset({"STOP", "UNSAFE"})

Stage = Literal["question", "answer"]

_WORDS: Mapping[tuple[Stage, str], str] = {
    ("question", "zh"): "这个问题没有通过本服务设置的内容审核,所以没有去查资料。可以换个说法,或者问别的问题。",
    ("question", "en"): "The content check of this service stopped the question, so nothing was looked up. "
    "Ask in other words, or something else.",
    ("answer", "zh"): "已经写出了回答,但它没有通过本服务设置的内容审核,所以不显示。可以换个说法再问。",
    ("answer", "en"): "An answer was written, but the content check of this service stopped it, so it is not shown. "
    "Ask in other words.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moderation:
    """What the operator wants checked, and how.

    Attributes:
        spec: ``openai:omni-moderation-latest`` (any ``openai:`` name with "moderation" in it is the provider's moderation
            endpoint), or the SPEC of a chat model, which needs a ``policy``.
        policy: A text file that says what is to be stopped, for a chat model.
        base_url: The server that checks, where it is not the provider's own.
        fails_open: Let through unchecked, with a note, what cannot be checked; otherwise it is an error.
    """

    spec: str
    policy: Path | None = None
    base_url: str | None = None
    fails_open: bool = False


class Checker(Protocol):
    """Whoever judges texts."""

    @property
    def spec(self) -> str:
        """How it is called in a SPEC."""
        ...

    def flags(self, texts: Sequence[str], deadline: Deadline) -> tuple[str, ...] | None:
        """Return None where all texts pass, else what they were stopped for (names of categories, perhaps none).

        Raises:
            LLMError: They could not be judged.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of a check: ``stopped``, what for, and the ``note`` of a check that failed and let through."""

    stopped: bool = False
    flags: tuple[str, ...] = ()
    note: str = ""


class Guard:
    """Checks texts, and remembers (as hashes, a bounded number) which ones passed, so that a history costs no new check.

    Safe to use from several threads.
    """

    def __init__(self, checker: Checker, *, fails_open: bool = False, timeout_s: float = CHECK_TIMEOUT_S) -> None:
        self._checker = checker
        self._fails_open = fails_open
        self._timeout_s = timeout_s
        self._passed: dict[bytes, None] = {}

    @property
    def spec(self) -> str:
        """The SPEC of who checks."""
        return self._checker.spec

    def question(self, question: str, history: Sequence[Message]) -> Ruling:
        """Judge a question and what a reader would be told was said before it.

        Raises:
            LLMError: The check failed, and nothing unchecked goes through.
        """
        return self._judge([*(turn["content"] for turn in history), question], "question")

    def answer(self, answer: Answer) -> Ruling:
        """Judge what was written: the answer, and the question as a model rewrote it. Raises as ``question`` does."""
        rewritten = [answer.standalone_question] if answer.standalone_question != answer.question else []
        return self._judge([*rewritten, answer.text], "answer")

    def _judge(self, texts: Sequence[str], stage: Stage) -> Ruling:
        unknown = [text for text in dict.fromkeys(texts) if text.strip() and _digest(text) not in self._passed]
        if not unknown:
            return Ruling()
        try:
            flags = self._checker.flags(unknown, Deadline(self._timeout_s))
        except LLMError as error:
            if self._fails_open:
                return Ruling(note=f"The {stage} was not checked: {error}")
            raise LLMError(
                f"The {stage} could not be checked, and nothing is shown here unchecked. {error}", kind=error.kind
            ) from None
        if flags is not None:
            return Ruling(True, flags)
        if len(self._passed) > _MOST_REMEMBERED:
            self._passed = {}
        self._passed.update(dict.fromkeys(map(_digest, unknown)))
        return Ruling()


def open_guard(moderation: Moderation | str, env: Mapping[str, str] | None = None) -> Guard:
    """Open what checks questions and answers; no request is made yet. A string is the SPEC of a moderation endpoint.

    Raises:
        UsageError: A chat model has no policy, a moderation endpoint has one, or the policy cannot be read.
        LLMError: The model cannot be used as named (unknown SPEC, missing package or key).
    """
    wanted = Moderation(moderation) if isinstance(moderation, str) else moderation
    environment = os.environ if env is None else env
    provider, _, name = wanted.spec.strip().partition(":")
    if provider == "openai" and "moderation" in name:
        if wanted.policy:
            raise UsageError(
                f"{wanted.spec} has a policy of its own. Leave --moderation-policy out, or name a chat model."
            )
        checker: Checker = ModerationEndpoint.open(wanted.spec.strip(), wanted.base_url, environment)
    else:
        from rag.llm.models import open_model

        policy = _read_policy(wanted)
        model = open_model(wanted.spec, base_url=wanted.base_url, timeout_s=CHECK_TIMEOUT_S, env=environment)
        checker = PolicyChecker(model, policy)
    return Guard(checker, fails_open=wanted.fails_open)


def stopped_answer(asked: str, stage: Stage, guard: Guard, ruling: Ruling, *, index: str) -> Answer:
    """Return the answer that stands for what was stopped; nothing of that is in it but the question."""
    return Answer(
        question=asked,
        text=_WORDS[stage, language_of(asked)],
        found=False,
        standalone_question=asked,
        index=index,
        stopped_by=guard.spec,
        explanation={"moderation": {"by": guard.spec, "stopped": stage, "for": list(ruling.flags)}},
    )


@dataclass(frozen=True, slots=True)
class PolicyChecker:
    """A chat model that judges by a policy; what it answers other than PASS or STOP (or safe, unsafe) is a failure."""

    model: ChatModel = field(repr=False)
    policy: str = field(repr=False)

    @property
    def spec(self) -> str:
        """The SPEC of the model."""
        return self.model.spec

    def flags(self, texts: Sequence[str], deadline: Deadline) -> tuple[str, ...] | None:
        """Judge the texts one after the other; see ``Checker``."""
        for part in _parts(texts, self._room()):
            if self._stops(part, deadline):
                return ()
        return None

    def _room(self) -> int:
        """Return how many characters of a text fit the window beside the policy; a character is at most two tokens."""
        once, each = load_prompt("moderate", "en")
        instructions = self.model.count_tokens(self.policy + once.template + each.template)
        room = (self.model.context_length - instructions) * 3 // 4 // 2
        if room < 2 * _OVERLAP_CHARS:
            raise LLMError(
                f"{self.spec}: the policy leaves no room in the model's window. Shorten it.", kind="too_long"
            )
        return min(room, _PART_CHARS)

    def _stops(self, text: str, deadline: Deadline) -> bool:
        once, each = load_prompt("moderate", "en")
        fence = new_fence()
        shown = neutralise(text, self.model.special_tokens)
        messages: list[ChatMessage] = [
            {"role": "system", "content": once.substitute(fence=fence, policy=self.policy)},
            {"role": "user", "content": each.substitute(fence=fence, text=shown)},
        ]
        said = without_thoughts("".join(self.model.stream(messages, deadline))).split()
        word = said[0].strip("*`\"'.,:;!").upper() if said else ""
        if word not in _PASSED | _STOPPED:
            raise LLMError(
                f"{self.spec}: the model gave no verdict. Use another model for the check.", kind="bad_response"
            )
        return word in _STOPPED


class ModerationEndpoint:
    """A provider's moderation endpoint, as the openai package asks it."""

    def __init__(self, client: openai.OpenAI, backend: Backend) -> None:
        self._client = client
        self._backend = backend

    @classmethod
    def open(cls, spec: str, base_url: str | None, env: Mapping[str, str]) -> ModerationEndpoint:
        """Prepare the client; see ``open_guard`` for what is raised."""
        try:
            import openai
        except ImportError as error:
            raise LLMError(
                f"{spec} needs the package openai, which is not installed. Install it with `pip install openai`.",
                kind="missing_package",
            ) from error
        from rag.llm.providers import OPENAI_URL

        url = checked_base_url(base_url or env.get("OPENAI_BASE_URL") or OPENAI_URL)
        key = read_key("openai", env)
        if not key.reveal() and not is_loopback(url):
            raise missing_key("openai")
        http_client: Any = make_client(url, CHECK_TIMEOUT_S)  # httpx2's, which the package takes as well
        client = openai.OpenAI(
            base_url=url,
            api_key=key.reveal() or "none",
            max_retries=0,
            timeout=CHECK_TIMEOUT_S,
            http_client=http_client,
        )
        return cls(client, Backend(spec, url, key))

    @property
    def spec(self) -> str:
        """The SPEC that the endpoint was opened with."""
        return self._backend.spec

    def flags(self, texts: Sequence[str], deadline: Deadline) -> tuple[str, ...] | None:
        """Judge all texts in one request, which is made a second time if it fails; see ``Checker``."""
        parts = list(_parts(texts, _PART_CHARS))
        for left in reversed(range(_TRIES)):
            try:
                (reply,) = run(lambda: self._request(parts), deadline)
                return self._read(reply, len(parts))
            except Exception as error:  # noqa: BLE001 the border to foreign code: all becomes ours, nothing passes
                told = translate(error, self._backend)
                if not left or told.kind not in ("connection", "server") or not deadline.remaining:
                    raise told from None
        raise AssertionError("the last try returns or raises")

    def _request(self, parts: Sequence[str]) -> Iterator[Any]:
        yield self._client.moderations.create(model=self.spec.partition(":")[2], input=list(parts))

    def _read(self, reply: object, expected: int) -> tuple[str, ...] | None:
        """Return the categories of a reply. The package takes any JSON for a moderation, so each field is looked at."""
        results = getattr(reply, "results", None)
        verdicts = [getattr(result, "flagged", None) for result in results] if isinstance(results, list) else []
        if len(verdicts) != expected or not all(isinstance(verdict, bool) for verdict in verdicts):
            raise LLMError("the reply is no moderation. Check the name and --moderation-base-url.", kind="bad_response")
        if not any(verdicts):
            return None
        named = (
            vars(result.categories)
            for result in results or ()
            if result.flagged and hasattr(result.categories, "__dict__")
        )
        return tuple(sorted({name for categories in named for name, flagged in categories.items() if flagged is True}))


def _parts(texts: Sequence[str], size: int) -> Iterator[str]:
    """Yield the texts, long ones in parts that overlap."""
    for text in texts:
        for start in range(0, max(1, len(text) - _OVERLAP_CHARS), size - _OVERLAP_CHARS):
            yield text[start : start + size]


def _read_policy(moderation: Moderation) -> str:
    """Return the policy, or say what is wrong with it."""
    path = moderation.policy
    if path is None:
        raise UsageError(
            f"{moderation.spec} is a chat model and needs a policy to judge by: --moderation-policy FILE, a text that says "
            "what is to be stopped. Or name a moderation endpoint: --moderation openai:omni-moderation-latest."
        )
    try:
        text = path.expanduser().read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UsageError(f"The policy {path} cannot be read ({reason}). Name a text file.") from None
    if not 0 < len(text) <= MAX_POLICY_CHARS:
        raise UsageError(f"The policy {path} has {len(text):,} characters; 1 to {MAX_POLICY_CHARS:,} are taken.")
    return text


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
