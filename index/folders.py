"""Which documents came from which folder, noted inside a snapshot so that a folder can be brought in again later.

Knows nothing of files: a folder is a text, and so is a document's name there.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping

from index.errors import IndexDamaged

Folders = Mapping[str, Mapping[str, str]]  # folder -> name of a document there -> its id in the index


class FolderNotes:
    """The notes as they are stored; they are parsed when somebody asks, because no question does."""

    def __init__(self, data: bytes | memoryview = b"{}") -> None:
        self._data = data

    @classmethod
    def of(cls, folders: Folders) -> FolderNotes:
        """Return notes that hold these folders."""
        return cls(json.dumps({folder: dict(names) for folder, names in folders.items()}).encode())

    def to_bytes(self) -> bytes:
        """Return what is stored."""
        return bytes(self._data)

    def read(self) -> dict[str, dict[str, str]]:
        """Return the folders.

        Raises:
            IndexDamaged: The notes were rewritten by someone else, checksums included.
        """
        try:
            folders = json.loads(bytes(self._data))
            return {folder: {name: str(id_) for name, id_ in names.items()} for folder, names in folders.items()}
        except (AttributeError, ValueError, RecursionError) as error:
            raise IndexDamaged(
                f"The notes on folders in the index are malformed ({error}). Build the index again with "
                "`survey-qa index build PATH`, with --index DIR if it is not the default one."
            ) from error


def merge(former: Folders, new: Folders, held: Container[str]) -> dict[str, dict[str, str]]:
    """Return the folders with the new notes; a document belongs to one folder, and to none once it is not held.

    >>> merge({"/a": {"x": "x", "y": "y"}}, {"/b": {"x": "x"}}, {"x", "y"})
    {'/a': {'y': 'y'}, '/b': {'x': 'x'}}
    """
    claimed = {id_ for names in new.values() for id_ in names.values()}
    kept = {
        folder: {name: id_ for name, id_ in names.items() if id_ in held and id_ not in claimed}
        for folder, names in former.items()
    }
    for folder, names in new.items():
        kept[folder] = kept.get(folder, {}) | {name: id_ for name, id_ in names.items() if id_ in held}
    return {folder: names for folder, names in kept.items() if names}
