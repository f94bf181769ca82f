"""PostgreSQL with pgvector as an engine: one schema an index, a set of tables a build, a row that says which one answers.

Postings lie as lists of passages and weights by term and batch of passages. Everything that comes from outside is bound;
names of tables are made here. The only file that knows psycopg.
"""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

import numpy as np

from index.embedders import Floats
from index.errors import EngineFailed, EngineUnavailable, IndexLocked, IndexNotFound
from index.remote import copying
from index.remote.addresses import Address
from index.remote.engine import merged
from index.remote.rows import DocumentRow, Found, Numbers, PassageRows, Where
from index.remote.waiting import Lost, Patience

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

CONNECTING = 10.0  # seconds that a server may take to answer for the first time
EXACT = 20_000  # passages; fewer are compared one by one, which takes milliseconds and misses none
_LONGEST_INDEXED = 2000  # numbers of a vector that pgvector's HNSW takes
_WIDEST = 1000  # ef_search that pgvector takes

Answer = TypeVar("Answer")


class Postgres:
    """An index in a PostgreSQL database, in a schema of its own. Safe to use from several threads."""

    has_words = True

    def __init__(self, address: Address) -> None:
        """Connect.

        Raises:
            EngineUnavailable: psycopg is not installed.
            EngineUnreachable: The server does not answer.
            EngineFailed: The server has no pgvector, or refuses this user or database.
        """
        self.address = address
        self._idle: queue.LifoQueue[psycopg.Connection[Any]] = queue.LifoQueue()
        self._patience = Patience(str(address), min(CONNECTING, address.patience))
        server, vector = self._ask(_versions)
        if not vector:
            raise EngineFailed(
                f"The server at {address} has no pgvector. Install it there (the package postgresql-NN-pgvector on Debian)."
            )
        self.described = f"PostgreSQL {server}, pgvector {vector}"
        self._patience = replace(self._patience, seconds=address.patience)

    def __del__(self) -> None:
        """Close the connections that are not used."""
        while hasattr(self, "_idle") and not self._idle.empty():
            self._idle.get_nowait().close()

    def builds(self) -> list[str]:
        """Return the builds of the index, whether complete or not, in the order of their names."""
        found = self._rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename LIKE '%%\\_passages' ORDER BY 1",
            self.address.name,
        )
        return [str(name).removesuffix("_passages") for (name,) in found]

    def current(self) -> str | None:
        """Return the build that answers; None if there is none."""
        if not self._rows("SELECT to_regclass(%s)", f"{self.address.name}.current")[0][0]:
            return None
        rows = self._ask(lambda db, _: db.execute(self._named("SELECT build FROM {schema}.current")).fetchall())
        return str(rows[0][0]) if rows else None

    def create(self, build: str, dimensions: int, passages: int) -> None:
        """Make room for a build; what there is of it stays."""

        def create(db: psycopg.Connection[Any], _: bool) -> None:
            db.execute("CREATE EXTENSION IF NOT EXISTS vector")
            for statement in _TABLES:
                db.execute(self._named(statement, build, dimensions=dimensions))

        self._ask(create)

    def switch(self, build: str) -> None:
        """Let a build answer from now on: one row, one transaction."""

        def switch(db: psycopg.Connection[Any], _: bool) -> None:
            db.execute(self._named("DELETE FROM {schema}.current"))
            db.execute(self._named("INSERT INTO {schema}.current VALUES (%s)"), (build,))

        self._ask(switch)

    def drop(self, build: str) -> None:
        """Delete a build."""
        tables = "{documents}, {passages}, {postings}, {blobs}"
        self._ask(lambda db, _: db.execute(self._named(f"DROP TABLE IF EXISTS {tables}", build)) and None)

    def open(self, build: str) -> PostgresStore:
        """Return the data of a build."""
        return PostgresStore(self, build)

    def _rows(self, query: LiteralString, *values: object) -> list[Any]:
        return self._ask(lambda db, _: db.execute(query, values).fetchall())

    def _named(self, statement: LiteralString, build: str = "", **numbers: int) -> sql.Composed:
        """Return a statement with the names of the tables of a build, quoted, in their places."""
        from psycopg import sql

        schema = self.address.name
        names = {name: sql.Identifier(schema, f"{build}_{name}") for name in _NAMES}
        indexes = {f"{name}_index": sql.Identifier(f"{build}_{name}_index") for name in ("keys", "blocks", "near")}
        literals = {name: sql.Literal(number) for name, number in numbers.items()}
        return sql.SQL(statement).format(schema=sql.Identifier(schema), **names, **indexes, **literals)

    def _ask(self, asked: Callable[[psycopg.Connection[Any], bool], Answer]) -> Answer:
        """Run something in one transaction, again if the connection is lost."""

        def attempt(again: bool) -> Answer:
            with self._connection() as db, db.transaction():
                return asked(db, again)

        return self._patience.ask(attempt)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection that is not used, and translate what goes wrong with it."""
        psycopg = _psycopg()
        try:
            db = self._lent()
            try:
                yield db
            except BaseException:
                db.close()
                raise
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise (Lost(_first_line(error)) if _passes(error) else self._failed(error)) from error
        except psycopg.Error as error:
            raise self._failed(error) from error
        self._idle.put(db)

    def _lent(self) -> psycopg.Connection[Any]:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._connect()

    def _connect(self) -> psycopg.Connection[Any]:
        address = self.address
        connection: psycopg.Connection[Any] = _psycopg().connect(
            **dict(address.options),
            host=address.host,
            port=address.port,
            dbname=address.database,
            **({"user": address.user} if address.user else {}),
            connect_timeout=5,
            application_name="survey-qa",
            autocommit=True,
        )
        return connection

    def _failed(self, error: Exception) -> EngineFailed | IndexNotFound:
        if type(error).__name__ in ("UndefinedTable", "InvalidSchemaName"):
            return IndexNotFound(f"The index at {self.address} was deleted meanwhile. Push it again.")
        hint = " The password comes from PGPASSWORD or ~/.pgpass." if "password" in str(error) else ""
        return EngineFailed(f"{self.address} refused: {_first_line(error)}.{hint}")


@dataclass(frozen=True, slots=True)
class PostgresStore:
    """The data of one build in PostgreSQL."""

    engine: Postgres
    build: str

    def head(self) -> bytes | None:
        """Return the head; None while the build is not complete."""
        return self.blobs(["head"]).get("head")

    def set_head(self, head: bytes, former: bytes | None) -> None:
        """Replace the head in one transaction; raises IndexLocked if it is not the former one."""

        def replace_head(db: psycopg.Connection[Any], again: bool) -> None:
            db.execute(self._named("LOCK TABLE {blobs} IN EXCLUSIVE MODE"))
            row = db.execute(self._named("SELECT data FROM {blobs} WHERE name = 'head'")).fetchone()
            there = bytes(row[0]) if row else None
            if there != former and not (again and there == head):
                raise IndexLocked(f"Another writer changed the index at {self.engine.address} meanwhile. Try again.")
            self._put_blobs(db, {"head": head})

        self.engine._ask(replace_head)

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Write blobs, or replace them."""
        self.engine._ask(lambda db, _: self._put_blobs(db, blobs))

    def blobs(self, names: Collection[str]) -> dict[str, bytes]:
        """Return those of the blobs that there are."""
        rows = self._rows("SELECT name, data FROM {blobs} WHERE name = ANY(%s)", list(names))
        return {str(name): bytes(data) for name, data in rows}

    def delete_blobs(self, names: Collection[str]) -> None:
        """Delete blobs."""
        self._do("DELETE FROM {blobs} WHERE name = ANY(%s)", list(names))

    def put_documents(self, rows: Sequence[DocumentRow], *, again: bool) -> None:
        """Write documents in one transaction; those that are there are replaced."""

        def put(db: psycopg.Connection[Any], repeated: bool) -> None:
            if again or repeated:
                serials = [row.serial for row in rows]
                db.execute(self._named("DELETE FROM {documents} WHERE serial = ANY(%s)"), (serials,))
            self._copy(db, "COPY {documents} FROM STDIN (FORMAT BINARY)", copying.documents(rows))

        self.engine._ask(put)

    def documents(self, serials: Sequence[int] | range, *, content: bool) -> list[DocumentRow]:
        """Return those of the documents that there are, in the order of their serials."""
        columns: LiteralString = _ABOUT + ", content" if content else _ABOUT
        if isinstance(serials, range):
            query: LiteralString = (
                "SELECT " + columns + " FROM {documents} WHERE serial >= %s AND serial < %s ORDER BY 1"  # noqa: S608 of constants
            )
            return [_document(*row) for row in self._rows(query, serials.start, serials.stop)]
        query = "SELECT " + columns + " FROM {documents} WHERE serial = ANY(%s) ORDER BY 1"  # noqa: S608 of constants
        return [_document(*row) for row in self._rows(query, list(serials))]

    def documents_of(self, keys: Collection[int], *, certain: bool) -> list[DocumentRow]:
        """Return all versions of documents, without their content."""
        rows = self._rows("SELECT " + _ABOUT + " FROM {documents} WHERE key = ANY(%s) ORDER BY 1", list(keys))  # noqa: S608 of constants
        return [_document(*row) for row in rows]

    def put_passages(self, rows: PassageRows, *, again: bool) -> None:
        """Write passages in one transaction; those that are there are replaced."""

        def put(db: psycopg.Connection[Any], repeated: bool) -> None:
            if again or repeated:
                self._delete_passages(db, range(rows.first, rows.end))
            self._copy(db, "COPY {passages} FROM STDIN (FORMAT BINARY)", [copying.passages(rows)])
            self._copy(db, "COPY {postings} FROM STDIN (FORMAT BINARY)", copying.postings(rows))

        self.engine._ask(put)

    def digests(self, first: int, end: int) -> tuple[Numbers, Numbers]:
        """Return the numbers of the passages in a range, ascending, and their digests."""
        query: LiteralString = "SELECT number, digest FROM {passages} WHERE number >= %s AND number < %s ORDER BY 1"
        rows = np.array(self._rows(query, first, end), np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1]

    def vectors(self, first: int, end: int) -> tuple[Numbers, Floats]:
        """Return the numbers of the passages in a range, ascending, and their vectors."""
        query: LiteralString = (
            "SELECT number, dense::text FROM {passages} WHERE number >= %s AND number < %s ORDER BY 1"
        )
        rows = self._rows(query, first, end)
        vectors = [np.array(json.loads(vector), np.float32) for _, vector in rows]
        return np.array([number for number, _ in rows], np.int64), np.array(vectors, np.float32)

    def delete(self, documents: Sequence[range], passages: Sequence[range]) -> None:
        """Delete documents by their serials and passages by their numbers; what is not there is passed over."""

        def delete(db: psycopg.Connection[Any], _: bool) -> None:
            for serials in merged(documents):
                query: LiteralString = "DELETE FROM {documents} WHERE serial >= %s AND serial < %s"
                db.execute(self._named(query), (serials.start, serials.stop))
            for numbers in merged(passages):
                self._delete_passages(db, numbers)

        self.engine._ask(delete)

    def finish(self, passages: int) -> None:
        """Build what makes searching fast and tell the planner what there is."""

        def finish(db: psycopg.Connection[Any], _: bool) -> None:
            dimensions = db.execute(self._named("SELECT vector_dims(dense) FROM {passages} LIMIT 1")).fetchone()
            if passages > EXACT and dimensions and dimensions[0] <= _LONGEST_INDEXED:
                db.execute("SET LOCAL maintenance_work_mem = '512MB'")
                db.execute("SET LOCAL max_parallel_maintenance_workers = 0")
                db.execute(self._named(_NEAR))
            for table in ("{documents}", "{passages}", "{postings}"):
                db.execute(self._named("ANALYZE " + table))

        self.engine._ask(finish)

    def candidates(self, terms: Mapping[int, float], vector: Floats | None, depth: int, where: Where) -> Found:
        """Return the ``depth`` best by terms and the ``depth`` nearest to the vector (None: none), with both scores of all."""
        condition, values = _condition(where)
        values |= {"terms": list(terms), "factors": list(terms.values()), "depth": depth}
        values["vector"] = None if vector is None else _spelled(vector)
        query = _CANDIDATES.replace("[near]", _NONE if vector is None else _NEAREST)
        query = query.replace("[scored]", _join(where)).replace("[where]", condition)

        def search(db: psycopg.Connection[Any], _: bool) -> list[Any]:
            db.execute("SELECT set_config('hnsw.ef_search', %s, true)", (str(min(10 * depth, _WIDEST)),))
            db.execute("SELECT set_config('hnsw.iterative_scan', 'strict_order', true)")
            db.execute("SELECT set_config('jit', 'off', true)")
            rows: list[Any] = db.execute(self._named(query), values).fetchall()
            return rows

        return Found.of(self.engine._ask(search))

    def highest(self, terms: Mapping[int, float], where: Where) -> float:
        """Return the score of the passage that is best by terms; 0 if none scores."""
        condition, values = _condition(where)
        values |= {"terms": list(terms), "factors": list(terms.values())}
        query = _HIGHEST.replace("[scored]", _join(where)).replace("[where]", condition)
        rows = self.engine._ask(lambda db, _: db.execute(self._named(query), values).fetchall())
        return float(rows[0][0] or 0.0)

    def holding_all(self, terms: Collection[int], limit: int, where: Where) -> list[tuple[int, int]]:
        """Return number and serial of the first passages that hold all of the terms, ascending by number."""
        condition, values = _condition(where)
        values |= {"terms": list(terms), "count": len(set(terms)), "limit": limit}
        query = _HOLDING.replace("[where]", condition)
        rows = self.engine._ask(lambda db, _: db.execute(self._named(query), values).fetchall())
        return [(int(number), int(serial)) for number, serial in rows]

    def _named(self, statement: LiteralString) -> sql.Composed:
        return self.engine._named(statement, self.build)

    def _rows(self, query: LiteralString, *values: object) -> list[Any]:
        return self.engine._ask(lambda db, _: db.execute(self._named(query), values).fetchall())

    def _do(self, query: LiteralString, *values: object) -> None:
        self.engine._ask(lambda db, _: db.execute(self._named(query), values) and None)

    def _put_blobs(self, db: psycopg.Connection[Any], blobs: Mapping[str, bytes]) -> None:
        query: LiteralString = (
            "INSERT INTO {blobs} VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET data = EXCLUDED.data"
        )
        for name, data in blobs.items():
            db.execute(self._named(query), (name, data))

    def _copy(self, db: psycopg.Connection[Any], statement: LiteralString, rows: Iterator[bytes] | list[bytes]) -> None:
        with db.cursor() as cursor, cursor.copy(self._named(statement)) as copy:
            copy.write(copying.HEAD)
            copy.write(b"".join(rows))
            copy.write(copying.END)

    def _delete_passages(self, db: psycopg.Connection[Any], numbers: range) -> None:
        span = {"first": numbers.start, "end": numbers.stop}
        db.execute(self._named("DELETE FROM {passages} WHERE number >= %(first)s AND number < %(end)s"), span)
        whole: LiteralString = "DELETE FROM {postings} WHERE block >= %(first)s AND until <= %(end)s"
        db.execute(self._named(whole), span)
        db.execute(self._named(_SHORTEN), span)
        db.execute(
            self._named("DELETE FROM {postings} WHERE block < %(end)s AND until > %(first)s AND numbers = '{{}}'"), span
        )


