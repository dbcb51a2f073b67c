// "Predict the gradient": before the numbers of a step are shown the reader says what it gives, one argument after another.
// An answer may be an expression, such as 1 - 0.7071^2.

const predict = (glass.predict = { on: false, score: 0, asked: 0, answers: new Map(), hinted: new Map(), missed: new Set() });
const WITHIN = 0.01; // of the right number; numbers on cards have four digits

predict.set = (on) => {
  predict.on = on;
  Object.assign(predict, { score: 0, asked: 0 });
  predict.answers.clear();
  predict.hinted.clear();
  predict.missed.clear();
  if ($("#step-predict")) $("#step-predict").checked = on;
  if (!lesson.on) {
    if (on) scrubber.begin(0);
    return;
  }
  if (on && lesson.position === lesson.steps.length) return scrubber.go(0);
  scrubber.show();
  if (on) predict.focus();
};

const keyOf = (position, i) => `${position}:${i}`;

// The contributions of the step that is asked about: those of the step that ran last, until all of them are answered.
predict.open = () => {
  const { position, steps } = lesson;
  if (!predict.on || position === 0) return [];
  return steps[position - 1].contributions.map((c, i) => ({ c, i, key: keyOf(position, i) })).filter(({ key }) => !predict.answers.has(key));
};

predict.asks = () => predict.open().length > 0;

// Whether a contribution must not be seen yet.
predict.hides = (c) => {
  if (!predict.on || lesson.position === 0) return false;
  const all = lesson.steps[lesson.position - 1].contributions;
  const i = all.findIndex((one) => one.node === c.node && one.slot === c.slot);
  return !predict.answers.has(keyOf(lesson.position, i));
};

predict.focus = () => ($("#guess") ?? $("#next-step"))?.focus({ preventScroll: true });

predict.remind = () => {
  predict.focus();
  glass.announce("answer first, or show the answer");
};

// What is asked of an array: its element that is furthest from 0.
function target(c) {
  const flat = matrixRows(c.gradient.data ?? []).flat().map(real);
  if (c.gradient.data === null || flat.length === 0) return { place: "the norm", right: c.gradient.norm };
  const most = flat.reduce((best, x, i) => (Math.abs(x) > Math.abs(flat[best]) ? i : best), 0);
  if (flat.length === 1) return { place: "", right: flat[0] };
  const index = [];
  let rest = most;
  for (const side of [...c.gradient.shape].reverse()) {
    index.unshift(rest % side);
    rest = Math.floor(rest / side);
  }
  return { place: `element [${index.join(", ")}]`, right: flat[most] };
}

predict.view = () => {
  const { position, steps } = lesson;
  const score = h("p", { id: "score", role: "status" }, predict.asked ? `${predict.score} of ${predict.asked} right` : "");
  const next = (words) => h("button", { id: "next-step", type: "button", class: "main", onclick: () => {
    scrubber.go(lesson.position + 1);
    predict.focus();
  } }, words);
  if (position === 0) return [score, scrubber.opening(), h("p", {}, next("Ask me the first rule"))];
  const step = steps[position - 1];
  const open = predict.open();
  const done = step.contributions.map((c, i) => ({ c, answer: predict.answers.get(keyOf(position, i)) })).filter(({ answer }) => answer);
  return [score, scrubber.heading(step), h("div", { class: "gifts" },
    done.map(({ c, answer }) => {
      const gift = scrubber.gift(step, c);
      gift.append(h("p", { class: `verdict ${answer.right ? "right" : "wrong"}` }, answer.words));
      return gift;
    }),
    open.length > 0 && question(step, open[0]),
  ), open.length === 0 && h("p", {}, position < steps.length ? next("Next step") : [scrubber.closing(), `The end: ${predict.score} of ${predict.asked} right.`])];
};

