// Draws the map: outlines, circles of distance, names of towns, and a pin for each clinic.
(() => {
  "use strict";

  const { grouped, settled, centered } = window.DirectoryPlaces;
  const L = window.L;
  const MILE = 1609.344;
  const MILES_NORTH = 69.05; // in one degree of latitude
  const FIRST_ZOOM = 10; // close enough: there are no streets to see, and shores are rough
  const STATES_NAMED = 7; // up to this zoom a state's name has room
  const PIN = 30;
  const BADGE = 9; // how far the number of further clinics stands out

  // Leaflet empties a tile it drops with a data: picture, which our policy does not allow.
  const Tiles = L.TileLayer.extend({
    _abortLoading() {},
    _removeTile(key) {
      return L.GridLayer.prototype._removeTile.call(this, key);
    },
  });

  // A name is written by the style: it is part of the picture, and no text to be read aloud.
  function made(tag, className, name) {
    const element = document.createElement(tag);
    element.className = className;
    element.dataset.name = name ?? "";
    return element;
  }

  function started(canvas, sheet) {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const map = L.map(canvas, {
      attributionControl: false,
      zoomControl: false,
      scrollWheelZoom: false,
      zoomAnimation: !still,
      fadeAnimation: !still,
      markerZoomAnimation: !still,
      inertia: !still,
      zoomSnap: sheet.tiles ? 1 : 0.5, // a tile's picture is sharp at whole zooms only
      minZoom: 3,
      maxZoom: sheet.tiles ? 17 : 13,
    });
    const { zoomIn, zoomOut } = sheet.words;
    // Below, since what a pin opens stands above it.
    L.control.zoom({ position: "bottomright", zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
    map.createPane("searched").style.zIndex = 440;
    map.createPane("names").style.zIndex = 450;
    map.animated = !still;
    return map;
  }

  function ground(map, sheet, states) {
    L.geoJSON(states, {
      interactive: false,
      style: { className: sheet.tiles ? "map-border" : "map-land", weight: 1.5 },
    }).addTo(map);
    if (sheet.tiles) {
      new Tiles(sheet.tiles, { alt: "" }).addTo(map);
    }
    for (const [miles] of sheet.rings) {
      L.circle(sheet.searched, {
        radius: miles * MILE,
        interactive: false,
        className: "map-ring",
        weight: 1.5,
      }).addTo(map);
    }
    if (sheet.searched) {
      const icon = L.divIcon({ className: "map-searched", iconSize: [18, 18] });
      const plain = { icon, interactive: false, keyboard: false, pane: "searched" };
      L.marker(sheet.searched, plain).addTo(map);
    }
  }

  // Every name there may be, as an element to be measured; what matters most comes first.
  function namesOf(sheet, states) {
    const names = sheet.searched
      ? sheet.rings.map(([miles, text]) => ({
          at: [sheet.searched[0] + miles / MILES_NORTH, sheet.searched[1]],
          element: made("span", "map-name map-ring-name", text),
          middle: true,
        }))
      : [];
    for (const { properties, geometry } of states.features) {
      const longitudes = geometry.coordinates.flat(2).map(([lon]) => lon);
      names.push({
        at: [properties.at[1], properties.at[0]],
        element: made("span", "map-name map-state-name", properties.name),
        middle: true,
        upTo: STATES_NAMED,
        degrees: Math.max(...longitudes) - Math.min(...longitudes),
      });
    }
    for (const [text, lat, lon, size] of sheet.towns) {
      names.push({
        at: [lat, lon],
        element: made("span", `map-name map-town-${size}`, text),
        dotted: true,
        large: size < 2,
        gap: 6,
      });
    }
    return names;
  }

  function writer(map, names, pinBoxes) {
    const pane = map.getPane("names");
    pane.setAttribute("aria-hidden", "true"); // the list says where each clinic is

    function clear() {
      pane.replaceChildren();
    }

    function write() {
      const size = map.getSize();
      const corner = map.containerPointToLayerPoint([0, 0]);
      const frame = {
        left: corner.x + 2,
        top: corner.y + 2,
        right: corner.x + size.x - 2,
        bottom: corner.y + size.y - 2,
      };
      const bounds = map.getBounds();
      const zoom = map.getZoom();
      const wanted = names.filter(
        ({ at, upTo }) => bounds.contains(at) && (upTo === undefined || zoom <= upTo),
      );
      pane.replaceChildren(...wanted.map(({ element }) => element));
      for (const name of wanted) {
        name.point = map.latLngToLayerPoint(name.at);
        name.width = name.element.offsetWidth;
        name.height = name.element.offsetHeight;
      }
      const outer = map.getContainer().getBoundingClientRect();
      const buttons = [...map.getContainer().querySelectorAll(".leaflet-control")].map((one) => {
        const inner = one.getBoundingClientRect();
        const left = inner.left - outer.left + corner.x;
        const top = inner.top - outer.top + corner.y;
        return { left, top, right: left + inner.width, bottom: top + inner.height };
      });
      const degree = (256 * 2 ** zoom) / 360; // in pixels, from west to east
      const fitting = wanted.filter(({ degrees, width }) => !degrees || degrees * degree > width);
      const placed = settled(fitting, [...pinBoxes(), ...buttons], frame);
      const kept = [];
      for (const { name, room, dotted } of placed) {
        name.element.style.left = `${room.left}px`;
        name.element.style.top = `${room.top}px`;
        kept.push(name.element);
        if (dotted) {
          const dot = made("i", "map-dot");
          dot.style.left = `${name.point.x}px`;
          dot.style.top = `${name.point.y}px`;
          kept.push(dot);
        }
      }
      pane.replaceChildren(...kept);
    }

    map.on("zoomstart", clear);
    map.on("moveend resize", write);
    return write;
  }

  function resetButton(map, text, reset) {
    const control = L.control({ position: "bottomleft" });
    control.onAdd = () => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "map-all", textContent: text });
      L.DomEvent.disableClickPropagation(button);
      button.addEventListener("click", reset);
      return button;
    };
    control.addTo(map);
  }

  function draw(box, sheet, states) {
    const canvas = box.querySelector(".map-canvas");
    const map = started(canvas, sheet);
    const pins = window.DirectoryPins.read(sheet, box);
    const points = pins.map(({ at }) => at).concat(sheet.searched ? [sheet.searched] : []);
    const home = () =>
      map.fitBounds(points, { padding: [36, 36], maxZoom: FIRST_ZOOM, animate: map.animated });
    map.fitBounds(points, { padding: [36, 36], maxZoom: FIRST_ZOOM, animate: false });
    ground(map, sheet, states);
    const shown = window.DirectoryPins.show(map, pins, sheet.words, (all) =>
      grouped(all, ({ at }) => map.latLngToLayerPoint(at)),
    );
    const boxes = () =>
      shown().map(({ at, members }) => {
        const box = centered(map.latLngToLayerPoint(at), PIN + 4, PIN + 4);
        if (members.length > 1) {
          box.top -= BADGE;
          box.right += BADGE * 2;
        }
        return box;
      });
    if (pins.length > 1) {
      resetButton(map, sheet.words.all, home);
    }
    writer(map, namesOf(sheet, states), boxes)();
    return map;
  }

  window.DirectoryMap = { draw };
})();
