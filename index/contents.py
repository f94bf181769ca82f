"""Everything that one state of an index holds.

Nothing here changes after it was made: adding and removing documents makes new contents, and whoever searches the old
ones may go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from index.catalogue import Catalogue
from index.embedders import Embedder
from index.folders import FolderNotes
from index.fusing import Weights
from index.latent import LatentEmbedder
from index.lexical import Lexical
from index.queries import Languages
from index.vectors import Vectors

MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Splitting:
    """How documents are split when they are added; sizes are tokens of the encoding."""

    max_tokens: int = 256
    encoding: str = "survey-8k-v1"


@dataclass(frozen=True, slots=True)
class Contents:
    """One state of an index. Arrays count passages from 0 as ``catalogue`` does."""

    catalogue: Catalogue
    lexical: Lexical
    vectors: Vectors
    embedder: Embedder
    languages: Languages
    weights: Weights  # the vectors' share of a score, by the question's language
    keys: npt.NDArray[np.uint64]  # (passages, 2) hash of what was embedded
    sameness: npt.NDArray[np.uint64]  # (passages,) equal for passages with the same terms in the same order
    fitted: npt.NDArray[np.uint32]  # checksums of the terms there were when the embedder was fitted, ascending
    splitting: Splitting = field(default_factory=Splitting)
    folders: FolderNotes = field(default_factory=FolderNotes)
    snapshot: str = MEMORY
    degraded: str = ""


def share_unknown(contents: Contents) -> float:
    """Return the share of terms that came after the embedder was fitted; 0 for an embedder that is not fitted here."""
    if not isinstance(contents.embedder, LatentEmbedder):
        return 0.0
    return 1.0 - float(np.isin(contents.lexical.vocabulary.checksums, contents.fitted).mean())
