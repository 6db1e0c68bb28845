"""The database: group commit, errors that stay with the one who made them, a full disk, closing."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, MetaData, Table, create_engine, func, insert, inspect, select, text
from sqlalchemy.pool import NullPool

from modicum.errors import ConflictError, HomeLockedError, StorageError
from modicum.home import Home
from modicum.store import items, migrations, projects
from modicum.store.db import Database, arrays
from modicum.store.migrations import HEAD
from modicum.store.tables import item, metadata, project
from modicum.types import Policy, Schema
from store.store_parts import make_project, new_item

pytestmark = pytest.mark.both_databases


def test_a_write_is_seen_by_everybody_once_it_returned(db: Database) -> None:
    created = db.write(projects.create, "Dogs")
    with db.read() as conn:
        assert projects.by_slug(conn, "dogs") == created


def test_an_error_undoes_its_own_write_and_no_other(db: Database) -> None:
    """Many writes share a commit; those that fail leave nothing behind and fail alone."""

    def create_then_fail(conn: Connection, name: str) -> None:
        projects.create(conn, name)
        raise ValueError(name)

    def attempt(number: int) -> str:
        if number % 3:
            return db.write(projects.create, f"good {number}").slug
        with pytest.raises(ValueError, match=f"bad {number}"):
            db.write(create_then_fail, f"bad {number}")
        return ""

    with ThreadPoolExecutor(16) as threads:
        made = {slug for slug in threads.map(attempt, range(90)) if slug}
    with db.read() as conn:
        assert {entry.slug for entry in projects.list_all(conn)} == made
    assert len(made) == 60


def test_a_reader_sees_one_moment(db: Database) -> None:
    db.write(projects.create, "first")
    with db.read() as conn:
        before = len(projects.list_all(conn))
        db.write(projects.create, "second")
        assert len(projects.list_all(conn)) == before


def test_close_finishes_what_was_asked_for(home: Home) -> None:
    database = Database(home.database_url)
    gate = threading.Event()

    def wait(conn: Connection) -> None:
        gate.wait(10)

    with ThreadPoolExecutor(9) as threads:
        slow = threads.submit(database.write, wait)
        queued = [threads.submit(database.write, projects.create, f"p{number}") for number in range(8)]
        closing = threading.Thread(target=database.close)
        while database._queue.qsize() < 8:  # all eight stand in line
            pass
        closing.start()
        gate.set()
        slow.result(10)
        assert len({entry.result(10).slug for entry in queued}) == 8
        closing.join(10)
    with pytest.raises(StorageError, match="closed"):
        database.write(projects.create, "late")
    reopened = Database(home.database_url)
    with reopened.read() as conn:
        assert len(projects.list_all(conn)) == 8
    reopened.close()


@pytest.mark.sqlite_only
def test_a_full_disk_is_one_clear_line_and_what_fits_still_fits(db: Database, home: Home) -> None:
    created = make_project(db, home, 10)

    def fill_up(conn: Connection) -> None:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count = {pages + 4}"))

    db.write(fill_up)
    with pytest.raises(StorageError, match="is full: nothing of this was saved"):
        db.write(items.add_items, created.id, [new_item(k) for k in range(10, 5000)], 10)
    db.write(projects.set_message, created.id, "still here")
    with db.read() as conn:
        assert projects.shape(conn, created.id)[0] == 10
        assert projects.message(conn, created.id) == "still here"


def test_a_contradiction_in_the_store_is_a_conflict(db: Database, home: Home) -> None:
    created = make_project(db, home, 3)

    def again(conn: Connection) -> None:
        row = conn.execute(select(item).limit(1)).one()._asdict()
        conn.execute(insert(item), {**row, "id": None})

    with pytest.raises(ConflictError, match="contradicts"):
        db.write(again)
    with db.read() as conn:
        assert projects.shape(conn, created.id)[0] == 3


def test_nobody_waits_for_what_is_remembered_soon(db: Database) -> None:
    may_end = threading.Event()

    def compute(result: str) -> str:
        may_end.wait()
        return result

    def asked_until(stamp: int, result: str) -> None:
        while db.remember_soon("key", stamp, lambda: compute(result)) != result:
            time.sleep(0.01)

    assert db.remember_soon("key", 1, lambda: compute("first")) is None
    may_end.set()
    asked_until(1, "first")
    may_end.clear()
    assert db.remember_soon("key", 2, lambda: compute("second")) == "first"  # the old one, until the new one is there
    may_end.set()
    asked_until(2, "second")


def test_what_is_remembered_is_computed_once_per_stamp(db: Database) -> None:
    made: list[int] = []

    def compute() -> int:
        made.append(1)
        return len(made)

    assert [db.remember("key", stamp, compute) for stamp in (1, 1, 2, 2, 1)] == [1, 1, 2, 2, 3]


def test_arrays_are_row_aligned(db: Database, home: Home) -> None:
    created = make_project(db, home, 50)
    with db.read() as conn:
        ids, rows = arrays(conn, item, (item.c.id, item.c.row), item.c.project_id == created.id)
        pairs = set(conn.execute(select(item.c.id, item.c.row)))
        nothing = arrays(conn, item, (item.c.id, item.c.row), item.c.project_id == created.id + 1)
    assert set(zip(ids.tolist(), rows.tolist(), strict=True)) == pairs
    assert [len(part) for part in nothing] == [0, 0]


# --- migrations --------------------------------------------------------------------------------------------------------


def test_migrations_make_the_tables_that_tables_py_says(db: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    plain = create_engine("sqlite://", poolclass=NullPool)
    with plain.connect() as wanted, db.read() as found:
        metadata.create_all(wanted)
        context = MigrationContext.configure(found, opts={"target_metadata": metadata, "compare_type": False})
        assert compare_metadata(context, metadata) == []
        if found.dialect.name != "sqlite":
            return
        query = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
        indexes = dict(wanted.execute(query).all())
        assert dict(found.execute(query).all()) == indexes  # with the conditions of partial indexes
        for table in metadata.tables:
            columns = [(c["name"], str(c["type"]), c["nullable"]) for c in inspect(found).get_columns(table)]
            assert columns == [(c["name"], str(c["type"]), c["nullable"]) for c in inspect(wanted).get_columns(table)]


def test_a_database_of_a_newer_version_is_refused_and_untouched(home: Home) -> None:
    Database(home.database_url).close()
    database = Database(home.database_url)
    database.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    database.close()
    with pytest.raises(StorageError, match=f"newer modicum.*9999.*{HEAD}"):
        Database(home.database_url)


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_a_database_of_an_older_version_is_brought_up_to_date(home: Home, version: str) -> None:
    engine = create_engine(home.database_url)
    with engine.begin() as conn:
        migrations.run(conn, version)
        columns = {column["name"] for column in inspect(conn).get_columns("project")}
        old = Table("project", MetaData(), autoload_with=conn)
        values = {"slug": "dogs", "name": "Dogs", "source": "", "encoder": "", "schema": Schema().model_dump(mode="json")}
        conn.execute(insert(old).values(**values, policy=Policy().model_dump(mode="json"), seed=1, rows=0, message="", created=1))
    engine.dispose()
    assert ("probe" in columns) == (version != "0001")
    db = Database(home.database_url)
    with db.read() as conn:
        assert [entry.name for entry in projects.list_all(conn)] == ["Dogs"]
        assert "probe" in {column["name"] for column in inspect(conn).get_columns("project")}
        assert migrations.version(conn) == migrations.HEAD
    db.close()


def test_opening_again_keeps_everything(home: Home) -> None:
    first = Database(home.database_url)
    first.write(projects.create, "Dogs")
    first.close()
    second = Database(home.database_url)
    with second.read() as conn:
        assert conn.execute(select(func.count()).select_from(project)).scalar_one() == 1
    second.close()


def test_a_file_that_is_no_database_is_one_clear_line(home: Home) -> None:
    (home.path / "modicum.db").write_bytes(b"this is a letter to my grandmother, not a database" * 100)
    with pytest.raises(StorageError, match="cannot be used"):
        Database(home.database_url)


# --- home --------------------------------------------------------------------------------------------------------------


def test_one_process_has_the_home(home: Home) -> None:
    lock = home.lock()
    with pytest.raises(HomeLockedError, match="another modicum"):
        Home(home.path).lock()
    lock.release()
    home.lock().release()


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="MODICUM_HOME"):
        Home(tmp_path / "file" / "home")
