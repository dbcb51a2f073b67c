// Where in its layer each item goes, after Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001):
// items are aligned with the median of their neighbours to straight lines, the lines are pushed together, and of the four
// ways to do so (from above or below, to the left or to the right) the mean of the middle two is taken. Wires that end
// away from an item's axis shift it in its line.

function axes(layers, gap) {
  const items = layers.flat();
  if (!items.length) return;
  items.forEach((item, id) => (item.id = id));
  markConflicts(layers);
  const found = [];
  for (const downward of [true, false]) {
    for (const side of [1, -1]) {
      const lines = aligned(layers, items, downward, side);
      found.push({ side, x: pushed(layers, items, lines, side, gap) });
    }
  }
  const span = ({ x }) => {
    let [low, high] = [Infinity, -Infinity];
    for (const item of items) {
      low = Math.min(low, x[item.id] - item.left);
      high = Math.max(high, x[item.id] + item.right);
    }
    return { low, high, width: high - low };
  };
  const spans = found.map(span);
  const least = spans.reduce((a, b) => (b.width < a.width ? b : a));
  const shifts = spans.map(({ low, high }, i) => (found[i].side > 0 ? least.low - low : least.high - high));
  for (const item of items) {
    const four = found.map(({ x }, i) => x[item.id] + shifts[i]).sort((a, b) => a - b);
    item.x = (four[1] + four[2]) / 2;
  }
}

// A wire that crosses the straight stretch of a long one gives way.
function markConflicts(layers) {
  for (let r = 1; r < layers.length; r++) {
    const [upper, lower] = [layers[r - 1], layers[r]];
    let from = 0;
    let next = 0;
    lower.forEach((item, i) => {
      const inner = item.dummy && item.above.find((one) => one.item.dummy);
      if (!inner && i < lower.length - 1) return;
      const to = inner ? inner.item.at : upper.length - 1;
      for (; next <= i; next++) {
        for (const one of lower[next].above) {
          one.conflict = (one.item.at < from || one.item.at > to) && !(one.item.dummy && lower[next].dummy);
          one.twin.conflict = one.conflict;
        }
      }
      from = to;
    });
  }
}

// The lines: of each item the first item of its line, and how far it stands beside that.
function aligned(layers, items, downward, side) {
  const root = items.map((item) => item);
  const next = items.map((item) => item);
  const shift = new Float64Array(items.length);
  for (const layer of downward ? layers : [...layers].reverse()) {
    let last = side > 0 ? -1 : Infinity;
    for (let i = 0; i < layer.length; i++) {
      const item = layer[side > 0 ? i : layer.length - 1 - i];
      const all = downward ? item.above : item.below;
      if (!all.length) continue;
      const most = all.reduce((a, one) => Math.max(a, one.weight), 0);
      const near = all.filter((one) => one.weight === most).sort((a, b) => a.item.at - b.item.at);
      const middle = (near.length - 1) / 2;
      const medians = [near[Math.floor(middle)], near[Math.ceil(middle)]];
      if (side < 0) medians.reverse();
      for (const one of medians) {
        const other = one.item;
        if (next[item.id] !== item || one.conflict || (side > 0 ? last >= other.at : last <= other.at)) continue;
        next[other.id] = item;
        root[item.id] = root[other.id];
        next[item.id] = root[item.id];
        shift[item.id] = shift[other.id] + one.there - one.here;
        last = other.at;
      }
    }
  }
  return { root, shift };
}

// The lines pushed to one side as far as their neighbours allow, then back towards what holds them.
function pushed(layers, items, { root, shift }, side, gap) {
  const before = items.map(() => []);
  const after = items.map(() => []);
  const waiting = new Int32Array(items.length);
  for (const layer of layers) {
    for (let i = 0; i + 1 < layer.length; i++) {
      const [a, b] = [layer[i], layer[i + 1]];
      const space = a.right + b.left + (a.dummy && b.dummy ? gap * 0.35 : gap);
      const apart = space + shift[a.id] - shift[b.id];
      const [from, to] = side > 0 ? [root[a.id].id, root[b.id].id] : [root[b.id].id, root[a.id].id];
      if (from === to) continue;
      after[from].push([to, apart]);
      before[to].push([from, apart]);
      waiting[to]++;
    }
  }
  const sorted = items.filter((item) => root[item.id] === item && waiting[item.id] === 0).map((item) => item.id);
  for (let i = 0; i < sorted.length; i++) for (const [to] of after[sorted[i]]) if (--waiting[to] === 0) sorted.push(to);
  const x = new Float64Array(items.length);
  for (const id of sorted) for (const [from, apart] of before[id]) x[id] = Math.max(x[id], x[from] + apart);
  for (const id of sorted.reverse()) {
    let room = Infinity;
    for (const [to, apart] of after[id]) room = Math.min(room, x[to] - apart);
    if (room < Infinity) x[id] = Math.max(x[id], room);
  }
  return Float64Array.from(items, (item) => side * x[root[item.id].id] + shift[item.id]);
}
