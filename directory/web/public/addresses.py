"""The addresses of clinics: a number that decides, and a name for people."""

import re
import unicodedata

from flask import url_for


def clinic_url(clinic_id: int, name: str, *, external: bool = False) -> str:
    """Return a clinic's address: its number decides, its name is for people."""
    return url_for(
        "public.clinic", clinic_id=clinic_id, slug=slug_of(name) or None, _external=external
    )


def slug_of(name: str) -> str:
    """Return a clinic's name as it stands in its address: plain letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80]
