// Where in its layer each item goes, after Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001):
// items are aligned with the median of their neighbours to straight lines, the lines are pushed together, and of the four
// ways to do so (from above or below, to the left or to the right) the mean of the middle two is taken. Wires that end
// away from an item's axis shift it in its line.

function axes(layers, gap) {
  const items = layers.flat();
  if (!items.length) return;
  const heaviest = (ends) => ends.reduce((most, one) => Math.max(most, one.weight), 0);
  items.forEach((item, id) => {
    item.id = id;
    item.mostAbove = heaviest(item.above);
    item.mostBelow = heaviest(item.below);
  });
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
  const [a, b, c, d] = found.map(({ x }) => x);
  for (const item of items) {
    const i = item.id;
    const [w, x, y, z] = [a[i] + shifts[0], b[i] + shifts[1], c[i] + shifts[2], d[i] + shifts[3]];
    item.x = (w + x + y + z - Math.min(w, x, y, z) - Math.max(w, x, y, z)) / 2;
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

// The lines: of each item the first item of its line, and how far it stands beside that. Two items are aligned where
// neither has a heavier wire to elsewhere, so that the path of the data stays straight.
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
      let near = all;
      if (all.length > 1) {
        const most = downward ? item.mostAbove : item.mostBelow;
        near = all.filter((one) => one.weight === most).sort((a, b) => a.item.at - b.item.at);
      }
      const middle = (near.length - 1) / 2;
      for (const k of side > 0 ? [Math.floor(middle), Math.ceil(middle)] : [Math.ceil(middle), Math.floor(middle)]) {
        const one = near[k];
        if (one.weight < (downward ? one.item.mostBelow : one.item.mostAbove)) continue;
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
  const n = items.length;
  const [heads, tails, waiting] = [new Int32Array(n).fill(-1), new Int32Array(n).fill(-1), new Int32Array(n)];
  const [source, target, apart, next, before] = [[], [], [], [], []]; // what has to lie apart, as two linked lists
  for (const layer of layers) {
    for (let i = 0; i + 1 < layer.length; i++) {
      const [a, b] = [layer[i], layer[i + 1]];
      const [x, y] = [root[a.id].id, root[b.id].id];
      if (x === y) continue;
      const [from, to] = side > 0 ? [x, y] : [y, x];
      const space = a.right + b.left + (a.dummy && b.dummy ? gap * 0.35 : gap) + shift[a.id] - shift[b.id];
      const at = source.push(from) - 1;
      target.push(to);
      apart.push(space);
      next.push(heads[from]);
      before.push(tails[to]);
      heads[from] = tails[to] = at;
      waiting[to]++;
    }
  }
  const sorted = [];
  for (const item of items) if (root[item.id] === item && waiting[item.id] === 0) sorted.push(item.id);
  for (let i = 0; i < sorted.length; i++) {
    for (let e = heads[sorted[i]]; e >= 0; e = next[e]) if (--waiting[target[e]] === 0) sorted.push(target[e]);
  }
  const x = new Float64Array(n);
  for (const id of sorted) for (let e = tails[id]; e >= 0; e = before[e]) x[id] = Math.max(x[id], x[source[e]] + apart[e]);
  for (let i = sorted.length - 1; i >= 0; i--) {
    let room = Infinity;
    for (let e = heads[sorted[i]]; e >= 0; e = next[e]) room = Math.min(room, x[target[e]] - apart[e]);
    if (room < Infinity) x[sorted[i]] = Math.max(x[sorted[i]], room);
  }
  const found = new Float64Array(n);
  for (let i = 0; i < n; i++) found[i] = side * x[root[i].id] + shift[i];
  return found;
}
