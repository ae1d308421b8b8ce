/* Completes places while one types: a combobox with manual selection, after the ARIA Authoring
   Practices. The box stays an ordinary one when nothing answers. Words come from the form. */
(() => {
  "use strict";

  const PAUSE = 150; // milliseconds without a key before we ask
  const SHORTEST = 2;
  const LONGEST = 100;

  class Completion {
    constructor(form, input, words) {
      this.form = form;
      this.input = input;
      this.words = words;
      this.active = -1;
      this.asked = null;
      this.timer = 0;
      this.build();
      // Not where the browser has put back something else that was typed here before.
      if (this.words.lat && input.value === input.defaultValue) this.keepPoint(this.words);
    }

    build() {
      const { input } = this;
      this.list = document.createElement("ul");
      this.list.id = `${input.id}-places`;
      this.list.className = "places";
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", this.words.label);
      this.list.hidden = true;
      this.status = document.createElement("p");
      this.status.className = "visually-hidden";
      this.status.setAttribute("role", "status");
      input.parentElement.classList.add("field-places");
      input.after(this.list, this.status);
      input.autocomplete = "off"; // two lists on top of each other help nobody
      for (const [name, value] of [
        ["role", "combobox"],
        ["aria-autocomplete", "list"],
        ["aria-expanded", "false"],
        ["aria-controls", this.list.id],
        ["autocapitalize", "words"],
        ["spellcheck", "false"],
      ]) {
        input.setAttribute(name, value);
      }
      input.addEventListener("input", (event) => this.typed(event));
      input.addEventListener("keydown", (event) => this.key(event));
      input.addEventListener("blur", () => this.stop());
      this.form.addEventListener("submit", () => this.stop());
      this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
      this.list.addEventListener("click", (event) => {
        const option = event.target.closest("[role=option]");
        if (option) this.pick([...this.list.children].indexOf(option));
      });
    }

    typed(event) {
      this.dropPoint();
      this.stop();
      const text = this.input.value.trim();
      if (event.isComposing || text.length < SHORTEST || text.length > LONGEST) return;
      this.timer = setTimeout(() => this.ask(text), PAUSE);
    }

    /* Ends what is under way, so that no late answer opens a list. */
    stop() {
      clearTimeout(this.timer);
      this.asked?.abort();
      this.asked = null;
      this.close();
    }

    async ask(text) {
      const asked = new AbortController();
      this.asked = asked;
      try {
        const address = `${this.words.places}?${new URLSearchParams({ q: text })}`;
        const answer = await fetch(address, { signal: asked.signal });
        const places = answer.ok ? (await answer.json()).places : [];
        if (this.asked === asked && document.activeElement === this.input) this.open(places);
      } catch {
        // Offline, refused or overtaken: the box works without.
      }
    }

    open(places) {
      this.places = places;
      this.list.replaceChildren(
        ...places.map((place, at) => {
          const option = document.createElement("li");
          option.id = `${this.list.id}-${at}`;
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          option.textContent = place.name;
          return option;
        }),
      );
      if (!places.length) return;
      this.list.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
      this.status.textContent = this.words.found.replace("#", places.length);
    }

    close() {
      this.mark(-1);
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.status.textContent = "";
    }

    mark(at) {
      const options = this.list.children;
      options[this.active]?.setAttribute("aria-selected", "false");
      this.active = at;
      const option = options[at];
      if (option) {
        option.setAttribute("aria-selected", "true");
        option.scrollIntoView({ block: "nearest" });
        this.input.setAttribute("aria-activedescendant", option.id);
      } else {
        this.input.removeAttribute("aria-activedescendant");
      }
    }

    key(event) {
      if (event.isComposing || event.ctrlKey || event.metaKey) return;
      const last = this.list.children.length - 1;
      const open = !this.list.hidden;
      if ((event.key === "ArrowDown" || event.key === "ArrowUp") && last >= 0) {
        const down = event.key === "ArrowDown";
        event.preventDefault();
        if (event.altKey && !down) return this.close();
        if (!open) this.open(this.places);
        if (event.altKey) return;
        const next = this.active + (down ? 1 : -1);
        this.mark(this.active < 0 ? (down ? 0 : last) : next > last ? -1 : next);
      } else if (event.key === "Enter" && this.active >= 0) {
        event.preventDefault();
        this.pick(this.active);
      } else if (event.key === "Escape" && open) {
        event.preventDefault(); // the second Escape empties the box, as browsers do
        this.close();
      } else if (event.key === "Home" || event.key === "End") {
        this.mark(-1); // the browser moves the cursor in the text
      } else if (event.key === "Tab") {
        this.stop();
      }
    }

    pick(at) {
      const place = this.places[at];
      this.input.value = place.name;
      this.keepPoint(place);
      this.stop();
    }

    /* The point belongs to the very text that was picked, and goes when the text changes. */
    keepPoint(place) {
      this.dropPoint();
      this.point = ["lat", "lon"].map((name) => {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value: place[name] });
        this.form.append(field);
        return field;
      });
    }

    dropPoint() {
      this.point?.forEach((field) => field.remove());
      this.point = null;
    }
  }

  for (const { dataset, parentElement: form } of document.querySelectorAll("form > [data-places]")) {
    const input = form.querySelector("input[name=near]");
    if (input) new Completion(form, input, dataset);
  }
})();
