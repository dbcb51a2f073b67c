// Edit a leaf: the graph is computed again in the page as its numbers change, and everything that is shown follows.

const edit = (glass.edit = { leaves: null, given: null, changed: new Set(), chosen: new Map(), possible: false, reason: "" });

edit.prepare = () => {
  const program = (edit.program = glass.graph.raw.program);
  if (!program) {
    edit.reason = "This page holds the numbers, but not the arithmetic: viz.graph(…, values=True) of a Value, or of a function or model with example inputs, keeps it.";
    return;
  }
  program.applications = program.applications.map(([node, recipe, sources, given]) => ({ node, recipe, sources, given: given.map((row) => row.map(real)) }));
  program.recipes = program.recipes.map(([inputs, constants, instructions, outputs]) => ({ inputs, constants: constants.map(real), instructions, outputs }));
  edit.applicationOf = new Map(program.applications.map((application) => [application.node, application]));
  edit.reason = program.reason;
  if (!program.editable) return edit.look();
  edit.given = new Map(program.leaves.map(([node, numbers]) => [node, Float64Array.from(numbers.map(real))]));
  edit.leaves = new Map([...edit.given].map(([node, numbers]) => [node, numbers.slice()]));
  edit.possible = true;
  edit.compute();
};

// Of a graph that is not computed as a whole: the elements of small results that stand in the program.
edit.look = () => {
  const views = new Map();
  lesson.computed = {
    value: (node) => {
      const recorded = lesson.plain.value(node);
      const application = edit.applicationOf.get(node);
      if (!application || (recorded && recorded.data !== null) || application.given.some((row, i) => edit.program.recipes[application.recipe].inputs[i] && !row.length)) return recorded;
      if (!views.has(node)) {
        const { outputs } = evaluator.run(edit.program.recipes[application.recipe], zoom.operands(application));
        views.set(node, { ...summaryOf(outputs, glass.graph.text(glass.graph.shape, node), glass.graph.text(glass.graph.dtype, node)), histogram: recorded?.histogram ?? null });
      }
      return views.get(node);
    },
    gradient: (node) => lesson.plain.gradient(node),
  };
};

// Whether a reader may change a node.
edit.allows = (node) => edit.possible && edit.leaves.has(node.id) && ["input", "parameter"].includes(node.kind) && !/int|bool/.test(node.dtype ?? "");

edit.compute = () => {
  const { graph } = glass;
  const found = evaluator.compute(edit.program, edit.leaves, lesson.recorded);
  edit.found = found;
  const shapes = (node) => {
    const shape = graph.text(graph.shape, node);
    return Array.isArray(shape?.[0]) ? [found.values.get(node).length] : shape ?? [];
  };
  const summed = (numbers, node) => summaryOf(numbers, shapes(node));
  const known = new Map();
  const once = (name, node, make) => {
    const key = `${name}${node}`;
    if (!known.has(key)) known.set(key, make());
    return known.get(key);
  };
  edit.views = {
    value: (node) => (found.values.has(node) && graph.text(graph.kind, node) !== "constant" ? once("v", node, () => summed(found.values.get(node), node)) : null),
    gradient: (node) => {
      const gradient = found.gradients.get(lesson.shared(node));
      return gradient ? once("g", node, () => summed(gradient, node)) : null;
    },
  };
  edit.steps = found.steps.map((step) => ({
    node: step.node,
    get incoming() { return summed(step.incoming, step.node); },
    get contributions() {
      return step.contributions.map((c) => ({ node: c.node, slot: c.slot, gradient: c.gradient.length === c.after.length ? summed(c.gradient, c.node) : summaryOf(c.gradient, [c.gradient.length]), before: c.before && summed(c.before, c.node), after: summed(c.after, c.node) }));
    },
  }));
  edit.follow();
};

// What the page shows: of an untouched graph what Python recorded, where it did; of an edited one what was computed here.
edit.follow = () => {
  const touched = edit.changed.size > 0;
  lesson.computed = touched ? edit.views : { value: (node) => recordedOrElse(node), gradient: (node) => lesson.plain.gradient(node) };
  lesson.touched = touched;
  // A recorded step through an op with several results tells the gradient of one of them.
  const several = glass.graph.shape.table.some((shape) => Array.isArray(shape[0]));
  lesson.steps = touched || several ? edit.steps : lesson.recorded;
};

// What Python recorded, with the elements that it did not write down.
function recordedOrElse(node) {
  const recorded = lesson.plain.value(node);
  if (recorded && (recorded.data !== null || !edit.found.values.has(node))) return recorded;
  const computed = edit.views.value(node);
  return recorded && computed ? { ...computed, dtype: recorded.dtype, histogram: recorded.histogram } : computed;
}

edit.set = (node, place, number) => {
  if (!Number.isFinite(number)) return;
  // The copies of one parameter are one.
  for (const leaf of edit.leaves.keys()) if (lesson.shared(leaf) === lesson.shared(node)) edit.leaves.get(leaf)[place] = number;
  edit.mark(node);
  edit.update();
};

edit.mark = (node) => {
  for (const leaf of edit.leaves.keys()) {
    if (lesson.shared(leaf) !== lesson.shared(node)) continue;
    const same = edit.leaves.get(leaf).every((x, i) => Object.is(x, edit.given.get(leaf)[i]));
    if (same) edit.changed.delete(leaf);
    else edit.changed.add(leaf);
  }
};

edit.reset = () => {
  for (const [leaf, numbers] of edit.given) edit.leaves.get(leaf).set(numbers);
  edit.changed.clear();
  edit.update();
  glass.announce("all numbers as they were");
};

