// The backward pass, step by step: a bar below the drawing, the rule that runs with its numbers, and what it gives to whom.

const scrubber = (glass.scrubber = { timer: 0, speed: 1, follow: false, states: new Map() });
const SPEEDS = [[0.5, "½×"], [1, "1×"], [2, "2×"], [4, "4×"]];
const LEGIBLE = 0.55; // the zoom below which cards are hard to read
const PAUSE = 1900; // milliseconds between two steps at speed 1

const ICONS = {
  first: "M3 2h2v12H3zM14 2v12L6 8z", back: "M12 2v12L4 8z", play: "M3 1v14l11-7z", pause: "M3 2h4v12H3zM9 2h4v12H9z", forward: "M4 2v12l8-6z",
  last: "M11 2h2v12h-2zM2 2v12l8-6z",
};
const icon = (name) => s("svg", { width: 14, height: 14, viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: ICONS[name], fill: "currentColor" }));

scrubber.build = () => {
  if (!lesson.steps.length) return;
  const button = (id, sign, label, run) => h("button", { id, type: "button", "aria-label": label, title: label, onclick: run }, icon(sign));
  const bar = h("section", { id: "scrubber", "aria-label": "backward pass" },
    h("div", { id: "scrubber-off" },
      h("button", { id: "scrubber-start", type: "button", onclick: () => scrubber.begin() }, h("span", { "aria-hidden": "true" }, "▶ "), "Backward pass, step by step"),
      h("span", { class: "none" }, `${thousands(lesson.steps.length)} ${lesson.steps.length === 1 ? "step" : "steps"}`)),
    h("div", { id: "scrubber-on", hidden: true },
      h("div", { id: "rule", tabindex: 0, role: "region", "aria-label": "what this step does" }),
      h("div", { id: "scrubber-controls", role: "group", "aria-label": "steps of the backward pass" },
        button("step-first", "first", "to the beginning", () => scrubber.go(0)),
        button("step-back", "back", "one step back ([)", () => scrubber.step(-1)),
        button("step-play", "play", "play (space)", () => scrubber.play()),
        button("step-forward", "forward", "one step forward (])", () => scrubber.step(1)),
        button("step-last", "last", "to the end", () => scrubber.go(lesson.steps.length)),
        h("input", { id: "step-slider", type: "range", min: 0, max: lesson.steps.length, value: 0, "aria-label": "step of the backward pass" }),
        h("output", { id: "step-number", for: "step-slider" }),
        h("label", { class: "choice" }, h("span", {}, "Speed"), h("select", { id: "step-speed", "aria-label": "speed" }, SPEEDS.map(([value, text]) => h("option", { value, selected: value === 1 }, text)))),
        glass.graph.g > 0 && h("label", { class: "switch", title: "open the group that a step is in" }, h("input", { id: "step-open", type: "checkbox" }), "open groups"),
        h("label", { class: "switch", title: "say what a step gives before it is shown" }, h("input", { id: "step-predict", type: "checkbox" }), "predict"),
        h("button", { id: "scrubber-close", type: "button", "aria-label": "leave the backward pass", title: "leave (Esc)", onclick: () => scrubber.end() }, "×"))));
  $("main").after(bar);
  $("#world").append(s("g", { id: "pulses", "aria-hidden": "true" }));
  $("#step-slider").addEventListener("input", (event) => scrubber.go(Number(event.target.value)));
  $("#step-speed").addEventListener("change", (event) => (scrubber.speed = Number(event.target.value)));
  $("#step-open")?.addEventListener("change", (event) => {
    scrubber.follow = event.target.checked;
    scrubber.show();
  });
  $("#step-predict").addEventListener("change", (event) => glass.predict?.set(event.target.checked));
  const near = (run) => (event) => (event.target.closest("button, summary, a") && event.key === " " ? false : (run(), true));
  glass.addKey({ key: " ", shown: "space", words: "play or pause the backward pass", run: near(() => scrubber.play()) });
  glass.addKey({ key: "]", words: "the next step of the backward pass", run: near(() => scrubber.step(1)) });
  glass.addKey({ key: "[", words: "the step before it", run: near(() => scrubber.step(-1)) });
  glass.addKey({ key: "Escape", run: () => lesson.on && !glass.state.selected && $("#table").hidden && !scrubber.end() });
  glass.on("paint", scrubber.dress);
  glass.on("scene", () => {
    scrubber.states.clear();
    if (lesson.on) scrubber.wires();
  });
};

