// Puts the parts together: the state, what changes it, and how the page begins.

const TOO_MANY = 20000; // cards at once
const MOST_CARDS = 400; // a page that would begin with more closes groups first

const canRoll = (id) => {
  const { graph } = glass;
  if (!["fold", "loop"].includes(graph.groups[id].kind)) return false;
  const sizes = graph.children[id].map((child) => graph.membersOf(child).length);
  const own = sizes.reduce((all, size) => all + size, 0) === graph.membersOf(id).length;
  return sizes.length > 1 && own && sizes.every((size) => size === sizes[0]);
};

// The card that a node or group is drawn as now; of an open group the first card in it.
glass.cardFor = (key) => {
  const id = Number(key.slice(1));
  const node = key[0] === "n" ? id : glass.graph.membersOf(id)[0];
  if (node === undefined) return null;
  const { byNode } = glass.scene;
  return byNode[node] ?? null;
};

glass.placeOf = (key) => glass.layout.cards.get(key) ?? glass.layout.boxes.get(key) ?? glass.layout.cards.get(glass.cardFor(key)?.key) ?? null;

// ------------------------------------------------------------------------------------------------ arranging

const isBackward = (graph, card) => {
  const kind = (node) => graph.text(graph.kind, node);
  return card.members.every((node) => isGradient({ kind: kind(node) }));
};

// The scene of the current state, without the backward graph where it is switched off.
glass.sceneNow = () => {
  const { graph, state } = glass;
  const whole = sceneOf(graph, state.closed, state.rolled);
  whole.byNode = Array.from(whole.cardOf, (index) => whole.cards[index]);
  if (state.backward || !graph.hasBackward) return whole;
  const cards = whole.cards.filter((card) => !isBackward(graph, card));
  const kept = new Set(cards);
  const wires = whole.wires.filter((wire) => kept.has(wire.source) && kept.has(wire.target));
  cards.forEach((card, index) => (card.index = index));
  wires.forEach((wire, index) => (wire.index = index));
  const open = new Set();
  const parents = new Map(whole.boxes.map((box) => [box.group, box.parent]));
  for (const card of cards) for (let box = card.box; box >= 0 && !open.has(box); box = parents.get(box)) open.add(box);
  const byNode = whole.byNode.map((card) => (kept.has(card) ? card : null));
  return { cards, wires, boxes: whole.boxes.filter((box) => open.has(box.group)), cardOf: byNode.map((card) => card?.index ?? -1), byNode };
};

// Lay out anew. `anchor` is the key of what should stay where it is on the screen.
glass.arrange = ({ anchor = null, link: write = true, animate = true } = {}) => {
  const old = glass.layout ?? null;
  const before = old && anchor ? old.cards.get(anchor) ?? old.boxes.get(anchor) : null;
  glass.scene = glass.sceneNow();
  const leaf = new Set(["parameter", "constant"]);
  for (const card of glass.scene.cards) card.isLeaf = card.node >= 0 && leaf.has(glass.graph.text(glass.graph.kind, card.node));
  overlays.measure(glass.scene.cards);
  glass.layout = layoutOf(glass.scene, (card) => {
    const { width, height } = faceOf(card);
    return { width, height };
  }, boxLabelWidth);
  glass.layout.index = new Map(glass.scene.cards.map((card) => [card.key, card.index]));
  const { state } = glass;
  if (state.active && !glass.layout.cards.has(state.active)) state.active = glass.cardFor(state.active)?.key ?? null;
  state.active ??= glass.scene.cards[0]?.key ?? null;
  if ($("#search").value.trim()) glass.search.run($("#search").value);
  const shift = { x: 0, y: 0 };
  const { camera } = glass;
  const now = anchor ? glass.placeOf(anchor) : null;
  if (before && now) {
    // The left top corner stays, so that what was clicked is still under the pointer.
    const dx = before.x + before.width / 2 - (now.x + now.width / 2);
    const dy = before.y - now.y;
    camera.stop();
    Object.assign(camera, { tx: camera.tx + dx * camera.k, ty: camera.ty + dy * camera.k });
    Object.assign(shift, { x: -dx, y: -dy });
  }
  if (old && animate) glass.glide(old, shift);
  else glass.redraw();
  glass.minimap.draw();
  overlays.legend();
  glass.drawTable();
  status();
  if (write) glass.permalink.write();
  glass.emit("scene", { scene: glass.scene, layout: glass.layout });
};