def _psycopg() -> Any:  # noqa: ANN401 a module
    try:
        import psycopg
    except ImportError as error:
        raise EngineUnavailable(
            "An index in PostgreSQL needs psycopg. Install it: pip install 'survey-qa[postgres]'."
        ) from error
    return psycopg


def _versions(db: psycopg.Connection[Any], _: bool) -> tuple[str, str]:
    row = db.execute(
        "SELECT current_setting('server_version'), (SELECT default_version FROM pg_available_extensions WHERE name = 'vector')"
    ).fetchone()
    return (str(row[0]), str(row[1] or "")) if row else ("", "")


def _passes(error: Exception) -> bool:
    """Tell whether what happened passes by itself: the server is away, starting, stopping or full."""
    state, text = getattr(error, "sqlstate", None), str(error)
    if state:
        return state[:2] in ("08", "53", "57")
    refused = ("FATAL" in text or "password" in text) and not any(
        sign in text for sign in ("starting up", "shutting down", "recovery", "too many", "terminating")
    )
    return not refused


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _document(
    serial: int, key: int, place: int, first: int, passages: int, info: str, content: bytes | memoryview = b""
) -> DocumentRow:
    return DocumentRow(serial, key, place, first, passages, info, bytes(content))


def _spelled(vector: Floats) -> str:
    return "[" + ",".join(map(repr, vector.tolist())) + "]"