scrubber.begin = (position = 0) => {
  if (lesson.on) return;
  lesson.on = true;
  $("#scrubber-off").hidden = true;
  $("#scrubber-on").hidden = false;
  document.documentElement.dataset.lesson = "on";
  lesson.offerOverlay();
  lesson.position = position;
  lesson.gather();
  scrubber.arrange();
  scrubber.show();
  setTimeout(() => { // once the drawing has made room
    if (!lesson.on) return;
    glass.camera.fit(0);
    if (glass.camera.k < LEGIBLE) scrubber.bring();
  }, 60);
};

scrubber.end = () => {
  scrubber.pause();
  if (glass.predict?.on) glass.predict.set(false);
  lesson.on = false;
  $("#scrubber-off").hidden = false;
  $("#scrubber-on").hidden = true;
  delete document.documentElement.dataset.lesson;
  scrubber.states.clear();
  $("#pulses").replaceChildren();
  scrubber.arrange();
  $("#scrubber-start").focus();
  glass.announce("left the backward pass");
};

// Lay out anew, for the cards keep room for other numbers now.
scrubber.arrange = () => {
  for (const card of glass.scene.cards) card.face = null;
  glass.arrange({ link: false, animate: false });
  glass.showDetails();
};

scrubber.go = (position) => {
  if (!lesson.on) return scrubber.begin(position);
  lesson.position = clamp(position, 0, lesson.steps.length);
  scrubber.show();
};

scrubber.step = (by) => {
  if (!lesson.on) return scrubber.begin(by > 0 ? 0 : lesson.steps.length);
  if (by > 0 && glass.predict?.asks()) {
    scrubber.pause();
    return glass.predict.remind();
  }
  scrubber.go(lesson.position + by);
};

scrubber.play = () => {
  if (scrubber.timer) return scrubber.pause();
  if (!lesson.on) scrubber.begin(0);
  else if (lesson.position >= lesson.steps.length) scrubber.go(0);
  else scrubber.step(1);
  const next = () => {
    if (lesson.position >= lesson.steps.length || glass.predict?.asks()) return scrubber.pause();
    scrubber.step(1);
    scrubber.timer = setTimeout(next, PAUSE / scrubber.speed);
  };
  if (glass.predict?.asks()) return;
  scrubber.timer = setTimeout(next, PAUSE / scrubber.speed);
  scrubber.buttons();
};

scrubber.pause = () => {
  clearTimeout(scrubber.timer);
  scrubber.timer = 0;
  scrubber.buttons();
};

scrubber.buttons = () => {
  const playing = scrubber.timer !== 0;
  $("#step-play").replaceChildren(icon(playing ? "pause" : "play"));
  $("#step-play").setAttribute("aria-label", playing ? "pause (space)" : "play (space)");
  $("#step-back").disabled = $("#step-first").disabled = lesson.position === 0;
  $("#step-forward").disabled = $("#step-last").disabled = lesson.position >= lesson.steps.length;
};

// Bring the card whose rule runs into view, near enough to be read.
scrubber.bring = () => {
  const { position, steps } = lesson;
  const key = glass.cardFor(`n${steps[Math.max(0, position - 1)].node}`)?.key;
  if (key) glass.camera.show(key);
};

// Show the moment that the lesson is at.
scrubber.show = () => {
  lesson.gather();
  const { position, steps } = lesson;
  scrubber.states.clear();
  const active = position > 0 ? steps[position - 1] : null;
  const node = active?.node ?? steps[0].node;
  if (scrubber.follow) glass.reveal(`n${node}`);
  $("#step-slider").value = position;
  $("#step-number").textContent = `${position} / ${steps.length}`;
  $("#step-slider").setAttribute("aria-valuetext", position ? `step ${position} of ${steps.length}: ${glass.graph.label(node)}` : "before the first step");
  scrubber.buttons();
  lesson.relabel();
  scrubber.wires();
  if (glass.scene.cards.length > 12 || glass.camera.k < LEGIBLE) scrubber.bring();
  $("#rule").replaceChildren(...(glass.predict?.on ? glass.predict.view() : scrubber.view()).flat(Infinity).filter(Boolean));
  $("#rule").scrollTop = 0;
  glass.announce(glass.predict?.on ? "" : scrubber.words());
  glass.emit("step", { position, step: active });
};

// ------------------------------------------------------------------------------------------- the rule, in the bar

// A gradient in a few characters: the number, where it is one.
function amountOf(summary) {
  let { data } = summary;
  while (Array.isArray(data) && data.length === 1) [data] = data;
  if (data !== null && !Array.isArray(data)) return elementText(data);
  return summary.norm === null ? "not finite" : `norm ${numberText(summary.norm)}`;
}

