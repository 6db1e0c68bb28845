"""An empty database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modicum.home import Home
from modicum.store.db import Database


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def db(home: Home) -> Iterator[Database]:
    database = Database(home.database_url)
    yield database
    database.close()
