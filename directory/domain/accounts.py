"""The rules of staff accounts: mail addresses, passwords, and codes however they are spelled."""

import re
import unicodedata
from enum import StrEnum

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
FEWEST_OTHER = 8
"""How many characters a password needs beside common words and the person's own."""
LONGEST_MAIL = 254
STEP_SECONDS = 30

COMMON = (
    "password",
    "passwort",
    "passw0rd",
    "p@ssw0rd",
    "contraseña",
    "qwertyuiop",
    "qwerty",
    "asdfgh",
    "zxcvbn",
    "1q2w3e4r",
    "abcdefgh",
    "abc123",
    "1234567890",
    "0123456789",
    "123456789",
    "12345678",
    "1234567",
    "123456",
    "87654321",
    "654321",
    "iloveyou",
    "letmein",
    "welcome",
    "monkey",
    "dragon",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "changeme",
    "administrator",
    "admin",
    "ketamine",
    "infusion",
    "directory",
    "clinic",
)
"""What people choose when they must choose something; the longest of each kind first."""

_MAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+\.[^\s@<>()\[\],;:\\\".]+")


class Weakness(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    OWN = "own"


def normal_mail(text: str) -> str | None:
    """Return a mail address in the one form that is stored, or None when it is none."""
    mail = unicodedata.normalize("NFKC", text).strip().casefold()
    return mail if len(mail) <= LONGEST_MAIL and _MAIL.fullmatch(mail) else None


def normal_password(text: str) -> str:
    """Return a password in the one form that is hashed: keyboards spell letters differently."""
    return unicodedata.normalize("NFKC", text)


def weakness(password: str, *own: str) -> Weakness | None:
    """Say why a password is refused, or None. `own` are the person's name and mail address.

    Any characters will do. Length is what counts, and that it is not one everybody tries first:
    NIST SP 800-63B, 5.1.1.2.
    """
    text = normal_password(password)
    if len(text) < SHORTEST_PASSWORD:
        return Weakness.SHORT
    if len(text) > LONGEST_PASSWORD:
        return Weakness.LONG
    rest = text.casefold()
    for word in sorted(_words(*own), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < FEWEST_OTHER:
        return Weakness.OWN
    rest = text.casefold()
    for word in COMMON:
        rest = rest.replace(word, "")
    if len(rest) < FEWEST_OTHER or len(set(rest)) < FEWEST_OTHER // 2:
        return Weakness.COMMON
    return None


def _words(*own: str) -> set[str]:
    """Return the words of three letters and more in a name or a mail address, and the whole."""
    words = set()
    for text in own:
        whole = normal_password(text).casefold()
        words |= {whole, *re.split(r"[\W_]+", whole)}
    return {word for word in words if len(word) >= 3}


def plain_code(typed: str) -> str:
    """Return a code without what people or phones put between its characters.

    A digit of any script counts as that digit, so that one code has one spelling.
    """
    kept = []
    for char in unicodedata.normalize("NFKC", typed[:200]).casefold():
        digit = unicodedata.decimal(char, None)
        if digit is not None:
            kept.append(str(digit))
        elif unicodedata.category(char)[0] not in "ZPC":
            kept.append(char)
    return "".join(kept)


def is_time_code(code: str) -> bool:
    """Say whether a plain code is one of an authenticator app: six digits."""
    return re.fullmatch(r"[0-9]{6}", code) is not None
