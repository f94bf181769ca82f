"""Strings numbered 0 to n-1 in plain arrays: found by bisection, never parsed.

Used for index terms and for the keys of the dictionary. Knows nothing about what its strings mean.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A set of strings, sorted by CRC-32 and then by their UTF-8 bytes; a string's number is its rank."""

    checksums: npt.NDArray[np.uint32]  # (n,) ascending
    starts: npt.NDArray[np.int64]  # (n + 1,) into letters
    letters: npt.NDArray[np.uint8]  # all strings in UTF-8, one after the other
    _sums: memoryview = field(init=False, repr=False, compare=False)
    _bytes: memoryview = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sums", memoryview(self.checksums.data))
        object.__setattr__(self, "_bytes", memoryview(self.letters.data))

    @classmethod
    def build(cls, strings: Iterable[str]) -> Vocabulary:
        """Number the distinct strings."""
        encoded = [string.encode("utf-8", "surrogatepass") for string in set(strings)]
        keyed = sorted((crc32(string), string) for string in encoded)
        starts = np.zeros(len(keyed) + 1, np.int64)
        np.cumsum([len(string) for _, string in keyed], out=starts[1:])
        return cls(
            checksums=np.array([checksum for checksum, _ in keyed], np.uint32),
            starts=starts,
            letters=np.frombuffer(b"".join(string for _, string in keyed), np.uint8),
        )

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> Vocabulary:
        """Take back what ``arrays`` gave."""
        return cls(*(arrays[f"{prefix}_{part}"] for part in ("checksums", "starts", "letters")))  # type: ignore[arg-type]

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the parts by name, to be written."""
        return {
            f"{prefix}_checksums": self.checksums,
            f"{prefix}_starts": self.starts,
            f"{prefix}_letters": self.letters,
        }

    def __len__(self) -> int:
        return len(self.checksums)

    def __iter__(self) -> Iterator[str]:
        letters, starts = bytes(self._bytes), self.starts.tolist()
        return (letters[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(starts))

    def numbers(self) -> dict[str, int]:
        """Return the number of each string, for a build."""
        return {string: number for number, string in enumerate(self)}

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
