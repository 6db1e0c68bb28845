"""Pictures from strangers: what is read comes out upright and in RGB, what is not raises MediaError and nothing else."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from modicum import images
from modicum.errors import MediaError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "error::PIL.Image.DecompressionBombWarning")
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
MEDIA = {name: f"image/{name.lower()}" for name in FORMATS}


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def corners(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Red above left, green above right, blue below left, white below right."""
    width, height = size
    picture = Image.new("RGB", size, "white")
    for color, box in (("red", (0, 0)), ("lime", (width // 2, 0)), ("blue", (0, height // 2))):
        picture.paste(color, (*box, box[0] + width // 2, box[1] + height // 2))
    return picture


def colour_at(pixels: np.ndarray, x: float, y: float) -> str:
    height, width = pixels.shape[:2]
    r, g, b = (int(value) for value in pixels[int(y * (height - 1)), int(x * (width - 1))])
    return {(1, 0, 0): "red", (0, 1, 0): "lime", (0, 0, 1): "blue", (1, 1, 1): "white", (0, 0, 0): "black"}.get(
        (r > 180, g > 180, b > 180), f"({r}, {g}, {b})"
    )


def quarters(pixels: np.ndarray) -> list[str]:
    return [colour_at(pixels, x, y) for y in (0.2, 0.8) for x in (0.2, 0.8)]


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_read(format: str) -> None:
    data = encoded(corners(), format)
    assert images.probe(data) == (MEDIA[format], 64, 48)
    pixels = images.decode(data)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (48, 64, 3)
    assert quarters(pixels) == ["red", "lime", "blue", "white"]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_camera_gives_an_upright_picture(format: str, orientation: int) -> None:
    upright = corners()
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turn[orientation]) if orientation in turn else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, format, exif=exif)
    assert images.probe(data)[1:] == (64, 48)
    for pixels in (images.decode(data), images.decode(data, 16)):
        assert quarters(pixels) == ["red", "lime", "blue", "white"]
    assert quarters(np.asarray(Image.open(io.BytesIO(images.thumbnail(data, 32))))) == ["red", "lime", "blue", "white"]


def test_a_picture_turned_by_its_xmp_data_is_upright() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    data = encoded(corners().transpose(Image.Transpose.ROTATE_90), "JPEG", xmp=xmp)
    assert images.probe(data)[1:] == (64, 48)
    assert images.decode(data).shape == (48, 64, 3)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_first_bytes_of_a_jpeg_tell_its_size(mode: str, progressive: bool) -> None:
    data = encoded(Image.effect_noise((500, 300), 90).convert(mode), "JPEG", progressive=progressive)
    assert images.probe(data[:2_000]) == images.probe(data) == ("image/jpeg", 500, 300)


def test_transparency_lies_on_white() -> None:
    half = corners().convert("RGBA")
    half.paste((0, 0, 0, 0), (0, 0, 32, 24))
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    for data in (
        encoded(half, "PNG"),
        encoded(half, "WEBP", lossless=True),
        encoded(half, "TIFF"),
        encoded(palette, "PNG", transparency=1),
        encoded(palette, "GIF", transparency=1),
        encoded(Image.new("LA", (8, 8), (0, 0)), "PNG"),
    ):
        assert colour_at(images.decode(data), 0.2, 0.2) == "white"


def test_grey_sixteen_bit_cmyk_and_bilevel_become_rgb() -> None:
    ramp = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    for data in (encoded(Image.fromarray(ramp), "PNG"), encoded(Image.fromarray(ramp), "TIFF")):
        pixels = images.decode(data)
        assert pixels.shape == (48, 64, 3)
        assert np.abs(pixels[..., 0].astype(int) - (ramp >> 8)).max() <= 1
    floating = images.decode(encoded(Image.fromarray((ramp / 65535).astype(np.float32)), "TIFF"))
    assert (floating.min(), floating.max()) == (0, 255)
    assert quarters(images.decode(encoded(corners().convert("CMYK"), "JPEG"))) == ["red", "lime", "blue", "white"]
    assert quarters(images.decode(encoded(corners().convert("CMYK"), "TIFF"))) == ["red", "lime", "blue", "white"]
    assert images.decode(encoded(corners().convert("L"), "JPEG")).shape == (48, 64, 3)
    assert set(np.unique(images.decode(encoded(corners().convert("1"), "PNG")))) == {0, 255}


def test_the_first_picture_of_several_counts() -> None:
    red, blue = Image.new("RGB", (32, 32), "red"), Image.new("RGB", (32, 32), "blue")
    for format, media in (("GIF", "image/gif"), ("TIFF", "image/tiff"), ("WEBP", "image/webp"), ("MPO", "image/jpeg")):
        data = encoded(red, format, save_all=True, append_images=[blue])
        assert images.probe(data).media == media
        assert colour_at(images.decode(data), 0.5, 0.5) == "red"


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(2000, 1500), (1500, 2000), (3000, 300), (300, 200), (100, 80)])
def test_a_scaled_picture_is_large_enough_and_never_enlarged(format: str, size: tuple[int, int]) -> None:
    pixels = images.decode(encoded(corners(size), format), 224)
    assert min(pixels.shape[:2]) >= min(224, *size)
    assert pixels.shape[0] <= size[1]
    assert pixels.shape[1] <= size[0]
    assert min(pixels.shape[:2]) <= max(2 * 224, min(100, *size))
    assert quarters(pixels) == ["red", "lime", "blue", "white"]


def test_thumbnails_fit_and_keep_the_shape() -> None:
    thumb = Image.open(io.BytesIO(images.thumbnail(encoded(corners((1000, 500)), "PNG"), 256)))
    assert (thumb.format, thumb.size) == ("JPEG", (256, 128))
    small = Image.open(io.BytesIO(images.thumbnail(encoded(corners((40, 20)), "PNG"), 256)))
    assert small.size == (40, 20)
    line = Image.open(io.BytesIO(images.thumbnail(encoded(corners((4000, 2)), "PNG"), 256)))
    assert line.size == (256, 1)


def test_browsers_get_a_jpeg_for_a_tiff_and_the_rest_as_it_is() -> None:
    shown, media = images.displayable(encoded(corners(), "TIFF"), "image/tiff")
    assert media == "image/jpeg"
    assert images.probe(shown) == ("image/jpeg", 64, 48)
    png = encoded(corners(), "PNG")
    assert images.displayable(png, "image/png") == (png, "image/png")


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_cut_short_is_refused(format: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8))
    data = encoded(noise, format)
    with pytest.raises(MediaError):
        images.decode(data[: len(data) // 2])
    with pytest.raises(MediaError):
        images.decode(data[: len(data) // 2], 64)


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises that many pixels in 60 bytes."""
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", body), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    framed = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


@pytest.mark.parametrize(("side", "megapixels"), [(20_000, "400"), (12_000, "144"), (60_000, "3600")])
def test_too_many_pixels_are_refused_before_decoding(side: int, megapixels: str) -> None:
    for read in (images.probe, images.decode, lambda data: images.thumbnail(data, 64)):
        with pytest.raises(MediaError, match=f"{megapixels} megapixels, at most 100"):
            read(png_header(side, side))


def test_a_gif_whose_frame_outgrows_its_screen_is_refused() -> None:
    data = bytearray(encoded(Image.new("P", (4, 4)), "GIF"))
    frame = data.index(b"\x2c")
    data[frame + 5 : frame + 9] = struct.pack("<HH", 65_000, 65_000)
    with pytest.raises(MediaError):
        images.decode(bytes(data))


def test_a_jpeg_with_endless_scans_is_refused() -> None:
    data = encoded(corners(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(MediaError, match="more than 200 scans"):
        images.decode(data[:last] + data[last:-2] * 300 + data[-2:])


@pytest.mark.parametrize(
    "data",
    [b"this is a text, whatever its name says", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"<svg/>", b""],
)
def test_what_is_no_picture_is_named_as_such(data: bytes) -> None:
    with pytest.raises(MediaError, match="JPEG, PNG, WebP, TIFF, BMP or GIF"):
        images.decode(data)


STARTS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"RIFF"]


def pixels_or_one_line(data: bytes) -> None:
    for read in (images.probe, images.decode, lambda d: images.decode(d, 8), lambda d: images.thumbnail(d, 8)):
        message = ""
        try:
            read(data)
        except MediaError as error:
            message = error.message
        assert len(message.splitlines()) <= 1


@given(st.binary(max_size=300), st.sampled_from(STARTS))
def test_random_bytes_raise_nothing_but_media_errors(data: bytes, start: bytes) -> None:
    pixels_or_one_line(start + data)


SAMPLES = [encoded(corners((24, 16)), format) for format in FORMATS] + [
    encoded(corners((24, 16)).convert("CMYK"), "JPEG"),
    encoded(corners((24, 16)), "TIFF", compression="tiff_lzw"),
    encoded(corners((24, 16)), "TIFF", compression="jpeg"),
    encoded(corners((24, 16)).convert("P"), "PNG"),
]


@given(st.data())
def test_damaged_pictures_raise_nothing_but_media_errors(data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for position, value in data.draw(st.lists(st.tuples(st.integers(0, len(sample) - 1), st.integers(0, 255)), max_size=12)):
        sample[position] = value
    pixels_or_one_line(bytes(sample[: data.draw(st.integers(0, len(sample)))] if data.draw(st.booleans()) else sample))
