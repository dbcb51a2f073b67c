// Puts the scene on the screen. Near, what lies in view is SVG elements that can be focused; far, where no text could be
// read, it is rectangles on a canvas (far.js). Elements exist only for what is in view.

const READABLE = 0.42; // below this zoom 13-pixel text is 5 pixels high
const MARGIN = 120; // pixels around the screen that are drawn too

const drawing = { cards: new Map(), boxes: new Map(), wires: new Map(), frame: 0, near: true };
const decorations = new Map();

glass.paintSoon = () => {
  if (!drawing.frame) drawing.frame = requestAnimationFrame(() => {
    drawing.frame = 0;
    glass.paint();
  });
};

// Everything that is drawn anew: what the cards look like has changed.
glass.redraw = () => {
  for (const pool of [drawing.cards, drawing.boxes, drawing.wires]) {
    for (const { element } of pool.values()) element.remove();
    pool.clear();
  }
  $("#labels").replaceChildren();
  $("#heads").replaceChildren();
  if (!glass.layout) return;
  glass.paint();
  glass.minimap?.draw();
};

glass.paint = () => {
  const { camera, layout } = glass;
  if (!layout) return;
  const { paper } = drawing; // the whole drawing, while it is printed
  drawing.near = camera.k >= READABLE || Boolean(paper);
  // By the style of the whole element: inside of an SVG each change of scale would lay out every text anew.
  $("#drawing").style.transform = paper ? "" : `translate(${camera.tx}px, ${camera.ty}px) scale(${camera.k})`;
  $("#stage").classList.toggle("far", !drawing.near);
  const view = paper ?? camera.view(MARGIN);
  const meets = (place) => place.x < view.x1 && place.y < view.y1 && place.x + place.width > view.x0 && place.y + place.height > view.y0;
  const crosses = (path) => path.x0 < view.x1 && path.y0 < view.y1 && path.x1 > view.x0 && path.y1 > view.y0;
  const held = glass.state.active; // keeps its element wherever the camera goes, so that the focus is not lost
  const { scene } = glass;
  sync("boxes", drawing.near ? scene.boxes.filter((box) => meets(layout.boxes.get(box.key))) : [], boxElement);
  sync("wires", drawing.near ? scene.wires.filter((wire) => crosses(layout.paths[wire.index])) : [], wireElement);
  sync("cards", scene.cards.filter((card) => (drawing.near && meets(layout.cards.get(card.key))) || card.key === held), cardElement);
  $("#labels").toggleAttribute("hidden", !drawing.near || (camera.k < 0.6 && !paper));
  paintFar(drawing.near);
  glass.minimap?.frame();
  glass.emit("paint", { near: drawing.near });
};

function sync(name, wanted, make) {
  const pool = drawing[name];
  const layer = $(`#${name}`);
  const kept = new Set();
  for (const thing of wanted) {
    const key = thing.key ?? thing.index;
    kept.add(key);
    if (pool.has(key)) continue;
    const element = make(thing);
    pool.set(key, { element, thing });
    layer.append(element);
  }
  for (const [key, { element }] of pool) {
    if (kept.has(key)) continue;
    element.label?.remove();
    element.remove();
    pool.delete(key);
  }
}

const at = (place) => `translate(${place.x}px, ${place.y}px)`;

