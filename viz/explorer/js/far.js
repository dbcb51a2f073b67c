// The drawing from afar, on a canvas: cards as rectangles in their colours, boxes as frames with their names.

const styles = { mode: null };

function themeColours() {
  const mode = `${glass.isDark}`;
  if (styles.mode !== mode) {
    const read = getComputedStyle(document.documentElement);
    for (const name of ["wire", "frame", "tint", "muted", "accent", "ink", "faint"]) styles[name] = read.getPropertyValue(`--${name}`).trim();
    styles.mode = mode;
  }
  return styles;
}

function paintFar(near) {
  const canvas = $("#far");
  const dense = window.devicePixelRatio || 1;
  const { camera, layout, scene } = glass;
  const [width, height] = [Math.round(camera.width * dense), Math.round(camera.height * dense)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, width, height);
  if (near) return;
  const { k, tx, ty } = camera;
  const view = camera.view();
  pen.setTransform(k * dense, 0, 0, k * dense, tx * dense, ty * dense);
  sketch(pen, view, k, true);
  // Names of boxes at the size of the screen's text, where there is room.
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.font = `600 11px ${FAMILY}`;
  pen.textBaseline = "top";
  const colours = themeColours();
  named.length = 0;
  for (const box of scene.boxes) {
    const place = layout.boxes.get(box.key);
    if (place.width * k >= NARROWEST) nameIt(pen, boxLabel(box.group), place, place.width * k, colours.muted, true);
  }
  for (const card of scene.cards) {
    if (card.group < 0) continue;
    const place = layout.cards.get(card.key);
    if (place.height * k > 13 && place.x < view.x1 && place.x + place.width > view.x0) {
      nameIt(pen, groupName(glass.graph.groups[card.group]), place, place.width * k, overlays.paint(card).text, false);
    }
  }
}

const named = []; // where names of boxes stand already: those further in give way

const NARROWEST = 24; // pixels: no name is shorter, and to measure thousands takes longer than to paint

function nameIt(pen, text, place, room, colour, isBox) {
  const { k, tx, ty } = glass.camera;
  const [x, y] = [place.x * k + tx, place.y * k + ty];
  if (y < -20 || y > glass.camera.height || x > glass.camera.width || x + room < 0) return;
  const width = pen.measureText(text).width;
  if (width > room - 6) return;
  pen.fillStyle = colour.startsWith("var") ? themeColours().muted : colour;
  if (isBox) {
    const spot = { x: Math.max(x + 5, Math.min(5, x + room - width - 5)), y: y + 3, width, height: 12 };
    if (named.some((one) => one.x < spot.x + width && spot.x < one.x + one.width && Math.abs(one.y - spot.y) < 13)) return;
    named.push(spot);
    pen.strokeStyle = themeColours().tint;
    pen.lineWidth = 3;
    pen.strokeText(text, spot.x, spot.y);
    pen.fillText(text, spot.x, spot.y);
  } else pen.fillText(text, x + (room - width) / 2, y + (place.height * k - 11) / 2);
}

// From afar a pale card would vanish in a light page: there it takes on some of its outline.
const inks = new Map();

function inkOf(fill, stroke) {
  if (glass.isDark) return fill;
  const key = `${fill}${stroke}`;
  if (!inks.has(key)) {
    inks.set(key, brightness(fill) > 0.85 ? mixed(fill, stroke.startsWith("#") ? stroke : "#7a828c", 0.35) : fill);
  }
  return inks.get(key);
}

// Cards, wires and boxes in the coordinates of the drawing; for the far view and the minimap.
function sketch(pen, view, k, withWires) {
  const { layout, scene } = glass;
  const colours = themeColours();
  const line = 1 / k;
  for (const box of scene.boxes) {
    const { x, y, width, height } = layout.boxes.get(box.key);
    if (x > view.x1 || y > view.y1 || x + width < view.x0 || y + height < view.y0) continue;
    pen.fillStyle = colours.tint;
    pen.fillRect(x, y, width, height);
    if (width * k < 6) continue;
    pen.strokeStyle = colours.frame;
    pen.lineWidth = line;
    pen.strokeRect(x, y, width, height);
  }
  if (withWires) {
    pen.strokeStyle = colours.wire;
    pen.lineWidth = Math.max(1.3, 0.7 * line);
    pen.globalAlpha = 0.55;
    pen.beginPath();
    for (const path of layout.paths) {
      if (path.x0 > view.x1 || path.y0 > view.y1 || path.x1 < view.x0 || path.y1 < view.y0) continue;
      if ((path.x1 - path.x0 + path.y1 - path.y0) * k < 3) continue;
      trail(pen, path.points);
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }
  const byFill = new Map();
  for (const card of scene.cards) {
    const place = layout.cards.get(card.key);
    if (place.x > view.x1 || place.y > view.y1 || place.x + place.width < view.x0 || place.y + place.height < view.y0) continue;
    const { fill, stroke, hatched } = overlays.paint(card);
    const ink = inkOf(fill, stroke);
    const key = hatched ? `${ink}/` : ink;
    if (!byFill.has(key)) byFill.set(key, []);
    byFill.get(key).push(place);
  }
  for (const [key, places] of byFill) {
    pen.fillStyle = key.replace("/", "");
    for (const { x, y, width, height } of places) pen.fillRect(x, y, Math.max(width, line), Math.max(height, line));
  }
  const lit = (keys, colour, wide) => {
    pen.strokeStyle = colour;
    pen.lineWidth = wide * line;
    for (const key of keys) {
      const place = layout.cards.get(key);
      if (place) pen.strokeRect(place.x - line, place.y - line, place.width + 2 * line, place.height + 2 * line);
    }
  };
  if (glass.found) lit([...glass.found].slice(0, 2000), colours.accent, 2);
  if (glass.state.selected) lit([glass.state.selected], colours.accent, 3);
}

function trail(pen, points) {
  let [x0, y0] = points[0];
  pen.moveTo(x0, y0);
  for (let i = 1; i < points.length; i++) {
    const [x, y, curve] = points[i];
    if (curve === true) pen.bezierCurveTo(x0, (y0 + y) / 2, x, (y0 + y) / 2, x, y);
    else pen.lineTo(x, y);
    [x0, y0] = [x, y];
  }
}
