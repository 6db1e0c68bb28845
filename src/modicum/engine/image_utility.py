"""What drawing on an image would teach, per second of work: doubt about its boxes, and the risk that one was missed."""

import numpy as np
import numpy.typing as npt

TOP = 5  # boxes in doubt that count: a hundred doubtful cells on one slide teach little more than five
TOLD = 0.1  # score from which a box is shown as a pre-label
FIXED_S = 2.0  # to look at an image and hand it in
VERIFY_S = 1.6  # to accept a box that is right
DRAW_S = 7.0  # to draw or correct one, by extreme clicking (Papadopoulos et al. 2017)


def utility(scores: npt.NDArray[np.floating]) -> float:
    """Utility of an image from the probabilities [k] of everything a detector made out on it, also of what it is not told.

    The mean doubt 1 - |2p - 1| of the five boxes most in doubt, plus the probability that something too faint to be shown is
    there after all, over the seconds the image is expected to cost. More is better; 0 for an image without any trace.
    """
    p = np.clip(scores.astype(np.float64), 0.0, 1.0)
    doubt = 1 - np.abs(2 * p - 1)
    told = p >= TOLD
    worth = float(np.sort(doubt[told])[::-1][:TOP].sum()) / TOP
    missed = 1 - float(np.prod(1 - np.sort(p[~told])[::-1][:TOP]))
    return (worth + missed) / seconds(p)


def seconds(scores: npt.NDArray[np.floating]) -> float:
    """Expected seconds of work on an image: told boxes are verified, and drawn as far as they are wrong or missing."""
    told = scores[scores >= TOLD]
    faint = scores[scores < TOLD]
    return float(FIXED_S + VERIFY_S * len(told) + DRAW_S * ((1 - told).sum() / 2 + faint.sum()))