function cardElement(card) {
  const place = glass.layout.cards.get(card.key);
  const face = faceOf(card);
  const paint = overlays.paint(card);
  const { width, height } = place;
  const kind = card.node >= 0 ? glass.graph.text(glass.graph.kind, card.node) : "group";
  const sharp = kind === "parameter";
  const outline = { width, height, rx: sharp ? 1.5 : kind === "constant" ? 8 : 7 };
  const isOutput = kind === "output";
  const element = s("g", {
    class: `card ${kind} look-${face.look}`, "data-key": card.key, role: "button", tabindex: glass.state.active === card.key ? 0 : -1,
    "aria-label": spoken(card), "aria-expanded": card.group >= 0 ? "false" : null,
  });
  element.style.transform = at(place);
  if (card.group >= 0 || card.members.length > 1) {
    element.append(s("rect", { ...outline, x: 4, y: 4, class: "behind", fill: paint.fill, stroke: paint.stroke }));
  }
  const front = s("rect", { ...outline, class: "face", fill: paint.fill, stroke: isOutput ? "var(--output)" : paint.stroke });
  element.append(front);
  if (paint.hatched) element.append(s("rect", { ...outline, fill: "url(#hatch)", class: "hatched" }));
  const stub = face.lines[0].style === "stub";
  const middle = (width - (card.group >= 0 ? TOGGLE : 0)) / 2;
  let y = stub ? 3 : 6;
  for (const { text, style } of face.lines) {
    y += LINE[style];
    element.append(s("text", { x: middle, y: y - LINE[style] * 0.27, class: `t-${style}`, fill: paint.text }, text));
  }
  if (card.group >= 0) element.append(toggleElement(width - 20, 5, "+", `open ${groupName(glass.graph.groups[card.group])}`, paint.text));
  if (card.members.some((node) => glass.graph.marked.has(node))) {
    element.append(s("rect", { x: -4, y: -4, width: width + 8, height: height + 8, rx: outline.rx + 4, class: "mark" }));
    element.classList.add("marked");
  }
  element.append(s("rect", { x: -3.5, y: -3.5, width: width + 7, height: height + 7, rx: outline.rx + 3, class: "ring" }));
  const decoration = card.node >= 0 ? decorations.get(card.node) : null;
  if (decoration) element.append(badgeElement(decoration, width));
  if (glass.state.selected === card.key) element.classList.add("selected");
  if (glass.found?.has(card.key)) element.classList.add("found");
  return element;
}

function toggleElement(x, y, sign, label, colour) {
  return s("g", { class: "toggle", "data-toggle": "", transform: `translate(${x} ${y})` },
    s("title", {}, label),
    s("rect", { x: -4, y: -4, width: 23, height: 23, fill: "transparent", stroke: "none" }),
    s("rect", { width: 15, height: 15, rx: 4, class: "key", stroke: colour }),
    s("path", { d: sign === "+" ? "M7.5 4v7M4 7.5h7" : "M4 7.5h7", stroke: colour }));
}

function badgeElement({ text, tone = "note", title }, width) {
  const size = Math.max(16, widthOf(text, "small") + 10);
  return s("g", { class: `badge ${tone}`, transform: `translate(${width - size + 6} -8)` },
    s("title", {}, title ?? text),
    s("rect", { width: size, height: 16, rx: 8 }),
    s("text", { x: size / 2, y: 12, class: "t-small" }, text));
}

function boxElement(box) {
  const place = glass.layout.boxes.get(box.key);
  const group = glass.graph.groups[box.group];
  const name = groupName(group);
  const isRolled = glass.state.rolled.has(box.group);
  const element = s("g", {
    class: `box depth-${depthOf(box) % 2}`, "data-key": box.key, role: "group", "aria-label": `open group ${name}`,
  },
    s("rect", { width: place.width, height: place.height, rx: 10, class: "frame" }));
  // The label lies over the wires that come in at the top.
  const note = 30 + widthOf(boxLabel(box.group), "title") + 8;
  element.label = s("g", { class: `head-of ${element.getAttribute("class")}`, "data-key": box.key },
    toggleElement(8, 8, "−", `close ${name}`, "var(--muted)"),
    s("text", { x: 30, y: 20, class: "t-box" }, boxLabel(box.group)),
    isRolled && s("text", { x: note, y: 20, class: "t-small faint" }, "one step stands for all"));
  for (const one of [element, element.label]) one.style.transform = at(place);
  $("#heads").append(element.label);
  return element;
}

// How many boxes a box is drawn in.
function depthOf(box) {
  let depth = 0;
  for (let at = box.parent; at >= 0; at = glass.graph.groups[at].parent) if (glass.layout.boxes.has(`g${at}`)) depth++;
  return depth;
}

function boxLabel(id) {
  const group = glass.graph.groups[id];
  const module = group.module && group.module !== group.label ? ` · ${group.module}` : "";
  return shortened(groupName(group)) + module;
}

