// The details of what is selected: on a wide page at the side, on a narrow one at the bottom.

const panels = [];

// A section of the details: { id, title, render(target, element) }, where the target is { key, node } or { key, group }.
// render fills the element, or returns false where the section has nothing to say. `before` names the section that it
// goes in front of.
glass.addPanel = ({ id, title, render, before }) => {
  const place = before ? panels.findIndex((panel) => panel.id === before) : -1;
  if (place < 0) panels.push({ id, title, render });
  else panels.splice(place, 0, { id, title, render });
  glass.showDetails();
};

glass.showDetails = () => {
  const key = glass.state.selected;
  const panel = $("#panel");
  if (!glass.graph) return;
  const wasHidden = panel.hidden;
  panel.hidden = !key || !glass.state.details;
  if (panel.hidden) return;
  const id = Number(key.slice(1));
  const target = key[0] === "n" ? { key, node: glass.graph.node(id) } : { key, group: glass.graph.groups[id] };
  const sections = [];
  for (const { id: name, title, render } of panels) {
    const body = h("div", {});
    if (render(target, body) === false) continue;
    sections.push(h("section", { class: `part ${name}`, "data-part": name }, title && h("h3", {}, title), body));
  }
  $("#details").replaceChildren(heading(target), ...sections);
  if (wasHidden) $("#details").scrollTop = 0;
  glass.emit("details", target);
};

const link = (key, text) => h("a", { href: `#${key}`, "data-go": key, onclick: (event) => {
  event.preventDefault();
  glass.go(key);
} }, text);
glass.link = link;

function heading({ key, node, group }) {
  const { graph } = glass;
  const scopes = graph.scopes(node ? node.group : group.parent);
  const crumbs = h("nav", { class: "crumbs", "aria-label": "scopes" },
    scopes.map((scope) => [link(`g${scope}`, groupName(graph.groups[scope])), h("span", { "aria-hidden": "true" }, "›")]));
  const title = node ? graph.label(node.id) : groupName(group);
  const look = glass.looks[node ? graph.text(graph.look, node.id) : "group"];
  const sub = node
    ? [node.op && node.name ? node.name : null, node.op_kind, node.kind === "op" ? null : node.kind]
    : [group.kind, group.module && group.module !== group.label ? group.module : null];
  const chip = s("svg", { width: 14, height: 14, "aria-hidden": "true" }, s("rect", { x: 1, y: 1, width: 12, height: 12, rx: 3, fill: look.fill, stroke: look.stroke }));
  return h("header", {}, scopes.length > 0 && crumbs, h("h2", { id: "details-title", tabindex: -1 }, chip, title, h("small", {}, key)),
    h("p", { class: "sub" }, [...new Set(sub.filter(Boolean))].join(" · ")));
}

glass.addPanel({ id: "formula", title: "Formula", render({ node }, element) {
  const formula = node?.op && glass.graph.formulas[node.op];
  if (!formula || !(formula.forward || formula.backward.some(Boolean))) return false;
  const forward = formula.forward && maths(formula.forward);
  const rules = formula.backward.map((rule, i) => rule && (rule.startsWith("<math") ? maths(rule) : [h("span", { class: "of" }, `∇ ${formula.arguments[i] ?? i}`), maths(rule)]));
  element.append(forward ? h("div", { class: "maths" }, forward) : "");
  if (rules.some(Boolean)) element.append(h("div", { class: "rules" }, rules.filter(Boolean).map((rule) => h("div", {}, rule))));
  if (formula.doc) element.append(h("p", { class: "doc" }, formula.doc.split("``").map((part, i) => (i % 2 ? h("code", {}, part) : part))));
} });

// MathML as Python wrote it, or LaTeX as text.
function maths(text) {
  if (!text.startsWith("<math")) return h("code", {}, text);
  return document.importNode(new DOMParser().parseFromString(text, "text/html").body.firstChild, true);
}

