// One drawing of items in layers, after Sugiyama, Tagawa and Toda (1981): every edge goes down, long edges pass between
// the items, and items lie as close below what they depend on as the order in their layer allows.
//
// An item has `left` and `right` (how far it reaches from its axis), `height`, and `port`: "in", "out" or undefined.
// An edge has `source` and `target` (items), `sourceAt` and `targetAt` (functions: where on the item's axis it ends) and
// `weight`. After layered(items, edges) an item has `x` (its axis) and `y` (its top), and an edge has `points`.

const GAP = 18; // between neighbours
const LANE = 9; // between wires that go around
const LONGEST = 400; // layers that an edge may pass through before it goes around
const CELLS = 30000; // places that long edges may take up in all

function layered(items, edges) {
  items.forEach((item, i) => Object.assign(item, { i, rank: 0, down: [], up: [], dummy: false }));
  const forward = acyclic(items, edges);
  rank(items, forward);
  const around = edges.filter((edge) => edge.back);
  const layers = [];
  for (const item of items) (layers[item.rank] ??= []).push(item);
  for (let r = 0; r < layers.length; r++) layers[r] ??= [];
  thread(forward, layers, around);
  order(layers);
  axes(layers, GAP);
  const size = stack(layers, forward);
  trace(forward, layers);
  return goAround(around, layers, size);
}

// The edges that go down; the others are marked `back`. Items are taken in the order given, as the tape has it, and an
// edge against that order is one back only where it closes a circle.
function acyclic(items, edges) {
  const waiting = new Int32Array(items.length);
  for (const edge of edges) {
    edge.back = edge.carried || edge.source === edge.target;
    if (edge.back) continue;
    waiting[edge.target.i]++;
    edge.source.down.push(edge);
  }
  const done = new Uint8Array(items.length);
  const ready = items.filter((item) => waiting[item.i] === 0);
  let sorted = 0;
  let next = 0;
  const finish = (item) => {
    done[item.i] = 1;
    item.topological = sorted++;
    for (const edge of item.down) if (!edge.back && --waiting[edge.target.i] === 0 && !done[edge.target.i]) ready.push(edge.target);
  };
  while (sorted < items.length) {
    if (ready.length) {
      const item = ready.pop();
      if (!done[item.i]) finish(item);
      continue;
    }
    while (done[next]) next++;
    for (const edge of edges) if (edge.target === items[next] && !edge.back && !done[edge.source.i]) edge.back = true;
    finish(items[next]);
  }
  for (const item of items) item.down = item.down.filter((edge) => !edge.back);
  for (const edge of edges) if (!edge.back) edge.target.up.push(edge);
  return edges.filter((edge) => !edge.back);
}

function rank(items, edges) {
  const sorted = [...items].sort((a, b) => a.topological - b.topological);
  const first = items.some((item) => item.port === "in") ? 1 : 0;
  for (const item of items) item.rank = item.port === "in" ? 0 : first;
  for (const item of sorted) for (const { target } of item.down) target.rank = Math.max(target.rank, item.rank + 1);
  for (const item of sorted.reverse()) {
    if (item.port || item.up.length || !item.down.length) continue; // a source goes right above its first use
    item.rank = Math.min(...item.down.map((edge) => edge.target.rank)) - 1;
  }
  const last = items.reduce((most, item) => (item.port === "out" ? most : Math.max(most, item.rank)), 0);
  for (const item of items) if (item.port === "out") item.rank = last + 1;
}

