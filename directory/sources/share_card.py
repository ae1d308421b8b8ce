"""Draws the picture that social networks show beside a link.

They keep such pictures for ever, so nothing on one can lapse: no state, no count, no day. Drawn
with the font inside Pillow, which knows plain Latin letters; their marks are drawn by hand.
"""

import io
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont
from PIL import __version__ as pillow_version

SIZE = (1200, 630)
VERSION = f"1 {pillow_version}"
"""What a picture depends on besides its words: part of its fingerprint."""

PAPER, INK, SOFT, ACCENT = (250, 248, 243), (28, 43, 48), (82, 98, 106), (11, 90, 94)
MARGIN = 80
SPACING = 1.22
NAME_SIZES = (76, 64, 54)
NAME_LINES = 3
READABLE = 0.8
"""The part of a text's signs that the font must know; below, the text is left out."""

_NO_CHARACTER = "\U0010ffff"
_COLORS = 32


def draw(site: str, name: str, town: str, words: str, note: str = "") -> bytes:
    """Return a PNG of 1200 by 630: the site, a heading, a town, a sentence, a note at the foot.

    `name` and `town` are left out when the font cannot write them; text wraps, and ends in an
    ellipsis where there is no room.
    """
    image = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, SIZE[0], 18), fill=ACCENT)
    _drop(pen, MARGIN, 52)
    _write(image, (MARGIN + 74, 60), writable(site), 34, ACCENT)
    top = 142.0
    if heading := writable(name):
        size, lines = _fitted(heading)
        top = _lines(image, lines, top, size, INK) + 10
    if where := writable(town):
        _lines(image, wrapped(where, 40, 1), top, 40, SOFT)
    sentence = wrapped(writable(words), 36, 2)
    start = SIZE[1] - (98 if note else 56) - len(sentence) * 36 * SPACING
    pen.line((MARGIN, start - 24, SIZE[0] - MARGIN, start - 24), fill=ACCENT, width=3)
    _lines(image, sentence, start, 36, INK)
    if note:
        _write(image, (MARGIN, SIZE[1] - 78), writable(note), 28, SOFT)
    out = io.BytesIO()
    image.quantize(_COLORS).save(out, "PNG", optimize=True)
    return out.getvalue()


def writable(text: str) -> str:
    """Return a text as the font can write it, or nothing when too much of it would be lost.

    A letter that the font does not know loses its marks before it is given up.
    """
    composed = unicodedata.normalize("NFC", text)
    signs = [char for char in composed if not char.isspace()]
    kept = "".join(_known(char) for char in composed)
    known = sum(bool(_known(char)) for char in signs)
    return " ".join(kept.split()) if signs and known >= READABLE * len(signs) else ""


