// The address tells what is selected, which groups are open or rolled differently from how the page began, and the
// overlay: #n12&open=1,4&closed=7&roll=2&unroll=3&overlay=flops

const permalink = (glass.permalink = { last: "" });

permalink.text = () => {
  const { state, initial } = glass;
  const parts = [state.selected ?? ""];
  const differing = (name, a, b) => {
    const found = [...a].filter((id) => !b.has(id)).sort((x, y) => x - y);
    if (found.length) parts.push(`${name}=${ranges(found)}`);
  };
  differing("open", initial.closed, state.closed);
  differing("closed", state.closed, initial.closed);
  differing("roll", state.rolled, initial.rolled);
  differing("unroll", initial.rolled, state.rolled);
  if (state.overlay !== initial.overlay) parts.push(`overlay=${encodeURIComponent(state.overlay)}`);
  if (!state.backward) parts.push("backward=0");
  return `#${parts.join("&")}`;
};

// 1,2,3,7 as 1-3,7
function ranges(numbers) {
  const runs = [];
  for (const number of numbers) {
    if (runs.length && runs.at(-1)[1] === number - 1) runs.at(-1)[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(",");
}

function numbersOf(text, limit) {
  const found = [];
  for (const run of (text ?? "").split(",")) {
    const [, a, b] = /^(\d+)(?:-(\d+))?$/.exec(run) ?? [];
    if (a === undefined) continue;
    for (let i = Number(a); i <= Math.min(Number(b ?? a), limit - 1); i++) found.push(i);
  }
  return found;
}

// A hash may come from anywhere: what is no well-formed text stays as it is, and nothing is found by it.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

permalink.write = (replace = false) => {
  const text = permalink.text();
  if (text === permalink.last || (text === "#" && permalink.last === "")) return;
  permalink.last = text;
  try {
    if (replace) history.replaceState(null, "", text);
    else history.pushState(null, "", text);
  } catch {
    location.hash = text; // where a page from disk may not write its history
  }
};

permalink.read = () => {
  const [key, ...rest] = location.hash.slice(1).split("&").map(decoded);
  const given = new Map(rest.map((part) => part.split("=")));
  const { state, initial, graph } = glass;
  state.closed = new Set(initial.closed);
  state.rolled = new Set(initial.rolled);
  for (const id of numbersOf(given.get("open"), graph.g)) state.closed.delete(id);
  for (const id of numbersOf(given.get("closed"), graph.g)) state.closed.add(id);
  for (const id of numbersOf(given.get("roll"), graph.g)) if (canRoll(id)) state.rolled.add(id);
  for (const id of numbersOf(given.get("unroll"), graph.g)) state.rolled.delete(id);
  const count = sceneOf(graph, state.closed, state.rolled).cards.length;
  if (isTooMuch(count)) {
    state.closed = new Set(initial.closed);
    state.rolled = new Set(initial.rolled);
  }
  state.backward = given.get("backward") !== "0";
  overlays.set(given.get("overlay") ?? initial.overlay);
  const [, letter, number] = /^([ng])(\d+)$/.exec(key) ?? [];
  const exists = letter && Number(number) < (letter === "n" ? graph.n : graph.g);
  return exists ? key : null;
};

permalink.listen = () => {
  window.addEventListener("popstate", () => {
    if (location.hash === permalink.last) return;
    const key = permalink.read();
    permalink.last = location.hash;
    glass.arrange({ link: false });
    controls();
    if (key) glass.go(key, { link: false });
    else glass.select(null, { link: false });
  });
};

permalink.copy = async () => {
  permalink.write(true);
  try {
    await navigator.clipboard.writeText(location.href);
    glass.announce("link copied");
    glass.toast("Link copied");
  } catch {
    glass.toast(location.href);
  }
};
