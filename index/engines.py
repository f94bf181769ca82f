"""FAISS indexes of four kinds: made, tuned, read where they lie and searched. The only file that chooses among them.

flat   every vector as it is: exact                 hnsw   a graph between neighbours, one byte per number
sq8    every vector, one byte per number            ivf    lists of neighbours, one byte per number

What was measured decides which kind an index gets (one thread; 256 latent and 384 MiniLM-like numbers per vector): at
100,000 vectors flat takes 4 ms and sq8 2, both of recall@10 above .995 after exact re-scoring, and are made in half a
second; hnsw takes .8 ms and 16 s to make; ivf takes about 1 ms at .98 and 3 s. At 1,000,000 sq8 takes 25 ms, ivf 4 to 10
at .98 to .995 and 15 s to make. How many lists of an ivf, and how much of a graph, a search visits is measured on the
vectors themselves when the index is made, because that is what differs between embedders.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from index.embedders import Floats
from index.errors import IndexDamaged

Kind = Literal["flat", "sq8", "hnsw", "ivf"]
AskedKind = Literal["auto", "flat", "sq8", "hnsw", "ivf"]
Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

ENOUGH_FOR_SQ8 = 20_000  # vectors; below, flat takes less than 1 ms
ENOUGH_FOR_IVF = 300_000  # vectors; below, sq8 takes less than 8 ms
RECALL = 0.99  # at 10, of the points that an index is tuned with; questions reach .98 with it

_CLASSES = {"flat": "IndexFlat", "sq8": "IndexScalarQuantizer", "hnsw": "IndexHNSWSQ", "ivf": "IndexIVFScalarQuantizer"}
_LINKS = 32  # of a vector in an HNSW graph
_TRAINED_ON = 64  # vectors per list
_PROBES = 100  # points to tune with
_WORTH = 0.6  # an ivf that must visit more of its lists than this is not worth its making


def make(matrix: Floats, asked: AskedKind) -> tuple[Kind, Any]:
    """Return a trained and filled FAISS index of the kind asked for, or of the kind that suits the size, and its kind."""
    kind = _suitable(len(matrix)) if asked == "auto" else asked
    engine = _filled(matrix, kind)
    if kind == "ivf" and asked == "auto" and engine.nprobe > _WORTH * engine.nlist:
        return "sq8", _filled(matrix, "sq8")
    return kind, engine


def to_bytes(engine: Any) -> Bytes:  # noqa: ANN401 FAISS has no types
    """Return an index in FAISS' own file format."""
    found: Bytes = _faiss().serialize_index(engine)
    return found


def from_bytes(data: Bytes, kind: Kind, count: int, dimensions: int) -> Any:  # noqa: ANN401 FAISS has no types
    """Return the index that lies in bytes, which must have been verified and must outlive it: they are not copied.

    Raises:
        IndexDamaged: They hold no index of this kind, or not so many vectors of so many numbers.
    """
    faiss = _faiss()
    faiss.set_deserialization_vector_byte_limit(len(data))
    try:
        engine = faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(data), len(data)))
    except RuntimeError as error:
        raise IndexDamaged("vectors.faiss holds no FAISS index. Build the index again.") from error
    if not type(engine).__name__.startswith(_CLASSES[kind]) or (engine.ntotal, engine.d) != (count, dimensions):
        raise IndexDamaged(
            f"vectors.faiss holds {engine.ntotal} vectors of {engine.d} in {type(engine).__name__}; "
            f"{count} of {dimensions} in {_CLASSES[kind]} expected. Build the index again."
        )
    return engine


def search(engine: Any, vector: Floats, depth: int, allowed: Numbers | None) -> Numbers:  # noqa: ANN401 FAISS has no types
    """Return the numbers of the nearest vectors, best first as far as the index can tell; of all of the allowed ones.

    What leaves out half or more is searched exhaustively: a graph under such a filter misses what it should find.
    """
    _faiss()
    if allowed is None:
        _, found = engine.search(vector.reshape(1, -1), min(depth, engine.ntotal))
    elif len(allowed) > engine.ntotal / 2:
        parameters = _wider(engine, engine.ntotal / len(allowed), _selector(engine, allowed))
        _, found = engine.search(vector.reshape(1, -1), min(depth, len(allowed)), params=parameters)
    else:
        whole, parameters = _exhaustive(engine, _selector(engine, allowed))
        _, found = whole.search(vector.reshape(1, -1), min(depth, len(allowed)), params=parameters)
    numbers: Numbers = found[0]
    return numbers[numbers >= 0]


def _suitable(count: int) -> Kind:
    return "flat" if count < ENOUGH_FOR_SQ8 else "sq8" if count < ENOUGH_FOR_IVF else "ivf"