function status() {
  const { graph, scene } = glass;
  const shown = scene.cards.length === graph.n ? "" : ` · ${thousands(scene.cards.length)} cards`;
  $("#counts").textContent = `${thousands(graph.n)} nodes · ${thousands(graph.m)} edges${shown}`;
}

glass.toggle = (id) => {
  const { state, graph } = glass;
  const opens = state.closed.has(id);
  if (opens && isTooMuch(mostAfter(id))) return;
  if (opens) state.closed.delete(id);
  else state.closed.add(id);
  const hadFocus = $("#world").contains(document.activeElement);
  if (!opens && state.active && inside(state.active, id)) state.active = `g${id}`;
  glass.arrange({ anchor: `g${id}` });
  if (opens && state.active === `g${id}`) state.active = null;
  if (hadFocus) {
    state.active = opens ? glass.cardFor(`g${id}`)?.key : `g${id}`;
    glass.focusCard(glass.layout.cards.has(state.active) ? state.active : glass.scene.cards[0]?.key, { show: false });
  }
  if (opens) keepInView(`g${id}`);
  glass.showDetails();
  glass.announce(`${groupName(graph.groups[id])} ${opens ? "opened" : "closed"}, ${thousands(glass.scene.cards.length)} cards`);
  glass.emit("toggle", { group: id, open: opens });
};

// An opened box that does not fit on the screen is brought back as far as it fits.
function keepInView(key) {
  const { camera } = glass;
  const place = glass.layout.boxes.get(key);
  if (!place) return;
  const { width, height } = camera.free();
  const [x, y] = [place.x * camera.k + camera.tx, place.y * camera.k + camera.ty];
  const [w, d] = [place.width * camera.k, place.height * camera.k];
  let [dx, dy] = [0, 0];
  if (x < 20 || x + w > width - 20) dx = w < width - 40 ? clamp(x, 20, width - 20 - w) - x : (width - w) / 2 - x;
  if (y < 12) dy = 12 - y;
  else if (y + d > height - 12) dy = d < height - 24 ? height - 12 - d - y : 12 - y;
  if (dx || dy) setTimeout(() => camera.fly(camera.k, camera.tx + dx, camera.ty + dy), calm.matches ? 0 : 300);
}

const inside = (key, group) => {
  const id = Number(key.slice(1));
  const own = key[0] === "n" ? glass.graph.group[id] : glass.graph.groups[id].parent;
  return glass.graph.scopes(own).includes(group);
};

glass.roll = (id) => {
  const { rolled } = glass.state;
  if (rolled.has(id) && isTooMuch(mostAfter(id))) return;
  if (rolled.has(id)) rolled.delete(id);
  else if (canRoll(id)) rolled.add(id);
  for (const card of glass.scene.cards) card.face = null;
  glass.arrange({ anchor: `g${id}` });
  glass.showDetails();
  glass.announce(`${groupName(glass.graph.groups[id])} ${rolled.has(id) ? "rolled up" : "unrolled"}`);
};

// Whether so many cards would keep the browser busy for too long; if so, the reader is told.
const isTooMuch = (count) => {
  if (count <= TOO_MANY) return false;
  glass.toast(`That would be ${thousands(count)} cards, more than a browser can lay out in good time. Open groups one by one, or search.`);
  return true;
};

// So many cards there are at most once a group is opened or unrolled.
const mostAfter = (id) => {
  const most = glass.scene.cards.length + glass.graph.membersOf(id).length;
  if (most <= TOO_MANY) return most;
  const without = (set) => new Set([...set].filter((one) => one !== id));
  return sceneOf(glass.graph, without(glass.state.closed), without(glass.state.rolled)).cards.length;
};

// Close the groups that lie inside so many others, and those deeper; Infinity opens all.
glass.depth = (depth) => {
  const { graph, state } = glass;
  const closed = new Set(graph.groups.filter((group) => graph.depths[group.id] >= depth).map((group) => group.id));
  if (isTooMuch(sceneOf(graph, closed, state.rolled).cards.length)) return;
  state.closed = closed;
  glass.arrange({ animate: false });
  glass.camera.begin();
  glass.showDetails();
  glass.announce(`${thousands(glass.scene.cards.length)} cards`);
};

