"""The contrast of texts that lie on a picture: measured on what the browser paints."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

Pixels = NDArray[np.float64]
SEEN = 40.0
"""How far a pixel's channels must change, together, to be part of a letter."""
FEWEST = 8
"""Pixels of letters below which a text cannot be judged."""
WORST_PART = 5
"""Percent of a text's pixels that may be worse, where a thin line crosses a letter."""

FIND = """paths => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  scrollTo({ top: 0, left: 0, behavior: "instant" });
  return paths.map(path => {
    const element = document.querySelector(path);
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const size = parseFloat(style.fontSize), svg = element instanceof SVGElement;
    let alpha = 1;
    for (let node = element; node; node = node.parentElement) {
      alpha *= getComputedStyle(node).opacity;
    }
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = svg ? style.fill : style.color;
    brush.fillRect(0, 0, 1, 1);
    const ink = [...brush.getImageData(0, 0, 1, 1).data];
    return {
      box: [box.left + scrollX, box.top + scrollY, box.right + scrollX, box.bottom + scrollY],
      ink: ink.slice(0, 3), alpha: alpha * ink[3] / 255,
      needed: size >= 24 || (size >= 18.66 && parseInt(style.fontWeight, 10) >= 700) ? 3 : 4.5,
    };
  });
}"""
HIDE = """([paths, hidden]) => {
  for (const path of paths) {
    const one = document.querySelector(path);
    one.style.setProperty("-webkit-text-fill-color", hidden ? "transparent" : "");
    if (one instanceof SVGElement) one.style.setProperty("fill", hidden ? "transparent" : "");
  }
}"""


def contrasts(page: Page, paths: list[str]) -> list[dict[str, Any]]:
    """Return the ratio and the needed one of each text; a ratio of 0 when it is not to be seen."""
    texts = page.evaluate(FIND, paths)
    left, top = (int(min(text["box"][n] for text in texts)) for n in (0, 1))
    right, bottom = (int(max(text["box"][n] for text in texts)) + 1 for n in (2, 3))
    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    shots = []
    for hidden in (False, True):
        page.evaluate(HIDE, [paths, hidden])
        shots.append(_pixels(page.screenshot(full_page=True, clip=clip)))
    page.evaluate(HIDE, [paths, False])
    return [_measured(text, (left, top), *shots) for text in texts]


def _pixels(shot: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), dtype=np.float64)


def _measured(
    text: dict[str, Any], corner: tuple[int, int], shown: Pixels, bare: Pixels
) -> dict[str, Any]:
    x0, y0, x1, y1 = (round(at - corner[n % 2]) for n, at in enumerate(text["box"]))
    part = (slice(max(y0, 0), y1), slice(max(x0, 0), x1))
    letters = np.abs(shown[part] - bare[part]).sum(axis=2) > SEEN
    behind = bare[part][letters]
    if len(behind) < FEWEST:
        return {"ratio": 0.0, "needed": text["needed"]}
    ink = np.array(text["ink"]) * text["alpha"] + behind * (1 - text["alpha"])
    ratio = np.percentile(_ratios(ink, behind), WORST_PART)
    return {"ratio": round(float(ratio), 2), "needed": text["needed"]}


def _ratios(one: Pixels, other: Pixels) -> Pixels:
    lights = [_luminance(one), _luminance(other)]
    return (np.maximum(*lights) + 0.05) / (np.minimum(*lights) + 0.05)


def _luminance(colors: Pixels) -> Pixels:
    """Return the relative luminance of colors (WCAG 2.2)."""
    part = colors / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    light: Pixels = linear @ np.array([0.2126, 0.7152, 0.0722])
    return light