// Long edges become chains of narrow items, one in each layer between; edges that leave the same item share a chain.
function thread(edges, layers, around) {
  let cells = 0;
  const bySource = new Map();
  for (const edge of edges) {
    const span = edge.target.rank - edge.source.rank;
    edge.chain = [];
    if (span < 2) continue;
    if (!bySource.has(edge.source)) bySource.set(edge.source, []);
    bySource.get(edge.source).push(edge);
  }
  const sources = [...bySource].map(([source, out]) => ({ source, out, span: Math.max(...out.map((e) => e.target.rank)) - source.rank }));
  sources.sort((a, b) => a.span - b.span);
  for (const { source, out, span } of sources) {
    const far = span > LONGEST || cells + span > CELLS;
    const kept = far ? out.filter((edge) => edge.target.rank - source.rank < 4) : out;
    for (const edge of out) {
      if (kept.includes(edge)) continue;
      edge.back = true;
      around.push(edge);
    }
    const chain = [];
    for (const edge of kept) {
      for (let r = source.rank + 1 + chain.length; r < edge.target.rank; r++) {
        const dummy = { left: 4, right: 4, height: 0, rank: r, dummy: true, down: [], up: [] };
        chain.push(dummy);
        layers[r].push(dummy);
        cells++;
      }
      edge.chain = chain.slice(0, edge.target.rank - source.rank - 1);
    }
  }
  // From here on only neighbouring layers are joined.
  for (const layer of layers) for (const item of layer) item.above = [], item.below = [];
  // `here` and `there` are where on the two axes the wire ends.
  const link = (from, to, weight, out, into) => {
    from.linked ??= new Set();
    if (from.linked.has(to)) return;
    from.linked.add(to);
    const below = { item: to, weight, here: out, there: into };
    const above = { item: from, weight, here: into, there: out, twin: below };
    below.twin = above;
    from.below.push(below);
    to.above.push(above);
  };
  for (const edge of edges) {
    if (edge.back) continue;
    const path = [edge.source, ...edge.chain, edge.target];
    for (let i = 0; i + 1 < path.length; i++) {
      const [out, into] = [i === 0 ? edge.sourceAt() : 0, i + 2 === path.length ? edge.targetAt() : 0];
      link(path[i], path[i + 1], edge.weight, out, into);
    }
  }
}

// The order in each layer: items go to the mean place of their neighbours, sweeping down and up; the best order stays.
function order(layers) {
  const total = layers.reduce((count, layer) => count + layer.length, 0);
  for (const layer of layers) layer.forEach((item, at) => (item.at = at));
  if (layers.every((layer) => layer.length < 2)) return;
  firstOrder(layers);
  let best = null;
  let fewest = Infinity;
  const sweeps = total < 1500 ? 10 : total < 8000 ? 4 : 2;
  for (let sweep = 0; sweep <= sweeps; sweep++) {
    const crossings = crossingsOf(layers);
    if (crossings < fewest) {
      fewest = crossings;
      best = layers.map((layer) => [...layer]);
    }
    if (fewest === 0 || sweep === sweeps) break;
    const downward = sweep % 2 === 0;
    const sequence = downward ? layers : [...layers].reverse();
    for (const layer of sequence) {
      for (const item of layer) {
        const near = downward ? item.above : item.below;
        item.mean = near.length ? near.reduce((all, one) => all + one.item.at, 0) / near.length : item.at;
      }
      layer.sort((a, b) => a.mean - b.mean || a.at - b.at);
      layer.forEach((item, at) => (item.at = at));
    }
  }
  best.forEach((layer, r) => {
    layers[r] = layer;
    layer.forEach((item, at) => (item.at = at));
  });
}

// Depth first from the sources: what hangs together starts out side by side.
function firstOrder(layers) {
  const seen = new Set();
  const ordered = layers.map(() => []);
  const visit = (root) => {
    const stack = [root];
    while (stack.length) {
      const item = stack.pop();
      if (seen.has(item)) continue;
      seen.add(item);
      ordered[item.rank].push(item);
      for (let i = item.below.length - 1; i >= 0; i--) stack.push(item.below[i].item);
    }
  };
  for (const layer of layers) for (const item of layer) if (!item.above.length) visit(item);
  ordered.forEach((layer, r) => {
    layers[r] = layer;
    layer.forEach((item, at) => (item.at = at));
  });
}

function crossingsOf(layers) {
  let crossings = 0;
  for (let r = 0; r + 1 < layers.length; r++) {
    const width = layers[r + 1].length;
    if (width < 2 || layers[r].length < 2) continue;
    const tree = new Int32Array(width + 1); // a Fenwick tree of how many ends lie at or before each place
    let ends = 0;
    for (const item of layers[r]) {
      const places = item.below.map((one) => one.item.at).sort((a, b) => a - b);
      for (const place of places) {
        let before = 0;
        for (let k = place + 1; k > 0; k -= k & -k) before += tree[k];
        crossings += ends - before;
      }
      for (const place of places) for (let k = place + 1; k <= width; k += k & -k) tree[k]++;
      ends += places.length;
    }
  }
  return crossings;
}

