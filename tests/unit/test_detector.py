"""The detector: finds what it was shown, says how sure it is, survives odd labels, and comes back from bytes as it was."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modicum.engine import boxes as measures
from modicum.engine import detector as learned
from modicum.engine.cells import Features, axes, inside, stacked
from modicum.engine.detector import Detector, Example
from modicum.engine.measure import iou
from modicum.engine.outlines import filled
from modicum.engine.perceptron import Training, forward, layers
from modicum.engine.precision import mean_average_precision
from modicum.errors import InputError
from modicum.geometry import Box

SIZE = (256, 192)
KINDS = np.array([40.0, 70.0])  # sides of the two classes, pixels of the image
CHANNELS = (6, 8, 10, 12)


def seen(objects: Sequence[tuple[np.ndarray, int]], rng: np.random.Generator, size: tuple[int, int] = SIZE) -> Features:
    """What a network might see: channels that answer to the discs of each class, smooth, with noise."""
    levels = []
    for stride, channels in zip((4, 8, 16, 32), CHANNELS, strict=True):
        h, w = 192 // stride, 256 // stride
        x, y = np.meshgrid((np.arange(w) + 0.5) * stride * size[0] / 256, (np.arange(h) + 0.5) * stride * size[1] / 192)
        level = rng.normal(0, 0.1, (h, w, channels))
        for box, kind in objects:
            middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
            far = np.hypot((x - middle[0]) / half[0], (y - middle[1]) / half[1])
            level[..., kind] += 2 / (1 + np.exp(6 * (far - 1)))
            level[..., 2] += np.exp(-8 * (far - 1) ** 2)
        levels.append(level.astype(np.float16))
    return Features(tuple(levels), size, (256, 192))


def example(rng: np.random.Generator, *, outlined: bool = False) -> Example:
    objects: list[tuple[np.ndarray, int]] = []
    for _ in range(40):
        kind = int(rng.integers(2))
        side = KINDS[kind] * rng.uniform(0.9, 1.1, 2)
        corner = rng.uniform(0, np.array(SIZE) - side)
        box = np.concatenate([corner, corner + side])
        placed = np.array([other for other, _ in objects]).reshape(-1, 4)
        if len(objects) < 4 and not (measures.overlaps(box[None].astype(np.float32), placed.astype(np.float32)) > 0).any():
            objects.append((box, kind))
    boxes = np.array([box for box, _ in objects], np.float32)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    disc = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    rings = [[(box[:2] + box[2:]) / 2 + disc * (box[2:] - box[:2]) / 2] for box, _ in objects]
    return Example(seen(objects, rng), boxes, np.array([kind for _, kind in objects]), rings if outlined else ())


def examples(n: int, seed: int = 0, *, outlined: bool = False) -> list[Example]:
    rng = np.random.default_rng(seed)
    return [example(rng, outlined=outlined) for _ in range(n)]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return learned.fit(examples(8, outlined=True), 3, np.random.default_rng(0))


def precision_of(detector: Detector, images: Sequence[Example]) -> float:
    pairs = [(detector.predict(image.features), (image.boxes.astype(np.float32), image.classes)) for image in images]
    return mean_average_precision(pairs, 2) or 0.0


def test_it_finds_what_it_was_shown_on_images_it_was_not(detector: Detector) -> None:
    assert precision_of(detector, examples(8, seed=1)) > 0.8


def test_predictions_lie_on_the_image_with_scores_in_order(detector: Detector) -> None:
    found = detector.predict(example(np.random.default_rng(5)).features)
    assert (np.diff(found.scores) <= 0).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2:] <= np.array(SIZE)).all()
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
    assert set(found.classes.tolist()) <= {0, 1}


def test_boxes_are_in_pixels_of_the_image_whatever_the_network_saw(detector: Detector) -> None:
    small = example(np.random.default_rng(7))
    large = small.features._replace(size=(1024, 384))
    found, larger = detector.predict(small.features), detector.predict(large)
    np.testing.assert_allclose(larger.boxes, found.boxes * np.array([4, 2, 4, 2]), rtol=1e-3, atol=0.5)


def test_bytes_hold_all_of_it(detector: Detector) -> None:
    features = example(np.random.default_rng(6)).features
    again = Detector.from_bytes(detector.to_bytes())
    for before, after in zip(detector.predict(features), again.predict(features), strict=True):
        np.testing.assert_array_equal(before, after)
    assert again.draws


def test_equal_labels_and_rng_make_an_equal_detector() -> None:
    one, other = (learned.fit(examples(2), 2, np.random.default_rng(3)) for _ in range(2))
    assert one.to_bytes() == other.to_bytes()


def test_a_warm_start_learns_a_class_that_is_new_and_keeps_the_old_ones(detector: Detector) -> None:
    images = examples(8)
    warm = learned.fit(images, 3, np.random.default_rng(1), warm=detector)
    assert precision_of(warm, examples(8, seed=2)) > 0.8
    renamed = [image._replace(classes=np.where(image.classes == 1, 2, image.classes), outlines=()) for image in images]
    assert learned.fit(renamed, 3, np.random.default_rng(1), warm=detector).classes.tolist() == [0, 2]


def test_what_one_image_taught_is_not_kept_when_there_are_many() -> None:
    first = learned.fit(examples(1), 2, np.random.default_rng(0))
    assert learned.fit(examples(3), 2, np.random.default_rng(0), warm=first).images == 1
    assert learned.fit(examples(7), 2, np.random.default_rng(0), warm=first).images == 7


@pytest.mark.parametrize("n", [1, 2])
def test_one_box_is_enough_to_start_and_images_without_any_are_fine(n: int) -> None:
    first, *others = examples(n)
    one = first._replace(boxes=first.boxes[:1], classes=first.classes[:1])
    empty = [other._replace(boxes=np.empty((0, 4)), classes=np.empty(0, np.int64)) for other in others]
    detector = learned.fit([one, *empty], 2, np.random.default_rng(0))
    assert detector.classes.tolist() == first.classes[:1].tolist()
    assert not detector.draws
    assert np.isfinite(detector.predict(first.features).scores).all()


def test_what_cannot_be_learned_from_is_refused() -> None:
    image = examples(1)[0]
    rng = np.random.default_rng(0)
    for broken, line in (
        (image._replace(boxes=np.empty((0, 4)), classes=np.empty(0, np.int64)), "no box"),
        (image._replace(boxes=image.boxes[:, :2]), "with a class each"),
        (image._replace(boxes=image.boxes * np.nan), "empty or not finite"),
        (image._replace(boxes=image.boxes[:, [2, 1, 0, 3]]), "empty or not finite"),
        (image._replace(classes=image.classes + 2), "0 to 1"),
        (image._replace(outlines=[None]), "every box or for none"),
    ):
        with pytest.raises(InputError, match=line):
            learned.fit([broken], 2, rng)


def test_features_of_another_network_are_refused(detector: Detector) -> None:
    features = example(np.random.default_rng(0)).features
    with pytest.raises(InputError, match="encoder changed"):
        detector.predict(features._replace(levels=tuple(level[..., :5] for level in features.levels)))
    with pytest.raises(InputError, match="half as large"):
        detector.predict(features._replace(levels=features.levels[::-1]))


def test_foreign_bytes_are_refused(detector: Detector) -> None:
    whole = detector.to_bytes()
    parts = dict(np.load(io.BytesIO(whole)))
    nan = io.BytesIO()
    np.savez(nan, **{**parts, "box_out": parts["box_out"] * np.nan})
    short = io.BytesIO()
    np.savez(short, **{**parts, "cell_weights": parts["cell_weights"][:-1]})
    for data in (b"", b"PK\x03\x04", whole[: len(whole) // 2], nan.getvalue(), short.getvalue()):
        with pytest.raises(InputError):
            Detector.from_bytes(data)


def test_outlines_follow_the_objects_closer_than_their_boxes(detector: Detector) -> None:
    images = examples(4, seed=4, outlined=True)
    agreed = []
    for image in images:
        for rings, true in zip(detector.outlines(image.features, image.boxes), image.outlines, strict=True):
            one, two = filled(rings, SIZE[1], SIZE[0]), filled(true or [], SIZE[1], SIZE[0])
            agreed.append((one & two).sum() / (one | two).sum())
    assert np.mean(agreed) > 0.87  # a disc fills .785 of its box


def test_a_detector_without_outlines_says_so() -> None:
    detector = learned.fit(examples(2), 2, np.random.default_rng(0))
    with pytest.raises(InputError, match="fewer than three"):
        detector.outlines(examples(1)[0].features, np.array([[0, 0, 9, 9]], np.float32))


# --- its parts ---------------------------------------------------------------------------------------------------------

corners = hnp.arrays(np.float32, (4, 2), elements=st.floats(0, 100, width=16))


@given(corners, corners)
def test_overlaps_are_the_iou_of_shapes(first: np.ndarray, second: np.ndarray) -> None:
    a, b = (np.concatenate([c, c + 1 + np.roll(c, 1, axis=0)], axis=1) for c in (first, second))
    shared = measures.overlaps(a, b)
    np.testing.assert_allclose(shared, measures.overlaps(b, a).T)
    np.testing.assert_allclose(np.diag(measures.overlaps(a, a)), 1, rtol=1e-5)
    one, two = (Box(x=float(x0), y=float(y0), w=float(x1 - x0), h=float(y1 - y0)) for x0, y0, x1, y1 in (a[0], b[0]))
    assert shared[0, 0] == pytest.approx(iou(one, two), abs=1e-5)


@given(corners, corners)
def test_a_change_leads_to_its_goal(first: np.ndarray, second: np.ndarray) -> None:
    a, b = (np.concatenate([c, c + 1 + np.roll(c, 1, axis=0)], axis=1) for c in (first, second))
    np.testing.assert_allclose(measures.changed(a, measures.change(a, b), most=10), b, rtol=1e-3, atol=0.05)


@given(hnp.arrays(np.float32, (12, 2), elements=st.floats(0, 30, width=16)), st.integers(1, 12))
def test_distinct_boxes_are_apart_and_every_other_one_is_near_a_better(corner: np.ndarray, n: int) -> None:
    boxes = np.concatenate([corner, corner + 10], axis=1)
    scores = np.linspace(0, 1, 12, dtype=np.float32)
    kept = measures.distinct(boxes, scores, 0.5, n)
    shared = measures.overlaps(boxes, boxes)
    assert (np.diff(scores[kept]) < 0).all()
    assert all(shared[i, j] <= 0.5 for i in kept for j in kept if i != j)
    if n == 12:
        assert all(any(shared[i, j] > 0.5 and scores[j] >= scores[i] for j in kept) for i in range(12))


def test_hits_take_every_object_once_and_only_of_their_class() -> None:
    box = np.array([[0, 0, 10, 10]], np.float32)
    three = np.repeat(box, 3, axis=0)
    assert measures.hits(three, np.array([1, 0, 0]), box, np.array([0])).tolist() == [False, True, False]
    assert measures.hits(three, np.array([0, 0, 0]), box[:0], np.array([], int)).tolist() == [False] * 3


def test_axes_turn_levels_as_they_would_all_channels_at_once() -> None:
    features = example(np.random.default_rng(8)).features
    channels = stacked(features)
    found = axes(channels.reshape(-1, channels.shape[-1]), [24, 8, 10, 12], 20)
    np.testing.assert_allclose(found(features), (channels - found.mean) @ found.turn, atol=1e-4)


def test_samples_inside_a_box_lie_where_they_should() -> None:
    down, right = np.meshgrid(np.arange(12.0), np.arange(16.0), indexing="ij")
    cells = np.stack([right * 8 + 4, down * 8 + 4], axis=-1).astype(np.float32)  # every cell holds its own middle
    samples = inside(cells, np.array([[20, 16, 60, 56]], np.float32), 4, 1.0)[0]
    np.testing.assert_allclose(samples[0, :, 0], [25, 35, 45, 55], atol=1e-4)
    np.testing.assert_allclose(samples[:, 0, 1], [21, 31, 41, 51], atol=1e-4)


@settings(max_examples=5)
@given(st.integers(0, 99))
def test_a_perceptron_learns_what_no_line_can(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((400, 2)).astype(np.float32)
    y = (x[:, :1] * x[:, 1:]).astype(np.float32)
    net = layers([2, 32, 1], rng)
    training = Training(net, 600, rng, rate=1e-2, decay=0.0)
    for _ in range(600):
        training.step(x, lambda z: (z - y) / np.float32(len(z)))
    assert float(((forward(x, net) - y) ** 2).mean()) < 0.2 * float(y.var())
