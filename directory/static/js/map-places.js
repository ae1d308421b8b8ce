// Where things stand on a map so that none hides another: pins in groups, names where there is room.
(() => {
  "use strict";

  const APART = 34; // pixels from middle to middle below which two pins would touch
  const GAP = 8; // pixels between two names on one line: less would read as one name
  const DOT = 8;
  const BESIDE_A_PIN = 24;

  // Puts pins that would touch into groups, in the order given: the first of a group is its anchor.
  function grouped(pins, pointOf) {
    const groups = [];
    for (const pin of pins) {
      const point = pointOf(pin);
      const near = groups.find(
        (group) => Math.hypot(group.point.x - point.x, group.point.y - point.y) < APART,
      );
      if (near) {
        near.pins.push(pin);
      } else {
        groups.push({ point, pins: [pin] });
      }
    }
    return groups;
  }

  function around(point, width, height, gap) {
    const { x, y } = point;
    return [
      { left: x + gap, top: y - height / 2 },
      { left: x - gap - width, top: y - height / 2 },
      { left: x - width / 2, top: y - gap - height },
      { left: x - width / 2, top: y + gap },
    ].map((corner) => ({ ...corner, right: corner.left + width, bottom: corner.top + height }));
  }

  function centered(point, width, height) {
    const left = point.x - width / 2;
    const top = point.y - height / 2;
    return { left, top, right: left + width, bottom: top + height };
  }

  function touches(a, b) {
    return (
      a.left < b.right + GAP && a.right > b.left - GAP && a.top < b.bottom && a.bottom > b.top
    );
  }

  function inside(a, frame) {
    return (
      a.left > frame.left && a.right < frame.right && a.top > frame.top && a.bottom < frame.bottom
    );
  }

  // Gives each name, the most important first, a place of its own, or none where there is no room.
  // A large town below a pin needs no dot: its name stands beside the pin. A small one would seem
  // to lie where its name is, so it is left out.
  function settled(names, taken, frame) {
    const boxes = [...taken];
    const placed = [];
    for (const name of names) {
      const { point, width, height } = name;
      const dot = centered(point, DOT, DOT);
      const covers = (box) => touches(dot, box);
      const below = name.dotted && taken.some(covers);
      const dotted = name.dotted && !below;
      const gap = dotted ? name.gap : BESIDE_A_PIN;
      if ((below && !name.large) || (dotted && boxes.some(covers))) {
        continue;
      }
      const choices = name.middle
        ? [centered(point, width, height)]
        : around(point, width, height, gap);
      const room = choices.find(
        (choice) => inside(choice, frame) && !boxes.some((box) => touches(choice, box)),
      );
      if (room) {
        boxes.push(room, ...(dotted ? [dot] : []));
        placed.push({ name, room, dotted });
      }
    }
    return placed;
  }

  window.DirectoryPlaces = { grouped, settled, centered };
})();