glass.addPanel({ id: "facts", title: null, render({ node, group }, element) {
  const rows = [];
  const add = (name, value) => value !== null && value !== undefined && value !== "" && rows.push([name, value]);
  const card = glass.cardFor(node ? `n${node.id}` : `g${group.id}`);
  const amount = (name, unit) => {
    const total = node ? node[name] : sum(glass.graph[name], glass.graph.membersOf(group.id));
    return total === null ? null : amountText(total, unit);
  };
  if (node) {
    add("shape", node.shape && shapeText(node.shape));
    add("dtype", node.dtype);
    for (const [name, value] of node.params) add(name, value);
    if (card.node === node.id && card.members.length > 1) add("stands for", `${thousands(card.members.length)} nodes`);
  } else {
    add("path", group.path);
    add("nodes", thousands(glass.graph.membersOf(group.id).length));
    if (group.count > 1) add("repeats", group.count);
  }
  add("time", amount("seconds", "s"));
  add("read, written", amount("nbytes", "B"));
  add("FLOPs", amount("flops", "FLOP"));
  add("saved", amount("saved", "B"));
  const { current } = overlays;
  if (current?.name.startsWith("view:")) {
    add(current.label, overlays.words(node ? current.values[node.id] : totalOf(current, glass.graph.membersOf(group.id))));
  }
  if (node?.origin >= 0) add(node.kind === "gradient" ? "gradient of" : "goes back through", link(`n${node.origin}`, glass.graph.label(node.origin)));
  if (node?.line) {
    const [file, line, where, text] = node.line;
    add("source", h("span", { class: "source" }, h("span", { title: file }, `${file.split("/").at(-1)}:${line}`), ` in ${where}`, text && h("code", {}, text)));
  }
  if (!rows.length) return false;
  element.append(factList(rows));
} });

glass.addPanel({ id: "actions", title: null, render({ group }, element) {
  if (!group) return false;
  const { state } = glass;
  const isClosed = state.closed.has(group.id);
  element.append(h("button", { type: "button", onclick: () => glass.toggle(group.id) }, isClosed ? "Open" : "Close"));
  if (canRoll(group.id)) {
    const isRolled = state.rolled.has(group.id);
    element.append(h("button", { type: "button", onclick: () => glass.roll(group.id) }, isRolled ? "Show every step" : "Roll up"));
  }
} });

glass.addPanel({ id: "value", title: "Value", render({ node }, element) {
  if (!node || node.kind === "constant") return false;
  if (isGradient(node)) element.append(h("p", { class: "note" }, "The value of this node is itself a gradient."));
  element.append(summaryView(node.value, "value"));
} });

glass.addPanel({ id: "gradient", title: "Gradient", render({ node }, element) {
  if (!node || node.kind === "constant" || isGradient(node) || !glass.graph.hasGradients) return false;
  element.append(summaryView(node.gradient, "gradient"));
} });

const MANY = 60;

glass.addPanel({ id: "wires", title: null, render({ node, group }, element) {
  const { graph } = glass;
  const list = (name, edges, end, slot) => {
    if (!edges.length) return;
    const items = [...edges.slice(0, MANY)].map((i) => {
      const other = graph[end][i];
      const edge = graph.edge(i);
      const argument = edge.argument && edge.argument !== String(edge.slot) ? edge.argument : `${edge.slot}`;
      const shape = graph.text(graph.shape, edge.source);
      return h("li", {}, slot && h("span", { class: "slot-name" }, argument), link(`n${other}`, graph.label(other)),
        graph.name[other] && graph.text(graph.op, other) !== null && h("i", {}, graph.name[other]),
        shape && h("small", {}, shapeText(shape)), edge.kind !== "data" && h("small", {}, edge.kind));
    });
    if (edges.length > MANY) items.push(h("li", {}, `and ${thousands(edges.length - MANY)} more`));
    element.append(h("h3", {}, name), h("ul", { class: "ends" }, items));
  };
  if (node) {
    list("Inputs", graph.incoming.of(node.id), "source", true);
    list("Used by", graph.outgoing.of(node.id), "target", false);
  } else {
    const inside = new Set(graph.membersOf(group.id));
    const crossing = (edges, end) => {
      const found = [];
      for (const member of inside) for (const i of edges.of(member)) if (!inside.has(graph[end][i])) found.push(i);
      return found;
    };
    list("Comes in", crossing(graph.incoming, "source"), "source", false);
    list("Goes to", crossing(graph.outgoing, "target"), "target", false);
  }
} });
