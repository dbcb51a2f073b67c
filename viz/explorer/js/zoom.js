// Scalar zoom: one element of a small result, opened into the scalars that it was made from, with their numbers.

const zoom = (glass.zoom = { shown: null });
const MOST_SCALARS = 300;

// The numbers that an op was applied to, as they are now.
zoom.operands = ({ recipe, sources, given }) => {
  const made = edit.program.recipes[recipe];
  return made.inputs.map((n, place) => {
    if (given[place]?.length || !n) return given[place] ?? [];
    const [node, begins] = sources[place];
    return edit.found.values.get(node).subarray(begins, begins + n);
  });
};

zoom.has = (node) => edit.applicationOf?.has(node) ?? false;

// What an element is called: W[0, 2].
zoom.leafName = (application, node, place, flat) => {
  const { graph } = glass;
  const source = application.sources[place]?.[0];
  if (source === undefined) {
    const argument = graph.formulas[graph.text(graph.op, node)]?.arguments?.[place] ?? `argument ${place}`;
    const count = edit.program.recipes[application.recipe].inputs[place];
    return count > 1 ? `${argument}[${flat}]` : argument;
  }
  const shape = graph.text(graph.shape, source);
  return `${graph.name[source] ?? graph.label(source)}${Array.isArray(shape?.[0]) ? `[${flat}]` : indexText(flat, shape)}`;
};

// The scalar graph behind an element: cells in order, each { text, number, slope, from: [{ cell, slot }] }.
zoom.graph = (node, flat) => {
  const application = edit.applicationOf.get(node);
  const recipe = edit.program.recipes[application.recipe];
  const { cells } = evaluator.run(recipe, zoom.operands(application));
  const incoming = new Float64Array(recipe.outputs.length);
  incoming[flat] = 1;
  const slopes = evaluator.pull(recipe, cells, incoming, incoming).gradients;
  const first = cells.length - recipe.instructions.length;
  const found = new Map();
  const stack = [recipe.outputs[flat]];
  const starts = recipe.inputs.reduce((all, n) => [...all, all.at(-1) + n], [0]);
  let constants = 0;
  while (stack.length && found.size <= MOST_SCALARS) {
    const cell = stack.pop();
    if (found.has(cell)) continue;
    if (cell < 0) {
      found.set(cell, { cell, text: "constant", number: recipe.constants[-1 - cell], slope: null, from: [] });
    } else if (cell < first) {
      const place = starts.findLastIndex((start, i) => start <= cell && i < recipe.inputs.length && recipe.inputs[i] > 0);
      found.set(cell, { cell, leaf: true, text: zoom.leafName(application, node, place, cell - starts[place]), number: cells[cell], slope: slopes[cell], from: [] });
    } else {
      const [kernel, ...refs] = recipe.instructions[cell - first];
      // Each use of a constant is one of its own, as on the drawing of a formula.
      const from = refs.map((ref, slot) => ({ cell: ref < 0 ? `c${constants++}:${ref}` : ref, slot }));
      found.set(cell, { cell, text: KERNELS[kernel].name, number: cells[cell], slope: slopes[cell], from });
      for (const { cell: ref } of from) {
        if (typeof ref === "string") found.set(ref, { cell: ref, text: "constant", number: recipe.constants[-1 - Number(ref.split(":")[1])], slope: null, from: [] });
        else stack.push(ref);
      }
    }
  }
  addUp(found, recipe.outputs[flat]);
  // Inputs before what uses them.
  const age = (cell) => (typeof cell === "string" ? -1 : cell);
  return { scalars: [...found.values()].sort((a, b) => age(a.cell) - age(b.cell)), whole: stack.length === 0 };
};

