"""Opens pictures nobody vouches for: six formats, a limit on pixels checked before decoding, upright RGB out.

Whatever the bytes, the only error that leaves this module is MediaError.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from modicum.errors import MediaError

MAX_PIXELS = 100_000_000
_MEDIA = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # several JPEGs in a row, as phones write them; the first counts
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "GIF": "image/gif",
}
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
_ALLOWED = "JPEG, PNG, WebP, TIFF, BMP or GIF"
_SCAN = b"\xff\xda"
_MAX_SCANS = 200  # of one JPEG; cameras write 1, the finest progressive files about 20
_ORIENTATION = 0x0112  # EXIF tag
_WIDEST_SHOWN = 8192  # pixels; wider pictures are scaled down when they are converted for the browser

# Pillow's own alarm, for what is only known after the header (a GIF's frame, a TIFF's tile). Set for the whole process
# because warnings.catch_warnings is not safe in threads.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")  # chatter about damaged tags
Image.init()  # once and here: Pillow would otherwise load its readers in whichever thread meets a WebP first


class Facts(NamedTuple):
    """What the header says; `width` and `height` in pixels, upright."""

    media: str
    width: int
    height: int


def probe(data: bytes) -> Facts:
    """Media type and size of an encoded picture, without decoding it. Raises MediaError."""
    return _probe_jpeg(data) or _probe_any(data)


def _probe_any(data: bytes) -> Facts:
    with _media_errors(), _opened(data) as image:
        return Facts(_MEDIA[str(image.format)], *_upright_size(image))


def _probe_jpeg(data: bytes) -> Facts | None:
    """A tenth of the time, for a JPEG that nothing turns; none where Pillow has to judge."""
    if not data.startswith(b"\xff\xd8") or b"Exif" in data or b"tiff:Orientation" in data:
        return None
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    fine = 0 < width * height <= MAX_PIXELS and data.count(_SCAN) <= _MAX_SCANS
    return Facts("image/jpeg", width, height) if fine else None


def decode(data: bytes, at_least: int | None = None) -> NDArray[np.uint8]:
    """Pixels uint8[h, w, 3], RGB, upright; transparency on white. Raises MediaError.

    With `at_least` the picture may come out smaller, but never with a side below that many pixels that was longer in
    the file: decoding to a half or an eighth is far cheaper than decoding everything. Nothing is ever enlarged.
    """
    with _media_errors(), _opened(data) as image:
        if image.format in ("JPEG", "MPO"):
            pixels = _decode_jpeg(data, image, at_least)
            if pixels is not None:
                return pixels
            if at_least:
                image.draft(image.mode, (at_least, at_least))
        image.load()
        orientation = _orientation(image)  # after load: Pillow turns a TIFF by itself and then forgets its tag
        rgb = _to_rgb(image)
        factor = min(rgb.size) // at_least if at_least else 1
        return _turned(np.asarray(rgb.reduce(factor) if factor > 1 else rgb), orientation)


def thumbnail(data: bytes, size: int) -> bytes:
    """The picture as a JPEG that fits into `size` x `size` pixels, upright, never enlarged. Raises MediaError."""
    facts = probe(data)
    longer, shorter = max(facts.width, facts.height), min(facts.width, facts.height)
    pixels = decode(data, at_least=max(1, -(-shorter * size // longer)))
    with _media_errors():
        image = Image.fromarray(pixels)
        image.thumbnail((size, size), Image.Resampling.BICUBIC)
        return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=85))


def displayable(data: bytes, media: str) -> tuple[bytes, str]:
    """Bytes and media type a browser can show: as they are, except TIFF, which becomes JPEG. Raises MediaError."""
    if media != "image/tiff":
        return data, media
    return thumbnail(data, _WIDEST_SHOWN), "image/jpeg"


@contextmanager
def _media_errors() -> Iterator[None]:
    """Turns whatever decoding raises into MediaError."""
    try:
        yield
    except MediaError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        pixels = re.search(r"\d+", str(error))
        raise _too_large(int(pixels[0]) if pixels else MAX_PIXELS + 1) from error
    except UnidentifiedImageError as error:
        raise MediaError(f"these bytes are no {_ALLOWED}; save the picture as one of these") from error
    except MemoryError as error:
        raise MediaError("the picture does not fit into memory; scale it down") from error
    # Decoders meet hostile bytes with a dozen exception types (struct.error, SyntaxError, zlib.error, IndexError, ...).
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise MediaError(f"the picture is damaged or cut short ({reason}); save it again as {_ALLOWED}") from error


def _too_large(pixels: int) -> MediaError:
    return MediaError(f"the picture has {pixels / 1e6:.0f} megapixels, at most {MAX_PIXELS / 1e6:.0f} are read; scale it down")


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture with its header read and its size found acceptable."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise _too_large(width * height)
        if width < 1 or height < 1:
            raise MediaError("the picture has no pixels")
        # Each scan of a progressive JPEG costs a pass over all pixels and may be a few bytes long: hours in one megabyte.
        if image.format in ("JPEG", "MPO") and data.count(_SCAN) > _MAX_SCANS:
            raise MediaError(f"this JPEG has more than {_MAX_SCANS} scans; save it again with an ordinary program")
        yield image


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; damaged EXIF data is no reason to refuse a picture."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # the EXIF block is as hostile as the rest
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    sideways = image.format != "TIFF" and _orientation(image) >= 5  # Pillow gives a TIFF's size upright already
    return (height, width) if sideways else (width, height)


def _turned(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The pixels upright; `orientation` as in EXIF."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _decode_jpeg(data: bytes, image: Image.Image, at_least: int | None) -> NDArray[np.uint8] | None:
    """The fast way (1.5 CPU-ms for a photo against Pillow's 4.9); none where Pillow has to judge."""
    least = at_least or 0
    try:
        height, width, colorspace, _ = simplejpeg.decode_jpeg_header(data)
        if colorspace == "CMYK" or (width, height) != image.size:
            return None
        pixels = simplejpeg.decode_jpeg(data, min_height=min(least, height), min_width=min(least, width))
    except ValueError:
        return None  # strict about every flaw; Pillow still reads those that browsers read too
    return _turned(pixels, _orientation(image))


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any of Pillow's modes as RGB: 16-bit and floating point scaled to 8 bits, transparency laid on white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_to_eight_bits(np.asarray(image))).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def _to_eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """16-bit values keep their place in the range; wider ones have no range of their own and are stretched over it."""
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if values.dtype.kind in "iu" and low >= 0 and high <= 0xFFFF:
        low, high = 0.0, 65535.0
    return ((numbers - low) * (255.0 / max(high - low, 1e-12))).astype(np.uint8)
