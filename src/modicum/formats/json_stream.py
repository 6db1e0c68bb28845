"""Reads large JSON element by element: a document of any size costs the memory of its largest element.

Python's own parser does the work on a window of the file, for it says where an element ends; where that is known, pydantic's
is faster. NaN is let through, so that one such number costs one shape and not the file; whoever wants numbers checks them.
"""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from pydantic_core import from_json, to_json

from modicum.errors import SourceError

WINDOW = 2**20  # bytes
MOST = 2**28  # bytes of one element
_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


class Element(NamedTuple):
    """One element of the document's outer array, or of an array in its outer object (`key`); or another value of that object.

    `place` counts in the array from 0; it is -1 for a value that stands alone and for an empty array. `start` and `end` are
    bytes of the file.
    """

    key: str
    place: int
    start: int
    end: int
    value: Any


def elements(file: IO[bytes], name: str) -> Iterator[Element]:
    """Everything in the document, in order. Raises SourceError for what is no JSON in UTF-8, with the byte where it stops."""
    window = _Window(file, name)
    opening = window.peek()
    if opening == "[":
        yield from window.array("")
    elif opening == "{":
        yield from window.object()
    else:
        raise window.broken("a JSON document of annotations is an object or an array")
    if window.peek():
        raise window.broken("something stands behind the end of the document")


def load(data: str | bytes) -> Any:
    """A whole document, or a span that was scanned before. Raises ValueError, RecursionError; bytes that are no UTF-8 pass."""
    try:
        return from_json(data)
    except ValueError:  # Python's own parser takes a little more, such as half a surrogate pair
        return json.loads(data if isinstance(data, str) else data.decode("utf-8", "replace"))


def dump(value: Any) -> bytes:
    """A document in UTF-8; of a name that is no Unicode in ASCII."""
    try:
        return to_json(value)
    except ValueError:
        return json.dumps(value).encode()


class _Window:
    """A part of the file as text. Bytes stand for characters one to one (Latin-1): places in the text are places in the file."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.file, self.name = file, name
        first = file.read(WINDOW)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise SourceError(f"{name} is UTF-16 text: save it as UTF-8")
        self.text = first.decode("latin-1")
        self.at = len(codecs.BOM_UTF8) if first.startswith(codecs.BOM_UTF8) else 0
        self.base = 0
        self.ended = not first

    def more(self) -> bool:
        """Reads on, at least as much again as is held; what was consumed is dropped."""
        if self.ended:
            return False
        rest = len(self.text) - self.at
        if rest > MOST:
            raise SourceError(f"{self.name}: one element is larger than {MOST >> 20} MB (byte {self.base + self.at})")
        data = self.file.read(max(WINDOW, rest))
        self.ended = not data
        self.base += self.at
        self.text = self.text[self.at :] + data.decode("latin-1")
        self.at = 0
        return bool(data)

    def peek(self) -> str:
        """The next character that is no white space, empty at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _SPACE:
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def take(self, allowed: str, what: str) -> str:
        found = self.peek()
        if not found or found not in allowed:
            raise self.broken(f"expected {what}, found {found!r}" if found else f"the file ends where {what} should be")
        self.at += 1
        return found

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self.text, self.at)
            except (json.JSONDecodeError, RecursionError, ValueError) as error:
                if isinstance(error, json.JSONDecodeError) and self.more():
                    continue
                reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).partition(":")[0]
                raise self.broken(reason, getattr(error, "pos", self.at)) from error
            if end == len(self.text) and self.more():  # a number might go on
                continue
            text = self.text[self.at : end]
            self.at = end
            return found if text.isascii() else load(text.encode("latin-1"))

    def key(self) -> str:
        if self.peek() != '"':
            raise self.broken("a key in quotes is missing")
        return str(self.value())

    def array(self, key: str) -> Iterator[Element]:
        begin = self.base + self.at
        self.take("[", "[")
        if self.peek() == "]":
            self.at += 1
            yield Element(key, -1, begin, self.base + self.at, [])
            return
        index = 0
        while True:
            self.peek()
            start = self.base + self.at
            found = self.value()
            yield Element(key, index, start, self.base + self.at, found)
            index += 1
            if self.take(",]", "a comma or ]") == "]":
                return

    def object(self) -> Iterator[Element]:
        self.take("{", "{")
        if self.peek() == "}":
            self.at += 1
            return
        while True:
            key = self.key()
            self.take(":", "a colon")
            if self.peek() == "[":
                yield from self.array(key)
            else:
                start = self.base + self.at
                found = self.value()
                yield Element(key, -1, start, self.base + self.at, found)
            if self.take(",}", "a comma or }") == "}":
                return

    def broken(self, reason: str, at: int | None = None) -> SourceError:
        place = self.base + (self.at if at is None else at)
        return SourceError(f"{self.name} is no JSON that can be read: {reason} (byte {place:,}); save or download it again")
