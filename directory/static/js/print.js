// Shows the print buttons of a page, and opens on paper what is folded on screen.
(() => {
  "use strict";

  const folded = [];

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details[data-print-open]:not([open])")) {
      part.open = true;
      folded.push(part);
    }
  });

  window.addEventListener("afterprint", () => {
    for (const part of folded.splice(0)) {
      part.open = false;
    }
  });
})();
