"""Two ways to use a page, with the mouse and with the keyboard alone, and what both must find."""

from dataclasses import dataclass

from playwright.sync_api import Page

LONGEST_WALK = 500
"""Presses of Tab after which a page counts as a trap."""

STOP = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const painted = one => {
    const s = getComputedStyle(one), o = s.outlineStyle === "none" ? "none" :
      `${s.outlineStyle} ${s.outlineWidth} ${s.outlineColor}`;
    return [o, s.boxShadow, s.backgroundColor, s.borderColor, s.color, s.textDecoration].join("|");
  };
  const label = element.labels && element.labels[0];
  const parts = [element, ...(label ? [label, ...label.children] : [])];
  const focused = parts.map(painted).join("#");
  element.blur();
  const bare = parts.map(painted).join("#");
  element.focus({ preventScroll: true });
  const rects = [...element.getClientRects(), ...(label ? label.getClientRects() : [])]
    .filter(rect => rect.width > 4 && rect.height > 4);
  const reached = rects.some(rect => {
    for (const part of [0.5, 0.2, 0.8]) {
      const x = rect.left + rect.width * part, y = rect.top + rect.height / 2;
      if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
      const hit = document.elementFromPoint(x, y);
      if (!hit) continue;
      const within = element.contains(hit) || hit.contains(element);
      if (within || (label && label.contains(hit))) return true;
    }
    return false;
  });
  const named = element.outerHTML.slice(0, 100);
  return { named, shown: focused !== bare, reached };
}"""
CLIPPED = """() => {
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const style = getComputedStyle(one);
    if (style.clipPath !== "none" || style.display === "none" || !one.textContent.trim()) continue;
    if (one.closest("svg, .leaflet-container, [aria-hidden=true], select, [hidden]")) continue;
    const hides = axis => ["hidden", "clip"].includes(axis);
    const box = one.getBoundingClientRect();
    if (!box.width || box.width < 2) continue;
    if ((hides(style.overflowX) && one.scrollWidth > one.clientWidth + 1) ||
        (hides(style.overflowY) && one.scrollHeight > one.clientHeight + 1)) {
      found.push(`${one.tagName} ${one.className}: ${one.textContent.trim().slice(0, 60)}`);
    }
  }
  return found;
}"""
AT = "selector => !!document.activeElement && document.activeElement.matches(selector)"


class Mouse:
    """Uses a page by pointing; needs no script in the page."""

    def __init__(self, page: Page) -> None:
        """Use a page."""
        self.page = page

    def press(self, selector: str) -> None:
        """Click."""
        self.page.locator(selector).first.click()

    def tick(self, selector: str) -> None:
        """Click on the box, or on its label where that is what is seen."""
        self.page.locator(selector).first.check()

    def write(self, selector: str, words: str) -> None:
        """Fill in."""
        self.page.locator(selector).first.fill(words)


@dataclass(frozen=True)
class Stop:
    """Where Tab led: the element, whether its focus shows, and whether it is in sight."""

    named: str
    shown: bool
    reached: bool


class Keyboard:
    """Uses a page with the keyboard alone, and looks at the focus wherever it stops."""

    def __init__(self, page: Page) -> None:
        """Use a page."""
        self.page = page
        self.stops = 0
        self.problems: list[str] = []

    def look(self) -> Stop | None:
        """Return where the focus is; None when it has left the page."""
        found = self.page.evaluate(STOP)
        if found is None:
            return None
        self.stops += 1
        stop = Stop(**found)
        if not stop.shown:
            self.problems.append(f"no focus to be seen: {stop.named}")
        if not stop.reached:
            self.problems.append(f"the focus is out of sight: {stop.named}")
        return stop

    def to(self, selector: str) -> None:
        """Press Tab until the focus is on an element."""
        left = 0
        for _turn in range(LONGEST_WALK):
            if self.page.evaluate(AT, selector):
                return
            self.page.keyboard.press("Tab")
            left += self.look() is None
            if left > 1:
                break
        raise AssertionError(f"Tab never reaches {selector}")

    def press(self, selector: str) -> None:
        """Go there and press Enter."""
        self.to(selector)
        self.page.keyboard.press("Enter")

    def tick(self, selector: str) -> None:
        """Go there and press Space."""
        self.to(selector)
        self.page.keyboard.press("Space")

    def write(self, selector: str, words: str) -> None:
        """Go there, take out what is there, and type."""
        self.to(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(words)

    def through(self) -> int:
        """Press Tab from the top of the page to its end; returns how often it stopped."""
        self.page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
        for turn in range(LONGEST_WALK):
            self.page.keyboard.press("Tab")
            if self.look() is None:
                return turn
        raise AssertionError("Tab never leaves the page")


def clipped(page: Page) -> list[str]:
    """Return the texts that are cut off."""
    return [f"cut off: {text}" for text in page.evaluate(CLIPPED)]
