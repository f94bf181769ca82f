"""Where an index is: a directory, or an engine at an address. Says which, so that engines cost nothing where there is none."""

from __future__ import annotations


def is_engine(place: object) -> bool:
    """Tell whether what names an index is the address of an engine, and no directory.

    >>> is_engine("milvus://localhost:19530/surveys"), is_engine("my.index")
    (True, False)
    """
    return isinstance(place, str) and "://" in place
