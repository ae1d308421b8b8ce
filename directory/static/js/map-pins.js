// The pins: numbered as the list, reached by keyboard, each with what its card in the list says.
(() => {
  "use strict";

  const L = window.L;
  const SIZE = 30;

  function made(tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text ?? "";
    return element;
  }

  // What the page says of each clinic stands in its card; the map has no words of its own.
  function read(sheet, box) {
    const list = document.querySelector("ol.cards");
    return sheet.pins.map(([id, lat, lon, exact], index) => {
      const heading = id ? document.getElementById(`clinic-${id}`) : null;
      const name = heading ? heading.textContent.trim() : document.querySelector("h1").textContent;
      const card = heading?.closest(".card");
      const miles = card?.querySelector(".card-where strong")?.textContent.trim();
      const number = heading ? (list?.start ?? 1) + index : 0;
      return { id, at: [lat, lon], exact, number, name, card, heading, miles };
    });
  }

  function copied(card, selector) {
    const copy = card.querySelector(selector)?.cloneNode(true);
    return copy ? [copy] : [];
  }

  function toTheList(pin, text, map) {
    const link = made("a", "map-in-list", text);
    link.href = `#clinic-${pin.id}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      map.closePopup();
      pin.heading.scrollIntoView({ block: "center" });
      pin.heading.querySelector("a").focus({ preventScroll: true });
    });
    return link;
  }

  function about(pin, words, map) {
    const node = made("div", "map-popup");
    const title = made("p", "map-popup-name", `${pin.number}. `);
    title.append(pin.heading.querySelector("a").cloneNode(true));
    node.append(title, ...copied(pin.card, ".card-where"));
    if (!pin.exact) {
      node.append(made("p", "hint", words.precision));
    }
    node.append(...copied(pin.card, ".blockers"), ...copied(pin.card, ".standing"));
    node.append(toTheList(pin, words.inList, map));
    return node;
  }

  function aboutSeveral(pins, words, map) {
    const node = made("div", "map-popup");
    const list = made("ol", "map-popup-list");
    for (const pin of pins) {
      const item = made("li", "");
      item.value = pin.number;
      item.append(pin.heading.querySelector("a").cloneNode(true), made("span", "", pin.miles));
      item.append(...copied(pin.card, ".blockers"));
      list.append(item);
    }
    node.append(made("p", "map-popup-name", words.together), list);
    const bounds = L.latLngBounds(pins.map(({ at }) => at));
    const zoom = Math.min(map.getBoundsZoom(bounds, false, L.point(60, 60)), map.getMaxZoom());
    if (zoom > map.getZoom()) {
      const button = made("button", "map-zoom-here", words.zoomHere);
      button.type = "button";
      button.addEventListener("click", () => {
        map.closePopup();
        map.setView(bounds.getCenter(), zoom, { animate: map.animated });
      });
      node.append(button);
    }
    return node;
  }

  function nameOf(pins, words) {
    const [first] = pins;
    return pins.length > 1
      ? `${words.together}: ${pins.map(({ number }) => number).join(", ")}`
      : `${first.number}. ${first.name}, ${first.miles}`;
  }

  function iconOf(pins) {
    const face = made("span", "map-number", pins[0].number || "");
    if (pins.length > 1) {
      face.append(made("span", "map-more", `+${pins.length - 1}`));
    }
    const kind = pins.every(({ exact }) => exact) ? "map-exact" : "map-about";
    const several = pins.length > 1 ? " map-several" : "";
    return L.divIcon({
      html: face,
      className: `map-pin ${kind}${several}`,
      iconSize: [SIZE, SIZE],
    });
  }

  function opened(map, marker, pins, words) {
    const content = pins.length > 1 ? aboutSeveral(pins, words, map) : about(pins[0], words, map);
    const size = map.getSize();
    const popup = L.popup({
      offset: [0, -SIZE / 2 + 6],
      minWidth: Math.min(270, size.x - 90),
      maxWidth: Math.min(330, size.x - 80),
      maxHeight: size.y - 150,
      autoPanPaddingTopLeft: [12, 12],
      autoPanPaddingBottomRight: [12, 110],
    });
    popup.setLatLng(marker.getLatLng()).setContent(content).openOn(map);
    const frame = popup.getElement();
    frame.setAttribute("role", "dialog");
    frame.setAttribute("aria-label", nameOf(pins, words));
    frame.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", words.close);
    content.querySelector("a").focus({ preventScroll: true });
    frame.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        map.closePopup(popup);
      }
    });
    popup.on("remove", () => {
      const focused = document.activeElement;
      if (focused === document.body || frame.contains(focused)) {
        marker.getElement()?.focus({ preventScroll: true });
      }
    });
  }

  // Shows the pins, in groups where they would touch; returns what tells which are on the map.
  function show(map, pins, words, group) {
    const layer = L.layerGroup().addTo(map);
    let groups = [];

    function place() {
      const held = groups.find(({ marker }) => marker.getElement() === document.activeElement);
      layer.clearLayers();
      groups = group(pins).map(({ pins: members }) => {
        const told = Boolean(members[0].heading);
        const marker = L.marker(members[0].at, {
          icon: iconOf(members),
          interactive: told,
          keyboard: told,
          riseOnHover: true,
        }).addTo(layer);
        if (told) {
          const element = marker.getElement();
          element.setAttribute("aria-label", nameOf(members, words));
          element.setAttribute("aria-haspopup", "dialog");
          element.addEventListener("keydown", (event) => {
            if (event.key === "Enter" || event.key === " ") {
              event.preventDefault();
              event.stopPropagation();
              opened(map, marker, members, words);
            }
          });
          marker.on("click", () => opened(map, marker, members, words));
        }
        return { marker, members, at: members[0].at };
      });
      const [first] = held?.members ?? [];
      groups.find(({ members }) => members.includes(first))?.marker.getElement().focus();
    }

    map.on("zoomend", place);
    map.on("click", ({ latlng }) => {
      if (!layer.popupWasOpen) {
        map.panTo(latlng, { animate: map.animated });
      }
    });
    map.on("preclick", () => {
      layer.popupWasOpen = Boolean(document.querySelector("#map .leaflet-popup"));
    });
    place();
    return () => groups;
  }

  window.DirectoryPins = { read, show };
})();
