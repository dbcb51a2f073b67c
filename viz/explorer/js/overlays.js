// What the cards are coloured by: the kind of op, or a quantity. The colours of quantities are those of the pictures
// (viz/drawing/colour_scale.py), which the page brings along; only what recedes into the page differs between light and dark.

const UNKNOWN = { light: "#e8eaed", dark: "#2c3138" };
const NOT_FLAGGED = { light: "#f1f3f5", dark: "#3a4048" };

// The names of viz/graphs/overlays.py; what the view brings along under another name comes first in the list.
const BUILT_IN = ["time", "bytes", "flops", "saved", "gradient norm", "dtype", "first non-finite"];

const normOf = ({ norm, nonfinite }) => (nonfinite ? (norm === null ? NaN : Infinity) : norm);

const overlays = (glass.overlays = { list: [], current: null, range: null, palette: null });

overlays.prepare = () => {
  const { graph } = glass;
  const known = (name) => graph.raw.nodes[name] !== null;
  const add = (overlay) => overlays.list.push({ scale: "log", total: "sum", unit: "", ...overlay });
  if (graph.overlay && !BUILT_IN.includes(graph.overlay.name)) add({ ...graph.overlay, name: `view:${graph.overlay.name}` });
  if (known("seconds")) add({ name: "time", label: "time", values: graph.seconds, unit: "s" });
  if (known("nbytes")) add({ name: "bytes", label: "bytes moved", values: graph.nbytes, unit: "B" });
  if (known("flops")) add({ name: "flops", label: "FLOPs", values: graph.flops, unit: "FLOP" });
  if (known("gradient")) {
    const norms = Array.from(graph.gradient, (place) => (place < 0 ? null : normOf(graph.summary(place))));
    add({ name: "gradient norm", label: "gradient norm", values: norms, total: "max" });
  }
  if (known("saved")) add({ name: "saved", label: "saved for backward", values: graph.saved, unit: "B" });
  const dtypes = Array.from(graph.dtype.code, (code) => (code < 0 ? null : graph.dtype.table[code]));
  if (graph.dtype.table.length) add({ name: "dtype", label: "dtype", values: dtypes, scale: "category", total: "mixed" });
  if (known("value") || known("gradient")) {
    add({ name: "first non-finite", label: "not finite", values: notFiniteNodes(graph), scale: "flag", total: "max" });
  }
};

// Whether a value or gradient holds NaN or infinity; null where neither is known.
function notFiniteNodes(graph) {
  const bad = (place) => place >= 0 && graph.summary(place).nonfinite > 0;
  return Array.from(graph.value, (value, i) =>
    value < 0 && graph.gradient[i] < 0 ? null : bad(value) || bad(graph.gradient[i]),
  );
}

overlays.firstNotFinite = () => overlays.list.find((one) => one.name === "first non-finite")?.values.indexOf(true) ?? -1;

overlays.set = (name) => {
  overlays.current = overlays.list.find((one) => one.name === name) ?? null;
  glass.state.overlay = overlays.current?.name ?? "";
};

