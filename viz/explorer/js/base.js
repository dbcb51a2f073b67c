// The one object that everything hangs on, and the few helpers that every file uses.

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