// Open the groups around a node or group, and unroll them where its repetition is not the one that is drawn.
glass.reveal = (key) => {
  const { graph, state } = glass;
  const id = Number(key.slice(1));
  const scopes = graph.scopes(key[0] === "n" ? graph.group[id] : graph.groups[id].parent);
  let changed = false;
  for (const scope of scopes) if (state.closed.delete(scope)) changed = true;
  for (const scope of scopes) {
    const parent = graph.groups[scope].parent;
    if (parent >= 0 && state.rolled.has(parent) && graph.children[parent][0] !== scope && mostAfter(parent) <= TOO_MANY) {
      state.rolled.delete(parent);
      changed = true;
    }
  }
  if (!state.backward && key[0] === "n" && isGradient({ kind: graph.text(graph.kind, id) })) {
    state.backward = changed = true;
    controls();
  }
  if (changed) glass.arrange({ link: false, animate: false });
};

// Go to a node or group: open what hides it, select it, and bring it into view.
glass.go = (key, { link: write = true } = {}) => {
  glass.reveal(key);
  glass.select(key, { link: write });
  glass.camera.show(key);
};

glass.select = (key, { link: write = true, keepFocus = false } = {}) => {
  const { state } = glass;
  const before = state.selected;
  state.selected = key;
  state.details = key !== null;
  if (key && glass.layout.cards.has(key)) {
    const active = state.active;
    state.active = key;
    if (active && active !== key) refresh(active);
  }
  for (const one of [before, key]) if (one) refresh(one);
  if (keepFocus && key) glass.element(key)?.focus({ preventScroll: true });
  glass.refreshWires();
  glass.showDetails();
  glass.paintSoon();
  if (write) glass.permalink.write(keepFocus);
  const card = key && glass.scene.cards[glass.layout.index.get(key)];
  if (card) glass.announce(spoken(card));
  glass.emit("select", { key });
};

glass.clicked = (event) => {
  const element = event.target.closest("[data-key]");
  if (event.target.closest("[data-toggle]")) return glass.toggle(Number(element.dataset.key.slice(1)));
  if (element?.classList.contains("card")) {
    glass.select(element.dataset.key);
    return glass.focusCard(element.dataset.key, { show: false });
  }
  const [x, y] = glass.camera.point(event.clientX, event.clientY);
  const hit = glass.scene.cards.find(({ key }) => {
    const place = glass.layout.cards.get(key);
    return x >= place.x && y >= place.y && x <= place.x + place.width && y <= place.y + place.height;
  });
  if (hit && !drawing.near) glass.go(hit.key);
  else if (glass.state.selected) glass.select(null);
};

glass.setOverlay = (name) => {
  overlays.set(name);
  overlays.measure(glass.scene.cards);
  $("#overlay").value = glass.state.overlay;
  overlays.legend();
  glass.redraw();
  glass.showDetails();
  glass.permalink.write();
  glass.announce(overlays.current ? `coloured by ${overlays.current.label}` : "coloured by kind");
  glass.emit("overlay", { name: glass.state.overlay });
};

glass.nextOverlay = () => {
  const names = ["", ...overlays.list.map((one) => one.name)];
  glass.setOverlay(names[(names.indexOf(glass.state.overlay) + 1) % names.length]);
};

