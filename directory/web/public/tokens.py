"""The tokens of the styles, read from their file, and how well the colors stand on each other."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
BLOCK = re.compile(r"(@media[^{]*)\{\s*:root\s*\{([^}]*)\}|:root\s*\{([^}]*)\}")
TOKEN = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")
SCHEMES = ("light", "dark")

TEXT, TEXT_AA, SHAPE = 7.0, 4.5, 3.0
"""What WCAG 2.2 asks: text at level AAA, text at AA, edges of controls and marks (1.4.11)."""

GROUNDS = ("paper", "card", "tint", "bad-tint", "old-tint")
STATES = ("met", "document", "says", "none", "old", "bad")
PAIRS: tuple[tuple[str, tuple[str, ...], float], ...] = (
    *((name, GROUNDS, TEXT) for name in ("ink", "soft", "link", "accent", *STATES)),
    ("on-bar", ("bar",), TEXT),
    ("on-accent", ("accent", "accent-dark"), TEXT),
    ("card", ("bad",), TEXT),
    ("edge", GROUNDS, SHAPE),
    ("focus", GROUNDS, SHAPE),
    ("clay", ("paper", "card", "tint"), SHAPE),
)
"""Each color that speaks, what it may stand on, and how strongly it must differ from that."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A color on a ground, in one scheme."""

    scheme: str
    color: str
    ground: str
    ratio: float
    least: float

    @property
    def holds(self) -> bool:
        """Whether the contrast is as strong as it must be."""
        return self.ratio >= self.least


@lru_cache(maxsize=1)
def read_tokens() -> dict[str, dict[str, str]]:
    """Return the tokens of the stylesheet as served, by scheme; see `tokens_of`."""
    return tokens_of(FILE.read_text("utf-8"))


def tokens_of(style: str) -> dict[str, dict[str, str]]:
    """Return each scheme's tokens with their values; dark has light's where it has none."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    found: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
    for media, inside, plain in BLOCK.findall(style):
        if plain:
            found["light"] |= dict(TOKEN.findall(plain))
        elif "prefers-color-scheme: dark" in media:
            found["dark"] |= dict(TOKEN.findall(inside))
    return {"light": found["light"], "dark": found["light"] | found["dark"]}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, 1 to 21, by WCAG 2.2's relative luminance.

    Colors are written #rrggbb; raises ValueError for anything else.
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def pairs(tokens: dict[str, dict[str, str]]) -> list[Pair]:
    """Return every pair of PAIRS in both schemes with its contrast."""
    return [
        Pair(scheme, color, ground, contrast(named[color], named[ground]), least)
        for scheme, named in tokens.items()
        for color, grounds, least in PAIRS
        for ground in grounds
    ]


def weakest(found: list[Pair]) -> list[dict[str, Pair]]:
    """Return each color's weakest pair in every scheme, in the order of PAIRS."""
    return [
        {
            scheme: min(
                (p for p in found if (p.color, p.scheme) == (color, scheme)),
                key=lambda pair: pair.ratio,
            )
            for scheme in SCHEMES
        }
        for color, _grounds, _least in PAIRS
    ]


def in_words(ratio: float) -> str:
    """Return a contrast as one says it: 8.3 to 1, and what it is enough for."""
    enough = (
        "enough for all text"
        if ratio >= TEXT
        else "enough for text"
        if ratio >= TEXT_AA
        else "enough for edges and marks"
        if ratio >= SHAPE
        else "for decoration only"
    )
    return f"{ratio:.1f} to 1, {enough}"


def _luminance(color: str) -> float:
    if not re.fullmatch(r"#[0-9a-f]{6}", color):
        raise ValueError(f"{color!r} is not a color like #1b292d")
    red, green, blue = (_linear(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
