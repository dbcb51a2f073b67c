// Rules as maths, with real numbers in the places of their letters.

const MATHML = "http://www.w3.org/1998/Math/MathML";
const m = (tag, attributes, ...children) => fill(document.createElementNS(MATHML, tag), attributes, children);

const FEW = 16; // an array of so many elements is written out

// A number as MathML: 0.5, 1.2 · 10⁻⁵; with parentheses where a sign would run into what stands before.
function numberMath(number, { guarded = false } = {}) {
  const text = numberText(number);
  const [digits, power] = text.split("e");
  const negative = digits.startsWith("−");
  const parts = [];
  if (negative) parts.push(m("mo", { form: "prefix" }, "−"));
  parts.push(m("mn", {}, negative ? digits.slice(1) : digits));
  if (power !== undefined) {
    const sign = power.startsWith("−");
    const size = String(Number(power.replace(/[−+]/, "")));
    parts.push(m("mo", {}, "·"), m("msup", {}, m("mn", {}, "10"), sign ? m("mrow", {}, m("mo", { form: "prefix" }, "−"), m("mn", {}, size)) : m("mn", {}, size)));
  }
  const row = parts.length === 1 ? parts[0] : m("mrow", {}, parts);
  return guarded && parts.length > 1 ? m("mrow", {}, m("mo", { stretchy: "false" }, "("), row, m("mo", { stretchy: "false" }, ")")) : row;
}

// A value as MathML: a number, a small matrix, or a letter with its shape and norm beneath.
function valueMath(summary, { guarded = false, letter = null } = {}) {
  if (!summary) return letter ?? m("mtext", {}, "?");
  const size = (summary.shape ?? []).reduce((all, side) => all * side, 1);
  const { data } = summary;
  if (isScalar(summary) && data !== null) return typeof data === "number" || data in REALS ? numberMath(real(data), { guarded }) : m("mtext", {}, elementText(data));
  if (data !== null && size > 0 && size <= FEW && summary.shape.length <= 2) {
    const rows = matrixRows(data).map((row) => m("mtr", {}, row.map((x) => m("mtd", {}, typeof real(x) === "number" ? numberMath(real(x)) : m("mtext", {}, elementText(x))))));
    return m("mrow", {}, m("mo", { fence: "true" }, "["), m("mtable", { class: "elements" }, rows), m("mo", { fence: "true" }, "]"));
  }
  const facts = `${shapeText(summary.shape)}${summary.norm === null ? "" : `, norm ${numberText(summary.norm)}`}`;
  return letter ? m("munder", {}, m("mrow", {}, letter), m("mtext", { class: "facts" }, facts)) : m("mtext", { class: "facts" }, facts);
}

// The rule that gives the gradient of an argument: { rule, filled }, as <math>; rule is null where the table has none.
// `context`: { op, slot, params, incoming, output, operands: by slot, sizes }
function ruleMath(context) {
  const templates = glass.graph.raw.rules?.[context.op]?.[context.slot];
  if (!templates) return { rule: null, filled: null };
  const scalar = [context.incoming, context.output, ...context.operands].every((one) => !one || isScalar(one));
  const rule = mathOf(templates[scalar ? 1 : 0]);
  const filled = rule.cloneNode(true);
  // The left side is what we are after: it stands in front already.
  const row = filled.querySelector(":scope > mrow") ?? filled;
  const equals = [...row.children].findIndex((child) => child.localName === "mo" && child.textContent === "=");
  if (equals >= 0) for (const child of [...row.children].slice(0, equals + 1)) child.remove();
  for (const place of filled.querySelectorAll("[data-slot]")) {
    const slot = place.dataset.slot;
    const summary = slot === "g" ? context.incoming : slot === "y" ? context.output : context.operands[Number(slot)];
    const power = ["msup", "msubsup"].includes(place.parentNode.localName) && place.parentNode.firstElementChild === place;
    const first = place === row.firstElementChild;
    const guarded = power || !(first || place.parentNode.localName === "mtd");
    place.replaceWith(valueMath(summary, { guarded, letter: place.cloneNode(true) }));
  }
  for (const place of filled.querySelectorAll("[data-param]")) {
    const name = place.dataset.param;
    const given = name === "N" ? context.count : name === "A" ? context.params.get("axis") : context.params.get(name);
    if (given !== undefined && given !== null) place.replaceWith(Number.isFinite(Number(given)) ? numberMath(Number(given), { guarded: true }) : m("mtext", {}, given));
  }
  return { rule, filled };
}

function mathOf(text) {
  return document.importNode(new DOMParser().parseFromString(text, "text/html").body.firstElementChild, true);
}

// a + b = c, as <math>.
function sumMath(before, gradient, after) {
  const arrays = !isScalar(after);
  if (!before) return m("math", {}, m("mrow", {}, valueMath(after)));
  const sized = arrays && (after.shape.reduce((all, side) => all * side, 1) > FEW);
  if (sized) return m("math", {}, m("mrow", {}, normMath(before), m("mo", {}, "→"), normMath(after)));
  return m("math", {}, m("mrow", {}, valueMath(before), m("mo", {}, "+"), valueMath(gradient, { guarded: true }), m("mo", {}, "="), m("mrow", { class: "total" }, valueMath(after))));
}

const normMath = (summary) => m("mtext", {}, `norm ${summary.norm === null ? "?" : numberText(summary.norm)}`);

// Everything that the rule of a step reads for one contribution.
function contextOf(step, slot) {
  const { graph } = glass;
  const node = graph.node(step.node);
  const operands = [];
  let from = null;
  for (const i of graph.incoming.of(node.id)) {
    const edge = graph.edge(i);
    if (edge.kind !== "data") continue;
    operands[edge.slot] = operandOf(edge);
    if (edge.slot === slot) from = operands[edge.slot];
  }
  const size = (shape) => (shape ?? []).reduce((all, side) => all * side, 1);
  const count = from && step.incoming ? Math.round(size(from.shape) / Math.max(1, size(step.incoming.shape))) : null;
  return {
    op: node.op, slot, params: new Map(node.params), incoming: step.incoming, operands: Array.from(operands, (one) => one ?? null), count,
    output: node.value ?? (node.shape ? { shape: node.shape, data: null, norm: null } : null),
  };
}

// The value that comes along an edge. Of a constant that the tape kept only the name of, the number that it is.
function operandOf(edge) {
  const source = glass.graph.node(edge.source);
  if (source.value && !edge.output) return source.value;
  if (source.kind === "constant" && source.name !== null) {
    const number = Number(source.name.replaceAll("−", "-"));
    if (Number.isFinite(number)) return summaryOf([number], []);
  }
  return source.shape && !Array.isArray(source.shape[0]) ? { shape: source.shape, data: null, norm: null } : null;
}
