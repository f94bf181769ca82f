"""Several plain arrays in one file, mapped and not copied when they are read.

A pack is a magic word, the length of a JSON list of (name, type, shape), that list, and the arrays one after the other,
each at a multiple of 64 bytes. One file instead of many: every file of a snapshot costs a wait for the disk.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

_MAGIC = b"SQAPACK1"
_ALIGNED = 64
# No objects, nothing that would have to be parsed.
_TYPES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"])


def write_pack(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays into a new file."""
    with path.open("wb") as file:
        put_pack(file, arrays)


def put_pack(file: BinaryIO, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays into an open file, from its beginning."""
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    listed = [(name, _little(array.dtype), array.shape) for name, array in plain.items()]
    head = json.dumps(listed, separators=(",", ":")).encode()
    file.write(_MAGIC + len(head).to_bytes(8, "little") + head)
    for name, type_, _ in listed:
        file.write(b"\0" * (-file.tell() % _ALIGNED))
        file.write(plain[name].astype(type_, copy=False).data)


def read_pack(data: memoryview) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a pack, which lie in ``data``.

    Raises:
        ValueError: It is no pack, or it is cut or too long.
    """
    if bytes(data[:8]) != _MAGIC:
        raise ValueError("it is no pack of arrays")
    at = 16 + int.from_bytes(data[8:16], "little")
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, type_, shape in json.loads(bytes(data[16:at])):
        if type_ not in _TYPES or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise ValueError(f"{name} is no plain array")
        at += -at % _ALIGNED
        count = math.prod(shape)
        arrays[name] = np.frombuffer(data, np.dtype(type_), count, at).reshape(shape)
        at += arrays[name].nbytes
    if at != len(data):
        raise ValueError("the pack is longer than its arrays")
    return arrays


def _little(dtype: np.dtype[Any]) -> str:
    """Return the name of a type in the byte order of the file."""
    name = dtype.newbyteorder("<").str
    if name not in _TYPES:
        raise TypeError(f"An array of {dtype} cannot be written.")
    return name
