"""The database: readers side by side, one writer thread with group commit; what SQLite and PostgreSQL do differently."""

import queue
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Engine, FromClause, Text, cast, create_engine, event, func, select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry

from modicum.errors import ConflictError, StorageError
from modicum.store.migrations import upgrade

P = ParamSpec("P")
T = TypeVar("T")
GROUP_SIZE = 200
GROUP_SECONDS = 0.02
REMEMBERED = 64


class Database:
    """An open database, migrated to this version's tables.

    `read()` gives a connection that sees one moment; `write(fn, ...)` runs fn(conn, ...) on the writer thread and returns
    its result after the COMMIT. Raises StorageError when the database cannot be opened or was written by a newer version.
    """

    def __init__(self, url: str) -> None:
        self.commits = 0  # grows with every commit of this process: who waits for news looks here
        self._engine = _open(url)
        # SQLite's readers see one moment anyway; PostgreSQL's do where that is asked for
        self._reading = {"isolation_level": "REPEATABLE READ"} if self._engine.dialect.name == "postgresql" else {}
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._memory: dict[Hashable, tuple[Hashable, Any]] = {}
        self._memory_lock = threading.Lock()
        self._computing: dict[Hashable, threading.Lock] = {}
        self._coming: set[Hashable] = set()
        try:
            upgrade(self._engine)
        except DBAPIError as error:
            raise _plain(error, self._engine) from error
        self._writer = threading.Thread(target=self._write_on, name="modicum-writer", daemon=True)
        self._writer.start()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees the database as it was at its first statement."""
        with self._engine.connect().execution_options(**self._reading) as conn:
            yield conn

    def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run fn(conn, ...) in a savepoint of the next group commit; what it returns is on disk.

        fn may run twice, when the group it was in could not be committed: it changes nothing but the database. What it
        raises is raised here and undoes only what fn did. Raises StorageError when the disk refuses.
        """
        return self.writing(fn, *args, **kwargs).result()

    def writing(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As write(), for those who must not wait: the future has the result as soon as it is on disk. It cannot be cancelled."""
        request = _Request(lambda conn: fn(conn, *args, **kwargs))
        with self._closing:
            if self._closed:
                raise StorageError("the database is closed: nothing was saved")
            self._queue.put(request)
        return request.future

    def close(self) -> None:
        """Finish the writes that were asked for, then close."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._writer.join()
        self._engine.dispose()

    def remember(self, key: Hashable, stamp: Hashable, compute: Callable[[], T]) -> T:
        """The result of compute() for this key, kept as long as it is asked for with the same stamp.

        Of several threads that ask at once, one computes.
        """
        with self._memory_lock:
            computing = self._computing.setdefault(key, threading.Lock())
        with computing:
            kept = self._memory.get(key)
            if kept is None or kept[0] != stamp:
                kept = (stamp, compute())
                with self._memory_lock:
                    self._memory.pop(key, None)
                    self._memory[key] = kept
                    while len(self._memory) > REMEMBERED:
                        self._memory.pop(next(iter(self._memory)))
            result: T = kept[1]
            return result

    def remember_for(self, key: Hashable, seconds: float, compute: Callable[[], T]) -> T:
        """The result of compute() for this key, kept for so many seconds."""
        return self.remember(key, int(time.monotonic() / seconds), compute)

    def remember_soon(self, key: Hashable, stamp: Hashable, compute: Callable[[], T]) -> T | None:
        """The newest result there is for this key, none at first; for another stamp compute() runs meanwhile in a thread."""

        def later() -> None:
            try:
                self.remember(key, stamp, compute)
            finally:
                with self._memory_lock:
                    self._coming.discard(key)

        with self._memory_lock:
            kept = self._memory.get(key)
            if (kept is None or kept[0] != stamp) and key not in self._coming:
                self._coming.add(key)
                threading.Thread(target=later, name="modicum-later", daemon=True).start()
        result: T | None = None if kept is None else kept[1]
        return result

    # --- the writer thread ---------------------------------------------------------------------------------------------

    def _write_on(self) -> None:
        open_ended = True
        while open_ended:
            group: list[_Request] = []
            try:
                with self._engine.connect().execution_options(writer=True) as conn:
                    while open_ended and (first := self._queue.get()) is not None:
                        group = [first]
                        open_ended = self._commit_group(conn, group)
                        group = []
                open_ended = False
            except Exception as error:  # a connection that died: tell those who wait, then go on with a new one
                for request in group:
                    request.answer(None, _plain(error, self._engine))

    def _commit_group(self, conn: Connection, group: list["_Request"]) -> bool:
        """Run the group's first request and those that arrive meanwhile, commit, answer. False: the last one was asked for."""
        open_ended = True
        outcomes: list[tuple[Any, Exception | None]] = []
        until = time.monotonic() + GROUP_SECONDS
        try:
            with conn.begin():
                outcomes.append(_in_savepoint(conn, group[0]))
                while len(group) < GROUP_SIZE and time.monotonic() < until:
                    try:
                        request = self._queue.get_nowait()
                    except queue.Empty:
                        break
                    if request is None:
                        open_ended = False
                        break
                    group.append(request)
                    outcomes.append(_in_savepoint(conn, request))
        except (
            DBAPIError,
            _GroupLostError,
        ):  # the whole group is undone: each gets its own transaction, so that one cannot fail the others
            outcomes = [self._alone(conn, request) for request in group]
        self.commits += 1
        for request, (result, error) in zip(group, outcomes, strict=True):
            request.answer(result, None if error is None else _plain(error, self._engine))
        return open_ended

    @staticmethod
    def _alone(conn: Connection, request: "_Request") -> tuple[Any, Exception | None]:
        try:
            with conn.begin():
                return request.call(conn), None
        except Exception as error:
            return None, error


class _GroupLostError(Exception):
    """The database rolled the group back by itself."""


class _Request:
    """One write that waits for its commit."""

    def __init__(self, call: Callable[[Connection], Any]) -> None:
        self.call = call
        self.future: Future[Any] = Future()
        self.future.set_running_or_notify_cancel()  # whoever stops waiting for it does not stop it

    def answer(self, result: Any, error: Exception | None) -> None:
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


def _in_savepoint(conn: Connection, request: _Request) -> tuple[Any, Exception | None]:
    statement = conn.connection.cursor()  # SQLAlchemy's begin_nested costs several times as much
    statement.execute("SAVEPOINT one")
    try:
        result = request.call(conn)
    except Exception as error:
        _undo(statement)
        return None, error
    statement.execute("RELEASE SAVEPOINT one")
    return result, None


def _undo(statement: DBAPICursor) -> None:
    try:
        statement.execute("ROLLBACK TO SAVEPOINT one")
        statement.execute("RELEASE SAVEPOINT one")
    except Exception as error:  # SQLite has rolled everything back already, as it does when the disk is full
        raise _GroupLostError from error


def arrays(
    conn: Connection, table: FromClause, columns: tuple[ColumnElement[Any], ...], *where: ColumnElement[bool]
) -> tuple[npt.NDArray[np.int64], ...]:
    """Whole-number columns of many rows as int64 arrays, row-aligned, in no particular order; no NULL among them.

    The database glues the numbers together itself: at 100,000 rows that is several times faster than fetching rows, and
    the interpreter lock is free meanwhile.
    """
    glued = conn.execute(
        select(*(func.aggregate_strings(cast(column, Text), ",") for column in columns)).select_from(table).where(*where)
    ).one()
    return tuple(np.fromstring(text or "", dtype=np.int64, sep=",") for text in glued)


# --- what depends on the database -------------------------------------------------------------------------------------


def _open(url: str) -> Engine:
    engine = create_engine(url, pool_size=32, max_overflow=64)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late for savepoints and snapshots
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000", "cache_size=-32000"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(conn: Connection) -> None:
    # a writer takes the lock at once: one that asks for it later can be refused in mid-transaction
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("writer") else "BEGIN")


def _plain(error: Exception, engine: Engine) -> Exception:
    """The same error in plain words, where it is the disk's or the database's."""
    if isinstance(error, IntegrityError):
        return ConflictError(f"this contradicts what is stored already ({error.orig}): read the state again")
    if not isinstance(error, DBAPIError):
        return error
    reason, place = str(error.orig), engine.url.database
    if "full" in reason or "No space left" in reason:
        return StorageError(f"the disk that holds {place} is full: nothing of this was saved; free some space and try again")
    if "locked" in reason:
        return StorageError(f"another program holds the database {place}: nothing of this was saved; close it and try again")
    if any(words in reason for words in ("readonly", "unable to open", "disk I/O", "not a database", "malformed")):
        return StorageError(f"the database {place} cannot be used ({reason}): look at the file's permissions and its disk")
    return error
