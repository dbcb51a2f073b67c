// What finite differences say of each gradient: a badge on the card, and words in the panel.

const BADGES = { true: { text: "✓", tone: "good" }, false: { text: "✗", tone: "bad" }, null: { text: "–", tone: "note" } };

function checkWords([analytic, numeric, agrees, note]) {
  if (analytic === null || numeric === null) return `not checked: ${note}`;
  const numbers = `gradient ${numberText(real(analytic))}, finite difference ${numberText(real(numeric))} along a random direction`;
  return `${agrees === null ? note : agrees ? "agrees with finite differences" : "finite differences disagree"}: ${numbers}`;
}

glass.addPanel({ id: "check", title: "Finite differences", before: "wires", render({ node }, element) {
  if (!node?.check) return false;
  const { text, tone } = BADGES[String(node.check[2])];
  element.append(h("p", {}, h("b", { class: `sign ${tone}`, "aria-hidden": "true" }, text), " ", checkWords(node.check)));
  if (glass.lesson.touched) element.append(h("p", { class: "none" }, "Of the numbers as they were."));
} });

glass.on("ready", () => {
  glass.graph.check.forEach((check, node) => {
    if (check) glass.decorate(node, { ...BADGES[String(check[2])], title: checkWords(check) });
  });
});
