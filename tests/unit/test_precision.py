"""Average precision against cases one can count by hand, and what makes an image worth drawing on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.engine import image_utility, precision
from modicum.engine.detector import Found

BOX = (0.0, 0.0, 10.0, 10.0)
FAR = (50.0, 50.0, 70.0, 60.0)


def found(*told: tuple[tuple[float, ...], int, float]) -> Found:
    boxes = np.array([box for box, _, _ in told], dtype=np.float32).reshape(-1, 4)
    return Found(boxes, np.array([k for _, k, _ in told], dtype=np.int64), np.array([p for *_, p in told], dtype=np.float32))


def truth(*boxes: tuple[tuple[float, ...], int]) -> precision.Truth:
    return np.array([b for b, _ in boxes], dtype=np.float32).reshape(-1, 4), np.array([k for _, k in boxes], dtype=np.int64)


def test_all_right_is_one_and_all_wrong_is_none_of_it() -> None:
    right = (found((BOX, 0, 0.9), (FAR, 1, 0.3)), truth((BOX, 0), (FAR, 1)))
    assert precision.mean_average_precision([right], 2) == pytest.approx(1)
    wrong = (found((BOX, 1, 0.9), (FAR, 0, 0.3)), truth((BOX, 0), (FAR, 1)))
    assert precision.mean_average_precision([wrong], 2) == 0


def test_a_second_box_on_the_same_object_is_wrong() -> None:
    twice = (found((BOX, 0, 0.9), (BOX, 0, 0.8), (FAR, 0, 0.7)), truth((BOX, 0), (FAR, 0)))
    half = 51 / 101 + 50 / 101 * 2 / 3  # recalls to .5 at precision 1, the others at two of three
    assert precision.mean_average_precision([twice], 1) == pytest.approx(half)


def test_a_wrong_box_surer_than_the_right_one_costs_half() -> None:
    pair = (found((FAR, 0, 0.9), (BOX, 0, 0.8)), truth((BOX, 0)))
    assert precision.mean_average_precision([pair], 1) == pytest.approx(0.5)


def test_without_a_true_box_there_is_nothing_to_say() -> None:
    assert precision.mean_average_precision([(found((BOX, 0, 0.9)), truth())], 2) is None
    assert precision.interval([(found(), truth())] * 9, 2, np.random.default_rng(0)) is None


def test_four_images_are_too_few_for_an_interval() -> None:
    pairs = [(found((BOX, 0, 0.9)), truth((BOX, 0)))] * 4
    assert precision.mean_average_precision(pairs, 1) == 1
    assert precision.interval(pairs, 1, np.random.default_rng(0)) is None


def test_the_interval_holds_the_mean_and_narrows_with_images() -> None:
    rng = np.random.default_rng(1)
    pairs = [(found((BOX, 0, 0.9)) if k % 3 else found((FAR, 0, 0.8)), truth((BOX, 0))) for k in range(90)]
    few, many = precision.interval(pairs[:9], 1, rng), precision.interval(pairs, 1, rng)
    assert few is not None
    assert many is not None
    assert many.low <= many.mean <= many.high
    assert many.high - many.low < few.high - few.low


def test_doubt_and_what_may_be_missed_make_an_image_worth_a_look() -> None:
    sure = image_utility.utility(np.array([0.99, 0.98]))
    assert image_utility.utility(np.array([0.5, 0.5])) > sure
    assert image_utility.utility(np.array([0.99, 0.98, 0.09, 0.09, 0.09])) > sure
    assert image_utility.utility(np.array([])) == 0
    assert image_utility.seconds(np.full(40, 0.9)) > 10 * image_utility.seconds(np.array([0.9]))


@given(st.lists(st.floats(0, 1), max_size=50))
def test_a_hundred_doubtful_boxes_teach_no_more_a_second_than_one(scores: list[float]) -> None:
    assert 0 <= image_utility.utility(np.array(scores)) <= image_utility.utility(np.array([0.5])) + 1 / image_utility.FIXED_S


def test_average_precision_is_that_of_pycocotools() -> None:
    coco = pytest.importorskip("pycocotools.coco")
    evaluating = pytest.importorskip("pycocotools.cocoeval")
    rng = np.random.default_rng(0)
    pairs, annotations, results = [], [], []
    for image in range(12):
        true = rng.uniform(0, 80, (6, 2)).astype(np.float32)
        boxes = np.concatenate([true, true + rng.uniform(8, 30, (6, 2)).astype(np.float32)], axis=1)
        kinds = rng.integers(0, 3, 6)
        told = np.concatenate([boxes + rng.normal(0, 2.5, boxes.shape).astype(np.float32), boxes[:3] + 40])
        classes, scores = np.concatenate([kinds, kinds[:3]]), rng.uniform(0, 1, 9).astype(np.float32)
        pairs.append((Found(told, classes, scores), (boxes, kinds)))
        for box, kind in zip(boxes.tolist(), kinds.tolist(), strict=True):
            x, y, w, h = box[0], box[1], box[2] - box[0], box[3] - box[1]
            entry = {"id": len(annotations) + 1, "image_id": image, "category_id": kind, "bbox": [x, y, w, h]}
            annotations.append(entry | {"area": w * h, "iscrowd": 0})
        for box, kind, score in zip(told.tolist(), classes.tolist(), scores.tolist(), strict=True):
            bbox = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
            results.append({"image_id": image, "category_id": kind, "bbox": bbox, "score": score})
    truth_set = coco.COCO()
    truth_set.dataset = {
        "images": [{"id": k, "width": 200, "height": 200} for k in range(12)],
        "annotations": annotations,
        "categories": [{"id": k, "name": str(k)} for k in range(3)],
        "info": {},
    }
    truth_set.createIndex()
    peer = evaluating.COCOeval(truth_set, truth_set.loadRes(results), "bbox")
    peer.evaluate()
    peer.accumulate()
    expected = peer.eval["precision"][0, :, :, 0, 2].mean()  # IoU .5, all areas, 100 detections
    assert precision.mean_average_precision(pairs, 3) == pytest.approx(float(expected), abs=1e-4)