glass.toast = (text) => {
  const toast = $("#toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (toast.hidden = true), 2200);
};

// A button or other control at the end of the bar, for extensions.
glass.addTool = (element) => $("#tools").append(element);

// ------------------------------------------------------------------------------------------------ beginning

function controls() {
  const { graph, state } = glass;
  $("#overlay").replaceChildren(h("option", { value: "" }, "kind of op"), ...overlays.list.map((one) => h("option", { value: one.name }, one.label)));
  $("#overlay").value = state.overlay;
  const deepest = Math.max(-1, ...graph.depths);
  $("#depth-control").hidden = graph.g === 0;
  $("#depth").replaceChildren(h("option", { value: "" }, "groups…"), h("option", { value: "0" }, "close all"),
    ...Array.from({ length: Math.max(0, deepest) }, (_, i) => h("option", { value: i + 1 }, `open ${i + 1} deep`)), h("option", { value: "all" }, "open all"));
  $("#backward-control").hidden = !graph.hasBackward;
  $("#backward").checked = state.backward;
}

function listen() {
  const { camera } = glass;
  const click = (id, run) => $(id).addEventListener("click", run);
  click("#zoom-in", () => camera.zoomAt(1.4, undefined, undefined, true));
  click("#zoom-out", () => camera.zoomAt(1 / 1.4, undefined, undefined, true));
  click("#fit", () => camera.fit());
  click("#theme", glass.nextTheme);
  click("#table-button", () => glass.showTable($("#table").hidden));
  click("#table-close", () => glass.showTable(false));
  click("#help-button", glass.showHelp);
  click("#help-close", () => $("#help").close());
  click("#copy", glass.permalink.copy);
  click("#close-panel", () => {
    glass.select(null);
    glass.focusCard(glass.state.active, { show: false });
  });
  click("#more", () => {
    const open = $("#tools").classList.toggle("open");
    $("#more").setAttribute("aria-expanded", String(open));
  });
  click("#skip", (event) => {
    event.preventDefault();
    glass.showTable(true);
  });
  $("#overlay").addEventListener("change", (event) => glass.setOverlay(event.target.value));
  $("#depth").addEventListener("change", ({ target }) => {
    if (target.value !== "") glass.depth(target.value === "all" ? Infinity : Number(target.value));
    target.value = "";
  });
  $("#backward").addEventListener("change", ({ target }) => {
    glass.state.backward = target.checked;
    glass.arrange();
  });
  // On the stage: an element of an SVG that listens to the focus would be a stop of the Tab key itself.
  $("#stage").addEventListener("focusin", (event) => {
    const key = event.target.closest(".card")?.dataset.key;
    if (key && glass.state.active !== key) {
      const before = glass.state.active;
      glass.state.active = key;
      refresh(before);
    }
  });
  window.addEventListener("beforeprint", () => glass.print(true));
  window.addEventListener("afterprint", () => glass.print(false));
  camera.listen();
  glass.minimap.listen();
  glass.search.listen();
  glass.permalink.listen();
  glass.listenToKeys();
}

// Close groups so that a page never begins with more cards than can be looked at: from the outside in, the groups of a
// level are opened as long as there is room.
function closeMany() {
  const { graph, state } = glass;
  const cards = () => sceneOf(graph, state.closed, state.rolled).cards.length;
  if (graph.g === 0 || cards() <= MOST_CARDS) return;
  const given = new Set(state.closed);
  const deepest = Math.max(...graph.depths);
  let best = null;
  for (let depth = 0; depth <= deepest; depth++) {
    state.closed = new Set(given);
    for (const group of graph.groups) if (graph.depths[group.id] >= depth) state.closed.add(group.id);
    if (depth > 0 && cards() > MOST_CARDS) break;
    best = state.closed;
  }
  state.closed = best;
}

// For those who check the page against Python, or write an extension outside of it.
glass.library = { readGraph, sceneOf, layoutOf, numberText, amountText, shapeText, valueText, gradientText };

function begin() {
  const read = (id) => JSON.parse($(id).textContent);
  const looks = read("#glass-looks");
  glass.looks = looks.cards;
  overlays.palette = looks.scale;
  const raw = read("#glass-data");
  const graph = (glass.graph = readGraph(raw));
  graph.look = { table: raw.nodes.look.table, code: integers(raw.nodes.look.code, graph.n) };
  graph.hasBackward = graph.kind.table.includes("backward") || graph.kind.table.includes("gradient");
  $("#glass-data").remove(); // the text of a large graph is as large again
  Object.assign(glass.state, {
    closed: new Set(raw.closed), rolled: new Set(raw.rolled), selected: null, active: null, overlay: "", backward: true, details: false,
  });
  closeMany();
  overlays.prepare();
  const own = graph.overlay && overlays.list.find((one) => one.name === graph.overlay.name || one.name.startsWith("view:"));
  glass.initial = { closed: new Set(glass.state.closed), rolled: new Set(glass.state.rolled), overlay: own?.name ?? "" };
  glass.setTheme(memory.get("theme") ?? "auto");
  const key = glass.permalink.read();
  glass.permalink.last = location.hash;
  controls();
  listen();
  glass.arrange({ link: false, animate: false });
  glass.camera.begin();
  glass.paint();
  if (key) glass.go(key, { link: false });
  document.documentElement.dataset.ready = "true";
  glass.emit("ready");
}
