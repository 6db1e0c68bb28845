"""What the flow tests share: one folder of pictures, and servers that do not outlive their test."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flow.flow_parts import Server, write_images


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("pictures with spaces")
    return folder, write_images(folder, 40)


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Starts servers; those that still run at the end of the test are stopped."""
    with contextlib.ExitStack() as stack:

        def begin(home: Path, *more: str) -> Server:
            server = Server(home, *more)
            stack.callback(server.stop)
            return server

        yield begin
