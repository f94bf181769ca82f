"""Milvus as an engine: three collections a build, and an alias that says which build answers.

Words are sparse vectors whose inner product with the question's is BM25. Conditions compare numbers of ours only. Rows that
were acknowledged are read back with strong consistency before a state is published; searches ask with bounded consistency
(what was published some seconds ago is seen by every node). The only file that knows pymilvus.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from corpus.patterns import pattern
from index.embedders import Floats
from index.errors import EngineFailed, EngineUnavailable, IndexLocked, IndexNotFound
from index.remote.addresses import Address, milvus_token
from index.remote.engine import merged
from index.remote.rows import DocumentRow, Found, Numbers, PassageRows, Where
from index.remote.waiting import Lost, Patience

if TYPE_CHECKING:
    from pymilvus import MilvusClient

CONNECTING = 10.0  # seconds that a server may take to answer for the first time
CALL = 30.0  # seconds that one call may take
EXACT = 20_000  # passages; fewer are compared one by one
SPARSE_SINCE = (2, 4)  # the version of Milvus that came with sparse vectors
_MOST_TERMS = 4096  # of a passage, that an array of Milvus may have; terms beyond are found by searches only
_CHUNK = 48_000  # bytes; as base64 they fit into the 65,535 that a text of Milvus may have
_MOST_ROWS = 16_384  # that Milvus returns at once
_DELETED = 10_000  # rows that are deleted at once
_VERSION = pattern(r"v?(\d+)\.(\d+)")
_GONE = frozenset({100, 1600})  # codes: there is no such collection, no such alias
_WRONG = frozenset({1100, 1101, 1102})  # codes of requests that will not be right later either

Answer = TypeVar("Answer")
Consistency = Literal["Strong", "Bounded"]


class Milvus:
    """An index in Milvus, whose collections' names begin with the index' name. Safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        """Connect.

        Raises:
            EngineUnavailable: pymilvus is not installed.
            EngineUnreachable: The server does not answer.
            EngineFailed: The server refuses the token.
        """
        self.address = address
        self._client: MilvusClient | None = None
        self._lock = threading.Lock()
        self._patience = Patience(str(address), min(CONNECTING, address.patience))
        version = str(self._ask(lambda client, _: client.get_server_version(timeout=CALL)))
        self.has_words = _has_sparse(version)
        lacking = "" if self.has_words else "; no sparse vectors before 2.4, so passages are found by vectors alone"
        self.described = f"Milvus {version}{lacking}"
        self._patience = replace(self._patience, seconds=address.patience)

    def builds(self) -> list[str]:
        """Return the builds of the index, whether complete or not, in the order of their names."""
        names = self._ask(lambda client, _: client.list_collections(timeout=CALL))
        start, end = f"{self.address.name}_", "_passages"
        return sorted(name[len(start) : -len(end)] for name in names if name.startswith(start) and name.endswith(end))

    def current(self) -> str | None:
        """Return the build that answers; None if there is none."""
        try:
            found = self._ask(lambda client, _: client.describe_alias(self.address.name, timeout=CALL))
        except IndexNotFound:
            return None
        return str(found["collection_name"]).removeprefix(f"{self.address.name}_").removesuffix("_blobs")

    def create(self, build: str, dimensions: int, passages: int) -> None:
        """Make room for a build; what there is of it stays."""
        store = self.open(build)
        store._create("blobs", _BLOBS, {"nothing": ("FLAT", {})})
        # Older servers call it STL_SORT.
        sorted_: tuple[str, dict[str, int]] = ("INVERTED" if self.has_words else "STL_SORT", {})
        store._create("documents", _DOCUMENTS, {"nothing": ("FLAT", {}), "key": sorted_})
        near = ("FLAT", {}) if passages <= EXACT else ("HNSW", {"M": 32, "efConstruction": 200})
        fields: dict[str, tuple[str, dict[str, int]]] = {**_PASSAGES, "dense": ("FLOAT_VECTOR", {"dim": dimensions})}
        indexes: dict[str, tuple[str, dict[str, int]]] = {"dense": near}
        if self.has_words:
            fields |= {"sparse": ("SPARSE_FLOAT_VECTOR", {})}
            indexes |= {"sparse": ("SPARSE_INVERTED_INDEX", {})}
        store._create("passages", fields, indexes)

    def switch(self, build: str) -> None:
        """Let a build answer from now on: the alias moves."""
        collection = f"{self.address.name}_{build}_blobs"

        def move(client: MilvusClient, _: bool) -> None:
            write = client.create_alias if self.current() is None else client.alter_alias
            write(collection, self.address.name, timeout=CALL)

        self._ask(move)

    def drop(self, build: str) -> None:
        """Delete a build."""
        names = [f"{self.address.name}_{build}_{kind}" for kind in ("passages", "documents", "blobs")]

        def drop(client: MilvusClient, _: bool) -> None:
            for name in names:
                client.drop_collection(name, timeout=CALL)

        self._ask(drop)

    def open(self, build: str) -> MilvusStore:
        """Return the data of a build."""
        return MilvusStore(self, build)

    def _ask(self, asked: Callable[[MilvusClient, bool], Answer]) -> Answer:
        """Ask the server, again while it does not answer."""

        def attempt(again: bool) -> Answer:
            import grpc
            from pymilvus.exceptions import MilvusException

            try:
                return asked(self._connected(), again)
            except MilvusException as error:
                raise self._translated(error) from error
            except (grpc.RpcError, grpc.FutureTimeoutError) as error:
                self._let_go()
                raise Lost(type(error).__name__) from error

        _pymilvus()
        return self._patience.ask(attempt)

    def _connected(self) -> MilvusClient:
        with self._lock:
            if self._client is None:
                address = self.address
                host = f"[{address.host}]" if ":" in address.host else address.host
                uri = f"http{'s' if address.encrypted else ''}://{host}:{address.port}"
                self._client = _pymilvus().MilvusClient(uri, token=milvus_token(), timeout=5.0)
            return self._client

    def _let_go(self) -> None:
        with self._lock:
            self._client = None

    def _translated(self, error: Any) -> Exception:  # noqa: ANN401 pymilvus is not imported here
        code, said = getattr(error, "code", None), _said(error)
        if code in _GONE:
            return IndexNotFound(
                f"There is no index at {self.address}. Push one: `survey-qa index push {self.address}`."
            )
        is_token = any(sign in said.lower() for sign in ("auth check", "authenticat", "unauthorized", "permission"))
        if code in _WRONG or is_token or isinstance(error, _wrong_usage()):
            hint = " The token comes from SURVEY_QA_MILVUS_TOKEN or SURVEY_QA_MILVUS_TOKEN_FILE." if is_token else ""
            return EngineFailed(f"{self.address} refused: {said}.{hint}")
        if "connect" in said.lower() or "unavailable" in said.lower():
            self._let_go()
        return Lost(said)


