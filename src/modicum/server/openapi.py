"""Prints the description of the HTTP interface, from which the browser's types are made: python -m modicum.server.openapi."""

import json
import sys
from typing import Any


def description() -> dict[str, Any]:
    """The OpenAPI document.

    What leaves the server keeps the plain name (`Policy`: every field is there), what enters it is called `PolicyInput`
    (fields with a default may be left out).
    """
    from modicum.server.app import create_app

    text = json.dumps(create_app(None).openapi())
    document: dict[str, Any] = json.loads(text.replace("-Output", "").replace("-Input", "Input"))
    return document


if __name__ == "__main__":
    sys.stdout.write(json.dumps(description(), indent=1, ensure_ascii=False) + "\n")
