// Everything by keyboard. The cards are one stop of the Tab key; arrows move among them.

const KEYS = [
  ["↓ ↑", "along the wire to what uses the value, and back"],
  ["← →", "to the nearest card at the side"],
  ["Enter", "open a closed group; the details of a node"],
  ["c", "close the group around the card"],
  ["u", "roll up or unroll the fold or loop around the card"],
  ["/ or Ctrl K", "search"],
  ["+ −", "zoom in and out"],
  ["f or 0", "fit the whole graph; 1 for 100 %"],
  ["Shift + arrows", "pan"],
  ["t", "the graph as a table"],
  ["o", "the next overlay"],
  ["d", "light, dark, or as the system"],
  ["Esc", "close what is open, or deselect"],
  ["?", "this list"],
];
const extraKeys = [];

// A key of an extension: { key: " ", words: "play", run(event) }; run returns false to leave the key to others.
glass.addKey = (entry) => extraKeys.push(entry);

glass.showHelp = () => {
  const rows = [...KEYS, ...extraKeys.filter((one) => one.words).map((one) => [one.shown ?? one.key, one.words])];
  $("#help-keys").replaceChildren(...rows.map(([keys, words]) => [h("dt", {}, keys.split(" ").map((key) => (/^(or|\+)$/.test(key) && keys.length > 3 ? ` ${key} ` : h("kbd", {}, key)))), h("dd", {}, words)]).flat());
  $("#help").showModal();
};

// Move the focus to a card and bring it into view.
glass.focusCard = (key, { show = true } = {}) => {
  if (!key || !glass.layout.cards.has(key)) return;
  const before = glass.state.active;
  glass.state.active = key;
  if (before && before !== key) {
    refresh(before);
    glass.paintSoon();
  }
  if (show) glass.camera.show(key);
  glass.paint();
  const element = glass.element(key);
  element.setAttribute("tabindex", "0");
  element.focus({ preventScroll: true });
};

// The card that an arrow goes to: along a wire where there is one, the nearest in that direction elsewhere.
function neighbour(key, direction) {
  const { scene, layout } = glass;
  const from = layout.cards.get(key);
  const middle = (place) => [place.x + place.width / 2, place.y + place.height / 2];
  const [x, y] = middle(from);
  const along = scene.wires.filter((wire) => !wire.carried && (direction === "ArrowDown" ? wire.source.key === key : direction === "ArrowUp" && wire.target.key === key));
  if (along.length) {
    const ends = along.map((wire) => (direction === "ArrowDown" ? wire.target : wire.source).key);
    const score = (end) => {
      const place = layout.cards.get(end);
      const leaf = scene.cards[layout.index.get(end)].isLeaf ? 1e6 : 0;
      return leaf + Math.abs(middle(place)[0] - x) + Math.abs(middle(place)[1] - y);
    };
    return ends.reduce((a, b) => (score(b) < score(a) ? b : a));
  }
  const [dx, dy] = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[direction];
  let best = null;
  let least = Infinity;
  for (const card of scene.cards) {
    if (card.key === key) continue;
    const [a, b] = middle(layout.cards.get(card.key));
    const ahead = (a - x) * dx + (b - y) * dy;
    const aside = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
    if (ahead < 4) continue;
    const cost = ahead + 2.5 * aside;
    if (cost < least) [least, best] = [cost, card.key];
  }
  return best;
}

glass.listenToKeys = () => {
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    const typing = target.closest("input, select, textarea, dialog");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      $("#search").focus();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const inStage = target.closest("#stage") || target === document.body;
    if (pressed(event, inStage)) event.preventDefault();
  });
};

// Whether the key was one of ours.
function pressed(event, inStage) {
  const { camera, state } = glass;
  for (const entry of extraKeys) if (entry.key === event.key && entry.run(event) !== false) return true;
  const card = state.active && glass.layout.cards.has(state.active) ? glass.scene.cards[glass.layout.index.get(state.active)] : null;
  if (inStage && event.key.startsWith("Arrow")) {
    if (event.shiftKey) {
      const [dx, dy] = { ArrowDown: [0, -1], ArrowUp: [0, 1], ArrowLeft: [1, 0], ArrowRight: [-1, 0] }[event.key];
      camera.fly(camera.k, camera.tx + dx * 160, camera.ty + dy * 160, 120);
      return true;
    }
    const next = card ? neighbour(card.key, event.key) : glass.scene.cards[0]?.key;
    if (next) {
      glass.focusCard(next);
      if (state.selected) glass.select(next, { keepFocus: true });
    }
    return true;
  }
  if (inStage && event.key === "Enter" && card) {
    if (card.group >= 0) glass.toggle(card.group);
    else {
      glass.select(card.key);
      $("#details-title").focus();
    }
    return true;
  }
  const around = card ? card.box : -1;
  const actions = {
    "/": () => $("#search").focus(),
    "+": () => camera.zoomAt(1.3, undefined, undefined, true),
    "=": () => camera.zoomAt(1.3, undefined, undefined, true),
    "-": () => camera.zoomAt(1 / 1.3, undefined, undefined, true),
    f: () => camera.fit(),
    0: () => camera.fit(),
    1: () => camera.zoomAt(1 / camera.k, undefined, undefined, true),
    t: () => glass.showTable(true),
    d: glass.nextTheme,
    o: glass.nextOverlay,
    c: () => around >= 0 && glass.toggle(around),
    u: () => {
      const scopes = glass.graph.scopes(card ? (card.group >= 0 ? card.group : card.box) : -1).reverse();
      const found = scopes.find(canRoll);
      if (found !== undefined) glass.roll(found);
    },
    "?": glass.showHelp,
    Escape: escape,
  };
  const action = actions[event.key];
  if (!action) return false;
  action();
  return true;
}

function escape() {
  if (!$("#table").hidden) glass.showTable(false);
  else if (glass.state.selected) {
    glass.select(null);
    glass.focusCard(glass.state.active, { show: false });
  }
}
