"""What a person saw before saving: the checks that fall, as a short name the form sends back."""

import hashlib
import json
from collections.abc import Mapping

from directory.operations.falls import Falls


def seen(fallen: Falls, typed: Mapping[str, str]) -> str:
    """Return a name for these consequences of what was typed; other ones have another name."""
    told = {name: text for name, text in typed.items() if name not in ("version", "kept")}
    text = json.dumps(
        [sorted((n, list(codes)) for n, codes in fallen.items()), sorted(told.items())]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def number_of(text: str | None) -> int:
    """Return a number from a form, 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 16 else 0
