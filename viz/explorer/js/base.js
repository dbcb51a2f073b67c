// The one object that everything hangs on, and the few helpers that every file uses.
//
// What a file that is added to the page (before main.js in viz/explorer/document.py) can count on:
//   glass.graph      the graph (data.js): .node(id), .edge(i), .incoming.of(id), .outgoing.of(id), .groups, .summary(place),
//                    .steps (the backward pass; contributions and incoming are places for .summary), .formulas by op
//   glass.scene      what is drawn (scene.js): .cards, .wires, .boxes; .byNode[id] is the card of a node or null
//   glass.layout     where: .cards and .boxes by key, .paths by wire index, .bounds
//   glass.state      .closed .rolled .selected .active .overlay .backward .theme
//   glass.element(key), glass.wiresBetween(source, target, slot)   SVG elements of what is in view, null of what is not;
//                    elements come and go with the camera, so follow "paint" to keep them decorated
//   glass.on(name, listener): "ready", "scene" (laid out anew), "paint" (drawn anew), "select" { key }, "details" (the
//                    panel was filled), "toggle" { group, open }, "overlay" { name }, "theme" { dark }
//   glass.go(key), glass.select(key), glass.reveal(key), glass.toggle(group), glass.depth(n), glass.setOverlay(name)
//   glass.redraw()   draws all again; glass.refresh(key) one card; glass.arrange() lays out again
//   glass.addPanel({ id, title, render(target, element), before }), glass.addTool(element), glass.addKey({ key, words, run })
//   glass.decorate(node, { text, tone, title })   a badge on a card
//   glass.lesson (live.js), glass.scrubber, glass.predict, glass.edit, glass.zoom   the backward pass step by step, and numbers
//                    that the reader changes; events "step" { position, step }, "edit" { changed }, "zoom" { node, flat }.
//                    graph.valueOf(id) and graph.gradientOf(id) tell what is shown at the moment
//   glass.announce(text) says it to screen readers; glass.toast(text) shows it for two seconds
// A card's key is "n3" for node 3 and "g2" for the closed group 2. In this scope there are h(), s(), $() and the words of
// wording.js: numberText, shapeText, amountText, valueText, gradientText, groupName; summaryView(summary, what) of summaries.js.

const glass = { version: 1, state: {}, listeners: new Map() };
window.glass = glass;

// glass.on("select", ({ key }) => ...) returns a function that takes the listener off again.
glass.on = (name, listener) => {
  if (!glass.listeners.has(name)) glass.listeners.set(name, new Set());
  glass.listeners.get(name).add(listener);
  return () => glass.listeners.get(name).delete(listener);
};

glass.emit = (name, detail = {}) => {
  for (const listener of glass.listeners.get(name) ?? []) listener(detail);
};

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// h("p", { class: "note", onclick: f }, "text", h("b", {}, "bold")): an element of the page; s(...) one of a drawing.
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const $ = (selector) => document.querySelector(selector);

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const narrow = matchMedia("(max-width: 720px)");
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

// Storage may throw where a page is opened from disk; what cannot be remembered is forgotten.
const memory = {
  get(name) {
    try {
      return localStorage.getItem(`glassgrad.${name}`);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`glassgrad.${name}`, value);
    } catch {
      // nothing to do
    }
  },
};

glass.announce = (text) => {
  const region = $("#announcer");
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
};