// The width that the label of a box takes up.
const boxLabelWidth = (id) =>
  widthOf(boxLabel(id), "title") + 30 + (glass.state.rolled.has(id) ? widthOf("one step stands for all", "small") + 8 : 0);

function wireElement(wire) {
  const path = glass.layout.paths[wire.index];
  const d = pathData(path);
  const kind = glass.graph.edgeKind.table[wire.kind];
  const classes = ["wire", kind, wire.carried && "carried", touches(wire)].filter(Boolean);
  const element = s("g", { class: classes.join(" "), "data-wire": wire.index },
    s("path", { d, class: "hit" }),
    s("path", { d, class: "line", "marker-end": `url(#arrow${kind === "gradient" ? "-gradient" : ""})` }));
  element.append(s("title", {}, wireText(wire)));
  const label = argumentLabel(wire);
  if (label) {
    const [x, y] = path.points.at(-1);
    const side = path.points.at(-1)[2] === "side";
    element.label = s("g", { class: "slot", transform: `translate(${side ? x - 6 : x + 6} ${y - (side ? 4 : 11)})` },
      s("text", { class: "t-slot", "text-anchor": side ? "end" : "start" }, label));
    $("#labels").append(element.label);
  }
  return element;
}

function touches(wire) {
  const { selected } = glass.state;
  if (!selected) return null;
  return wire.source.key === selected ? "leaving" : wire.target.key === selected ? "arriving" : null;
}

// The argument's name, where it matters which argument it is and the card does not say it.
function argumentLabel(wire) {
  if (wire.target.node < 0 || !wire.ordered || wire.argument < 0) return null;
  const argument = glass.graph.argument.table[wire.argument];
  const name = wire.source.node >= 0 ? glass.graph.name[wire.source.node] ?? "" : "";
  return argument && name.split(".").at(-1) !== argument ? argument : null;
}

function wireText(wire) {
  const { graph } = glass;
  const edge = graph.edge(wire.edge);
  const name = (card) => (card.node >= 0 ? graph.label(card.node) : groupName(graph.groups[card.group]));
  const shape = graph.text(graph.shape, edge.source);
  const facts = [`${name(wire.source)} → ${name(wire.target)}`];
  if (wire.target.node >= 0) facts.push(`argument ${edge.argument && edge.argument !== String(edge.slot) ? `${edge.argument} (${edge.slot})` : edge.slot}`);
  if (shape) facts.push(shapeText(shape));
  if (edge.kind !== "data") facts.push(edge.kind);
  if (wire.count > 1) facts.push(`${thousands(wire.count)} edges`);
  if (wire.carried) facts.push("carried to the next step");
  return facts.join(" · ");
}

const round = (x) => Math.round(x * 10) / 10;

function pathData({ points }) {
  let [x0, y0] = points[0];
  let d = `M${round(x0)} ${round(y0)}`;
  for (let i = 1; i < points.length; i++) {
    const [x, y, curve] = points[i];
    const half = (y0 + y) / 2;
    if (curve === "side") d += `C${round((x0 + x) / 2)} ${round(y0)} ${round((x0 + x) / 2)} ${round(y)} ${round(x)} ${round(y)}`;
    else if (curve === true && Math.abs(x - x0) > 0.5) d += `C${round(x0)} ${round(half)} ${round(x)} ${round(half)} ${round(x)} ${round(y)}`;
    else if (curve === "turn" && i + 1 < points.length) d += corner([x0, y0], [x, y], points[i + 1]);
    else d += `L${round(x)} ${round(y)}`;
    [x0, y0] = [x, y];
  }
  return d;
}

// A corner of a wire that goes around, rounded as far as its arms are long.
function corner([x0, y0], [x, y], [x1, y1]) {
  const before = Math.hypot(x - x0, y - y0);
  const after = Math.hypot(x1 - x, y1 - y);
  const r = Math.min(6, before / 2, after / 2);
  if (r < 0.5) return `L${round(x)} ${round(y)}`;
  const enter = [x - ((x - x0) / before) * r, y - ((y - y0) / before) * r];
  const leave = [x + ((x1 - x) / after) * r, y + ((y1 - y) / after) * r];
  return `L${enter.map(round).join(" ")}Q${round(x)} ${round(y)} ${leave.map(round).join(" ")}`;
}

