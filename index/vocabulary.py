"""Strings numbered 0 to n-1 in plain arrays: found by bisection, never parsed.

Used for index terms and for the keys of the dictionary. Knows nothing about what its strings mean.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A set of strings, sorted by CRC-32 and then by their UTF-8 bytes; a string's number is its rank."""

    checksums: npt.NDArray[np.uint32]  # (n,) ascending
    starts: npt.NDArray[np.int32]  # (n + 1,) into letters
    letters: npt.NDArray[np.uint8]  # all strings in UTF-8, one after the other
    _sums: memoryview = field(init=False, repr=False, compare=False)
    _bytes: memoryview = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sums", memoryview(self.checksums.data))
        object.__setattr__(self, "_bytes", memoryview(self.letters.data))

    @classmethod
    def build(cls, strings: Iterable[str]) -> Vocabulary:
        """Number the distinct strings."""
        return cls.ranked(list(set(strings)))[0]

    @classmethod
    def ranked(cls, strings: Sequence[str]) -> tuple[Vocabulary, Numbers]:
        """Number strings that are all distinct, and return the number of each in the order given."""
        return cls._of_bytes([string.encode("utf-8", "surrogatepass") for string in strings])

    @classmethod
    def _of_bytes(cls, encoded: Sequence[bytes]) -> tuple[Vocabulary, Numbers]:
        checksums = np.fromiter(map(crc32, encoded), np.uint32, len(encoded))
        order = np.argsort(checksums, kind="stable")
        for checksum in set(checksums[order[:-1][np.diff(checksums[order]) == 0]].tolist()):  # the strings decide
            same = np.flatnonzero(checksums == checksum).tolist()
            order[checksums[order] == checksum] = sorted(same, key=encoded.__getitem__)
        ranks = np.empty(len(encoded), np.int64)
        ranks[order] = np.arange(len(encoded))
        ordered = [encoded[at] for at in order.tolist()]
        starts = np.zeros(len(encoded) + 1, np.int32)
        np.cumsum(np.fromiter(map(len, ordered), np.int32, len(ordered)), out=starts[1:])
        return cls(checksums[order], starts, np.frombuffer(b"".join(ordered), np.uint8)), ranks

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> Vocabulary:
        """Take back what ``arrays`` gave.

        Raises:
            ValueError: The arrays do not fit together.
        """
        checksums = checked(arrays, f"{prefix}_checksums", np.uint32)
        letters = checked(arrays, f"{prefix}_letters", np.uint8)
        starts = checked_starts(arrays, f"{prefix}_starts", len(checksums), len(letters))
        if (checksums[1:] < checksums[:-1]).any():
            raise ValueError(f"{prefix}_checksums do not rise")
        return cls(checksums, starts, letters)

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return the parts by name, to be written."""
        return {
            f"{prefix}_checksums": self.checksums,
            f"{prefix}_starts": self.starts,
            f"{prefix}_letters": self.letters,
        }

    def __len__(self) -> int:
        return len(self.checksums)

    def __iter__(self) -> Iterator[str]:
        return (string.decode("utf-8", "surrogatepass") for string in self._encoded())

    def __getitem__(self, number: int) -> str:
        return bytes(self._bytes[self.starts[number] : self.starts[number + 1]]).decode("utf-8", "surrogatepass")

    def find(self, string: str) -> int:
        """Return the string's number, or -1."""
        encoded = string.encode("utf-8", "surrogatepass")
        checksum = crc32(encoded)
        number = bisect_left(self._sums, checksum)
        while number < len(self._sums) and self._sums[number] == checksum:
            if self._bytes[self.starts[number] : self.starts[number + 1]] == encoded:
                return number
            number += 1
        return -1

    def among(self, strings: Sequence[str]) -> set[str]:
        """Return those of many strings that are in it; several times as fast as to find each."""
        if not len(self) or not strings:
            return set()
        sums = np.fromiter([crc32(string.encode("utf-8", "surrogatepass")) for string in strings], np.uint32)
        at = np.minimum(np.searchsorted(self.checksums, sums), len(self) - 1)
        maybe = np.flatnonzero(self.checksums[at] == sums).tolist()
        return {strings[number] for number in maybe if self.find(strings[number]) >= 0}

    def shared(self, other: Vocabulary) -> npt.NDArray[np.int32]:
        """Return the numbers of the strings that another vocabulary holds too, ascending."""
        if len(self) > 8 * len(other):
            found = (self.find(string) for string in other)
            return np.array(sorted(number for number in found if number >= 0), np.int32)
        maybe = np.flatnonzero(np.isin(self.checksums, other.checksums)).tolist()
        return np.array([number for number in maybe if other.find(self[number]) >= 0], np.int32)

    @classmethod
    def union(cls, vocabularies: Sequence[Vocabulary]) -> tuple[Vocabulary, list[Numbers]]:
        """Return a vocabulary of all their strings, and for each of them the new number of each old one."""
        first: dict[bytes, int] = {}
        places = [
            np.fromiter((first.setdefault(string, len(first)) for string in one._encoded()), np.int64, len(one))
            for one in vocabularies
        ]
        joined, ranks = cls._of_bytes(list(first))
        return joined, [ranks[place] for place in places]

    def kept(self, chosen: npt.NDArray[np.bool_]) -> Vocabulary:
        """Return a vocabulary of the chosen strings, in the same order."""
        lengths = np.diff(self.starts)
        starts = np.zeros(int(chosen.sum()) + 1, np.int32)
        np.cumsum(lengths[chosen], out=starts[1:])
        return Vocabulary(self.checksums[chosen], starts, self.letters[np.repeat(chosen, lengths)])

    def _encoded(self) -> Iterator[bytes]:
        letters, starts = bytes(self._bytes), self.starts.tolist()
        return (letters[start:end] for start, end in pairwise(starts))


def checked(arrays: Arrays, name: str, dtype: type[np.generic], length: int | None = None) -> npt.NDArray[Any]:
    """Return an array of one dimension, of a type and, if it is given, of a length; raises ValueError if it is another."""
    array = arrays[name]
    if array.ndim != 1 or array.dtype != np.dtype(dtype) or length not in (None, len(array)):
        raise ValueError(f"{name} has the shape {array.shape} and the type {array.dtype}")
    return array


def checked_starts(
    arrays: Arrays, name: str, count: int, total: int, dtype: type[np.generic] = np.int32
) -> npt.NDArray[Any]:
    """Return an array that says where each of ``count`` stretches of ``total`` things begins; raises ValueError if it does not."""
    starts = checked(arrays, name, dtype, count + 1)
    if starts[0] != 0 or starts[-1] != total or (starts[1:] < starts[:-1]).any():
        raise ValueError(f"{name} do not rise from 0 to {total}")
    return starts


def checked_numbers(arrays: Arrays, name: str, limit: int, length: int | None = None) -> npt.NDArray[np.int32]:
    """Return an array of numbers from 0 to below a limit; raises ValueError if one is not."""
    numbers = checked(arrays, name, np.int32, length)
    if len(numbers) and (int(numbers.min()) < 0 or int(numbers.max()) >= limit):
        raise ValueError(f"{name} hold a number that is not below {limit}")
    return numbers
