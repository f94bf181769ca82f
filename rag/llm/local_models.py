"""A Hugging Face model on this machine as a LangChain chat model: from a directory, safetensors only, no foreign code.

This file is imported on demand only: it needs LangChain at its top and loads transformers when a model is opened.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from rag.errors import LLMError
from rag.llm.calls import current_call
from rag.llm.local_chat import MAX_WINDOW, LocalChat, Turn, too_long, without_system


class TransformersChat(LocalChat):
    """Writes with a causal language model from a local directory (``path``), greedily, one answer at a time."""

    path: str

    _model: Any = PrivateAttr()
    _tokenizer: Any = PrivateAttr()
    _turn: Any = PrivateAttr(default_factory=threading.Lock)

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 pydantic's signature
        """Load the model and its tokenizer.

        Raises:
            LLMError: The directory holds no model that can be used (kind ``not_found``), or transformers is not
                installed (kind ``missing_package``).
        """
        super().model_post_init(context)
        path = Path(self.path)
        config = _read_config(path)
        try:
            import transformers
        except ImportError as error:
            raise LLMError(
                "transformers:PATH needs the packages transformers and torch. Install them with `pip install transformers torch`.",
                kind="missing_package",
            ) from error
        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            tokenizer: Any = transformers.AutoTokenizer.from_pretrained(str(path), **options)
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(
                str(path), use_safetensors=True, dtype="auto", **options
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            raise _unusable(path, config, error) from error
        if not tokenizer.chat_template:
            raise LLMError(
                f"The model in {path} has no chat template, so it is no chat model. Name one that was tuned for conversation.",
                kind="not_found",
            )
        self._model = model.to(_device()).eval()
        self._tokenizer = tokenizer

    @property
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together."""
        stated = [self._tokenizer.model_max_length, getattr(self._model.config, "max_position_embeddings", None)]
        return min([MAX_WINDOW, *(int(n) for n in stated if n and n > 0)])

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """The tokens that structure a conversation; text from elsewhere must not hold them."""
        added = [str(token) for token in self._tokenizer.get_added_vocab()]
        return tuple(dict.fromkeys([*map(str, self._tokenizer.all_special_tokens), *added]))

    def count_tokens(self, text: str) -> int:
        """Return how many of the model's tokens a text has."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    @property
    def _llm_type(self) -> str:
        return "survey-qa-transformers"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"path": self.path, "max_new_tokens": self.max_new_tokens}

    def _write(self, turns: list[Turn]) -> Generator[str, None, str]:
        prompt = self._prompt(turns)
        length = int(prompt["input_ids"].shape[1])
        room = self.context_length - length
        if room <= 0:
            raise too_long(length, self.context_length)
        ended = threading.Event()
        if call := current_call():
            call.on_abort(ended.set)
        with self._turn:
            if ended.is_set():  # while it waited for the model
                return "stop"
            generation = _Generation(self._model, self._tokenizer, prompt, min(self.max_new_tokens, room), ended)
            try:
                yield from generation.pieces()
            finally:
                ended.set()
                generation.join()
        return "length" if generation.was_cut else "stop"

    def _prompt(self, turns: list[Turn]) -> Any:  # noqa: ANN401 transformers' own mapping of tensors
        from jinja2 import TemplateError

        options: dict[str, Any] = {"add_generation_prompt": True, "return_tensors": "pt", "return_dict": True}
        try:
            prompt = self._tokenizer.apply_chat_template(turns, **options)
        except TemplateError:  # many templates refuse a system turn
            prompt = self._tokenizer.apply_chat_template(without_system(turns), **options)
        return prompt.to(self._model.device)


class _Generation:
    """One run of ``generate`` in a thread of its own."""

    def __init__(self, model: Any, tokenizer: Any, prompt: Any, most: int, ended: threading.Event) -> None:  # noqa: ANN401
        from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

        class Ended(StoppingCriteria):
            def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:  # noqa: ANN401
                import torch

                return torch.full((input_ids.shape[0],), ended.is_set(), device=input_ids.device, dtype=torch.bool)

        self._streamer: Any = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._model = model
        self._options = {
            **prompt, "streamer": self._streamer, "max_new_tokens": most, "do_sample": False,
            "stopping_criteria": StoppingCriteriaList([Ended()]), "pad_token_id": _pad_token(tokenizer),
        }  # fmt: skip
        self._most = most
        self._length = int(prompt["input_ids"].shape[1])
        self._written = 0
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="survey-qa-generate", daemon=True)

    @property
    def was_cut(self) -> bool:
        """True when the answer filled all the room it had."""
        return self._written >= self._most

    def pieces(self) -> Iterator[str]:
        """Yield the text as it is written."""
        self._thread.start()
        for piece in self._streamer:
            if piece:
                yield piece
        self.join()
        if self._error is not None:
            raise self._error

    def join(self) -> None:
        """Wait until the model is free again: one token at most after a stop."""
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            output = self._model.generate(**self._options)
            self._written = int(output.shape[1]) - self._length
        except Exception as error:  # noqa: BLE001 raised again by who reads the pieces
            self._error = error
        finally:
            self._streamer.end()


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads((path / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LLMError(
            f"{path} holds no model: a readable config.json was expected there. transformers:PATH names the directory of a "
            "model that was downloaded already; nothing is downloaded.",
            kind="not_found",
        ) from error
    return config if isinstance(config, dict) else {}


def _unusable(path: Path, config: dict[str, Any], error: Exception) -> LLMError:
    """Say why a model cannot be loaded, with the way out that fits."""
    if "auto_map" in config:
        kind = config.get("model_type", "this kind of model")
        return LLMError(
            f"The model in {path} ({kind}) brings Python code of its own, which is not run here. Serve it behind an "
            "OpenAI-compatible server and use openai:MODEL with --llm-base-url.",
            kind="not_found",
        )
    if not any(path.glob("*.safetensors")):
        return LLMError(
            f"{path} has no .safetensors file, and other weight files can hold code. Convert the weights to safetensors.",
            kind="not_found",
        )
    first_line = str(error).strip().partition("\n")[0][:200]
    return LLMError(f"transformers cannot load the model in {path}: {first_line}", kind="not_found")


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def _pad_token(tokenizer: Any) -> int | None:  # noqa: ANN401
    token: int | None = tokenizer.pad_token_id
    return token if token is not None else tokenizer.eos_token_id