@dataclass(frozen=True, slots=True)
class MilvusStore:
    """The data of one build in Milvus."""

    engine: Milvus
    build: str

    def head(self) -> bytes | None:
        """Return the head; None while the build is not complete."""
        return self.blobs(["head"]).get("head")

    def set_head(self, head: bytes, former: bytes | None) -> None:
        """Replace the head: one row. Milvus knows no locks, so a writer who comes at the same moment is not seen.

        Raises:
            IndexLocked: It is not the former one any more.
        """
        there = self.head()
        if there not in (former, head):
            raise IndexLocked(f"Another writer changed the index at {self.engine.address} meanwhile. Try again.")
        self._rows_written(["passages", "documents"])
        self.put_blobs({"head": head})

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Write blobs, or replace them, in pieces; the piece that says how many there are comes last."""
        for name, data in blobs.items():
            pieces = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)] or [b""]
            rows = [
                {"name": f"{name}/{at}", "pieces": len(pieces), "data": _text(piece), "nothing": [0.0, 0.0]}
                for at, piece in enumerate(pieces)
            ]
            for start in range(len(rows) - 1, -1, -_PIECES):
                batch = rows[max(start - _PIECES + 1, 0) : start + 1]
                self._ask(lambda client, _, batch=batch: client.upsert(self._named("blobs"), batch, timeout=CALL))  # type: ignore[misc]

    def blobs(self, names: Collection[str]) -> dict[str, bytes]:
        """Return those of the blobs that there are."""
        first = {str(row["name"])[:-2]: row for row in self._get("blobs", [f"{name}/0" for name in names], _BLOB)}
        rest = [f"{name}/{at}" for name, row in first.items() for at in range(1, row["pieces"])]
        rows = {str(row["name"]): row for row in self._get("blobs", rest, _BLOB)}
        found = {}
        for name, row in first.items():
            wanted = [f"{name}/{at}" for at in range(1, row["pieces"])]
            if all(part in rows for part in wanted):
                found[name] = b"".join(_bytes(part["data"]) for part in (row, *(rows[part] for part in wanted)))
        return found

    def delete_blobs(self, names: Collection[str]) -> None:
        """Delete blobs."""
        rows = self._get("blobs", [f"{name}/0" for name in names], ["name", "pieces"])
        ids = [f"{str(row['name'])[:-2]}/{at}" for row in rows for at in range(row["pieces"])]
        self._delete("blobs", ids)

    def put_documents(self, rows: Sequence[DocumentRow], *, again: bool) -> None:
        """Write documents; long ones go on among the blobs."""
        long = {f"document-{row.serial}": row.content[_CHUNK:] for row in rows if len(row.content) > _CHUNK}
        if long:
            self.put_blobs(long)
        self._put("documents", [_document_row(row) for row in rows], again=again)

    def documents(self, serials: Sequence[int] | range, *, content: bool) -> list[DocumentRow]:
        """Return those of the documents that there are, in the order of their serials."""
        columns = [*_ABOUT, "content"] if content else _ABOUT
        if isinstance(serials, range):
            expression = f"serial >= {serials.start} and serial < {serials.stop}"
            rows = list(self._query("documents", expression, columns))
        else:
            rows = self._get("documents", list(serials), columns, "Bounded")
            if len(rows) < len(serials):  # some were published a moment ago
                rows = self._get("documents", list(serials), columns)
        rest = self.blobs([f"document-{row['serial']}" for row in rows if row["size"] > _CHUNK]) if content else {}
        return sorted((_document(row, rest) for row in rows), key=lambda row: row.serial)

    def documents_of(self, keys: Collection[int], *, certain: bool) -> list[DocumentRow]:
        """Return all versions of documents, without their content."""
        level: Consistency = "Strong" if certain else "Bounded"
        found = [_document(row, {}) for row in self._query("documents", f"key in {_listed(keys)}", _ABOUT, level)]
        return sorted(found, key=lambda row: row.serial)

    def put_passages(self, rows: PassageRows, *, again: bool) -> None:
        """Write passages; ``again`` replaces those that are there."""
        self._put("passages", _passage_rows(rows, words=self.engine.has_words), again=again)

    def digests(self, first: int, end: int) -> tuple[Numbers, Numbers]:
        """Return the numbers of the passages in a range, ascending, and their digests."""
        rows = sorted((row["number"], row["digest"]) for row in self._range(first, end, ["number", "digest"]))
        table = np.array(rows, np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def vectors(self, first: int, end: int) -> tuple[Numbers, Floats]:
        """Return the numbers of the passages in a range, ascending, and their vectors."""
        rows = {row["number"]: row["dense"] for row in self._range(first, end, ["number", "dense"])}
        numbers = sorted(rows)
        return np.array(numbers, np.int64), np.array([rows[number] for number in numbers], np.float32)

    def delete(self, documents: Sequence[range], passages: Sequence[range]) -> None:
        """Delete documents by their serials and passages by their numbers; what is not there is passed over."""
        for kind, key, ranges in (("documents", "serial", documents), ("passages", "number", passages)):
            for one in merged(ranges):
                found = self._query(kind, f"{key} >= {one.start} and {key} < {one.stop}", [key])
                self._delete(kind, sorted({row[key] for row in found}))

    def finish(self, passages: int) -> None:
        """Write everything out, wait until what makes searching exact and fast is built, and load that.

        Until then Milvus searches rows by an index of the moment, which finds nine of the ten nearest.
        """

        def load(client: MilvusClient, _: bool) -> None:
            name = self._named("passages")
            client.release_collection(name, timeout=CALL)
            client.load_collection(name, timeout=20 * CALL)

        for kind in ("documents", "passages", "blobs"):
            self._ask(lambda client, _, kind=kind: client.flush(self._named(kind), timeout=10 * CALL))  # type: ignore[misc]
        while self._ask(self._is_indexing):
            time.sleep(_LOOK)
        self._ask(load)
        self._rows_written(["documents", "passages"])

    def _is_indexing(self, client: MilvusClient, _: bool) -> bool:
        """Tell whether vectors of passages wait for their index."""
        about = client.describe_index(self._named("passages"), "dense", timeout=CALL) or {}
        return int(about.get("pending_index_rows") or 0) > 0

    def candidates(self, terms: Mapping[int, float], vector: Floats | None, depth: int, where: Where) -> Found:
        """Return the ``depth`` best by terms and the ``depth`` nearest to the vector (None: none), with both scores of all."""
        condition = _condition(where)
        asked = {"sparse": dict(terms) if terms else None, "dense": None if vector is None else vector.tolist()}
        legs = {leg: self._search(leg, query, depth, condition) for leg, query in asked.items() if query is not None}
        numbers = {number for leg in legs.values() for number in leg}
        for leg, found in legs.items():
            if missing := numbers - found.keys():
                found |= self._search(leg, asked[leg], len(missing), f"number in {_listed(missing)}")
        rows = {number: row for leg in legs.values() for number, row in leg.items()}
        scores = [{number: row[2] for number, row in legs.get(leg, {}).items()} for leg in ("sparse", "dense")]
        return Found.of(
            [(number, row[0], row[1], *(leg.get(number, 0.0) for leg in scores)) for number, row in rows.items()]  # type: ignore[misc]
        )

    def highest(self, terms: Mapping[int, float], where: Where) -> float:
        """Return the score of the passage that is best by terms; 0 if none scores."""
        found = self._search("sparse", dict(terms), 1, _condition(where))
        return max((score for _, _, score in found.values()), default=0.0)

    def holding_all(self, terms: Collection[int], limit: int, where: Where) -> list[tuple[int, int]]:
        """Return number and serial of the first passages that hold all of the terms, ascending by number."""
        expression = f"array_contains_all(terms, {_listed(terms)}) and {_condition(where)}"
        rows = self._ask(
            lambda client, _: client.query(
                self._named("passages"),
                filter=expression,
                limit=limit,
                output_fields=["number", "serial"],
                timeout=CALL,
            )
        )
        return sorted((int(row["number"]), int(row["serial"])) for row in rows)

    def _named(self, kind: str) -> str:
        return f"{self.engine.address.name}_{self.build}_{kind}"

    def _ask(self, asked: Callable[[MilvusClient, bool], Answer]) -> Answer:
        """Ask the server; one that came back may have to be told to load what it has."""

        def attempt(client: MilvusClient, again: bool) -> Answer:
            if again:
                for kind in ("blobs", "documents", "passages"):
                    client.load_collection(self._named(kind), timeout=CALL)
            return asked(client, again)

        return self.engine._ask(attempt)

    def _create(
        self,
        kind: str,
        fields: Mapping[str, tuple[str, dict[str, int]]],
        indexes: Mapping[str, tuple[str, dict[str, int]]],
    ) -> None:
        """Make a collection unless it is there; the first field is its key."""

        def create(client: MilvusClient, _: bool) -> None:
            name, milvus = self._named(kind), _pymilvus()
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            for at, (field, (type_, more)) in enumerate(fields.items()):
                options: dict[str, Any] = dict(more)
                if type_ == "ARRAY":
                    options["element_type"] = milvus.DataType.INT32
                schema.add_field(field, getattr(milvus.DataType, type_), is_primary=at == 0, **options)
            parameters = client.prepare_index_params()
            for field, (type_, more) in indexes.items():
                metric = {} if field == "key" else {"metric_type": "L2" if field == "nothing" else "IP"}
                parameters.add_index(field, index_type=type_, params=more, **metric)
            if not client.has_collection(name, timeout=CALL):
                client.create_collection(name, schema=schema, consistency_level="Bounded", timeout=2 * CALL)
            if len(client.list_indexes(name, timeout=CALL)) < len(indexes):
                client.create_index(name, parameters, timeout=2 * CALL)
            client.load_collection(name, timeout=2 * CALL)

        self.engine._ask(create)

    def _put(self, kind: str, rows: list[dict[str, Any]], *, again: bool) -> None:
        def put(client: MilvusClient, repeated: bool) -> None:
            write = client.upsert if again or repeated else client.insert
            write(self._named(kind), rows, timeout=2 * CALL)

        self._ask(put)

    def _get(
        self, kind: str, ids: Sequence[int | str], columns: Sequence[str], level: Consistency = "Strong"
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), _FETCHED):
            some = list(ids[start : start + _FETCHED])
            found += self._ask(
                lambda client, _, some=some: client.get(  # type: ignore[misc]
                    self._named(kind), ids=some, output_fields=list(columns), timeout=CALL, consistency_level=level
                )
            )
        return found

    def _range(self, first: int, end: int, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        return self._query("passages", f"number >= {first} and number < {end}", columns)

    def _query(
        self, kind: str, expression: str, columns: Sequence[str], level: Consistency = "Strong"
    ) -> Iterator[dict[str, Any]]:
        """Return the rows that meet an expression, of numbers of ours."""
        found = self._ask(
            lambda client, _: client.query(
                self._named(kind),
                filter=expression,
                output_fields=list(columns),
                limit=_MOST_ROWS,
                timeout=2 * CALL,
                consistency_level=level,
            )
        )
        return iter(found)

    def _delete(self, kind: str, ids: Sequence[int | str]) -> None:
        for start in range(0, len(ids), _DELETED):
            some = list(ids[start : start + _DELETED])
            self._ask(lambda client, _, some=some: client.delete(self._named(kind), ids=some, timeout=CALL))  # type: ignore[misc]

    def _rows_written(self, kinds: Sequence[str]) -> None:
        """Ask with strong consistency, which waits until all that was acknowledged is seen."""
        for kind in kinds:
            self._ask(
                lambda client, _, kind=kind: client.query(  # type: ignore[misc]
                    self._named(kind),
                    filter="",
                    output_fields=["count(*)"],
                    timeout=2 * CALL,
                    consistency_level="Strong",
                )
            )

    def _search(self, field: str, query: Any, depth: int, expression: str) -> dict[int, tuple[int, int, float]]:  # noqa: ANN401 a vector of either kind
        """Return serial, sameness and score of the best passages by their numbers."""
        effort = {"ef": max(_EFFORT * depth, _LEAST_EFFORT)} if field == "dense" else {}
        hits = self._ask(
            lambda client, _: client.search(
                self._named("passages"),
                data=[query],
                anns_field=field,
                limit=depth,
                filter=expression,
                output_fields=["number", "serial", "sameness"],
                search_params={"metric_type": "IP", "params": effort},
                timeout=CALL,
            )
        )[0]
        return {
            int(hit["entity"]["number"]): (
                int(hit["entity"]["serial"]),
                int(hit["entity"]["sameness"]),
                float(hit["distance"]),
            )
            for hit in hits
        }


def _pymilvus() -> Any:  # noqa: ANN401 a module
    try:
        import pymilvus
    except ImportError as error:
        raise EngineUnavailable(
            "An index in Milvus needs pymilvus. Install it: pip install 'survey-qa[milvus]'."
        ) from error
    # It logs with a traceback what is asked again or translated.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return pymilvus


def _wrong_usage() -> tuple[type[Exception], ...]:
    from pymilvus.exceptions import DataTypeNotMatchException, ParamError, SchemaNotReadyException

    return (ParamError, DataTypeNotMatchException, SchemaNotReadyException)


def _has_sparse(version: str) -> bool:
    """Tell whether a server knows sparse vectors; milvus-lite numbers its versions by itself and always does."""
    if version.startswith("milvus_lite"):
        return True
    found = _VERSION.match(version)
    return found is None or (int(found[1]), int(found[2])) >= SPARSE_SINCE


def _said(error: Any) -> str:  # noqa: ANN401 pymilvus is not imported here
    text = str(getattr(error, "message", "") or error)
    return re.sub(r"\s+", " ", text)[:200].rstrip(". ")


def _condition(where: Where) -> str:
    """Return a condition on passages; every value is a number."""
    parts = [f"number < {where.below}"]
    parts += [f"(number < {first} or number >= {end})" for first, end in where.without]
    for field, chosen in (("serial", where.documents), ("kind", where.kinds), ("language", where.languages)):
        if chosen is not None:
            parts.append(f"{field} in {_listed(chosen)}")
    if where.years is not None:
        first, last = where.years
        parts.append(f"year >= {max(first or 0, 0)} and year <= {9999 if last is None else last:d}")
    return " and ".join(parts)


def _listed(numbers: Collection[int]) -> str:
    return json.dumps([int(number) for number in numbers])


def _passage_rows(rows: PassageRows, *, words: bool) -> list[dict[str, Any]]:
    columns = zip(
        range(rows.first, rows.end),
        *(
            column.tolist()
            for column in (rows.serials, rows.sameness, rows.kinds, rows.languages, rows.years, rows.digests)
        ),
        strict=True,
    )
    found: list[dict[str, Any]] = [dict(zip(_PASSAGES, values, strict=False)) for values in columns]
    starts = rows.terms.starts.tolist()
    for at, row in enumerate(found):
        numbers = rows.terms.numbers[starts[at] : starts[at + 1]].tolist()
        row["terms"], row["dense"] = numbers[:_MOST_TERMS], rows.vectors[at]
        if words:
            weights = rows.terms.weights[starts[at] : starts[at + 1]].tolist()
            row["sparse"] = dict(zip(numbers, weights, strict=True))
    return found


def _document_row(row: DocumentRow) -> dict[str, Any]:
    about = {name: getattr(row, name) for name in _ABOUT if name != "size"}
    return {**about, "size": len(row.content), "content": _text(row.content[:_CHUNK]), "nothing": [0.0, 0.0]}


def _document(row: Mapping[str, Any], rest: Mapping[str, bytes]) -> DocumentRow:
    content = _bytes(row.get("content", "")) + rest.get(f"document-{row['serial']}", b"")
    return DocumentRow(**{name: row[name] for name in _ABOUT if name != "size"}, content=content)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


_EFFORT, _LEAST_EFFORT = 10, 1000  # ef: at 200, 100,000 clustered vectors of 384 numbers give a recall@10 of .90
_LOOK = 0.5  # seconds between looks at how far an index is
_PIECES = 100  # of a blob that are written at once
_FETCHED = 200  # rows that are fetched by their keys at once
_ABOUT = ["serial", "key", "place", "first", "passages", "info", "size"]
_BLOB = ["name", "pieces", "data"]
_WHOLE: tuple[str, dict[str, int]] = ("INT64", {})
_SMALL: tuple[str, dict[str, int]] = ("INT32", {})
_NOTHING: tuple[str, dict[str, int]] = ("FLOAT_VECTOR", {"dim": 2})  # every collection needs a vector
_LONG: tuple[str, dict[str, int]] = ("VARCHAR", {"max_length": 65_535})
_BLOBS = {"name": ("VARCHAR", {"max_length": 512}), "pieces": _SMALL, "data": _LONG, "nothing": _NOTHING}
_DOCUMENTS = {
    "serial": _WHOLE, "key": _WHOLE, "place": _WHOLE, "first": _WHOLE, "passages": _WHOLE, "info": _LONG, "size": _WHOLE,
    "content": _LONG, "nothing": _NOTHING,
}  # fmt: skip
_PASSAGES: dict[str, tuple[str, dict[str, int]]] = {
    "number": _WHOLE, "serial": _WHOLE, "sameness": _WHOLE, "kind": _SMALL, "language": _SMALL, "year": _SMALL,
    "digest": _WHOLE, "terms": ("ARRAY", {"max_capacity": _MOST_TERMS}),
}  # fmt: skip
