"""What axe-core says of a page, and an answer for the contrasts that it leaves open."""

from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

from tests.browser import painted

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = "color-contrast"
OF_COLOR = (CONTRAST, "link-in-text-block")
"""The rules whose answer depends on a color scheme."""
OPEN = "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"
ASK = """options => axe.run(document, {
    ...options, resultTypes: ['violations', 'incomplete'], preload: false,
}).then(found => ({
    version: axe.version,
    violations: found.violations.map(one => ({
        rule: one.id,
        nodes: one.nodes.map(node => `${node.html.slice(0, 120)}: ${
            [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ')}`),
    })),
    open: found.incomplete.map(one => ({
        rule: one.id,
        nodes: one.nodes.map(node => ({
            path: node.target.flat().at(-1), html: node.html.slice(0, 120),
            why: [...node.any, ...node.all, ...node.none].map(check => check.message).join('; '),
        })),
    })),
}))"""
HEADERS = "th-has-data-cells"
IDLE_HEADERS = """path => {
  const rows = [...document.querySelector(path).rows];
  const filled = cell => cell && (cell.textContent.trim() || cell.querySelector("svg, img"));
  return rows.flatMap(row => [...row.cells]).filter(cell => cell.tagName === "TH").filter(head => {
    const row = head.parentElement, below = rows.slice(rows.indexOf(row) + 1);
    const along = [...row.cells].slice(head.cellIndex + 1);
    return !(below.some(one => filled(one.cells[head.cellIndex])) || along.some(filled));
  }).map(head => head.textContent.trim());
}"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@cache
def source() -> str:
    """Return axe-core as its package brings it along."""
    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")


@cache
def contrast_source() -> str:
    """Return the script that computes a contrast from what is painted."""
    return Path(__file__).with_name("contrast.js").read_text("utf-8")


def look(page: Page, *, rules: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> list[str]:
    """Return a line for each thing that axe finds on a page, or leaves open and we cannot settle.

    All rules of STANDARDS are asked but those in `without`, or only those in `rules`.

    The page is asked through the browser's own door, so its content security policy stays in force.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(source())
    chosen = {"type": "rule", "values": [*rules]} if rules else {"type": "tag", "values": STANDARDS}
    left_out = {rule: {"enabled": False} for rule in without}
    options: dict[str, Any] = {"runOnly": chosen, "rules": left_out}
    answer = page.evaluate(ASK, options)
    found = [f"{one['rule']}: {node}" for one in answer["violations"] for node in one["nodes"]]
    for one in answer["open"]:
        if one["rule"] == CONTRAST:
            found += settle(page, one["nodes"])
        elif one["rule"] == HEADERS:  # it does not take a row's own header for what a column holds
            for node in one["nodes"]:
                idle = page.evaluate(IDLE_HEADERS, node["path"])
                found += [f"{HEADERS}: nothing belongs to {head!r}" for head in idle]
        else:
            found += [f"{one['rule']} left open: {node['html']}" for node in one["nodes"]]
    return found


def settle(page: Page, nodes: list[dict[str, str]]) -> list[str]:
    """Compute the contrasts that axe leaves open: from the styles, else from what is painted."""
    found, on_pictures = [], []
    for node in nodes:
        computed = page.evaluate(contrast_source(), node["path"])
        if computed["problem"]:
            on_pictures.append(node)
        elif computed["ratio"] < computed["needed"]:
            found.append(f"contrast {computed['ratio']:.2f} of {node['html']}: {node['why']}")
    if on_pictures:
        measured = painted.contrasts(page, [node["path"] for node in on_pictures])
        for node, one in zip(on_pictures, measured, strict=True):
            if one["ratio"] < one["needed"]:
                found.append(f"painted contrast {one['ratio']:.2f} of {node['html']}")
    return found


def too_wide(page: Page) -> list[str]:
    """Say whether a page has to be scrolled sideways."""
    over = page.evaluate(WIDER)
    return [f"{over} pixels wider than the window"] if over > 0 else []


def unfold(page: Page) -> None:
    """Open whatever is folded away."""
    page.evaluate(OPEN)
