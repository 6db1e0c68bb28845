"""Claim: every format reads and writes 100,000 annotations in less than 10 s and 500 MB; what peers need stands beside it.

Each measurement is a process of its own: processor seconds of the read or the write (one thread, so the time it takes when the
processor is free), and the peak of its memory with Python and everything imported. Peers, in processes of their own too:
pycocotools reads COCO (and indexes it), globox reads and writes COCO, VOC, LabelMe and CVAT (boxes only) and needs the images
themselves to read YOLO. A peer that is not installed is left out by name. For class folders, which hold classes of whole images
and no shapes, it is 100,000 copies of one small image in a zip.

    python benchmarks/formats.py [--annotations 100000] [--images 5000] [--only coco]
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SECONDS, MEGABYTES = 10.0, 500.0
FORMATS = (
    "jsonl",
    "csv",
    "coco",
    "cvat",
    "voc",
    "yolo",
    "yolo-segment",
    "yolo-obb",
    "yolo-pose",
    "labelme",
    "label-studio",
    "folders",
)
PEERS = {"coco": ("pycocotools", "globox"), "voc": ("globox",), "labelme": ("globox",), "cvat": ("globox",)}


def made(images: int, annotations: int, kind: str) -> Iterator[object]:
    """Pictures with as many shapes in all: boxes, half of them outlines of 20 points, rotated boxes, skeletons of 17 keypoints or
    classes of the whole image; the same each time."""
    from math import cos, pi, sin

    from modicum.formats.pictures import Picture
    from modicum.geometry import Box, Polygon, Rotated, Shape, Shapes, Skeleton

    rng = random.Random(0)
    each = annotations // images
    number = 0
    for n in range(images):
        if kind == "tags":
            yield Picture(f"images/{n:06}.jpg", 640, 480, Shapes(tags=tuple(range(each))), (), str(n))
            continue
        shapes = []
        for place in range(each):
            number += 1
            x, y, w, h = rng.uniform(50, 400), rng.uniform(50, 300), rng.uniform(10, 180), rng.uniform(10, 120)
            if kind == "outlines" and place % 2:
                turns = [2 * pi * step / 20 for step in range(20)]
                ring = tuple((round(x + w / 2 * (1 + cos(t)), 2), round(y + h / 2 * (1 + sin(t)), 2)) for t in turns)
                geometry: object = Polygon(rings=(ring,))
            elif kind == "skeletons":
                nodes = tuple((round(x + rng.uniform(0, w), 2), round(y + rng.uniform(0, h), 2), 2) for _ in range(17))
                geometry = Skeleton(nodes=nodes)
            elif kind == "rotated":
                geometry = Rotated(cx=round(x, 2), cy=round(y, 2), w=round(w / 3, 2), h=round(h / 3, 2), angle=round(x, 2) % 90)
            else:
                geometry = Box(x=round(x, 2), y=round(y, 2), w=round(w, 2), h=round(h, 2))
            shapes.append(Shape(id=str(number), class_id=number % 20, geometry=geometry))
        yield Picture(f"images/{n:06}.jpg", 640, 480, Shapes(shapes=tuple(shapes)), (), str(n))


def kind_of(name: str) -> str:
    return {"yolo": "boxes", "voc": "boxes", "yolo-obb": "rotated", "yolo-pose": "skeletons", "folders": "tags"}.get(
        name, "outlines"
    )


def write(name: str, target: Path, images: int, annotations: int) -> float:
    """Seconds of writing, making the pictures taken off."""
    import io

    from PIL import Image

    from modicum import converting
    from modicum.formats import places
    from modicum.formats.losses import Losses
    from modicum.formats.pictures import Drawings
    from modicum.geometry import Bones
    from modicum.types import Class

    begin = time.process_time()
    for _ in made(images, annotations, kind_of(name)):
        pass
    making = time.process_time() - begin
    bones = Bones(nodes=tuple(f"node {n}" for n in range(17))) if name == "yolo-pose" else None
    classes = tuple(Class(id=n, name=f"class {n}", skeleton=bones) for n in range(20))
    photo = io.BytesIO()
    Image.new("RGB", (64, 48)).save(photo, "JPEG")
    format_ = converting.format_named(name)
    begin = time.process_time()
    with places.opened(target, format_.suffix, lambda _: photo.getvalue() if name == "folders" else None) as out:
        format_.write(Drawings(classes, made(images, annotations, kind_of(name))), out, Losses())
    return time.process_time() - begin - making


def read(name: str, target: Path, annotations: int) -> float:
    """Seconds of reading with all checks, picture by picture."""
    from modicum import converting
    from modicum.formats.losses import Losses

    begin = time.process_time()
    _, _, drawings = converting.reading(target, name, Losses())
    shapes = sum(len(picture.shapes.shapes) + len(picture.shapes.tags) for picture in drawings.pictures)
    seconds = time.process_time() - begin
    if shapes != annotations:
        raise SystemExit(f"{name}: {shapes} shapes came back of {annotations}")
    return seconds


def peer(which: str, name: str, verb: str, target: Path) -> float:
    """The same by another library; what it writes it has read before, untimed."""
    if which == "pycocotools":
        import contextlib
        import io

        from pycocotools.coco import COCO

        begin = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            COCO(str(target))
        return time.process_time() - begin
    from globox import AnnotationSet

    begin = time.process_time()
    if name == "coco":
        found = AnnotationSet.from_coco(target)
    elif name == "voc":
        found = AnnotationSet.from_pascal_voc(target / "Annotations" / "images")
    elif name == "cvat":
        found = AnnotationSet.from_cvat(target)
    else:
        found = AnnotationSet.from_labelme(target / "images")
    if not len(found):
        raise SystemExit(f"globox found nothing in {name}")
    if verb == "write":
        out = target.parent / f"globox-{name}"
        begin = time.process_time()
        if name == "coco":
            found.save_coco(out.with_suffix(".json"), auto_ids=True)
        elif name == "voc":
            found.save_pascal_voc(out)
        elif name == "cvat":
            found.save_cvat(out.with_suffix(".xml"))
        else:
            found.save_labelme(out)
    return time.process_time() - begin


def measured(*arguments: object) -> tuple[float, float] | str:
    """(seconds, megabytes) of one measurement in a process of its own, or why there is none."""
    done = subprocess.run([sys.executable, __file__, "--one", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1][:70]
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes


def one(arguments: list[str]) -> None:
    who, name, verb, target, images, annotations = arguments
    path = Path(target)
    if who != "modicum":
        seconds = peer(who, name, verb, path)
    elif verb == "write":
        seconds = write(name, path, int(images), int(annotations))
    else:
        seconds = read(name, path, int(annotations))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)
    print(json.dumps([seconds, peak]))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--annotations", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=5_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--one", nargs="*")
    asked = parser.parse_args()
    if asked.one:
        one(asked.one)
        return 0
    print(f"{asked.annotations:,} annotations on {asked.images:,} images; limits {SECONDS:g} s and {MEGABYTES:g} MB")
    missed = []
    for name in [asked.only] if asked.only else FORMATS:
        from modicum import converting

        suffix = converting.format_named(name).suffix
        with tempfile.TemporaryDirectory() as room:
            target = Path(room) / ("drawings" if suffix == ".zip" and name != "folders" else f"drawings{suffix}")
            for verb in ("write", "read"):
                for who in ("modicum", *PEERS.get(name, ())):
                    if who == "pycocotools" and verb == "write":
                        continue
                    found = measured(who, name, verb, target, asked.images, asked.annotations)
                    told = found if isinstance(found, str) else f"{found[0]:6.2f} s {found[1]:6.0f} MB"
                    print(f"{name:13} {verb:5} {who:12} {told}", flush=True)
                    if who == "modicum" and (isinstance(found, str) or found[0] >= SECONDS or found[1] >= MEGABYTES):
                        missed.append(f"{name} {verb}")
    if missed:
        print("missed:", ", ".join(missed))
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
