"""Reads XML of any size and any origin: element by element, with neither document types nor entities of its own.

Source: the threats are those defusedxml lists (billion laughs, quadratic blow-up, external entities, DTD retrieval); every one
of them starts with a document type declaration, and annotations never need one.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from modicum.errors import SourceError

WINDOW = 2**18  # bytes
DEEPEST = 50
_NEVER = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
MOST = 2**26  # characters of text and attributes in one element that is read as a whole


@dataclass(slots=True)
class Node:
    """An element with what is in it. `number` counts the elements of its name in its parent, `line` is where it starts."""

    name: str
    attributes: dict[str, str]
    number: int = 0
    line: int = 0
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def child(self, name: str) -> "Node | None":
        return next((node for node in self.children if node.name == name), None)

    def all(self, name: str) -> "list[Node]":
        return [node for node in self.children if node.name == name]

    def value(self, *names: str) -> str:
        """The text of the element these names lead to, without white space around it; empty when there is none."""
        node: Node | None = self
        for name in names:
            node = None if node is None else node.child(name)
        return "" if node is None else node.text.strip()


def elements(file: IO[bytes], name: str, wanted: Collection[str]) -> Iterator[Node]:
    """The elements of these names, whole, in order; what is around them is dropped.

    Raises SourceError for what is no XML, has a document type or is nested too deeply, with the line.
    """
    build = _Build(name, wanted)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    build.parser = parser
    parser.StartElementHandler = build.start
    parser.EndElementHandler = build.end
    parser.CharacterDataHandler = build.characters
    parser.StartDoctypeDeclHandler = build.doctype
    parser.EntityDeclHandler = build.doctype
    parser.ExternalEntityRefHandler = build.doctype
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        while data := file.read(WINDOW):
            parser.Parse(data, False)
            if build.done:
                yield from build.done
                build.done.clear()
        parser.Parse(b"", True)
        yield from build.done
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise SourceError(f"{name} is no XML that can be read: {reason} (line {error.lineno}); export it again") from error


class _Build:
    def __init__(self, name: str, wanted: Collection[str]) -> None:
        self.name, self.wanted = name, wanted
        self.parser: expat.XMLParserType
        self.open: list[Node] = []  # inside a wanted element
        self.counts: list[dict[str, int]] = [{}]
        self.size = 0
        self.done: list[Node] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.counts) > DEEPEST:
            raise SourceError(f"{self.name}: elements more than {DEEPEST} deep (line {self.parser.CurrentLineNumber})")
        place = self.counts[-1].get(name, 0)
        self.counts[-1][name] = place + 1
        self.counts.append({})
        if self.open or name in self.wanted:
            node = Node(name, attributes, place, self.parser.CurrentLineNumber)
            if self.open:
                self.open[-1].children.append(node)
            self.open.append(node)
            self.grow(100 + sum(map(len, attributes.values())))

    def end(self, name: str) -> None:
        self.counts.pop()
        if self.open:
            node = self.open.pop()
            if not self.open:
                self.size = 0
                self.done.append(node)

    def characters(self, text: str) -> None:
        if self.open:
            self.open[-1].text += text
            self.grow(len(text))

    def grow(self, by: int) -> None:
        self.size += by
        if self.size > MOST:
            raise SourceError(f"{self.name}: one element is larger than {MOST >> 20} MB (line {self.open[0].line})")

    def doctype(self, *declared: object) -> int:
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
