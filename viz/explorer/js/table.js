// The same scene as a table: for screen readers, for sorting, and for copying.

const PAGE = 100;
const table = { sort: null, down: false, page: 0 };

const COLUMNS = [
  ["card", (card) => card.name],
  ["kind", (card) => card.kind],
  ["in", (card) => card.scope],
  ["shape", (card) => shapeText(card.shapeValue)],
  ["dtype", (card) => card.dtypeValue ?? ""],
  ["value", (card) => card.value ?? ""],
  ["gradient", (card) => card.gradient ?? ""],
  ["time", (card) => card.seconds, "s"],
  ["bytes", (card) => card.nbytes, "B"],
  ["FLOPs", (card) => card.flops, "FLOP"],
  ["saved", (card) => card.saved, "B"],
  ["inputs", (card) => card.inputs.length],
  ["outputs", (card) => card.outputs.length],
];

function gradientOf(node) {
  if (node.kind === "constant" || !glass.graph.hasGradients) return "";
  if (isGradient(node)) return node.value ? "the value is one" : "";
  return node.gradient ? gradientText(node.gradient).replace(/^grad /, "") : "not computed";
}

function tableRows() {
  const { graph, scene } = glass;
  const rows = scene.cards.map((card) => {
    const node = card.node >= 0 ? graph.node(card.node) : null;
    const group = node ? null : graph.groups[card.group];
    return {
      key: card.key,
      isGroup: !node,
      name: node ? graph.label(card.node) + (node.op && node.name ? ` ${node.name}` : "") : groupName(group),
      kind: node ? node.op_kind ?? node.kind : `closed ${group.kind}`,
      scope: card.box >= 0 ? graph.groups[card.box].path || graph.groups[card.box].label : "",
      shapeValue: card.shape >= 0 ? graph.shape.table[card.shape] : null,
      dtypeValue: card.dtype >= 0 ? graph.dtype.table[card.dtype] : null,
      value: node && valueText(node.value),
      gradient: node ? gradientOf(node) : "",
      seconds: card.seconds, nbytes: card.nbytes, flops: card.flops, saved: card.saved,
      inputs: [], outputs: [],
    };
  });
  for (const wire of scene.wires) {
    rows[wire.target.index].inputs.push(wire.source.key);
    rows[wire.source.index].outputs.push(wire.target.key);
  }
  return rows;
}

glass.drawTable = () => {
  if ($("#table").hidden) return;
  const rows = tableRows();
  const used = COLUMNS.filter(([name, value]) => name === "card" || rows.some((row) => ![null, "", undefined].includes(value(row))));
  if (table.sort) {
    const [, value] = COLUMNS.find(([name]) => name === table.sort);
    const way = table.down ? -1 : 1;
    rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null); // what is not known comes last
      return way * (typeof x === "number" ? x - y : String(x).localeCompare(String(y)));
    });
  }
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  table.page = clamp(table.page, 0, pages - 1);
  const head = used.map(([name, , unit]) => {
    const sorted = table.sort === name ? (table.down ? "descending" : "ascending") : "none";
    return h("th", { scope: "col", "aria-sort": sorted }, h("button", { type: "button", onclick: () => {
      const again = table.sort === name;
      Object.assign(table, { sort: name, down: again ? !table.down : Boolean(unit), page: 0 });
      glass.drawTable();
      [...document.querySelectorAll("#rows thead button")].find((one) => one.textContent.startsWith(name))?.focus();
    } }, name, h("span", { "aria-hidden": "true" }, sorted === "none" ? "" : table.down ? " ↓" : " ↑")));
  });
  const body = rows.slice(table.page * PAGE, (table.page + 1) * PAGE).map((row) =>
    h("tr", { "data-row": row.key }, used.map(([name, value, unit]) => {
      const content = value(row);
      if (name === "card") {
        return h("th", { scope: "row" }, link(row.key, content),
          row.isGroup && h("button", { type: "button", "aria-label": `open ${content}`, onclick: () => glass.toggle(Number(row.key.slice(1))) }, "+"));
      }
      if (content === null || content === undefined) return h("td", { class: "none" }, "–");
      return h("td", { class: typeof content === "number" ? "count" : null }, unit ? amountText(content, unit) : String(content));
    })));
  $("#rows").replaceChildren(h("caption", {}, `${thousands(rows.length)} cards, as the drawing shows them now`), h("thead", {}, h("tr", {}, head)), h("tbody", {}, body));
  const turn = (by) => {
    table.page += by;
    glass.drawTable();
  };
  $("#pages").replaceChildren(
    h("button", { type: "button", disabled: table.page === 0, onclick: () => turn(-1) }, "‹ before"),
    h("span", {}, `page ${table.page + 1} of ${pages}`),
    h("button", { type: "button", disabled: table.page + 1 >= pages, onclick: () => turn(1) }, "next ›"));
  $("#pages").hidden = pages === 1;
  $("#open-boxes").replaceChildren(...glass.scene.boxes.map(({ group }) =>
    h("button", { type: "button", "aria-label": `close ${groupName(glass.graph.groups[group])}`, onclick: () => glass.toggle(group) }, `− ${groupName(glass.graph.groups[group])}`)).slice(0, 40));
};

glass.showTable = (shown) => {
  $("#table").hidden = !shown;
  $("#table-button").setAttribute("aria-pressed", String(shown));
  if (!shown) return glass.focusCard(glass.state.active ?? glass.scene.cards[0]?.key, { show: false });
  glass.drawTable();
  $("#table-title").focus();
};
