"""JSON objects in what a model wrote, whatever stands around them."""

import json
from typing import Any

Pairs = list[tuple[str, Any]]  # the keys of an object with their values; a key that occurs twice is there twice


def objects_in(text: str) -> list[Pairs]:
    """Every whole JSON object of a text, nested ones too, as they end; what cannot be read is left out."""
    found: list[Pairs] = []

    def note(pairs: Pairs) -> dict[str, Any]:
        found.append(pairs)
        return dict(pairs)

    decoder, position = json.JSONDecoder(object_pairs_hook=note), text.find("{")
    while position >= 0:
        before = len(found)
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            del found[before:]  # an inner object of a broken one is read again by itself
            end = position + 1
        position = text.find("{", end)
    return found