// The heights of the layers, and the space between them: more where wires move far to the side.
function stack(layers, edges) {
  const farthest = new Float64Array(layers.length);
  for (const edge of edges) {
    if (edge.back) continue;
    let x = edge.source.x + edge.sourceAt();
    [...edge.chain, edge.target].forEach((item, i, path) => {
      const end = item.x + (i === path.length - 1 ? edge.targetAt() : 0);
      const r = edge.source.rank + i;
      farthest[r] = Math.max(farthest[r], Math.abs(end - x));
      x = end;
    });
  }
  let low = Infinity;
  let high = -Infinity;
  let y = 0;
  layers.forEach((layer, r) => {
    layer.top = y;
    layer.height = layer.reduce((most, item) => Math.max(most, item.height), 0);
    layer.bottom = y + layer.height;
    for (const item of layer) {
      low = Math.min(low, item.x - item.left);
      high = Math.max(high, item.x + item.right);
      item.y = y + (layer.height - item.height) / 2;
    }
    const isPort = layer.every((item) => item.port || item.dummy);
    if (r + 1 < layers.length) y = layer.bottom + (isPort ? 14 : 26) + Math.min(60, farthest[r] * 0.07);
  });
  if (low > high) low = high = 0;
  for (const layer of layers) for (const item of layer) item.x -= low;
  const last = layers.at(-1);
  return { width: high - low, height: last ? last.bottom : 0 };
}

// The card of an item may be lower than the item, which then has higher cards beside it.
const topOf = (item) => item.y + (item.extra ?? 0);
const bottomOf = (item) => item.y + item.height - (item.extra ?? 0);

// Straight through the layers, curved between them.
function trace(edges, layers) {
  for (const edge of edges) {
    if (edge.back) continue;
    const { source, target } = edge;
    let x = source.x + edge.sourceAt();
    const points = [[x, bottomOf(source)]];
    const below = layers[source.rank];
    if (below.bottom > points[0][1] + 0.5) points.push([x, below.bottom]);
    for (const dummy of edge.chain) {
      points.push([dummy.x, layers[dummy.rank].top, true]);
      if (layers[dummy.rank].height > 0.5) points.push([dummy.x, layers[dummy.rank].bottom]);
    }
    x = target.x + edge.targetAt();
    points.push([x, layers[target.rank].top, true]);
    if (topOf(target) > layers[target.rank].top + 0.5) points.push([x, topOf(target)]);
    edge.points = points;
  }
}

// What goes back, or very far, goes around on the right; wires whose stretches do not meet share a lane.
function goAround(edges, layers, { width, height }) {
  const lanes = [];
  const spans = edges.map((edge) => {
    const ends = [bottomOf(edge.source), topOf(edge.target)];
    return { edge, low: Math.min(...ends), high: Math.max(...ends) };
  });
  spans.sort((a, b) => a.high - a.low - (b.high - b.low));
  let bottom = height;
  for (const { edge, low, high } of spans) {
    let lane = lanes.findIndex((taken) => taken.every(([a, b]) => b + 8 < low || high + 8 < a));
    if (lanes.length > 200 && lane < 0) lane = edge.source.i % 200; // they are too many to be told apart
    if (lane < 0) lane = lanes.push([]) - 1;
    lanes[lane].push([low, high]);
    const { source, target } = edge;
    const x = width + 14 + lane * LANE;
    const x0 = source.x + edge.sourceAt();
    const x1 = target.x + edge.targetAt() + (target.card ? Math.min(target.right - 8, 22) : 0);
    const out = layers[source.rank].bottom + 7;
    const into = layers[target.rank].top - 7;
    bottom = Math.max(bottom, out + 2);
    edge.points = [
      [x0, bottomOf(source)], [x0, out], [x, out], [x, into], [x1, into], [x1, topOf(target)],
    ];
    edge.around = true;
  }
  return { width: width + (lanes.length ? 14 + lanes.length * LANE : 0), height: bottom, above: edges.length ? 8 : 0 };
}