// On paper there is the whole drawing, in the colours of the light page.
glass.print = (starts) => {
  const { x0, y0, x1, y1 } = glass.layout.bounds;
  const fits = starts && glass.scene.cards.length <= 3000;
  drawing.paper = fits ? glass.layout.bounds : null;
  if (fits) $("#drawing").setAttribute("viewBox", `${x0 - 10} ${y0 - 10} ${x1 - x0 + 20} ${y1 - y0 + 20}`);
  else $("#drawing").removeAttribute("viewBox");
  glass.isDark = starts ? false : document.documentElement.dataset.theme === "dark";
  styles.mode = null;
  overlays.legend();
  glass.redraw();
};

// ------------------------------------------------------------------------------------------------ for extensions

// The element of a card or box by its key ("n3", "g2"), or null where it is out of view.
glass.element = (key) => (drawing.cards.get(key) ?? drawing.boxes.get(key))?.element ?? null;

// The wires of the scene between two nodes, whatever groups are closed: each with its element or null.
glass.wiresBetween = (source, target, slot = null) => {
  const { scene } = glass;
  const [from, to] = [scene.cardOf[source], scene.cardOf[target]];
  return scene.wires
    .filter((wire) => wire.source.index === from && wire.target.index === to && (slot === null || wire.target.node < 0 || wire.slot === slot))
    .map((wire) => ({ wire, path: glass.layout.paths[wire.index], element: drawing.wires.get(wire.index)?.element ?? null }));
};

// A badge on a node's card: { text, tone: "good" | "bad" | "note", title }; null takes it off.
glass.decorate = (node, decoration) => {
  if (decoration) decorations.set(node, decoration);
  else decorations.delete(node);
  const key = `n${node}`;
  refresh(key);
};

// Draw one card again.
function refresh(key) {
  const entry = drawing.cards.get(key);
  if (!entry) return;
  const hadFocus = document.activeElement === entry.element;
  const element = cardElement(entry.thing);
  entry.element.replaceWith(element);
  entry.element = element;
  if (hadFocus) element.focus({ preventScroll: true });
}
glass.refresh = refresh;

// Draw the wires again: which of them touch the selected card has changed.
glass.refreshWires = () => {
  for (const { element, thing } of drawing.wires.values()) {
    element.classList.remove("leaving", "arriving");
    const touch = touches(thing);
    if (touch) element.classList.add(touch);
  }
};

// Move from an old layout to the new one: what stays glides, what is new comes out of the card that held it.
glass.glide = (old, shift) => {
  glass.redraw();
  if (calm.matches || !drawing.near || !old) return;
  const stage = $("#stage");
  const moves = [];
  for (const { element, thing } of [...drawing.cards.values(), ...drawing.boxes.values()]) {
    const key = thing.key;
    const isCard = thing.members !== undefined;
    const to = isCard ? glass.layout.cards.get(key) : glass.layout.boxes.get(key);
    let from = isCard ? old.cards.get(key) : old.boxes.get(key);
    const isNew = !from;
    from ??= old.boxes.get(key) ?? old.cards.get(key);
    const inside = isCard ? thing.box : thing.parent;
    for (const group of glass.graph.scopes(inside).reverse()) from ??= old.cards.get(`g${group}`);
    if (!from) continue;
    const centre = isNew ? { x: from.x + (from.width - to.width) / 2, y: from.y + (from.height - (isCard ? to.height : 0)) / 2 } : from;
    for (const one of isCard ? [element] : [element, element.label]) {
      one.style.transform = at({ x: centre.x + shift.x, y: centre.y + shift.y });
      if (isNew) one.style.opacity = "0";
      moves.push([one, to]);
    }
  }
  stage.classList.add("still");
  stage.getBoundingClientRect();
  stage.classList.remove("still");
  stage.classList.add("moving");
  requestAnimationFrame(() => {
    for (const [element, to] of moves) {
      element.style.transform = at(to);
      element.style.opacity = "";
    }
  });
  clearTimeout(drawing.settled);
  drawing.settled = setTimeout(() => stage.classList.remove("moving"), 320);
};
