"""COCO's run lengths of masks, which go down the columns of the whole image, as numbers or packed into text.

Source: the MS COCO API, maskApi.c; agreement with pycocotools is tested.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from modicum.engine.outlines import runs
from modicum.formats.losses import RefusedError
from modicum.formats.outline import MOST_PIXELS, bitmap, mask_of
from modicum.geometry import Mask

Counts = npt.NDArray[np.int64]
_MOST_GROUPS = 7  # of five bits: enough for counts up to 2^34


def mask_from(counts: Sequence[int] | Counts, height: int, width: int) -> Mask:
    """A mask from counts down the columns, background first. RefusedError when they do not fill the image or no pixel is in."""
    lengths = np.asarray(counts)
    if lengths.dtype.kind not in "iu" or lengths.ndim != 1 or (len(lengths) and int(lengths.min()) < 0):
        raise RefusedError("run lengths that are no whole numbers from 0 up")
    lengths = lengths.astype(np.int64)
    ends = np.cumsum(lengths)
    if not len(ends) or ends[-1] != height * width:
        total = int(ends[-1]) if len(ends) else 0
        raise RefusedError("run lengths that do not fill their image", f"{total} pixels instead of {width} x {height}")
    inner = np.flatnonzero(lengths[1::2]) * 2 + 1
    if not len(inner):
        raise RefusedError("a mask without a pixel")
    first, last = int(ends[inner[0] - 1]) // height, (int(ends[inner[-1]]) - 1) // height + 1
    if (last - first) * height > MOST_PIXELS:
        raise RefusedError(f"a mask of more than {MOST_PIXELS // 10**6} megapixels", f"{last - first} x {height}")
    part = np.diff(np.clip(ends, first * height, last * height), prepend=first * height)
    values = np.zeros(len(part), np.bool_)
    values[1::2] = True
    return mask_of(np.repeat(values, part).reshape(last - first, height).T, first, 0)


def counts_of(mask: Mask, height: int, width: int) -> list[int]:
    """Counts down the columns of an image of this size; what lies beyond it is cut off."""
    region = bitmap(mask)[: max(0, height - mask.y), : max(0, width - mask.x)]
    if not region.any():
        raise RefusedError("a shape outside its image")
    columns = np.zeros((region.shape[1], height), np.bool_)
    columns[:, mask.y : mask.y + region.shape[0]] = region.T
    lengths = list(runs(columns))
    lengths[0] += mask.x * height
    after = (width - mask.x - region.shape[1]) * height
    if len(lengths) % 2:  # the last run is background
        lengths[-1] += after
    elif after:
        lengths.append(after)
    return lengths


def packed(counts: Sequence[int]) -> str:
    """Counts as COCO's text: differences to the count before the last, five bits a character."""
    lengths = np.asarray(counts, np.int64)
    values = lengths.copy()
    values[3:] -= lengths[1:-2]
    places = np.arange(_MOST_GROUPS)
    shifted = values[:, None] >> (5 * places)
    # the last group of a number is the first behind which only its sign follows
    last = np.argmax((shifted >= -16) & (shifted < 16), axis=1)[:, None]
    groups = (shifted & 31) + np.where(places < last, 32, 0) + 48
    return str(groups[places <= last].astype(np.uint8).tobytes(), "ascii")


def unpacked(text: str) -> Counts:
    """The counts of COCO's text. RefusedError for what is none."""
    try:
        codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        raise RefusedError("packed run lengths with characters they never have") from None
    more = (codes & 32) != 0
    if not len(codes) or codes.min() < 0 or codes.max() > 63 or more[-1]:
        raise RefusedError("packed run lengths that are damaged or cut short")
    ends = np.flatnonzero(~more)
    starts = np.concatenate([[0], ends[:-1] + 1])
    widths = ends - starts + 1
    if widths.max() > _MOST_GROUPS:
        raise RefusedError("packed run lengths that are damaged or cut short")
    place = np.arange(len(codes)) - np.repeat(starts, widths)
    values = np.add.reduceat((codes & 31) << (5 * place), starts)
    values -= np.where(codes[ends] & 16, np.int64(1) << (5 * widths), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values