def _filled(matrix: Floats, kind: Kind) -> Any:  # noqa: ANN401 FAISS has no types
    faiss = _faiss()
    dimensions, product = matrix.shape[1], faiss.METRIC_INNER_PRODUCT
    if kind == "flat":
        engine = faiss.IndexFlatIP(dimensions)
    elif kind == "ivf":
        engine = faiss.index_factory(dimensions, f"IVF{max(1, round(len(matrix) ** 0.5))},SQ8", product)
        engine.cp.niter, engine.cp.min_points_per_centroid, engine.cp.max_points_per_centroid = 8, 1, _TRAINED_ON
    else:
        engine = faiss.index_factory(dimensions, "SQ8" if kind == "sq8" else f"HNSW{_LINKS}_SQ8", product)
    engine.train(_sample(matrix, max(ENOUGH_FOR_SQ8, _TRAINED_ON * getattr(engine, "nlist", 0))))
    engine.add(matrix)
    if kind in ("ivf", "hnsw"):
        _tune(engine, matrix)
    return engine


def _sample(matrix: Floats, most: int) -> Floats:
    """Return at most so many rows, always the same ones."""
    if len(matrix) <= most:
        return matrix
    return matrix[np.sort(np.random.default_rng(0).choice(len(matrix), most, replace=False))]


def _tune(engine: Any, matrix: Floats) -> None:  # noqa: ANN401 FAISS has no types
    """Let the index visit as many lists, or as much of its graph, as it needs to find what an exact search finds.

    It is tried with points halfway between two passages: like questions they lie apart from every passage, which makes
    them harder than the passages themselves. The effort is written with the index.
    """
    pairs = np.random.default_rng(1).integers(len(matrix), size=(_PROBES, 2))
    points = matrix[pairs].sum(axis=1)
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    best, _ = _faiss().knn(points, matrix, min(10, len(matrix)), metric=_faiss().METRIC_INNER_PRODUCT)
    is_ivf = hasattr(engine, "nlist")
    effort, most = (4.0, engine.nlist) if is_ivf else (64.0, 4096)
    while True:
        if is_ivf:
            engine.nprobe = min(round(effort), most)
        else:
            engine.hnsw.efSearch = min(round(effort), most)
        if effort >= most or _recall(engine, matrix, points, best) >= RECALL:
            return
        effort *= 1.25


def _recall(engine: Any, matrix: Floats, points: Floats, best: Floats) -> float:  # noqa: ANN401 FAISS has no types
    """Return the share of the best passages that are among the first 100; equally good ones are as good."""
    _, found = engine.search(points, min(100, len(matrix)))
    hits = 0
    for point, numbers, scores in zip(points, found, best, strict=True):
        near = matrix[numbers[numbers >= 0]] @ point
        hits += min(int((near >= scores[-1] - 1e-5).sum()), len(scores))
    return hits / best.size


def _selector(engine: Any, allowed: Numbers) -> Any:  # noqa: ANN401 FAISS has no types
    chosen = np.zeros(engine.ntotal, np.bool_)
    chosen[allowed] = True
    return _faiss().IDSelectorBitmap(np.packbits(chosen, bitorder="little"))


def _wider(engine: Any, factor: float, selector: Any) -> Any:  # noqa: ANN401 FAISS has no types
    """Return parameters that visit more, so that as many of the allowed vectors are seen as without a filter."""
    faiss = _faiss()
    if hasattr(engine, "nlist"):
        return faiss.SearchParametersIVF(sel=selector, nprobe=min(engine.nlist, int(engine.nprobe * factor) + 1))
    if hasattr(engine, "hnsw"):
        return faiss.SearchParametersHNSW(sel=selector, efSearch=int(engine.hnsw.efSearch * factor) + 1)
    return faiss.SearchParameters(sel=selector)


def _exhaustive(engine: Any, selector: Any) -> tuple[Any, Any]:  # noqa: ANN401 FAISS has no types
    """Return an index that compares every allowed vector, and the parameters that make it do so."""
    faiss = _faiss()
    if hasattr(engine, "nlist"):
        return engine, faiss.SearchParametersIVF(sel=selector, nprobe=engine.nlist)
    whole = faiss.downcast_index(engine.storage) if hasattr(engine, "hnsw") else engine
    return whole, faiss.SearchParameters(sel=selector)


def _faiss() -> Any:  # noqa: ANN401 FAISS has no types
    """Return FAISS, told to use one thread: on a busy machine four took 30 ms for what one does in 1.

    OpenMP keeps that number for each thread that calls, so every search says it again.
    """
    import faiss

    faiss.omp_set_num_threads(1)
    return faiss