const nodeWords = (node) => {
  const { graph } = glass;
  const name = graph.name[node];
  return graph.text(graph.op, node) !== null && name ? `${graph.label(node)} ${name}` : graph.label(node);
};

scrubber.view = () => {
  const { position, steps } = lesson;
  if (position === 0) return [scrubber.opening()];
  const step = steps[position - 1];
  return [scrubber.heading(step), h("div", { class: "gifts" }, step.contributions.map((c) => scrubber.gift(step, c))), position === steps.length && scrubber.closing()];
};

scrubber.opening = () => {
  const { node, incoming } = lesson.steps[0];
  return h("p", { class: "saying" }, "The pass begins at ", glass.link(`n${node}`, nodeWords(node)), " with its own gradient, ",
    m("math", {}, valueMath(incoming)), isScalar(incoming) && " (how much it grows as it grows by 1)", ". Press ", h("kbd", {}, "]"), " for the first rule, ", h("kbd", {}, "space"), " to play.");
};

scrubber.heading = (step) => {
  const card = glass.cardFor(`n${step.node}`);
  const hidden = card && card.group >= 0;
  return h("p", { class: "saying" }, h("b", {}, `Step ${lesson.position}`), " goes back through ", glass.link(`n${step.node}`, nodeWords(step.node)), ", whose gradient is complete: ",
    m("math", {}, m("mrow", {}, m("mover", {}, m("mi", {}, "y"), m("mo", { stretchy: "false" }, "¯")), m("mo", {}, "="), valueMath(step.incoming))),
    hidden && [" · inside ", glass.graph.groups[card.group].path || groupName(glass.graph.groups[card.group]), " ", h("button", { type: "button", onclick: () => {
      glass.reveal(`n${step.node}`);
      scrubber.show();
    } }, "Open it")]);
};

// One contribution: the rule, the rule with its numbers, and the accumulator before and after.
scrubber.gift = (step, c, { numbers = true, result = true } = {}) => {
  const context = contextOf(step, c.slot);
  const { rule, filled } = ruleMath(context);
  const argument = glass.graph.formulas[context.op]?.arguments?.[c.slot];
  const to = c.node === null ? "a value that is not drawn" : [glass.link(`n${c.node}`, nodeWords(c.node)), argument && context.operands.length > 1 && h("small", {}, ` as ${argument}`)];
  const math = m("math", {}, m("mrow", {}));
  const row = math.firstChild;
  if (numbers) {
    const same = filled && filled.textContent === m("math", {}, valueMath(c.gradient)).textContent;
    if (filled) row.append(m("mo", {}, "="), ...(filled.querySelector(":scope > mrow") ?? filled).childNodes);
    if (result && !same) row.append(m("mo", {}, "="), m("mrow", { class: "result" }, valueMath(c.gradient)));
  }
  return h("div", { class: "gift", "data-to": c.node, "data-slot-number": c.slot },
    h("h4", {}, "to ", to),
    rule && h("div", { class: "as-rule" }, rule),
    numbers && h("div", { class: "as-numbers" }, math),
    result && h("div", { class: "accumulator" },
      h("span", { class: "what" }, c.before ? "arrived there: " : "the first to arrive: "), sumMath(c.before, c.gradient, c.after)));
};

scrubber.closing = () => {
  const { graph } = glass;
  const seen = new Set();
  const leaves = [];
  for (const node of lesson.arrived.keys()) {
    if (graph.text(graph.op, node) === null && !seen.has(node)) leaves.push(node);
    seen.add(node);
  }
  if (!leaves.length) return null;
  const some = leaves.sort((a, b) => a - b).slice(0, 12);
  return h("p", { class: "saying closing" }, "Complete. The gradients of the leaves: ", some.map((node, i) => {
    const gradient = lesson.arrived.get(node);
    return [i > 0 && ", ", glass.link(`n${node}`, nodeWords(node)), " ", h("b", {}, amountOf(gradient))];
  }), leaves.length > some.length && `, and ${leaves.length - some.length} more`, ".");
};

// What the step does, said aloud.
scrubber.words = () => {
  const { position, steps } = lesson;
  if (position === 0) return `backward pass, ${steps.length} steps. It begins at ${nodeWords(steps[0].node)}`;
  const step = steps[position - 1];
  const given = step.contributions.map((c) => {
    const sum = c.before ? `, ${amountOf(c.before)} becomes ${amountOf(c.after)}` : "";
    return `${c.node === null ? "a value" : nodeWords(c.node)} gets ${amountOf(c.gradient)}${sum}`;
  });
  return `step ${position} of ${steps.length}, ${nodeWords(step.node)}: ${given.join("; ")}`;
};