edit.update = () => {
  edit.compute();
  $("#edit-reset").hidden = edit.changed.size === 0;
  document.documentElement.toggleAttribute("data-edited", edit.changed.size > 0);
  edit.quiet = true;
  glass.predict?.answers.clear();
  if (lesson.on) scrubber.show();
  else lesson.relabel();
  edit.quiet = false;
  edit.refresh();
  glass.emit("edit", { changed: [...edit.changed] });
};

// ------------------------------------------------------------------------------------------------------ the panel

// While a number is being typed or dragged its field stays, and the rest of the panel is filled anew around it.
edit.refresh = () => {
  for (const row of document.querySelectorAll("[data-edit]")) {
    const numbers = edit.leaves.get(Number(row.dataset.edit));
    const place = edit.chosen.get(Number(row.dataset.edit)) ?? 0;
    for (const input of row.querySelectorAll("input")) if (input !== document.activeElement) input.value = numbers[place];
    for (const cell of row.querySelectorAll("[data-place]")) cell.textContent = numberText(numbers[Number(cell.dataset.place)]);
  }
};

function indexText(flat, shape) {
  const index = [];
  for (const side of [...(shape ?? [])].reverse()) {
    index.unshift(flat % side);
    flat = Math.floor(flat / side);
  }
  return index.length ? `[${index.join(", ")}]` : "";
}

glass.addPanel({ id: "edit", title: "Change it", before: "value", render({ node }, element) {
  if (!node || node.op || !["input", "parameter"].includes(node.kind)) return false;
  if (!edit.allows(node)) {
    const why = edit.possible ? "Nothing that is computed here reads it." : edit.reason;
    element.append(h("p", { class: "none", id: "edit-reason" }, `Editing is off. ${why}`));
    return;
  }
  const numbers = edit.leaves.get(node.id);
  const place = Math.min(edit.chosen.get(node.id) ?? 0, numbers.length - 1);
  const name = `${node.name ?? node.kind}${indexText(place, node.shape)}`;
  const given = edit.given.get(node.id)[place];
  const reach = Math.max(2, 2 * Math.abs(given));
  const number = h("input", { type: "number", id: "edit-number", step: "any", value: numbers[place], "aria-label": `value of ${name}` });
  const slider = h("input", { type: "range", id: "edit-slider", min: Math.min(given - reach, numbers[place]), max: Math.max(given + reach, numbers[place]), step: reach / 200, value: numbers[place], "aria-label": `slide ${name}` });
  number.addEventListener("input", () => number.value !== "" && edit.set(node.id, place, Number(number.value)));
  number.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const by = (event.shiftKey ? 1 : event.altKey ? 0.001 : 0.1) * (event.key === "ArrowUp" ? 1 : -1);
    number.value = Number((edit.leaves.get(node.id)[place] + by).toPrecision(12));
    edit.set(node.id, place, Number(number.value));
  });
  slider.addEventListener("input", () => edit.set(node.id, place, Number(Number(slider.value).toPrecision(12))));
  const parts = [h("div", { class: "edit-row" }, numbers.length > 1 && h("b", {}, name), number, slider)];
  if (numbers.length > 1 && numbers.length <= 400) {
    const columns = node.shape.at(-1) ?? 1;
    parts.unshift(h("div", { class: "edit-cells", role: "group", "aria-label": "choose an element", style: null },
      Array.from({ length: numbers.length }, (_, i) => h("button", { type: "button", "data-place": i, "aria-pressed": String(i === place), "aria-label": `element ${indexText(i, node.shape)}`, onclick: () => {
        edit.chosen.set(node.id, i);
        glass.showDetails();
        $("#edit-number").focus();
      } }, numberText(numbers[i])))));
    parts[0].dataset.columns = columns;
    parts[0].style.setProperty("--columns", Math.min(columns, 6));
  }
  const body = h("div", { "data-edit": node.id }, parts, h("p", { class: "none" }, "↑ ↓ change it by 0.1, with Shift by 1, with Alt by 0.001."));
  element.append(body);
} });

// The panel is filled anew at every change; what has the focus keeps it, and a slider that is held stays held.
const fillDetails = glass.showDetails;
glass.showDetails = () => {
  const held = document.activeElement?.closest?.("[data-edit]");
  if (edit.quiet && held && glass.state.selected === `n${held.dataset.edit}`) {
    for (const { id, render } of panels) {
      if (id !== "value" && id !== "gradient") continue;
      const part = document.querySelector(`#details [data-part="${id}"] > div`);
      if (!part) continue;
      part.replaceChildren();
      render({ key: glass.state.selected, node: glass.graph.node(Number(held.dataset.edit)) }, part);
    }
    return;
  }
  const focused = document.activeElement?.id;
  fillDetails();
  if (focused?.startsWith("edit-")) document.getElementById(focused)?.focus();
};

glass.on("ready", () => {
  edit.prepare();
  glass.addTool(h("button", { id: "edit-reset", type: "button", hidden: true, title: "all numbers as they were", onclick: edit.reset }, "Reset numbers"));
  glass.on("paint", () => {
    for (const { element, thing } of drawing.cards.values()) {
      const edited = thing.members.some((node) => edit.changed.has(node));
      if (edited === element.classList.contains("edited")) continue;
      element.classList.toggle("edited", edited);
      if (!edited) element.querySelector(":scope > .pencil")?.remove();
      else element.append(s("g", { class: "pencil", transform: `translate(0 ${glass.layout.cards.get(thing.key).height})` }, s("title", {}, "edited"), s("circle", { r: 8.5 }), s("path", { d: "M-4 4l1-3 5-5 2 2-5 5z" })));
    }
  });
  if (edit.possible) scrubber.arrange();
});
