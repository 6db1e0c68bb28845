"""A model's names of classes -> classes of the schema: by name, in any case of letters, or as somebody said it."""

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from modicum.errors import InputError
from modicum.types import Class, Schema


@dataclass(frozen=True)
class Words:
    """Which class a model's word stands for; `unwanted` are words that somebody said are of no interest."""

    known: Mapping[str, Class]
    unwanted: frozenset[str]
    archived: frozenset[str]

    def find(self, word: str) -> Class | None:
        return self.known.get(_folded(word))

    def why_not(self, word: str) -> str:
        """Why a word stands for no class, and what to do about it."""
        if _folded(word) in self.unwanted:
            return f"{word!r} was left out as asked"
        if _folded(word) in self.archived:
            return f"{word!r} was left out: that class is archived; bring it back in Settings, or map the word to another class"
        names = sorted({entry.name for entry in self.known.values()})
        near = difflib.get_close_matches(word, names, n=1)
        hint = f"add the class, or give --map {word!r}={near[0]!r}" if near else "add the class, or map the word with --map"
        return f"{word!r} was left out: the project has no class of that name; {hint}"


def words(schema: Schema, said: Mapping[str, str]) -> Words:
    """The classes in use by name, and by the words of `said`: a model's word -> a class, an empty one: not wanted.

    Raises InputError for a class the schema does not have.
    """
    known = {_folded(entry.name): entry for entry in schema.classes if not entry.archived}
    archived = {_folded(entry.name) for entry in schema.classes if entry.archived} - set(known)
    unwanted: set[str] = set()
    result = dict(known)
    for word, name in said.items():
        if not name.strip():
            unwanted.add(_folded(word))
            result.pop(_folded(word), None)
            continue
        if _folded(name) not in known:
            allowed = ", ".join(entry.name for entry in known.values()) or "none yet"
            raise InputError(f"{word!r} is mapped to {name!r}, which is no class of the project; classes: {allowed}")
        result[_folded(word)] = known[_folded(name)]
    return Words(result, frozenset(unwanted), frozenset(archived))


def _folded(word: str) -> str:
    return unicodedata.normalize("NFC", word).strip().casefold()
