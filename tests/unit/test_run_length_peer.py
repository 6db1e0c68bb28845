"""Run lengths of masks beside those of pycocotools, which defined them."""

import numpy as np
import pytest

from modicum.engine import measure
from modicum.formats import run_length


def test_packed_run_lengths_are_those_of_pycocotools() -> None:
    peer = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    for _ in range(200):
        height, width = rng.integers(1, 40, 2).tolist()
        pixels = rng.random((height, width)) < rng.random()
        mask = measure.packed(pixels)
        if mask is None:
            continue
        text = peer.encode(np.asfortranarray(pixels.astype(np.uint8)))["counts"].decode()
        assert run_length.packed(run_length.counts_of(mask, height, width)) == text
        assert run_length.mask_from(run_length.unpacked(text), height, width) == mask
