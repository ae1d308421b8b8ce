/* "Use my location": asks the browser only when pressed, rounds to about one kilometer here, and
   sends that in the body of a POST, so that no address or log holds it. Words come from the page. */
(() => {
  "use strict";

  const DECIMALS = 2; // of a degree: 1.1 km of latitude
  const PATIENCE = 15000; // milliseconds
  const FRESH = 600000; // a position ten minutes old will do
  const NOT_SENT = new Set(["near", "lat", "lon", "page"]);
  const PROBLEMS = { 1: "refused", 2: "unknown", 3: "slow" };

  function send(area, position) {
    const fields = [
      ["lat", position.coords.latitude.toFixed(DECIMALS)],
      ["lon", position.coords.longitude.toFixed(DECIMALS)],
    ];
    const search = area.parentElement.querySelector("form");
    for (const [name, value] of search ? new FormData(search) : []) {
      if (value && !NOT_SENT.has(name)) fields.push([name, value]);
    }
    const form = document.createElement("form");
    form.method = "post";
    form.action = area.dataset.nearMe;
    form.hidden = true;
    for (const [name, value] of fields) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    form.remove(); // the position does not stay in the page
  }

  function install(area) {
    const button = area.querySelector("button");
    const status = area.querySelector("[role=status]");
    let waiting = false;
    const say = (words) => {
      waiting = false;
      button.removeAttribute("aria-disabled");
      status.textContent = words;
    };
    button.addEventListener("click", () => {
      if (waiting) return;
      waiting = true;
      button.setAttribute("aria-disabled", "true");
      status.textContent = area.dataset.looking;
      navigator.geolocation.getCurrentPosition(
        (position) => send(area, position),
        (problem) => say(area.dataset[PROBLEMS[problem.code] ?? "unknown"]),
        { enableHighAccuracy: false, timeout: PATIENCE, maximumAge: FRESH },
      );
    });
    window.addEventListener("pageshow", () => say("")); // also when somebody comes back
    area.hidden = false;
  }

  if (window.isSecureContext && navigator.geolocation) {
    document.querySelectorAll("[data-near-me]").forEach(install);
  }
})();
