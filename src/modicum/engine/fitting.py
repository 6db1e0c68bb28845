"""An outline through a few clicked points: between two of them it follows what parts inside from outside.

Each gap between neighbouring points is searched in a band around the chord: a path of offsets along the chord's normal, the
cheapest by dynamic programming, that separates the colours seen inside from those seen outside (histograms of the gap's
surroundings, as in localised active contours, Lankton and Tannenbaum 2008), prefers strong edges, and stays near a gentle arc.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from modicum.engine.outlines import Ring, area, filled

SIDE = 120  # of the crop the points span, in pixels; more costs time and brings nothing
_BINS = 12  # of a colour axis
_NEVER = 1e9
_F64 = npt.NDArray[np.float64]
Colours = npt.NDArray[np.uint8]


class Weights(NamedTuple):
    """What counts how much; chosen on every other image of coco128."""

    region: float = 0.15  # logarithm of how much likelier a colour is inside, summed along the normal
    clip: float = 1.5  # of that logarithm
    edge: float = 4.0
    prior: float = 1.0
    bulge: float = 0.03  # of the chord's length
    sigma: float = 0.3  # of the chord's length, in the middle
    smooth: float = 0.25
    reach: float = 0.3  # of the chord's length
    soft: float = 0.1  # of the region's side: how far from the outline colours count fully


class _Look(NamedTuple):
    """What the search reads of a crop: colour code, gradients of three channels, how likely a pixel lies inside."""

    code: npt.NDArray[np.int64]
    along: npt.NDArray[np.float32]
    down: npt.NDArray[np.float32]
    inside: _F64


class _Gap(NamedTuple):
    """The band of one gap: samples on the chord, offsets, where each of them lies."""

    chord: _F64
    normal: _F64
    offsets: _F64
    length: float
    x: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]
    beyond: npt.NDArray[np.bool_]


def fitted(pixels: Colours, points: Ring, weights: Weights = Weights()) -> Ring:  # noqa: B008 - a constant
    """A ring through the points, in their order. Pixels uint8[h, w, 3], RGB, in which the points span about SIDE pixels."""
    if len(points) < 3 or abs(area(points)) < 4:
        return points
    height, width = pixels.shape[:2]
    sign = 1.0 if area(points) > 0 else -1.0
    start = [_arc(a, b, sign, weights.bulge) for a, b in _pairs(points)]
    inside = filled([np.concatenate(start)], height, width)
    if not inside.any() or inside.all():
        return points
    look = _look(pixels, _softly(inside, weights.soft))
    return np.concatenate([_path(look, a, b, sign, weights) for a, b in _pairs(points)])


def _pairs(points: Ring) -> list[tuple[_F64, _F64]]:
    return list(zip(points, np.roll(points, -1, axis=0), strict=True))


def _normal(a: _F64, b: _F64, sign: float) -> _F64:
    """Outward, of length one."""
    step = b - a
    return np.array([step[1], -step[0]]) / max(float(np.hypot(*step)), 1e-9) * sign


def _arc(a: _F64, b: _F64, sign: float, bulge: float) -> _F64:
    """A parabola over the chord, without its end."""
    t = np.linspace(0, 1, 9)[:-1, None]
    length = float(np.hypot(*(b - a)))
    return np.asarray(a + t * (b - a) + 4 * bulge * length * t * (1 - t) * _normal(a, b, sign))


def _softly(inside: npt.NDArray[np.bool_], soft: float) -> _F64:
    import cv2

    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    depth = depth - cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(1 / (1 + np.exp(-np.clip(depth / (soft * np.sqrt(inside.sum())), -20, 20))), np.float64)


def _look(pixels: Colours, inside: _F64) -> _Look:
    import cv2

    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    scaled = np.stack([lab[..., 0] / 256, (lab[..., 1] - 128) / 100 + 0.5, (lab[..., 2] - 128) / 100 + 0.5])
    level = np.clip(scaled * _BINS, 0, _BINS - 1).astype(np.int64)
    blurred = cv2.GaussianBlur(lab, (0, 0), 1.0)
    along, down = (cv2.Sobel(blurred, cv2.CV_32F, dx, 1 - dx, ksize=3) / 8 for dx in (1, 0))
    return _Look((level[0] * _BINS + level[1]) * _BINS + level[2], np.asarray(along), np.asarray(down), inside)


def _path(look: _Look, a: _F64, b: _F64, sign: float, weights: Weights) -> _F64:
    """The cheapest way from a to b, without its end."""
    length = float(np.hypot(*(b - a)))
    if length < 3:
        return a[None]
    gap = _band(look, a, b, sign, weights.reach)
    costs = _costs(look, gap, weights)
    steps = len(gap.chord) - 1
    step = length / steps
    most = max(1, int(np.ceil(1.5 * step)))
    moves = np.arange(-most, most + 1)
    price = (weights.smooth * (moves / step) ** 2 * step)[:, None]
    n, zero = len(gap.offsets), int(np.abs(gap.offsets).argmin())
    total = np.full(n, _NEVER)
    total[zero] = 0
    came = np.empty((steps, n), np.int64)
    for at in range(steps):
        reached = np.lib.stride_tricks.sliding_window_view(np.pad(total, most, constant_values=_NEVER), n) + price
        came[at] = reached.argmin(axis=0)
        total = reached[came[at], np.arange(n)] + costs[at + 1] * step / 2
    place, places = zero, [zero]
    for at in range(steps - 1, -1, -1):
        place = min(max(place + int(moves[came[at, place]]), 0), n - 1)
        places.append(place)
    chosen = np.array(places[::-1])[:-1]
    return np.asarray(gap.chord[:-1] + gap.offsets[chosen][:, None] * gap.normal)


def _band(look: _Look, a: _F64, b: _F64, sign: float, reach: float) -> _Gap:
    height, width = look.code.shape
    length = float(np.hypot(*(b - a)))
    t = np.linspace(0, 1, int(np.clip(round(length / 2), 2, 48)) + 1)[:, None]
    chord, normal = a + t * (b - a), _normal(a, b, sign)
    half = np.ceil(max(2.0, reach * length))
    offsets = np.arange(-half, half + 1)
    at = chord[:, None] + offsets[None, :, None] * normal
    x, y = np.floor(at[..., 0]).astype(np.int64), np.floor(at[..., 1]).astype(np.int64)
    beyond = (x < 0) | (y < 0) | (x >= width) | (y >= height)
    return _Gap(chord, normal, offsets, length, np.clip(x, 0, width - 1), np.clip(y, 0, height - 1), beyond)


def _costs(look: _Look, gap: _Gap, weights: Weights) -> _F64:
    """Of passing each sample at each offset, [samples, offsets]."""
    likelier = np.clip(_likelier(look, gap)[look.code[gap.y, gap.x]], -weights.clip, weights.clip)
    likelier[gap.beyond] = -weights.clip
    region = np.cumsum(likelier, axis=1) - likelier / 2
    slope = look.along[gap.y, gap.x] * gap.normal[0] + look.down[gap.y, gap.x] * gap.normal[1]
    strength = np.sqrt((slope**2).sum(axis=-1))
    t = np.linspace(0, 1, len(gap.chord))[:, None]
    sigma = weights.sigma * gap.length * np.sqrt(t * (1 - t)) + 1
    away = (gap.offsets[None] - 4 * weights.bulge * gap.length * t * (1 - t)) / sigma
    return np.asarray(weights.prior * away**2 - weights.region * region - weights.edge * strength / (strength + 8))


def _likelier(look: _Look, gap: _Gap) -> _F64:
    """How much likelier each colour code is inside than outside, as a logarithm, around one gap."""
    from scipy.ndimage import gaussian_filter

    height, width = look.code.shape
    centre, radius = (gap.chord[0] + gap.chord[-1]) / 2, 0.75 * gap.length + 8
    x0, y0 = np.maximum(np.floor(centre - radius), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(centre + radius) + 1, [width, height]).astype(int)
    codes, inside = look.code[y0:y1, x0:x1].ravel(), look.inside[y0:y1, x0:x1].ravel()
    shares = []
    for weight in (inside, 1 - inside):
        counts = np.bincount(codes, weight, _BINS**3).reshape(_BINS, _BINS, _BINS)
        smooth = gaussian_filter(counts, 0.8).ravel()
        shares.append(smooth / max(smooth.sum(), 1e-9) + 2e-4)
    return np.asarray(np.log(shares[0] / shares[1]))
