// Values and gradients at one moment of a lesson: how far the backward pass has come, and what the reader has changed.
//
//   lesson.steps          the backward pass: { node, incoming, contributions: [{ node, slot, gradient, before, after }] },
//                         where the numbers are summaries
//   lesson.position       how many of them have run; null where no lesson is on
//   lesson.valueOf(node), lesson.gradientOf(node), lesson.stateOf(node)

const lesson = (glass.lesson = { on: false, position: 0, steps: [], arrived: new Map(), computed: null });

// The copies of one parameter have one gradient: they go by the first of them.
lesson.shared = (node) => {
  const { graph } = glass;
  if (!lesson.firsts) {
    lesson.firsts = new Map();
    for (let i = 0; i < graph.n; i++) {
      const seq = graph.seq[i];
      const key = graph.text(graph.op, i) === null && seq !== null ? `s${seq}` : i;
      if (!lesson.firsts.has(key)) lesson.firsts.set(key, i);
    }
  }
  const seq = graph.seq[node];
  return lesson.firsts.get(graph.text(graph.op, node) === null && seq !== null ? `s${seq}` : node);
};

lesson.prepare = () => {
  const { graph } = glass;
  const summary = graph.summary;
  lesson.steps = graph.steps.map(({ node, incoming, contributions }) => ({
    node,
    get incoming() { return summary(incoming); },
    get contributions() {
      return contributions.map((c) => ({ node: c.node, slot: c.slot, gradient: summary(c.gradient), before: summary(c.before), after: summary(c.after) }));
    },
  }));
  lesson.recorded = lesson.steps;
  lesson.stepOf = new Map();
  lesson.steps.forEach(({ node }, i) => lesson.stepOf.set(node, i)); // the last, where several passes went through
  const plain = (lesson.plain = { value: graph.valueOf, gradient: graph.gradientOf });
  graph.valueOf = (id) => {
    // The value of a backward node is the gradient of the op that it goes back through.
    const isBackward = graph.hasBackward && ["backward", "gradient"].includes(graph.text(graph.kind, id));
    if (isBackward && (lesson.on || lesson.touched)) return graph.origin[id] < 0 ? null : graph.gradientOf(graph.origin[id]);
    return lesson.computed?.value(id) ?? plain.value(id);
  };
  graph.gradientOf = (id) => {
    if (lesson.on) return lesson.arrived.get(lesson.shared(id)) ?? null;
    return lesson.computed ? lesson.computed.gradient(id) : plain.gradient(id);
  };
};

// What has arrived where, once so many steps have run.
lesson.gather = () => {
  lesson.arrived = new Map();
  const { steps, position } = lesson;
  if (!steps.length) return;
  lesson.arrived.set(lesson.shared(steps[0].node), steps[0].incoming);
  for (let i = 0; i < position; i++) {
    lesson.arrived.set(lesson.shared(steps[i].node), steps[i].incoming);
    for (const c of steps[i].contributions) {
      if (c.node !== null && !(i === position - 1 && glass.predict?.hides(c))) lesson.arrived.set(lesson.shared(c.node), c.after);
    }
  }
};

// Where a node stands: "done" and "active" of those that the pass goes through, "waiting" of those that it will,
// "receiving" of those that the step that ran last gave to, "complete" of leaves that nothing more will come to.
lesson.stateOf = (node) => {
  if (!lesson.on) return null;
  const { position, steps } = lesson;
  const active = position > 0 ? steps[position - 1] : null;
  if (active?.node === node) return "active";
  if (active && active.contributions.some((c) => c.node === node)) return "receiving";
  const at = lesson.stepOf.get(node);
  if (at !== undefined) return at < position ? "done" : "waiting";
  const last = lesson.lastGift(node);
  return last === null ? null : last < position ? "complete" : "waiting";
};

// The last step that gives something to a node, or null where none does.
lesson.lastGift = (node) => {
  if (!lesson.gifts) {
    lesson.gifts = new Map();
    glass.graph.steps.forEach((step, i) => {
      for (const c of step.contributions) if (c.node !== null) lesson.gifts.set(lesson.shared(c.node), i);
    });
  }
  return lesson.gifts.get(lesson.shared(node)) ?? null;
};

lesson.gradientText = (gradient, node) => {
  if (!lesson.on) return gradientText(gradient);
  const state = lesson.stateOf(node.id);
  if (gradient !== null) return gradientText(gradient);
  return state === null ? (node.value === null ? null : "no gradient") : "grad not yet";
};

// Cards can be coloured by the gradients that a lesson tells, even where the view tells none.
lesson.offerOverlay = () => {
  if (overlays.list.some((one) => one.name === "gradient")) return;
  overlays.list.push({ name: "gradient", label: "gradient norm", scale: "log", total: "max", unit: "", values: new Array(glass.graph.n).fill(null) });
  $("#overlay").append(h("option", { value: "gradient" }, "gradient norm"));
};

// The width to keep on a card, so that no number that a lesson will write there is cut off.
lesson.roomOf = (card) => {
  const { possible } = glass.edit;
  if (card.node < 0 || !(lesson.on || possible)) return 0;
  const node = glass.graph.node(card.node);
  if (node.kind === "constant") return 0;
  const widest = "grad −0.88888";
  return widthOf(isScalar(node.value ?? {}) ? `data −0.88888 · ${widest}` : possible ? "−0.88888 … −0.88888, mean −0.88888" : `grad norm −0.88888`, "small");
};

// Write the cards anew where they are: what is drawn changed its numbers but not its place.
lesson.relabel = () => {
  for (const card of glass.scene.cards) if (card.face && card.node >= 0) card.face.lines = linesOf(card);
  const hadFocus = document.activeElement?.closest?.("#cards [data-key]")?.dataset.key;
  glass.redraw();
  if (hadFocus) glass.element(hadFocus)?.focus({ preventScroll: true });
  const entry = overlays.list.find((one) => one.name === "gradient");
  if (entry) {
    entry.values = Array.from({ length: glass.graph.n }, (_, i) => glass.graph.gradientOf(i)?.norm ?? null);
    if (overlays.current === entry) {
      overlays.measure(glass.scene.cards);
      overlays.legend();
      glass.redraw();
    }
  }
  glass.showDetails();
  if (!$("#table").hidden) glass.drawTable();
};

// The summary of an array of numbers, as Python makes it.
function summaryOf(flat, shape, dtype = "float64") {
  const finite = flat.filter(Number.isFinite);
  const summary = { place: -1, shape, dtype, nbytes: flat.length * 8, nonfinite: flat.length - finite.length, histogram: null, flat };
  Object.assign(summary, { minimum: null, maximum: null, mean: null, norm: null });
  if (finite.length) {
    let [low, high, total, squares] = [Infinity, -Infinity, 0, 0];
    for (const x of finite) {
      low = Math.min(low, x);
      high = Math.max(high, x);
      total += x;
      squares += x * x;
    }
    Object.assign(summary, { minimum: low, maximum: high, mean: total / finite.length, norm: Math.sqrt(squares) });
  }
  summary.data = flat.length <= 256 ? nested([...flat], shape) : null;
  return summary;
}

function nested(flat, shape) {
  if (!shape.length) return flat[0];
  if (shape.length === 1) return flat;
  const [count, ...rest] = shape;
  const size = flat.length / Math.max(1, count);
  return Array.from({ length: count }, (_, i) => nested(flat.slice(i * size, (i + 1) * size), rest));
}