def wrapped(text: str, size: int, most: int) -> list[str]:
    """Return a text in at most so many lines that fit between the margins."""
    width = SIZE[0] - 2 * MARGIN
    lines = [""]
    for word in _pieces(text, size):
        longer = f"{lines[-1]} {word}".strip()
        if _length(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and _length(f"{last}…", size) > width:
        last = last[:-1].rstrip()
    return [*lines[: most - 1], f"{last}…"]


def _pieces(text: str, size: int) -> Iterator[str]:
    """Yield the words of a text, one that is wider than the picture in pieces."""
    width = SIZE[0] - 2 * MARGIN
    for word in text.split():
        while _length(word, size) > width:
            fits = _fitting(word, size, width)
            yield word[:fits]
            word = word[fits:]
        yield word


def _fitting(word: str, size: int, width: int) -> int:
    """Return how many of the first letters of a long word fit on a line; at least one."""
    letters = 1
    while letters < len(word) and _length(word[: letters + 1], size) <= width:
        letters += 1
    return letters


def _fitted(heading: str) -> tuple[int, list[str]]:
    """Return the largest size at which a heading has its lines; at the smallest it is cut."""
    for size in NAME_SIZES:
        lines = wrapped(heading, size, NAME_LINES)
        if not lines[-1].endswith("…") and len(lines) * size <= 2.4 * NAME_SIZES[0]:
            return size, lines
    return NAME_SIZES[-1], wrapped(heading, NAME_SIZES[-1], NAME_LINES)


def _lines(
    image: Image.Image,
    lines: list[str],
    top: float,
    size: int,
    color: tuple[int, int, int],
) -> float:
    for line in lines:
        _write(image, (MARGIN, top), line, size, color)
        top += size * SPACING
    return top


def _drop(pen: ImageDraw.ImageDraw, left: int, top: int) -> None:
    """Draw the mark of the site: a drop with a tick."""
    pen.polygon([(left + 26, top - 6), (left + 8, top + 26), (left + 44, top + 26)], fill=ACCENT)
    pen.ellipse((left + 4, top + 8, left + 48, top + 52), fill=ACCENT)
    tick = [(left + 15, top + 31), (left + 23, top + 39), (left + 37, top + 22)]
    pen.line(tick, fill=PAPER, width=6, joint="curve")


def _write(
    image: Image.Image, at: tuple[float, float], text: str, size: int, color: tuple[int, int, int]
) -> None:
    """Write a line; a letter that the font lacks is put together from its base and its mark."""
    pen, font, (left, top) = ImageDraw.Draw(image), _font(size), at
    for written, part in _parts(text):
        if written:
            pen.text((left, top), part, font=font, fill=color)
        elif part in _TURNED:
            mask = Image.new("L", (round(font.getlength(_TURNED[part])), size * 2))
            ImageDraw.Draw(mask).text((0, 0), _TURNED[part], font=font, fill=255)
            box = mask.getbbox() or (0, 0, 1, 1)
            drop = round(size * 0.2)
            turned = mask.crop(box).transpose(Image.Transpose.ROTATE_180)
            image.paste(color, (round(left) + box[0], round(top) + box[1] + drop), turned)
        else:
            _marked(pen, (left, top), part, size, color)
        left += font.getlength(_measured(part))


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield stretches that the font has, with True, and single signs it has not, with False."""
    for has, chars in groupby(text, key=lambda char: char.isspace() or _has(char)):
        part = "".join(chars)
        if has:
            yield True, part
        else:
            yield from ((False, char) for char in part)


def _marked(
    pen: ImageDraw.ImageDraw,
    at: tuple[float, float],
    char: str,
    size: int,
    color: tuple[int, int, int],
) -> None:
    """Draw a letter with a mark above it."""
    parts = unicodedata.normalize("NFKD", char)
    base, mark = parts[0], parts[1]
    font = _font(size)
    left, high, right, _low = font.getbbox("x" if base in "ij" else base)
    pen.text(at, base, font=font, fill=color)
    if base in "ij":  # its own dot gives way to the mark
        _, dot, far, _ = font.getbbox(base)
        pen.rectangle((at[0], at[1] + dot, at[0] + far + 1, at[1] + high - 2), fill=PAPER)
        right = font.getlength(base)
        left = 0
    middle, unit = at[0] + (left + right) / 2, size / 20
    foot = at[1] + high - 1.6 * unit
    width = max(2, round(1.7 * unit))
    for stroke in _STROKES[mark]:
        points = [(middle + x * unit, foot + y * unit) for x, y in stroke]
        pen.line(points, fill=color, width=width, joint="curve")


_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "\u0300": (((-2.2, -3), (0.6, -0.4)),),
    "\u0301": (((2.2, -3), (-0.6, -0.4)),),
    "\u0302": (((-2.6, -0.4), (0, -3), (2.6, -0.4)),),
    "\u0303": (((-3, -0.6), (-1.5, -2), (1.5, -0.8), (3, -2.2)),),
    "\u0308": (((-3, -1.4), (-1.2, -1.4)), ((1.2, -1.4), (3, -1.4))),
}
"""How the marks of Western European letters are drawn, in twentieths of the letter's size."""

_TURNED = {"\u00bf": "?", "\u00a1": "!"}
_PLAIN = {
    "\u2013": "-", "\u2014": "-", "\u00df": "ss", "\u00e6": "ae", "\u00c6": "AE",
    "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L", "\u0111": "d", "\u0110": "D",
}  # fmt: skip


def _length(text: str, size: int) -> float:
    return _font(size).getlength("".join(map(_measured, text)))


def _measured(text: str) -> str:
    """Return what is as wide as a stretch of text in signs that the font has."""
    if len(text) > 1 or text.isspace() or _has(text):
        return text
    return _TURNED.get(text) or unicodedata.normalize("NFKD", text)[0]


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType and cannot write text of any size")
    return font


@lru_cache(maxsize=4096)
def _known(char: str) -> str:
    """Return a sign as it can be written: as it is, without its marks, or not at all."""
    if char.isspace():
        return " "
    parts = unicodedata.normalize("NFKD", char)
    marked = len(parts) == 2 and parts[1] in _STROKES and _has(parts[0])
    if char in _TURNED or marked or _has(char):
        return char
    bare = "".join(part for part in _PLAIN.get(char, parts) if not unicodedata.combining(part))
    return bare if bare and all(map(_has, bare)) else ""


@lru_cache(maxsize=4096)
def _has(char: str) -> bool:
    """Say whether the font has a picture of a sign besides the one for what it does not know."""
    font = _font(NAME_SIZES[0])
    mask, missing = font.getmask(char), font.getmask(_NO_CHARACTER)
    return mask.size != missing.size or bytes(mask) != bytes(missing)
