// Shows the way to the map, and loads what draws it when somebody wants to see it, not before.
(() => {
  "use strict";

  const box = document.getElementById("map");
  if (!box) {
    return;
  }
  const details = box.querySelector("details");
  const words = JSON.parse(box.dataset.words);
  let drawn = null;

  // Put first in the head, so that of two rules of equal weight ours comes after Leaflet's.
  function added(element) {
    return new Promise((resolve, reject) => {
      element.addEventListener("load", resolve);
      element.addEventListener("error", reject);
      document.head.prepend(element);
    });
  }

  function style(href) {
    return added(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  }

  function script(src) {
    return added(Object.assign(document.createElement("script"), { src }));
  }

  async function data(address) {
    const answer = await fetch(address);
    if (!answer.ok) {
      throw new Error(address);
    }
    return answer.json();
  }

  // One after the other: each needs the one before, and none runs when one is missing.
  async function scripts(addresses) {
    for (const address of addresses) {
      await script(address);
    }
  }

  // The key names only what is on the map.
  function key(sheet) {
    const there = {
      searched: Boolean(sheet.searched),
      exact: sheet.pins.some(([, , , exact]) => exact),
      about: sheet.pins.some(([, , , exact]) => !exact),
    };
    for (const item of box.querySelectorAll("[data-key]")) {
      item.hidden = !there[item.dataset.key];
    }
  }

  async function draw() {
    box.setAttribute("aria-busy", "true");
    try {
      const sheet = await data(box.dataset.map);
      const [states] = await Promise.all([
        data(sheet.outlines),
        scripts(sheet.scripts),
        ...sheet.styles.map(style),
      ]);
      key(sheet);
      return window.DirectoryMap.draw(box, { ...sheet, words }, states);
    } catch (error) {
      box.querySelector(".map-canvas").hidden = true;
      box.querySelector(".map-failed").textContent = words.failed;
      return null;
    } finally {
      box.removeAttribute("aria-busy");
    }
  }

  details.addEventListener("toggle", async () => {
    if (!details.open) {
      return;
    }
    drawn ??= draw();
    const map = await drawn;
    map?.invalidateSize();
  });

  for (const link of document.querySelectorAll(".map-link")) {
    link.hidden = false;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      details.open = true;
      box.scrollIntoView({ block: "nearest" });
      details.querySelector("summary").focus();
    });
  }
  box.hidden = false;
})();
