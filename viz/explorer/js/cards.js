// The face of a card: its lines of text, its size, and how it is called aloud. As in viz/drawing/faces.py.

const FONT = { title: "600 13px", name: "italic 12px", role: "700 9px", small: "11px", stub: "11px", slot: "10px" };
const LINE = { title: 17, name: 16, role: 12, small: 14, stub: 13 };
const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const LONGEST_NAME = 36;
const TOGGLE = 22;

const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();

function widthOf(text, style) {
  const key = `${style}|${text}`;
  if (!widths.has(key)) {
    pen.font = `${FONT[style]} ${FAMILY}`;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}

function shortened(name) {
  if (name.length <= LONGEST_NAME) return name;
  const head = Math.floor(LONGEST_NAME / 3);
  return `${name.slice(0, head)}…${name.slice(head + 1 - LONGEST_NAME)}`;
}

function faceOf(card) {
  if (card.face) return card.face;
  const lines = linesOf(card);
  const stub = lines[0].style === "stub";
  const text = Math.max(...lines.map((line) => widthOf(line.text, line.style)), glass.lesson?.roomOf(card) ?? 0);
  const width = Math.ceil(text) + (stub ? 14 : 24) + (card.group >= 0 ? TOGGLE : 0);
  const height = lines.reduce((all, line) => all + LINE[line.style], 0) + (stub ? 6 : 12);
  card.face = { lines, width: Math.max(stub ? 24 : 56, width), height, look: lookOf(card) };
  return card.face;
}

const linesOf = (card) =>
  card.node >= 0 ? nodeLines(glass.graph.node(card.node), card) : groupLines(glass.graph.groups[card.group], card);

const lookOf = (card) => (card.node >= 0 ? glass.graph.text(glass.graph.look, card.node) : "group");

function nodeLines(node, card) {
  if (card.members.length > 1 && node.name) node.name = commonName(card.members.map((id) => glass.graph.name[id] ?? ""));
  const label = node.op ?? node.name ?? node.kind;
  if (node.kind === "constant") return [{ text: label, style: "stub" }];
  const lines = [];
  if (node.kind === "output") lines.push({ text: isScalar(node) ? "LOSS" : "OUTPUT", style: "role" });
  const which = node.op_kind === "item" ? ` ${new Map(node.params).get("index") ?? ""}` : "";
  const times = card.members.length > 1 ? ` × ${card.members.length}` : "";
  lines.push({ text: shortened(label) + which + times, style: "title" });
  if (node.op && node.name) lines.push({ text: shortened(node.name), style: "name" });
  const facts = [];
  if (node.shape) facts.push(shapeText(node.shape));
  if (node.dtype && node.dtype !== "float32") facts.push(node.dtype);
  if (facts.length) lines.push({ text: facts.join(" · "), style: "small" });
  const told = glass.graph.raw.values || glass.lesson?.on ? numbersText(node) : []; // or left to the details
  for (const text of told) lines.push({ text, style: "small" });
  return lines;
}

// blocks.*.weight for the weights of all blocks.
function commonName(names) {
  const parts = [...new Set(names)].map((name) => name.split("."));
  if (parts.some((part) => part.length !== parts[0].length)) return names[0];
  return parts[0].map((word, i) => (parts.every((part) => part[i] === word) ? word : "*")).join(".");
}

function groupLines(group, card) {
  const label = /^\d+$/.test(group.label) && group.path ? group.path : group.label; // "layers.3" says more than "3"
  const lines = [{ text: shortened(groupName({ ...group, label })), style: "title" }];
  const small = group.module && group.module !== group.label ? [group.module] : [];
  if (card.shape >= 0) small.push(shapeText(glass.graph.shape.table[card.shape]));
  if (small.length) lines.push({ text: shortened(small.join(" · ")), style: "small" });
  const count = card.members.length;
  const learnt = parametersIn(card.members);
  const amount = `${thousands(count)} ${count === 1 ? "node" : "nodes"}`;
  lines.push({ text: learnt ? `${amount} · ${amountText(learnt, "")} parameters` : amount, style: "small" });
  return lines;
}

// How many numbers are learnt in there: the copies of one parameter count once.
function parametersIn(members) {
  const { graph } = glass;
  const sizes = new Map();
  for (const id of members) {
    const shape = graph.text(graph.kind, id) === "parameter" ? graph.text(graph.shape, id) : null;
    if (shape) sizes.set(graph.seq[id] ?? `node ${id}`, shape.reduce((all, side) => all * side, 1));
  }
  return [...sizes.values()].reduce((all, size) => all + size, 0);
}

// How a card is called where it is not seen.
function spoken(card) {
  const { graph } = glass;
  const parts = [];
  if (card.node >= 0) {
    const node = graph.node(card.node);
    const isOp = node.kind === "op" || node.kind === "output";
    parts.push(isOp ? graph.label(node.id) : `${node.kind} ${node.name ?? node.op ?? ""}`.trim());
    if (isOp && node.name) parts.push(node.name);
    if (node.kind === "output") parts.push("output");
    if (node.shape) parts.push(`${shapeText(node.shape)} ${node.dtype ?? ""}`.trim());
    parts.push(...numbersText(node));
  } else {
    const group = graph.groups[card.group];
    parts.push(`closed group ${groupName(group)}`, `${thousands(card.members.length)} nodes`);
    if (card.shape >= 0) parts.push(shapeText(graph.shape.table[card.shape]));
  }
  const overlay = glass.overlays?.textOf(card);
  if (overlay) parts.push(overlay);
  if (card.members.some((node) => graph.marked.has(node))) parts.push("marked");
  return parts.join(", ");
}