def _condition(where: Where) -> tuple[LiteralString, dict[str, object]]:
    """Return a condition on rows of passages, and what is bound to it."""
    parts: list[LiteralString] = ["p.number < %(below)s"]
    values: dict[str, object] = {"below": where.below}
    lists: tuple[tuple[LiteralString, str, tuple[int, ...] | None], ...] = (
        ("p.serial = ANY(%(documents)s)", "documents", where.documents),
        ("p.kind = ANY(%(kinds)s)", "kinds", where.kinds),
        ("p.language = ANY(%(languages)s)", "languages", where.languages),
    )
    for part, name, chosen in lists:
        if chosen is not None:
            parts.append(part)
            values[name] = list(chosen)
    if where.years is not None:
        first, last = where.years
        parts.append("p.year >= %(year_first)s AND p.year <= %(year_last)s")
        values |= {"year_first": max(first or 0, 0), "year_last": 9999 if last is None else last}
    if where.without:
        parts.append("NOT EXISTS (SELECT FROM unnest(%(gone_first)s::bigint[], %(gone_end)s::bigint[]) AS g(f, e) "
                     "WHERE p.number >= g.f AND p.number < g.e)")  # fmt: skip
        firsts, ends = zip(*where.without, strict=True)
        values |= {"gone_first": list(firsts), "gone_end": list(ends)}
    return " AND ".join(parts), values