function question(step, { c, key }) {
  const { place, right } = target(c);
  const gift = scrubber.gift(step, c, { numbers: predict.hinted.get(key) === 2, result: false });
  if (!predict.hinted.has(key)) gift.querySelector(".as-rule")?.remove();
  const words = `What gradient does ${nodeWords(step.node)} give to ${c.node === null ? "it" : nodeWords(c.node)}${place ? `: ${place}` : ""}?`;
  const form = h("form", { class: "ask", onsubmit: (event) => {
    event.preventDefault();
    predict.answer(key, $("#guess").value, right);
  } },
    h("label", { for: "guess" }, words),
    h("div", {},
      h("input", { id: "guess", type: "text", inputmode: "text", autocomplete: "off", spellcheck: "false", placeholder: "a number, or 1 - 0.7^2" }),
      h("button", { type: "submit", class: "main" }, "Check"),
      h("button", { type: "button", id: "hint", disabled: predict.hinted.get(key) === 2, onclick: () => {
        predict.hinted.set(key, (predict.hinted.get(key) ?? 0) + 1);
        scrubber.show();
        predict.focus();
      } }, predict.hinted.has(key) ? "With numbers" : "Hint"),
      h("button", { type: "button", id: "show-answer", onclick: () => predict.answer(key, null, right) }, "Show")),
    h("p", { id: "feedback", role: "alert" }));
  gift.append(form);
  return gift;
}

predict.isRight = (guess, right) => Math.abs(guess - right) <= Math.max(WITHIN * Math.abs(right), 5e-4 * Math.min(1, Math.abs(right) || 1));

predict.answer = (key, text, right) => {
  if (text === null) {
    if (!predict.answers.has(key) && !predict.missed.has(key)) predict.asked++;
    predict.answers.set(key, { right: false, words: `It is ${numberText(right)}.` });
  } else {
    const guess = calculate(text);
    if (guess === null) {
      $("#feedback").textContent = "That is no number. Type one, or an expression with + − * / ^ and parentheses.";
      return;
    }
    const first = !predict.missed.has(key);
    if (first) predict.asked++;
    if (!predict.isRight(guess, right)) {
      predict.missed.add(key);
      const sign = guess === -right || (Math.sign(guess) === -Math.sign(right) && predict.isRight(-guess, right));
      $("#feedback").textContent = sign ? "Right but for the sign." : `Not ${numberText(guess)}. Try again; the hint shows the rule.`;
      $("#feedback").className = "wrong";
      $("#guess").select();
      $("#score").textContent = `${predict.score} of ${predict.asked} right`;
      return;
    }
    if (first) predict.score++;
    predict.answers.set(key, { right: true, words: `✓ Right${first ? "" : ", in the end"}: ${numberText(right)}` });
  }
  const { words } = predict.answers.get(key);
  scrubber.show();
  predict.focus();
  glass.announce(words);
};

// The number that an expression comes to; null where it is none. Numbers, + - * / ^, and parentheses.
function calculate(text) {
  const tokens = text.replaceAll("−", "-").replaceAll("·", "*").replaceAll("×", "*").replaceAll(",", ".").match(/\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|[-+*/^()]|\S/gi) ?? [];
  let at = 0;
  const sum = () => {
    let total = product();
    while (tokens[at] === "+" || tokens[at] === "-") total = tokens[at++] === "+" ? total + product() : total - product();
    return total;
  };
  const product = () => {
    let total = signed();
    while (tokens[at] === "*" || tokens[at] === "/") total = tokens[at++] === "*" ? total * signed() : total / signed();
    return total;
  };
  const signed = () => {
    if (tokens[at] === "-" || tokens[at] === "+") return tokens[at++] === "-" ? -signed() : signed();
    const base = atom();
    if (tokens[at] !== "^") return base;
    at++;
    return base ** signed();
  };
  const atom = () => {
    const token = tokens[at++];
    if (token === "(") {
      const inner = sum();
      if (tokens[at++] !== ")") return NaN;
      return inner;
    }
    return token !== undefined && /^[\d.]/.test(token) ? Number(token) : NaN;
  };
  const result = sum();
  return at === tokens.length && Number.isFinite(result) ? result : null;
}
