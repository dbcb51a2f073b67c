// Find nodes and groups by op, name, scope or shape; kind:parameter, dtype:float16, op:matmul, scope:attn, nonfinite.

const SHOWN = 200;
const search = { results: [], at: -1 };
glass.search = search;

// The keys ("n3", "g2") that every word of the query is found in, in tape order; groups first.
search.find = (query) => {
  const words = query.toLowerCase().trim().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const { graph } = glass;
  const tests = words.map(testOf);
  const keys = [];
  for (const group of graph.groups) if (tests.every((test) => test.group?.(group))) keys.push(`g${group.id}`);
  for (let i = 0; i < graph.n; i++) if (tests.every((test) => test.node(i))) keys.push(`n${i}`);
  return keys;
};

// The words are looked up in the tables of texts once, not at each node.
function testOf(word) {
  const { graph } = glass;
  const [, field, text] = /^(kind|op|dtype|name|scope|shape):(.*)$/.exec(word) ?? [null, null, word];
  if (word === "nonfinite") {
    const bad = (place) => place >= 0 && graph.summary(place).nonfinite > 0;
    return { node: (i) => bad(graph.value[i]) || bad(graph.gradient[i]) };
  }
  const hits = (coding, words = String) => {
    const found = coding.table.map((entry) => words(entry).toLowerCase().includes(text));
    return (i) => coding.code[i] >= 0 && found[coding.code[i]];
  };
  const shape = text.replace(/[()[\]]/g, "").replace(/[x*,]/g, "×").replace(/×+$/, "");
  const shapes = graph.shape.table.map((entry) => {
    const whole = shapeText(entry);
    return field ? whole === shape : /×/.test(shape) && `×${whole}×`.includes(`×${shape}×`);
  });
  const scopeHit = [];
  for (const group of graph.groups) {
    const own = `${group.path} ${group.label} ${group.module}`.toLowerCase().includes(text);
    scopeHit.push(own || (group.parent >= 0 && scopeHit[group.parent]));
  }
  const tests = {
    kind: hits(graph.kind),
    op: hits(graph.op),
    dtype: hits(graph.dtype),
    name: (i) => graph.name[i] !== null && graph.name[i].toLowerCase().includes(text),
    scope: (i) => graph.group[i] >= 0 && scopeHit[graph.group[i]],
    shape: (i) => graph.shape.code[i] >= 0 && shapes[graph.shape.code[i]],
  };
  const group = (one) => `${groupName(one)} ${one.path} ${one.module}`.toLowerCase().includes(text);
  if (field) return { node: tests[field], group: field === "scope" || field === "name" ? group : null };
  const kind = hits(graph.op_kind);
  return { node: (i) => tests.op(i) || tests.name(i) || tests.scope(i) || tests.shape(i) || tests.kind(i) || kind(i), group };
}

search.run = (query) => {
  search.results = search.find(query);
  search.at = -1;
  // What is hidden in a closed group lights up the card of that group.
  const keys = new Set();
  for (const key of search.results) {
    const card = glass.cardFor(key);
    if (card && (key[0] === "n" || card.key === key)) keys.add(card.key);
  }
  glass.found = query.trim() ? keys : null;
};

search.show = () => {
  const list = $("#results");
  const query = $("#search").value;
  const { results } = search;
  const open = query.trim() !== "" && document.activeElement === $("#search");
  list.hidden = !open;
  $("#search").setAttribute("aria-expanded", String(open));
  $("#search").setAttribute("aria-activedescendant", search.at >= 0 ? `result-${search.at}` : "");
  if (!open) return;
  const items = results.slice(0, SHOWN).map((key, i) => {
    const id = Number(key.slice(1));
    const { graph } = glass;
    const isNode = key[0] === "n";
    const shape = isNode ? graph.text(graph.shape, id) : null;
    const scope = isNode ? graph.group[id] : graph.groups[id].parent;
    const look = glass.looks[isNode ? graph.text(graph.look, id) : "group"];
    return h("li", { id: `result-${i}`, role: "option", "aria-selected": String(i === search.at), onpointerdown: (event) => {
      event.preventDefault();
      search.pick(i);
    } },
      s("svg", { width: 12, height: 12, "aria-hidden": "true" }, s("rect", { x: 1, y: 1, width: 10, height: 10, rx: 3, fill: look.fill, stroke: look.stroke })),
      h("b", {}, isNode ? graph.label(id) : groupName(graph.groups[id])),
      isNode && graph.text(graph.op, id) !== null && graph.name[id] && h("i", {}, graph.name[id]),
      shape && h("small", {}, shapeText(shape)),
      h("small", { class: "scope" }, scope >= 0 ? graph.groups[scope].path || graph.groups[scope].label : ""));
  });
  const count = results.length;
  items.push(h("li", { class: "count", role: "presentation" }, count === 0 ? "Nothing found" : count > SHOWN ? `${thousands(count)} found, the first ${SHOWN} listed` : `${thousands(count)} found`));
  list.replaceChildren(...items);
  list.children[search.at]?.scrollIntoView({ block: "nearest" });
};

search.pick = (i) => {
  search.at = i;
  const key = search.results[i];
  if (!key) return;
  glass.go(key);
  search.show();
};

search.listen = () => {
  const box = $("#search");
  box.addEventListener("input", () => {
    search.run(box.value);
    search.show();
    glass.redraw();
    const count = search.results.length;
    if (box.value.trim()) glass.announce(`${thousands(count)} found`);
  });
  box.addEventListener("focus", search.show);
  box.addEventListener("blur", search.show);
  box.addEventListener("keydown", (event) => {
    const last = Math.min(search.results.length, SHOWN) - 1;
    if (event.key === "ArrowDown") search.at = Math.min(last, search.at + 1);
    else if (event.key === "ArrowUp") search.at = Math.max(-1, search.at - 1);
    else if (event.key === "Enter") {
      event.preventDefault();
      if (search.results.length === 0) return;
      search.pick(Math.max(0, search.at));
      glass.focusCard(glass.state.selected);
      return;
    } else if (event.key === "Escape") {
      event.stopPropagation();
      box.value = "";
      search.run("");
      glass.redraw();
      glass.focusCard(glass.state.active);
      search.show();
      return;
    } else return;
    event.preventDefault();
    search.show();
  });
};
