"""What every noun is made of: an immutable base, and names and colours as they are stored."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of the nouns: immutable, and a field nobody defined is an error, not a shrug."""

    # what leaves the server always has every field, and the generated TypeScript should know it
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


def normal_name(name: str) -> str:
    """A name as it is stored: NFC, outer white space gone, no control characters, 1 to 100 characters long.

    Emoji and right-to-left text are welcome. Bidirectional overrides are not: they make one name look like another.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= 100:
        raise ValueError(f"a name has 1 to 100 characters, this one has {len(name)}")
    if any(unicodedata.category(c) == "Cc" or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" for c in name):
        raise ValueError("a name holds no line breaks, control characters or direction overrides")
    return name


def normal_colour(colour: str) -> str:
    """A colour as it is stored: # and six digits, in small letters."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"a colour is # and six hexadecimal digits, such as #1f77b4; received {colour[:40]!r}")
    return colour.lower()


Name = Annotated[str, AfterValidator(normal_name)]
Colour = Annotated[str, AfterValidator(normal_colour)]
