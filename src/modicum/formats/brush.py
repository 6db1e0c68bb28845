"""Label Studio's run lengths of brush strokes: the four channels of every pixel of the image, packed bit by bit.

Source: rle-pack of thi.ng/umbrella, which Label Studio's interface uses. A stream of words: runs, or stretches word by word.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from modicum.engine.outlines import runs
from modicum.formats.losses import RefusedError
from modicum.formats.outline import MOST_PIXELS, bitmap, mask_of
from modicum.geometry import Mask

_SIZES = (3, 4, 8, 16)  # bits for the length of a run
_DAMAGED = "run lengths of a brush that are damaged"


def decoded(value: dict[str, Any], width: int, height: int) -> Mask:
    """The mask of a region's value: where the last channel, opacity, is not 0. RefusedError."""
    given = value.get("rle")
    if value.get("format") != "rle" or not isinstance(given, list):
        raise RefusedError("a brush stroke without run lengths", path=".value.rle")
    if width * height > MOST_PIXELS:
        raise RefusedError(f"a mask of more than {MOST_PIXELS // 10**6} megapixels", f"{width} x {height}", ".value.rle")
    try:
        data = np.array(given, dtype=np.uint8) if all(type(byte) is int and 0 <= byte < 256 for byte in given) else None
        words = None if data is None else _words(np.unpackbits(data), 4 * width * height)
    except IndexError:
        words = None
    if words is None:
        raise RefusedError(_DAMAGED, path=".value.rle")
    return mask_of(words[3::4].reshape(height, width) > 0, 0, 0)


def _words(bits: npt.NDArray[np.uint8], expected: int) -> npt.NDArray[np.uint8] | None:
    """The unpacked stream; none when it has another length than the image. IndexError when it ends too early."""
    at = 0

    def take(count: int) -> int:
        nonlocal at
        if at + count > len(bits):
            raise IndexError
        found = int("".join(map(str, bits[at : at + count])), 2)
        at += count
        return found

    total, word, sizes = take(32), take(5) + 1, [take(4) + 1 for _ in range(4)]
    if total != expected or word != 8:
        return None
    out = np.zeros(total, np.uint8)
    place = 0
    while place < total:
        is_run = take(1)
        end = min(place + 1 + take(sizes[take(2)]), total)
        if is_run:
            out[place:end] = take(word)
        else:
            count = (end - place) * word
            if at + count > len(bits):
                raise IndexError
            out[place:end] = np.packbits(bits[at : at + count])
            at += count
        place = end
    return out


def encoded(mask: Mask, width: int, height: int) -> list[int]:
    """A mask as Label Studio's own converter writes it: 0 or 255 in every channel."""
    whole = np.zeros((height, width), np.bool_)
    region = bitmap(mask)[: max(0, height - mask.y), : max(0, width - mask.x)]
    whole[mask.y : mask.y + region.shape[0], mask.x : mask.x + region.shape[1]] = region
    parts = [f"{4 * width * height:032b}{8 - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    for place, length in enumerate(runs(whole)):
        word = "11111111" if place % 2 else "00000000"
        parts += [_run(part, word) for part in _cut(4 * length)]
    text = "".join(parts)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def _cut(length: int) -> Sequence[int]:
    longest = 2 ** _SIZES[-1]
    return [longest] * (length // longest) + ([length % longest] if length % longest else [])


def _run(length: int, word: str) -> str:
    place = next(n for n, size in enumerate(_SIZES) if length <= 2**size)
    return f"1{place:02b}{length - 1:0{_SIZES[place]}b}{word}"
