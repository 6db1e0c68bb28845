"""Reads XML of any size and any origin: element by element, with neither document types nor entities of its own.

Source: the threats are those defusedxml lists (billion laughs, quadratic blow-up, external entities, DTD retrieval); every one
of them starts with a document type declaration, and annotations never need one.
"""

import re
from collections.abc import Collection, Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError, XMLParser, XMLPullParser
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from modicum.errors import SourceError

WINDOW = 2**18  # bytes
DEEPEST = 50
MOST = 2**26  # bytes of one element that is read as a whole
_NODE = 100  # bytes an element takes at least
_STEP = 2**7  # bytes of the prolog that are looked at at a time
_NEVER = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def value(node: Element, *names: str) -> str:
    """The text of the element these names lead to, without white space around it; empty when there is none."""
    found: Element | None = node
    for name in names:
        found = None if found is None else found.find(name)
    return "" if found is None else (found.text or "").strip()


def counted(nodes: Element) -> Iterator[tuple[int, Element]]:
    """The elements in another, each with its number among those of its name."""
    counts: dict[str, int] = {}
    for node in nodes:
        number = counts.get(node.tag, 0)
        counts[node.tag] = number + 1
        yield number, node


def elements(file: IO[bytes], name: str, wanted: Collection[str]) -> Iterator[tuple[int, Element]]:
    """The elements of these names, whole, in order, each with its number among those of its name; others are dropped.

    Raises SourceError for what is no XML, has a document type, is too large or nested too deeply, with the line.
    """
    counts = dict.fromkeys(wanted, 0)
    prolog = _Prolog(name)
    try:
        data = file.read(WINDOW)
        prolog.check(data)
        rest = file.read(WINDOW)
        for node in _streamed(data, rest, file, prolog, wanted) if rest else _small(data, wanted):
            number = counts[node.tag]
            counts[node.tag] = number + 1
            yield number, node
    except (ParseError, expat.ExpatError) as error:
        raise SourceError(
            f"{name} is no XML that can be read: {expat.ErrorString(error.code)} (line {_line(error)}); export it again"
        ) from error


def _small(data: bytes, wanted: Collection[str]) -> Iterator[Element]:
    """Of a document of one window, which is built at once: programs that write a file an image write many."""
    parser = XMLParser()  # noqa: S314, the prolog was looked at
    parser.feed(data)
    root = parser.close()
    if root.tag[:1] == "{":
        for node in root.iter():
            node.tag = node.tag.rpartition("}")[2]
    yield from [root] if root.tag in wanted else (node for node in root.iter() if node.tag in wanted)


def _streamed(data: bytes, rest: bytes, file: IO[bytes], prolog: "_Prolog", wanted: Collection[str]) -> Iterator[Element]:
    parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
    around: list[Element] = []
    inside = 0  # the depth of the wanted element that is open
    held = 0  # bytes, about, since something was given away or dropped
    while data:
        prolog.check(data)
        parser.feed(data)
        held += len(data)
        for event in parser.read_events():
            node = event[-1]
            if not isinstance(node, Element):
                continue  # never: of these two events it is one
            if event[0] == "start":
                around.append(node)
                held += _NODE
                if len(around) > DEEPEST:
                    raise SourceError(f"{prolog.name}: elements more than {DEEPEST} deep (<{node.tag[:40]}>)")
                if node.tag[:1] == "{":
                    node.tag = node.tag.partition("}")[2]
                if not inside and node.tag in wanted:
                    inside = len(around)
                continue
            around.pop()
            if len(around) < inside:
                yield node
                inside = 0
            if not inside:
                held = 0
                if around:
                    around[-1].remove(node)
        if held > MOST:
            raise SourceError(f"{prolog.name}: one element is larger than {MOST >> 20} MB")
        data, rest = rest, file.read(WINDOW)
    parser.close()


def _line(error: ParseError | expat.ExpatError) -> int:
    return error.position[0] if isinstance(error, ParseError) else error.lineno


class _Prolog:
    """Looks at what stands before the first element, the only place where XML can declare a document type."""

    def __init__(self, name: str) -> None:
        self.name, self.over = name, False
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._declared
        self.parser.StartElementHandler = self._begun

    def check(self, data: bytes) -> None:
        """Has to see everything before the parser that builds elements does. Raises SourceError."""
        for start in range(0, len(data), _STEP):
            if self.over:
                return
            self.parser.Parse(data[start : start + _STEP], False)

    def _begun(self, *element: object) -> None:
        self.over = True

    def _declared(self, *declared: object) -> None:
        raise SourceError(
            f"{self.name} declares a document type or entities (line {self.parser.CurrentLineNumber}), which is how XML bombs "
            "and the reading of foreign files start: remove the declaration, annotations need none"
        )


def attribute(value: object) -> str:
    """A value in quotes, for writing; characters XML cannot hold become U+FFFD."""
    return quoteattr(allowed(str(value)), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def text(value: object) -> str:
    """Text, for writing between tags."""
    return escape(allowed(str(value)), {"\r": "&#13;"})


def allowed(value: str) -> str:
    """The text without the characters XML 1.0 has no way to write."""
    if value.isprintable():
        return value
    return _NEVER.sub("\ufffd", value)
