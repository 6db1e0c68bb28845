"""The drawing demo: pages with several of scikit-learn's digits at random places, in random sizes, and where they are."""

from pathlib import Path
from typing import Any

import numpy as np

from modicum.errors import StorageError
from modicum.geometry import Box, Shape, Shapes

PAGES = 120
WIDTH, HEIGHT = 480, 360  # pixels
FEWEST, MOST = 3, 7  # digits of a page
SMALLEST, LARGEST = 48, 104  # pixels of a digit's side
TRIES = 40  # to find a free place


def write_pages(folder: Path, pages: int = PAGES, seed: int = 0) -> dict[str, Shapes]:
    """Writes the pages as PNGs, once, and returns file name -> boxes around the ink, with class ids 0 to 9.

    Raises StorageError when the folder cannot be written.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    truth = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(pages):
            paper, boxes = _page(digits, np.random.default_rng([seed, number]))
            name = f"page {number:03}.png"
            truth[name] = Shapes(
                shapes=tuple(Shape(id=str(k), class_id=digit, geometry=box) for k, (digit, box) in enumerate(boxes))
            )
            if not (folder / name).exists():
                Image.fromarray(paper).save(folder / name)
    except OSError as error:
        raise StorageError(
            f"cannot write the demo's images to {folder}: {error.strerror}; choose another home with --home"
        ) from error
    return truth


def _page(digits: Any, rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], list[tuple[int, Box]]]:
    """One page uint8[h, w, 3] in a colour of its own, and its digits."""
    from PIL import Image

    ink = np.zeros((HEIGHT, WIDTH))
    free = np.ones((HEIGHT, WIDTH), dtype=np.bool_)
    boxes: list[tuple[int, Box]] = []
    for _ in range(int(rng.integers(FEWEST, MOST + 1))):
        chosen, side = int(rng.integers(len(digits.target))), int(rng.integers(SMALLEST, LARGEST))
        whole = np.pad(digits.images[chosen], 1)  # the ink reaches the edge of its eight pixels
        small = Image.fromarray((whole * (255 / 16)).astype(np.uint8))
        drawn = np.asarray(small.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float64) / 255
        rows, columns = np.flatnonzero((drawn > 0.3).any(axis=1)), np.flatnonzero((drawn > 0.3).any(axis=0))
        for _ in range(TRIES):
            top, left = int(rng.integers(HEIGHT - side)), int(rng.integers(WIDTH - side))
            if free[top : top + side, left : left + side].all():
                free[top : top + side, left : left + side] = False
                ink[top : top + side, left : left + side] = drawn
                x, y = left + int(columns[0]), top + int(rows[0])
                box = Box(x=x, y=y, w=int(columns[-1] - columns[0]) + 1, h=int(rows[-1] - rows[0]) + 1)
                boxes.append((int(digits.target[chosen]), box))
                break
    paper, pen = rng.integers(200, 250, 3), rng.integers(10, 110, 3)
    pixels = paper + ink[..., None] * (pen - paper) + rng.normal(0, 5, (HEIGHT, WIDTH, 1))
    return pixels.clip(0, 255).astype(np.uint8), boxes
