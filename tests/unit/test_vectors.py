"""The file of embeddings: committed rows survive whatever happens behind them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.errors import EncoderError, StorageError
from modicum.vectors import Vectors


def some(rows: int, dims: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, dims)).astype(np.float32)


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    vectors = Vectors(tmp_path / "deep" / "1.f16", 5)
    assert vectors.read(0).shape == (0, 5)
    vectors.append(some(3), 0)
    vectors.append(some(4, seed=1), 3)
    np.testing.assert_array_equal(vectors.read(7), np.concatenate([some(3), some(4, seed=1)]).astype(np.float16))
    np.testing.assert_array_equal(vectors.read(2), some(2 + 1)[:2].astype(np.float16))


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.binary(max_size=25)), max_size=12))
@settings(max_examples=50)
def test_an_uncommitted_tail_never_shows(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool, bytes]]) -> None:
    path = tmp_path_factory.mktemp("v") / "1.f16"
    vectors, committed = Vectors(path, 5), np.empty((0, 5), np.float16)
    for seed, (rows, commits, torn) in enumerate(steps):
        vectors.append(some(rows, seed=seed), len(committed))
        if commits:
            committed = np.concatenate([committed, some(rows, seed=seed).astype(np.float16)])
        else:  # the process died before the commit, perhaps in the middle of a later write
            with path.open("ab") as file:
                file.write(torn)
        np.testing.assert_array_equal(vectors.read(len(committed)), committed)


def test_another_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"\[n, 5\], the encoder gave \[2, 7\]"):
        Vectors(tmp_path / "1.f16", 5).append(some(2, 7), 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_values_beyond_float16_are_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(EncoderError, match="not finite"):
        Vectors(tmp_path / "1.f16", 5).append(np.full((1, 5), value, np.float32), 0)


def test_missing_rows_are_noticed(tmp_path: Path) -> None:
    vectors = Vectors(tmp_path / "1.f16", 5)
    with pytest.raises(StorageError, match="fewer than the 1 rows"):
        vectors.read(1)
    vectors.append(some(2), 0)
    with pytest.raises(StorageError, match="fewer than the 3 rows"):
        vectors.read(3)
    with pytest.raises(StorageError, match="fewer than the 3 rows"):
        vectors.append(some(1), 3)
    assert vectors.read(2).shape == (2, 5)


FULL_DISK = """
import resource, sys
import numpy as np
from pathlib import Path
from modicum.errors import StorageError
from modicum.vectors import Vectors
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
vectors = Vectors(Path(sys.argv[1]), 5)
vectors.append(np.ones((100, 5), np.float32), 0)
try:
    vectors.append(np.ones((100, 5), np.float32), 100)
except StorageError as error:
    assert vectors.read(100).sum() == 500
    vectors.append(np.full((10, 5), 2, np.float32), 100)
    assert vectors.read(110).sum() == 600
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="file size limits exist on POSIX systems only")
def test_a_full_disk_is_one_clear_line_and_loses_nothing(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path / "1.f16")], capture_output=True, text=True, check=True)
    assert "cannot be written" in run.stdout
    assert "what was imported so far is kept" in run.stdout
