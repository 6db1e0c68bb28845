"""File names that every file system takes, made from whatever people called their classes and files."""

import re
import unicodedata

RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
PLAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_ ()-]*[A-Za-z0-9_()-])?(\.[A-Za-z0-9]{1,20})?")  # and not reserved: safe as it is
OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MAX_BYTES = 200  # file systems allow 255; what a collision adds must fit too


def safe_name(name: str) -> str:
    """One path segment: no separators, control characters, reserved or empty names, at most 200 bytes of UTF-8.

    Emoji and right-to-left letters stay. A name of dots alone would lead out of the folder; it becomes an underscore.
    """
    if len(name) <= MAX_BYTES and PLAIN.fullmatch(name) and not RESERVED.match(name):
        return name
    name = unicodedata.normalize("NFC", name)
    hostile = '<>:"|?*/\\' + OVERRIDES
    name = "".join("_" if c in hostile or unicodedata.category(c) in ("Cc", "Cs") else c for c in name)
    name = name.strip().rstrip(". ")
    if not name or name.startswith("..") or RESERVED.match(name):
        name = "_" + name.lstrip(".")
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > 20:
        stem, dot, suffix = name, "", ""
    while len((stem + dot + suffix).encode()) > MAX_BYTES:
        stem = stem[:-1]
    return stem + dot + suffix


class Distinct:
    """Gives every name once: a second `a.jpg` becomes `a (2).jpg`. Case counts for nothing, as on Windows and macOS."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        candidate = name
        while (key := unicodedata.normalize("NFC", candidate.casefold())) in self.taken:
            self.taken[key] += 1
            stem, dot, suffix = name.rpartition(".")
            number = f" ({self.taken[key]})"
            candidate = f"{stem}{number}{dot}{suffix}" if stem and len(suffix) <= 20 else name + number
        self.taken[key] = 1
        return candidate
