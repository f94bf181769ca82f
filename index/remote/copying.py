"""Rows as PostgreSQL's binary COPY takes them, laid out by numpy: no row is looked at by itself but those with lists."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from index.remote.rows import DocumentRow, PassageRows

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
_INT8, _FLOAT4 = 20, 700  # PostgreSQL's numbers of the types


def passages(rows: PassageRows) -> bytes:
    """Return rows of the table of passages, in the order of its columns."""
    count, dimensions = rows.vectors.shape
    wide = {"number": np.arange(rows.first, rows.end), "serial": rows.serials, "sameness": rows.sameness}
    narrow = {"kind": rows.kinds, "language": rows.languages, "year": rows.years}
    columns: list[tuple[str, npt.NDArray[np.generic], str]] = [
        *((name, values, ">i8") for name, values in wide.items()),
        *((name, values, ">i4") for name, values in narrow.items()),
        ("digest", rows.digests, ">i8"),
    ]
    fields: list[tuple[object, ...]] = [("columns", ">i2")]
    for name, _, type_ in columns:
        fields += [(f"{name}_size", ">i4"), (name, type_)]
    fields += [("size", ">i4"), ("dimensions", ">i2"), ("unused", ">i2"), ("vector", ">f4", (dimensions,))]
    laid = np.zeros(count, np.dtype(fields))
    laid["columns"] = len(columns) + 1
    for name, values, type_ in columns:
        laid[name], laid[f"{name}_size"] = values, np.dtype(type_).itemsize
    laid["size"], laid["dimensions"], laid["vector"] = 4 + 4 * dimensions, dimensions, rows.vectors
    return laid.tobytes()


def postings(rows: PassageRows) -> Iterator[bytes]:
    """Yield rows of the table of postings: for each term of some passages which of them hold it, and its weights."""
    terms = rows.terms
    order = np.argsort(terms.numbers, kind="stable")
    held = np.repeat(np.arange(rows.first, rows.end), np.diff(terms.starts))[order]
    weights, numbers = terms.weights[order], terms.numbers[order]
    borders = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
    span = struct.pack(">iqiq", 8, rows.first, 8, rows.end)
    for start, end in zip(borders, [*borders[1:], len(numbers)], strict=True):
        lists = _array(held[start:end], _INT8, ">i8") + _array(weights[start:end], _FLOAT4, ">f4")
        yield struct.pack(">hii", 5, 4, int(numbers[start])) + span + lists


def documents(rows: Iterable[DocumentRow]) -> Iterator[bytes]:
    """Yield rows of the table of documents."""
    for row in rows:
        numbers = (row.serial, row.key, row.place, row.first, row.passages)
        fixed = b"".join(struct.pack(">iq", 8, number) for number in numbers)
        yield struct.pack(">h", 7) + fixed + b"".join(map(_sized, (row.info.encode("ascii"), row.content)))


def _sized(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


def _array(values: npt.NDArray[np.generic], type_: int, layout: str) -> bytes:
    """Return an array without nulls as one field."""
    items = np.zeros(len(values), [("size", ">i4"), ("value", layout)])
    items["size"], items["value"] = np.dtype(layout).itemsize, values
    return _sized(struct.pack(">iiiii", 1, 0, type_, len(values), 1) + items.tobytes())