// A sum of many terms, two at a time, is one sum on the drawing: what is added on the way is used nowhere else.
function addUp(found, root) {
  const uses = new Map();
  for (const { from } of found.values()) for (const { cell } of from) uses.set(cell, (uses.get(cell) ?? 0) + 1);
  for (const scalar of [...found.values()].reverse()) {
    if (scalar.text !== "add" || !found.has(scalar.cell)) continue;
    const once = (cell) => found.get(cell)?.text === "add" && uses.get(cell) === 1 && cell !== root;
    if (scalar.cell !== root && uses.get(scalar.cell) === 1 && [...found.values()].some((one) => one.text === "add" && one.from.some(({ cell }) => cell === scalar.cell))) continue;
    while (scalar.from.some(({ cell }) => once(cell))) {
      scalar.from = scalar.from.flatMap((end) => {
        if (!once(end.cell)) return [end];
        const inner = found.get(end.cell);
        found.delete(end.cell);
        return inner.from;
      });
    }
    scalar.from = scalar.from.map(({ cell }, slot) => ({ cell, slot }));
    if (scalar.from.length > 2) scalar.text = "sum";
  }
}

const SYMBOLS = { add: "+", subtract: "−", multiply: "×", divide: "÷", power: "^", sum: "Σ", negative: "−" };

zoom.open = (node, flat) => {
  const { graph } = glass;
  if (!zoom.has(node)) {
    glass.toast("The scalars behind it are not in this page: viz.graph(…, zoom=True) keeps those of small results.");
    glass.announce($("#toast").textContent);
    return;
  }
  zoom.shown = { node, flat };
  const { scalars, whole } = zoom.graph(node, flat);
  const name = `${graph.name[node] ?? graph.label(node)}${indexText(flat, graph.text(graph.shape, node))}`;
  const made = graph.text(graph.op, node);
  const opened = !$("#zoom").hidden;
  $("#zoom").hidden = false;
  $("#zoom").replaceChildren(
    h("div", { class: "top" }, h("h2", { id: "zoom-title", tabindex: -1 }, name, h("small", {}, ` of ${made}`)),
      h("button", { id: "zoom-close", type: "button", "aria-label": "close", title: "close (Esc)", onclick: zoom.close }, "×")),
    h("p", { class: "none" }, whole ? `${thousands(scalars.length)} scalars; each with its value, and with the slope of ${name} along it (∂).` : `More than ${MOST_SCALARS} scalars stand behind it; these are the nearest.`),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `scalar graph of ${name}` }, zoomDrawing(scalars, name)));
  const region = $("#zoom .scroll");
  region.scrollLeft = (region.scrollWidth - region.clientWidth) / 2; // where the element itself is
  if (!opened) $("#zoom-title").focus({ preventScroll: true });
  glass.announce(`${name} opened into ${scalars.length} scalars`);
  glass.emit("zoom", { node, flat });
};

zoom.close = () => {
  if ($("#zoom").hidden) return;
  $("#zoom").hidden = true;
  zoom.shown = null;
  ($("#details .cell[tabindex='0'], #details-title") ?? document.body).focus?.({ preventScroll: true });
};

