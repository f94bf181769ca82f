"""Terms of passages to postings: sorted run by run and laid out once all are known.

What several processes count is joined without sorting it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from index.postings import CONTEXT_WEIGHT, K1, Averages, B, Floats, Laid, Numbers, Postings, Small
from index.reading import LATIN, PAIRS, Codes, Terms, spelled
from index.vocabulary import Arrays, Vocabulary

_FIELDS = 27  # bits for the number of a passage in its run, and for the field
_PARTS = ("codes", "sizes", "passages", "texts", "contexts")


@dataclass(frozen=True, slots=True)
class Run:
    """The terms of some passages that follow each other: for each term the passages that hold it, ascending."""

    codes: Codes  # (terms,)
    sizes: Small  # (terms,) passages that hold each
    passages: Small  # all of these, numbered from the first of the run
    texts: npt.NDArray[Any]  # beside each passage: how often its text holds the term
    contexts: npt.NDArray[Any]  # and its context; empty if no context of the run holds anything

    @classmethod
    def of(cls, texts: Terms, contexts: Terms | None) -> Run:
        """Sort the terms of the texts and of the contexts of passages."""
        keys = texts.codes << _FIELDS | texts.texts << 1
        if contexts:
            keys = np.concatenate([keys, contexts.codes << _FIELDS | contexts.texts << 1 | 1])
        keys.sort()
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        counts, keys = np.diff(first, append=len(keys)), keys[first]
        both = [counts, counts[:0]]
        if contexts:
            own = np.flatnonzero(np.diff(keys >> 1, prepend=-1))
            both = [np.add.reduceat(np.where(keys & 1 == field, counts, 0), own) for field in (0, 1)]
            keys = keys[own]
        terms = keys >> _FIELDS
        starts = np.flatnonzero(np.diff(terms, prepend=-1))
        return cls(
            codes=terms[starts],
            sizes=np.diff(starts, append=len(keys)).astype(np.int32),
            passages=(keys >> 1 & (1 << _FIELDS - 1) - 1).astype(np.int32),
            texts=_narrow(both[0]),
            contexts=_narrow(both[1]),
        )


class Counter:
    """Takes passages one after the other, many at once, and makes postings of them."""

    def __init__(self) -> None:
        self._latin: dict[str, int] = {}  # terms that are not Chinese, in the order of their codes
        self._runs: list[Run] = []
        self._lengths: tuple[list[Small], list[Small]] = ([], [])  # terms of each text, and of each context

    def add(self, texts: Terms, contexts: Terms | None, passages: int) -> None:
        """Take the next passages; all come from the reader that ``finish`` is told the terms of."""
        self._runs.append(Run.of(texts, contexts))
        for terms, lengths in zip((texts, contexts), self._lengths, strict=True):
            held = np.bincount(terms.texts, minlength=passages) if terms else np.zeros(passages)
            lengths.append(held.astype(np.int32))

    def finish(self, latin: Sequence[str]) -> None:
        """Take the terms that are not Chinese, in the order of their codes."""
        self._latin = {term: number for number, term in enumerate(latin)}

    def join(self, other: Counter) -> None:
        """Take the passages that another one took, after one's own."""
        places = [self._latin.setdefault(term, len(self._latin)) for term in other._latin]
        codes = np.array(places, np.int64) + LATIN
        for run in other._runs:
            latin = (run.codes >= LATIN) & (run.codes < PAIRS)
            moved = run.codes.copy()
            moved[latin] = codes[run.codes[latin] - LATIN]
            self._runs.append(replace(run, codes=moved))
        for lengths, more in zip(self._lengths, other._lengths, strict=True):
            lengths.extend(more)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return what was counted by name, to be written; no term holds a line break."""
        terms = "\n".join(self._latin).encode("utf-8", "surrogatepass")
        found: dict[str, npt.NDArray[np.generic]] = {"latin": np.frombuffer(terms, np.uint8)}
        for at, run in enumerate(self._runs):
            found |= {f"{part}_{at}": getattr(run, part) for part in _PARTS}
            found |= {f"lengths{field}_{at}": self._lengths[field][at] for field in (0, 1)}
        return found

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Counter:
        """Take back what ``arrays`` gave."""
        counter = cls()
        latin = arrays["latin"].tobytes().decode("utf-8", "surrogatepass")
        counter.finish(latin.split("\n") if latin else [])
        for at in range(sum(name.startswith("codes_") for name in arrays)):
            counter._runs.append(Run(**{part: arrays[f"{part}_{at}"] for part in _PARTS}))
            for field in (0, 1):
                counter._lengths[field].append(arrays[f"lengths{field}_{at}"])
        return counter

    def averages(self) -> Averages:
        """Return the average number of terms of a text and of a context."""
        text, context = (float(np.mean(np.concatenate(lengths))) for lengths in self._lengths)
        return text, context

    def postings(self, averages: Averages) -> Postings:
        """Return the postings, weighted by how long passages are beside the averages."""
        codes = np.unique(np.concatenate([run.codes for run in self._runs]))
        vocabulary, ranks = Vocabulary.ranked(spelled(codes, list(self._latin)))
        laid = Laid.empty(ranks, ((np.searchsorted(codes, run.codes), run.sizes) for run in self._runs))
        first = 0
        for run, text, context in zip(self._runs, *self._lengths, strict=True):
            longness = [
                1 - B + B * lengths / max(average, 1e-9)
                for lengths, average in zip((text, context), averages, strict=True)
            ]
            terms = ranks[np.searchsorted(codes, run.codes)]
            laid.put(terms, run.sizes, run.passages + np.int32(first), _saturated(run, longness))
            first += len(text)
        return laid.postings(vocabulary)


def _saturated(run: Run, longness: Sequence[npt.NDArray[np.floating[Any]]]) -> Floats:
    """Return the weight of each posting of a run."""
    frequency = run.texts / longness[0][run.passages]
    if len(run.contexts):
        frequency += run.contexts / longness[1][run.passages] * CONTEXT_WEIGHT
    weights: Floats = (frequency * (K1 + 1) / (frequency + K1)).astype(np.float32)
    return weights


def _narrow(counts: Numbers) -> npt.NDArray[Any]:
    """Return counts in as few bytes as hold them."""
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