// The range of the cards that are drawn; of log scales the smallest that is above 0.
overlays.measure = (cards) => {
  const overlay = overlays.current;
  overlays.range = null;
  overlays.categories = [];
  if (!overlay) return;
  for (const card of cards) card.overlay = totalOf(overlay, card.members);
  if (overlay.scale === "category") {
    overlays.categories = [...new Set(cards.map((card) => card.overlay).filter((value) => value !== null && value !== "mixed"))].sort();
    return;
  }
  if (overlay.scale === "flag") return;
  const logarithmic = overlay.scale === "log";
  let low = Infinity;
  let high = -Infinity;
  let isAny = false;
  for (const { overlay: value } of cards) {
    if (!Number.isFinite(value)) continue;
    isAny = true;
    if (logarithmic && value <= 0) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (isAny) overlays.range = low <= high ? { low, high } : { low: 0, high: 0 };
};

// The paint of a card: fill, stroke and text; `hatched` where the quantity is not known.
overlays.paint = (card) => {
  const look = glass.looks[card.face.look];
  const overlay = overlays.current;
  if (!overlay) return { fill: look.fill, stroke: look.stroke, text: look.text };
  const theme = glass.isDark ? "dark" : "light";
  const fill = overlays.colour(card.overlay);
  if (Number.isNaN(card.overlay)) return { fill, stroke: overlays.palette.notANumber, text: overlays.palette.notANumber };
  if (fill === null) return { fill: UNKNOWN[theme], stroke: "var(--faint)", text: "var(--muted)", hatched: true };
  return { fill, stroke: mixed(fill, glass.isDark ? "#ffffff" : "#000000", 0.35), text: readable(fill) };
};

overlays.colour = (value) => {
  const { current: overlay, palette } = overlays;
  if (value === null || value === undefined) return null;
  if (overlay.scale === "category") return palette.categories[overlays.categories.indexOf(value)] ?? palette.mixed;
  if (overlay.scale === "flag") return value ? palette.flagged : NOT_FLAGGED[glass.isDark ? "dark" : "light"];
  return Number.isNaN(value) ? "#ffffff" : ramp(overlays.share(value));
};

// Where a number lies between the two ends of the scale, from 0 to 1.
overlays.share = (value) => {
  const logarithmic = overlays.current.scale === "log";
  if (logarithmic && value <= 0) return 0;
  const { low, high } = overlays.range ?? { low: value, high: value };
  const [a, at, b] = logarithmic ? [low, value, high].map(Math.log) : [low, value, high];
  return a < b ? clamp((at - a) / (b - a), 0, 1) : 0.5;
};

overlays.words = (value) => {
  const overlay = overlays.current;
  if (value === null || value === undefined) return "not known";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  const isCount = Number.isInteger(value) && Math.abs(value) >= 1;
  return Number.isFinite(value) && (overlay.unit || isCount) ? amountText(value, overlay.unit) : numberText(value);
};

overlays.textOf = (card) => (overlays.current ? `${overlays.current.label} ${overlays.words(card.overlay)}` : null);

const parts = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
const joined = (rgb) => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

function mixed(a, b, share) {
  const [from, to] = [parts(a), parts(b)];
  return joined(from.map((part, i) => part + (to[i] - part) * share));
}

function ramp(share) {
  const stops = overlays.palette.ramp;
  const at = Math.min(stops.length - 2, Math.floor(share * (stops.length - 1)));
  return mixed(stops[at], stops[at + 1], share * (stops.length - 1) - at);
}

// The brightness of a colour by WCAG 2, and black or white, whichever can be read on it.
function brightness(colour) {
  const [r, g, b] = parts(colour).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const readable = (fill) => (brightness(fill) > 0.179 ? "#000000" : "#ffffff");

overlays.legend = () => {
  const box = $("#legend");
  const overlay = overlays.current;
  const swatch = (fill, words, hatched) =>
    h("li", {}, s("svg", { width: 14, height: 14, "aria-hidden": "true" },
      s("rect", { x: 0.5, y: 0.5, width: 13, height: 13, rx: 3, fill, class: "swatch" }),
      hatched && s("rect", { x: 0.5, y: 0.5, width: 13, height: 13, rx: 3, fill: "url(#hatch)" })), words);
  if (!overlay) {
    const shown = new Set(glass.scene.cards.map((card) => faceOf(card).look));
    box.replaceChildren(h("ul", {}, Object.entries(glass.looks).filter(([name]) => shown.has(name))
      .map(([, look]) => swatch(look.fill, look.legend))));
    return;
  }
  const unknown = glass.scene.cards.some((card) => overlays.colour(card.overlay) === null);
  const rows = [];
  const shown = new Set(glass.scene.cards.map((card) => card.overlay));
  if (overlay.scale === "category") {
    for (const name of [...overlays.categories, "mixed"]) if (shown.has(name)) rows.push(swatch(overlays.colour(name), name));
  } else if (shown.has(NaN)) rows.push(swatch("#ffffff", "nan"));
  if (overlay.scale === "flag") rows.push(swatch(overlays.colour(true), "yes"), swatch(overlays.colour(false), "no"));
  if (unknown) rows.push(swatch(UNKNOWN[glass.isDark ? "dark" : "light"], "not known", true));
  const { range } = overlays;
  const first = overlay.name === "first non-finite" ? overlays.firstNotFinite() : -1;
  box.replaceChildren(
    h("p", { class: "what" }, overlay.label, range && h("span", {}, ` · ${overlay.scale} scale`)),
    range && bar(overlays.words(range.low), overlays.words(range.high)),
    first >= 0 && h("button", { type: "button", onclick: () => glass.go(`n${first}`) }, `first: ${glass.graph.label(first)}`),
    h("ul", {}, rows),
  );
  for (const child of [...box.childNodes]) if (child.nodeType === 3) child.remove();
};

function bar(low, high) {
  const steps = 40;
  return h("div", { class: "scale" },
    s("svg", { viewBox: `0 0 ${steps} 1`, preserveAspectRatio: "none", role: "img", "aria-label": `from ${low} to ${high}` },
      Array.from({ length: steps }, (_, i) => s("rect", { x: i, y: 0, width: 1.1, height: 1, fill: ramp(i / (steps - 1)) }))),
    h("div", { class: "ends" }, h("span", {}, low), h("span", {}, high)));
}