function zoomDrawing(scalars, name) {
  const cards = scalars.map((scalar, index) => ({ index, key: `z${index}`, box: -1, node: -1, group: -1, isLeaf: false, scalar }));
  const byCell = new Map(cards.map((card) => [card.scalar.cell, card]));
  const wires = [];
  for (const card of cards) {
    for (const { cell, slot } of card.scalar.from) {
      const source = byCell.get(cell);
      if (source) wires.push({ index: wires.length, source, target: card, output: 0, slot, kind: 0, argument: -1, ordered: 0, carried: false, count: 1 });
    }
  }
  const lines = ({ text, number, slope, leaf }) =>
    text === "constant" ? [[numberText(number), "small"]]
      : [[SYMBOLS[text] ?? text, "title"], [numberText(number), "name"], ...(slope === null || (!leaf && slope === 1) ? [] : [[`∂ ${numberText(slope)}`, "small"]])];
  const sizes = cards.map(({ scalar }) => {
    const texts = lines(scalar);
    return { width: Math.max(34, ...texts.map(([text, style]) => widthOf(text, style))) + 14, height: texts.reduce((all, [, style]) => all + LINE[style], 8) };
  });
  const layout = layoutOf({ cards, wires, boxes: [] }, (card) => ({ ...sizes[card.index] }), () => 0);
  const { x0, y0, x1, y1 } = layout.bounds;
  const pad = 10;
  const last = cards.at(-1);
  const room = narrow.matches ? innerWidth - 50 : innerWidth - 450;
  const scale = clamp(room / (x1 - x0 + 2 * pad), 0.8, 1);
  return s("svg", { width: (x1 - x0 + 2 * pad) * scale, height: (y1 - y0 + 2 * pad) * scale, viewBox: `${x0 - pad} ${y0 - pad} ${x1 - x0 + 2 * pad} ${y1 - y0 + 2 * pad}`, role: "group", "aria-label": `scalar graph behind ${name}` },
    wires.map((wire) => s("path", { d: pathData(layout.paths[wire.index]), class: "zoom-wire", "marker-end": "url(#arrow)" })),
    cards.map((card) => {
      const { x, y, width, height } = layout.cards.get(card.key);
      let at = 4;
      const { text, number, slope, leaf } = card.scalar;
      const kind = text === "constant" ? "constant" : leaf ? "leaf" : card === last ? "last" : "made";
      return s("g", { class: `scalar ${kind}`, transform: `translate(${x} ${y})`, role: "img", "aria-label": `${text} ${numberText(number)}${slope === null ? "" : `, slope ${numberText(slope)}`}`, "data-scalar": text, "data-number": number, "data-slope": slope },
        s("rect", { width, height, rx: leaf ? 2 : 7 }),
        lines(card.scalar).map(([words, style]) => {
          at += LINE[style];
          return s("text", { x: width / 2, y: at - LINE[style] * 0.25, class: `t-${style}` }, words);
        }));
    }));
}

// The cells of the value's heat map open their element.
zoom.dress = () => {
  const key = glass.state.selected;
  if (key?.[0] !== "n") return;
  const node = Number(key.slice(1));
  const part = $('#details [data-part="value"]');
  if (!part || glass.graph.text(glass.graph.op, node) === null || zoom.dressed === part.firstChild?.nextSibling) return;
  const cells = [...part.querySelectorAll(".heat .cell")];
  const shape = glass.graph.text(glass.graph.shape, node);
  if (Array.isArray(shape?.[0])) return;
  const size = (shape ?? []).reduce((all, side) => all * side, 1);
  if (cells.length && cells.length === size) {
    part.querySelector(".heat svg").setAttribute("role", "group");
    cells.forEach((cell, flat) => {
      fill(cell, { role: "button", tabindex: flat === 0 ? 0 : -1, "data-flat": flat, "aria-label": `open element ${indexText(flat, shape)}` }, []);
      cell.classList.add("opens");
      cell.addEventListener("click", () => zoom.open(node, flat));
      cell.addEventListener("keydown", (event) => {
        const columns = shape.at(-1) ?? 1;
        const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
        if (event.key === "Enter" || event.key === " ") zoom.open(node, flat);
        else if (by && cells[flat + by]) {
          cell.setAttribute("tabindex", -1);
          cells[flat + by].setAttribute("tabindex", 0);
          cells[flat + by].focus();
        } else return;
        event.preventDefault();
        event.stopPropagation();
      });
    });
    part.querySelector(".heat svg").after(h("p", { class: "none zoom-hint" }, zoom.has(node) ? "Click an element to see the scalars behind it." : "For the scalars behind an element: viz.graph(…, zoom=True)."));
  } else if (size === 1 && zoom.has(node) && edit.program.recipes[edit.applicationOf.get(node).recipe].instructions.length > 1) {
    part.append(h("button", { type: "button", id: "zoom-one", onclick: () => zoom.open(node, 0) }, "Open into scalars"));
  }
};

glass.on("ready", () => {
  $("main").append(h("section", { id: "zoom", hidden: true, role: "dialog", "aria-labelledby": "zoom-title" }));
  $("#zoom").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    zoom.close();
  });
  const redraw = () => zoom.shown && zoom.open(zoom.shown.node, zoom.shown.flat);
  glass.on("details", zoom.dress);
  glass.on("edit", redraw);
  glass.on("select", ({ key }) => zoom.shown && key !== `n${zoom.shown.node}` && edit.allows(glass.graph.node(Number((key ?? "n0").slice(1)))) === false && zoom.close());
  glass.showDetails();
});
