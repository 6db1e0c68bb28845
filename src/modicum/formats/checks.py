"""What is looked at in every picture, whatever its format: names, sizes and images that are there, shapes that make sense."""

from collections.abc import Iterator
from dataclasses import replace

from modicum.engine.measure import Bounds
from modicum.errors import ModicumError
from modicum.formats.losses import Losses, RefusedError
from modicum.formats.outline import Survey, bitmap, bounds, mask_of, survey
from modicum.formats.pictures import Drawings, Picture
from modicum.formats.places import Source
from modicum.geometry import Geometry, Mask, Points, Polyline, Shape, Shapes

_BEYOND = 1.0  # pixels by which a shape may reach beyond its image without a word: rounding
_SPECK = 1e-9  # square pixels
_AT_ONCE = 256  # pictures and shapes that are looked at together


def checked(drawings: Drawings, source: Source, losses: Losses) -> Drawings:
    """The same drawings, with everything doubtful reported and what is no shape left out."""
    return replace(drawings, pictures=_pictures(drawings, source, losses))


def _pictures(drawings: Drawings, source: Source, losses: Losses) -> Iterator[Picture]:
    seen: dict[str, str] = {}
    images = source.has_images
    waiting: list[Picture] = []
    weight = 0
    for picture in drawings.pictures:
        if picture.name in seen:
            first = f"{picture.name!r:.100}, first at {seen[picture.name]}"
            losses.changed(picture.where, picture.path, "two images have the same name; both are kept", first)
        else:
            seen[picture.name] = picture.path if picture.path != "$" else picture.file
        if images or not picture.width:
            picture = _sized(picture, source, losses, images)
        waiting.append(picture)
        weight += 1 + len(picture.shapes.shapes)
        if weight > _AT_ONCE:
            yield from _all_sound(waiting, losses)
            waiting, weight = [], 0
    yield from _all_sound(waiting, losses)


def _sized(picture: Picture, source: Source, losses: Losses, images: bool) -> Picture:
    """Compared with the image itself, where that is at hand."""
    name = picture.name[:100]
    try:
        found = source.image_size(picture.name) if images else None
    except ModicumError as error:
        losses.changed(picture.where, picture.path, "an image that cannot be read", f"{name}: {error.message}")
        return picture
    if found is None:
        if images and source.image(picture.name) is None:
            what = "annotations of an image that is not there; they are kept"
            losses.changed(picture.where, picture.path, what, name, max(1, len(picture.shapes.shapes)))
        return picture
    if picture.width and (picture.width, picture.height) != found:
        told = f"{name}: {picture.width} x {picture.height}, the image has {found[0]} x {found[1]}"
        losses.changed(picture.where, picture.path, "a size that contradicts the image, whose own counts", told)
    return replace(picture, width=found[0], height=found[1])


def _all_sound(pictures: list[Picture], losses: Losses) -> Iterator[Picture]:
    """Several at once, because the outlines of one picture are too few to be worth numpy's calls."""
    every = (shape.geometry for picture in pictures for shape in picture.shapes.shapes)
    found = survey([ring for geometry in every if geometry.kind == "polygon" for ring in geometry.rings])
    at = 0
    for picture in pictures:
        yield _sound(picture, found, at, losses)
        at += sum(len(shape.geometry.rings) for shape in picture.shapes.shapes if shape.geometry.kind == "polygon")


def _sound(picture: Picture, found: Survey, ring: int, losses: Losses) -> Picture:
    """The picture with the shapes that are shapes; what was found of its rings starts at `ring`."""
    shapes, places, altered = [], [], False
    for number, shape in enumerate(picture.shapes.shapes):
        geometry = shape.geometry
        try:
            if geometry.kind == "polygon":
                own = slice(ring, ring := ring + len(geometry.rings))
                around = _rings(found.part(own), picture, picture.place(number), losses)
            else:
                around = (0.0, 0.0, 0.0, 0.0) if geometry.kind == "mask" else bounds(geometry)
            kept = _shape(shape, around, picture, picture.place(number), losses)
        except RefusedError as error:
            losses.left_out(picture.where, picture.place(number) + error.path, error.what, error.detail)
            altered = True
            continue
        altered = altered or kept is not shape
        shapes.append(kept)
        places.append(picture.place(number))
    predictions = tuple(_prediction(said, number, picture, losses) for number, said in enumerate(picture.predictions))
    if altered:
        picture = replace(picture, shapes=Shapes(shapes=tuple(shapes), tags=picture.shapes.tags), places=tuple(places))
    return replace(picture, predictions=predictions) if predictions else picture


def _prediction(said: Shapes, number: int, picture: Picture, losses: Losses) -> Shapes:
    alone = replace(picture, shapes=said, predictions=(), places=tuple(
        f"{picture.path}.predictions[{number}].result[{place}]" for place in range(len(said.shapes))
    ))  # fmt: skip
    return next(_all_sound([alone], losses)).shapes


def _shape(shape: Shape, around: Bounds, picture: Picture, path: str, losses: Losses) -> Shape:
    """The shape, a mask cut at the edge of its image; RefusedError for what is no shape of this image."""
    geometry = shape.geometry
    if not picture.width:
        return shape
    if geometry.kind == "mask":
        return _cut(shape, geometry, picture, path, losses)
    left, top, right, bottom = around
    over = max(-left, -top, right - picture.width, bottom - picture.height)
    if over > 0:
        _inside(geometry, around, picture)
    if over > _BEYOND:
        size = f"by {over:g} pixels, the image has {picture.width} x {picture.height}"
        losses.changed(picture.where, path, "a shape that reaches beyond its image; it is kept as it is", size)
    return shape


def _inside(geometry: Geometry, around: Bounds, picture: Picture) -> None:
    left, top, right, bottom = around
    if isinstance(geometry, Points | Polyline) or left == right or top == bottom:
        outside = right < 0 or bottom < 0 or left > picture.width or top > picture.height
    else:
        outside = right <= 0 or bottom <= 0 or left >= picture.width or top >= picture.height
    if outside:
        told = f"from ({left:g}, {top:g}) to ({right:g}, {bottom:g}), the image has {picture.width} x {picture.height}"
        raise RefusedError("a shape outside its image", told)


def _rings(found: Survey, picture: Picture, path: str, losses: Losses) -> Bounds:
    """Around the rings of a polygon. RefusedError when they enclose nothing."""
    if any(found.crosses):
        losses.changed(picture.where, path, "an outline that crosses itself; what it encloses an odd number of times is inside")
    elif max(found.areas) <= _SPECK:
        raise RefusedError("a shape of zero area")
    if len(found.bounds) == 1:
        return found.bounds[0]
    sides = zip(*found.bounds, strict=True)
    left, top, right, bottom = (pick(side) for pick, side in zip((min, min, max, max), sides, strict=True))
    return left, top, right, bottom


def _cut(shape: Shape, mask: Mask, picture: Picture, path: str, losses: Losses) -> Shape:
    if mask.x >= picture.width or mask.y >= picture.height:
        raise RefusedError("a shape outside its image", f"from ({mask.x}, {mask.y}), {picture.width} x {picture.height}")
    if not any(mask.counts[1::2]):
        raise RefusedError("a mask without a pixel")
    if mask.x + mask.w <= picture.width and mask.y + mask.h <= picture.height:
        return shape
    region = bitmap(mask)[: picture.height - mask.y, : picture.width - mask.x]
    kept = mask_of(region, mask.x, mask.y)
    losses.changed(picture.where, path, "a mask that reaches beyond its image was cut at the edge")
    return shape.model_copy(update={"geometry": kept})