// --------------------------------------------------------------------------------------------------- on the drawing

const RANK = ["active", "receiving", "waiting", "complete", "done"];

// The state of a card, which may stand for many nodes.
scrubber.stateOfCard = (card) => {
  if (!scrubber.states.has(card.key)) {
    let best = null;
    for (const node of card.members) {
      const state = lesson.stateOf(node);
      if (state !== null && (best === null || RANK.indexOf(state) < RANK.indexOf(best))) best = state;
      if (best === "active") break;
    }
    scrubber.states.set(card.key, best);
  }
  return scrubber.states.get(card.key);
};

const SIGNS = { active: "▶", receiving: "+", complete: "✓" };
const WORDS = { active: "its rule runs now", receiving: "is given a gradient", done: "gone through", waiting: "not reached yet", complete: "its gradient is complete" };

scrubber.dress = () => {
  for (const { element, thing } of drawing.cards.values()) {
    const state = lesson.on ? scrubber.stateOfCard(thing) : null;
    if (element.dataset.lesson === (state ?? undefined)) continue;
    element.querySelector(":scope > .bead")?.remove();
    if (state === null) {
      delete element.dataset.lesson;
      continue;
    }
    element.dataset.lesson = state;
    element.setAttribute("aria-description", WORDS[state]);
    const at = lesson.stepOf.get(thing.node);
    const text = SIGNS[state] ?? (at === undefined ? "…" : String(at + 1));
    const width = Math.max(18, widthOf(text, "small") + 9);
    element.append(s("g", { class: `bead ${state}`, transform: `translate(${-width / 2 + 2} -9)` },
      s("title", {}, WORDS[state]), s("rect", { width, height: 18, rx: 9 }), s("text", { x: width / 2, y: 13, class: "t-small" }, text)));
  }
  for (const { element, thing } of drawing.wires.values()) element.classList.toggle("flow", lesson.on && scrubber.flowing.has(thing.index));
  $("#pulses")?.toggleAttribute("hidden", !drawing.near || !lesson.on);
};
scrubber.flowing = new Set();

// The contributions of the step that ran, on their wires: a dot that travels, and the number.
scrubber.wires = () => {
  const layer = $("#pulses");
  layer.replaceChildren();
  scrubber.flowing = new Set();
  const { position, steps } = lesson;
  if (position > 0) {
    const step = steps[position - 1];
    step.contributions.forEach((c) => {
      if (c.node === null) return;
      for (const { wire, path } of glass.wiresBetween(c.node, step.node, c.slot)) {
        scrubber.flowing.add(wire.index);
        pulse(layer, path, c);
      }
    });
  }
  scrubber.dress();
};

function pulse(layer, path, c) {
  const d = pathData(path);
  const line = s("path", { d, fill: "none" });
  const hidden = glass.predict?.hides(c);
  const text = hidden ? "?" : amountOf(c.gradient);
  const middle = line.getPointAtLength(line.getTotalLength() * 0.5);
  const width = widthOf(text, "small") + 14;
  const chip = s("g", { class: "chip", "data-to": c.node, transform: `translate(${round(middle.x - width / 2)} ${round(middle.y - 9)})` },
    s("rect", { width, height: 18, rx: 5 }), s("text", { x: width / 2, y: 13, class: "t-small" }, text));
  if (!calm.matches) {
    const seconds = Math.min(1, 0.9 / scrubber.speed);
    for (const delay of [0, 0.18, 0.36]) {
      const dot = s("circle", { r: 4.5, class: "pulse" });
      const motion = s("animateMotion", { path: d, keyPoints: "1;0", keyTimes: "0;1", calcMode: "linear", dur: `${seconds}s`, begin: "indefinite", repeatCount: 1, fill: "remove" });
      dot.append(motion);
      dot.style.visibility = "hidden";
      motion.addEventListener("beginEvent", () => (dot.style.visibility = "visible"));
      motion.addEventListener("endEvent", () => dot.remove());
      layer.append(dot);
      setTimeout(() => motion.isConnected && motion.beginElement(), delay * 1000 * seconds);
    }
  }
  layer.append(chip);
}

glass.on("ready", () => {
  lesson.prepare();
  scrubber.build();
});