def _join(where: Where) -> LiteralString:
    """Return what keeps scored passages out that may not be found; without a filter their numbers tell."""
    narrow = where.is_narrow or where.without
    return "JOIN {passages} p ON p.number = h.number WHERE [where]" if narrow else "WHERE h.number < %(below)s"


_NAMES = ("documents", "passages", "postings", "blobs")
_ABOUT: LiteralString = "serial, key, place, first, passages, info"
_TABLES: tuple[LiteralString, ...] = (
    "CREATE SCHEMA IF NOT EXISTS {schema}",
    "CREATE TABLE IF NOT EXISTS {schema}.current (build text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {blobs} (name text PRIMARY KEY, data bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS {documents} (serial bigint PRIMARY KEY, key bigint NOT NULL, place bigint NOT NULL, "
    "first bigint NOT NULL, passages bigint NOT NULL, info text NOT NULL, content bytea NOT NULL)",
    "CREATE INDEX IF NOT EXISTS {keys_index} ON {documents} (key)",
    "CREATE TABLE IF NOT EXISTS {postings} (term integer NOT NULL, block bigint NOT NULL, until bigint NOT NULL, "
    "numbers bigint[] NOT NULL, weights real[] NOT NULL, PRIMARY KEY (term, block, until))",
    "CREATE INDEX IF NOT EXISTS {blocks_index} ON {postings} (block)",
    "CREATE TABLE IF NOT EXISTS {passages} (number bigint PRIMARY KEY, serial bigint NOT NULL, sameness bigint NOT NULL, "
    "kind integer NOT NULL, language integer NOT NULL, year integer NOT NULL, digest bigint NOT NULL, "
    "dense vector({dimensions}) NOT NULL)",
)
_NEAR: LiteralString = (
    "CREATE INDEX IF NOT EXISTS {near_index} ON {passages} USING hnsw (dense vector_ip_ops) "
    "WITH (m = 16, ef_construction = 100)"
)
_SHORTEN: LiteralString = (
    "UPDATE {postings} o SET numbers = ARRAY(SELECT h.n FROM unnest(o.numbers) AS h(n) WHERE h.n < %(first)s OR h.n >= %(end)s), "
    "weights = ARRAY(SELECT h.w FROM unnest(o.numbers, o.weights) AS h(n, w) WHERE h.n < %(first)s OR h.n >= %(end)s) "
    "WHERE block < %(end)s AND until > %(first)s"
)
_SCORED: LiteralString = (
    "WITH scored AS MATERIALIZED (SELECT h.number, sum((h.weight * asked.factor)::double precision)::real AS score "
    "FROM unnest(%(terms)s::integer[], %(factors)s::real[]) AS asked(term, factor) JOIN {postings} USING (term), "
    "LATERAL unnest(numbers, weights) AS h(number, weight) GROUP BY h.number)"
)
_CANDIDATES: LiteralString = (
    _SCORED  # noqa: S608 of constants
    + ", best AS (SELECT h.number FROM scored h [scored] ORDER BY h.score DESC, h.number LIMIT %(depth)s), "
    "near AS ([near]) "
    "SELECT p.number, p.serial, p.sameness, coalesce(s.score, 0), coalesce(-(p.dense <#> %(vector)s::vector), 0) "
    "FROM {passages} p JOIN (SELECT number FROM best UNION SELECT number FROM near) c ON c.number = p.number "
    "LEFT JOIN scored s ON s.number = p.number"
)
_NEAREST: LiteralString = (
    "SELECT p.number FROM {passages} p WHERE [where] ORDER BY p.dense <#> %(vector)s::vector LIMIT %(depth)s"
)
_NONE: LiteralString = "SELECT NULL::bigint AS number WHERE false"
_HIGHEST: LiteralString = _SCORED + " SELECT max(h.score) FROM scored h [scored]"  # noqa: S608 of constants
_HOLDING: LiteralString = (
    "SELECT p.number, p.serial FROM {passages} p JOIN (SELECT h.n FROM {postings} o, unnest(o.numbers) AS h(n) "
    "WHERE o.term = ANY(%(terms)s) GROUP BY h.n HAVING count(*) = %(count)s) held ON held.n = p.number "
    "WHERE [where] ORDER BY 1 LIMIT %(limit)s"
)
