/* Filters: a sheet on a phone, beside the list on a wide screen, and a count while one ticks.
   Without this script the form opens where it stands. Words come from the form. */
(() => {
  "use strict";

  const PAUSE = 250; // milliseconds without a tick before we ask
  const WIDE = window.matchMedia("(min-width: 58rem)"); // as in search.css

  /* Says on the button how many clinics the ticks would leave, and behind each tick how many. */
  class Counter {
    constructor(form) {
      this.form = form;
      this.words = form.dataset;
      this.button = form.querySelector("button[type=submit]");
      this.status = form.querySelector("[role=status]");
      this.asked = null;
      this.timer = 0;
      form.addEventListener("change", () => this.later());
      form.addEventListener("submit", () => this.stop());
    }

    stop() {
      clearTimeout(this.timer);
      this.asked?.abort();
      this.asked = null;
    }

    later() {
      this.stop();
      this.timer = setTimeout(() => this.ask(), PAUSE);
    }

    async ask() {
      const asked = new AbortController();
      this.asked = asked;
      const query = new URLSearchParams(new FormData(this.form));
      query.set("per_page", "0"); // the counts alone
      try {
        const answer = await fetch(`${this.words.count}?${query}`, { signal: asked.signal });
        const found = answer.ok ? await answer.json() : null;
        if (this.asked === asked) this.show(found);
      } catch {
        if (this.asked === asked) this.show(null);
      }
    }

    show(found) {
      const words = this.wordsFor(found);
      this.button.textContent = words;
      this.status.textContent = words;
      if (!found) return;
      for (const box of this.form.querySelectorAll("input[type=checkbox]")) {
        const count = box.closest(".tick").querySelector(".count");
        const number = found.facets[box.name]?.[box.value];
        if (count && number !== undefined) count.textContent = `(${number})`;
      }
    }

    wordsFor(found) {
      if (!found) return this.words.failed;
      if (!found.total) return this.words.none;
      const shown = found.total.toLocaleString(document.documentElement.lang);
      return (found.total === 1 ? this.words.one : this.words.many).replace("#", shown);
    }

    clear() {
      for (const box of this.form.querySelectorAll("input[type=checkbox]")) box.checked = false;
      this.later();
    }
  }

  /* The form itself moves into a modal dialog, so that nothing has to be kept the same twice. */
  class Sheet {
    constructor(details, form, template) {
      const parts = template.content.cloneNode(true);
      this.details = details;
      this.form = form;
      this.button = parts.querySelector(".filters-open");
      this.dialog = parts.querySelector("dialog");
      details.before(parts);
      this.button.addEventListener("click", () => this.open());
      this.dialog.querySelector(".filters-close").addEventListener("click", () => this.dialog.close());
      this.dialog.addEventListener("close", () => this.closed());
      this.dialog.addEventListener("keydown", (event) => this.wrap(event));
      WIDE.addEventListener("change", () => this.fit());
      this.fit();
    }

    fit() {
      if (WIDE.matches && this.dialog.open) this.dialog.close();
      this.button.hidden = WIDE.matches;
      this.details.hidden = !WIDE.matches;
      this.details.open = true;
    }

    open() {
      this.dialog.append(this.form);
      this.dialog.showModal(); // the page behind is out of reach; Escape closes
      this.dialog.querySelector("h2").focus();
    }

    closed() {
      this.details.append(this.form);
      if (!WIDE.matches) this.button.focus();
    }

    /* Tab goes round in the sheet. */
    wrap(event) {
      if (event.key !== "Tab") return;
      const stops = [...this.dialog.querySelectorAll("button, a[href], summary, input:not([type=hidden])")];
      const seen = stops.filter((each) => each.checkVisibility());
      const [first, last] = [seen[0], seen[seen.length - 1]];
      const at = document.activeElement;
      if (event.shiftKey ? at === first || !seen.includes(at) : at === last) {
        event.preventDefault();
        (event.shiftKey ? last : first).focus();
      }
    }
  }

  const details = document.querySelector("details.filters");
  const template = document.getElementById("filters-sheet");
  if (!details || !template) return;
  const form = details.querySelector("form");
  const counter = new Counter(form);
  form.querySelector(".filters-clear").addEventListener("click", (event) => {
    event.preventDefault(); // the boxes are emptied; the button then shows what is left
    counter.clear();
  });
  if (window.HTMLDialogElement) new Sheet(details, form, template);
})();
