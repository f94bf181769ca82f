"""Tables in text: comma-, semicolon- or tab-separated values. Formulas in them are text like everything else."""

from __future__ import annotations

import csv
import io
from itertools import islice

from corpus.decoding import decode
from corpus.errors import ReadError
from corpus.formats import Extract
from corpus.formats.plain import encoding_facts, unified
from corpus.formats.writing import WIDEST_TABLE, table

_SAMPLE = 20_000  # characters that the separator is looked for in
_LONGEST_CELL = 1_000_000


def extract(data: bytes, name: str) -> Extract:
    """Return the rows as one table whose first row names the columns.

    Raises:
        ReadError: It has more columns than a table may have.
    """
    decoded = decode(data)
    text = unified(decoded)
    separator = "\t" if name.lower().endswith(".tsv") else _separator(text[:_SAMPLE])
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows = []
    try:
        for row in reader:
            if len(row) > WIDEST_TABLE:
                raise ReadError(f"row {reader.line_num} has {len(row):,} columns, more than {WIDEST_TABLE}")
            rows.append(row)
    except csv.Error as error:
        raise ReadError(f"row {reader.line_num} cannot be read ({error}); is a quotation mark missing?") from error
    return Extract(table(rows), metadata=encoding_facts(decoded))


def _separator(sample: str) -> str:
    """Return what separates the cells: what stands most evenly in the first rows, the comma if nothing does."""
    best, found = 0, ","
    for candidate in ",;\t|":
        rows = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=candidate), 20))
        widths = [len(row) for row in rows[:-1] or rows]
        even = min(widths, default=1) if len(set(widths)) <= 2 else 1
        if even > best and even > 1:
            best, found = even, candidate
    return found
