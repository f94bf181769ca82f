"""How an assistant is to be opened, as a value that another process can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag import Assistant
    from rag.refreshing import Progress


@dataclass(frozen=True, slots=True)
class Opening:
    """What the command line says of index, model and checks; a field each of ``Assistant.open``."""

    index: str | None = None
    home: str | None = None
    llm: str = "extractive"
    llm_base_url: str | None = None
    llm_fallback: str = "extractive"
    embedder: str | None = None
    k: int | None = None
    moderation: Mapping[str, Any] | None = field(default=None)  # the fields of rag.llm.moderating.Moderation

    @property
    def waits(self) -> bool:
        """Whether an answer waits for another server's model."""
        return self.llm != "extractive" or self.moderation is not None

    def open(self, progress: Progress | None = None) -> Assistant:
        """Open the assistant; raises what ``Assistant.open`` does."""
        from rag import Assistant
        from rag.settings import DEFAULT_HITS

        given = {name: value for name, value in asdict(self).items() if name not in ("k", "moderation")}
        checks = None
        if self.moderation is not None:
            from rag.llm.moderating import Moderation

            policy = self.moderation.get("policy")
            checks = Moderation(**{**self.moderation, "policy": Path(policy) if policy else None})
        return Assistant.open(**given, k=self.k or DEFAULT_HITS, moderation=checks, progress=progress)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        checks = self.moderation and {n: str(v) if isinstance(v, Path) else v for n, v in self.moderation.items()}
        return asdict(replace(self, moderation=checks))
