/* Computes the contrast of an element's text with what is painted behind it (WCAG 2.2, 1.4.3).
   A picture behind a text cannot be judged so and is told as a problem. */
path => {
  const element = document.querySelector(path);
  if (!element) return { problem: "the element is gone" };
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext("2d", { willReadFrequently: true });

  function parse(color) {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = color;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  }
  function over(top, bottom) {
    return [0, 1, 2].map(i => top[i] * top[3] + bottom[i] * (1 - top[3])).concat(1);
  }
  function luminance(color) {
    const [r, g, b] = color.map(value => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function ratio(one, other) {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }
  function textRects() {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const rects = [];
    while (walker.nextNode()) {
      if (!walker.currentNode.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      rects.push(...range.getClientRects());
    }
    if (!rects.length) rects.push(element.getBoundingClientRect());
    return rects.filter(rect => rect.width > 1 && rect.height > 1);
  }
  function reveal(rect) {
    if (rect.left >= 0 && rect.right <= innerWidth) return;
    for (let box = element.parentElement; box; box = box.parentElement) {
      if (box.scrollWidth > box.clientWidth) {
        box.scrollLeft += rect.left - box.getBoundingClientRect().left - 16;
        return;
      }
    }
  }
  function layersUnder(rect) {
    for (const part of [0.5, 0.1, 0.9, 0.3, 0.7]) {
      const x = rect.left + rect.width * part, y = rect.top + rect.height / 2;
      const stack = document.elementsFromPoint(x, y);
      const at = stack.findIndex(one => one === element || element.contains(one));
      if (at >= 0) return stack.slice(at);
    }
    return null;
  }
  function colorsIn(image) {
    return (image.match(/(?:rgba?|color|oklch|oklab|hsla?)\([^()]*\)/g) || []).map(parse);
  }

  element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const style = getComputedStyle(element);
  let alpha = 1;
  for (let node = element; node; node = node.parentElement) alpha *= getComputedStyle(node).opacity;
  const ink = parse(style.color);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight, 10) >= 700);
  const rects = textRects();
  if (!rects.length) return { problem: null, ratio: 21, needed: 1, note: "nothing is painted" };
  const page = parse(getComputedStyle(document.documentElement).backgroundColor);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const base = over(page, dark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
  let worst = 22;
  for (let i = 0; i < rects.length; i += 1) {
    reveal(rects[i]);
    const stack = layersUnder(textRects()[i]);
    if (!stack) return { problem: "covered, or out of the window" };
    let behind = [base];
    for (const layer of stack.reverse()) {
      const painted = getComputedStyle(layer);
      const color = parse(painted.backgroundColor);
      behind = behind.map(one => over(color, one));
      if (painted.backgroundImage === "none") continue;
      if (painted.backgroundImage.includes("url(")) return { problem: "a picture is behind it" };
      behind = behind.flatMap(one => colorsIn(painted.backgroundImage).map(stop => over(stop, one)));
    }
    const [r, g, b, a] = ink;
    for (const one of behind) worst = Math.min(worst, ratio(over([r, g, b, a * alpha], one), one));
  }
  return { problem: null, ratio: worst, needed: large ? 3 : 4.5 };
}
