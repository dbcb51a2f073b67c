// One drawing of items in layers, after Sugiyama, Tagawa and Toda (1981): every edge goes down, long edges pass between
// the items, and items lie as close below what they depend on as the order in their layer allows.
//
// An item has `left` and `right` (how far it reaches from its axis), `height`, and `port`: "in", "out" or undefined.
// An edge has `source` and `target` (items), `sourceAt` and `targetAt` (functions: where on the item's axis it ends) and
// `weight`. After layered(items, edges) an item has `x` (its axis) and `y` (its top), and an edge has `points`.

const GAP = 18; // between neighbours
const LANE = 9; // between wires that go around
const LONGEST = 400; // layers that an edge may pass through before it goes around
const TALL = 60; // from so many layers on long wires keep to as few lanes as they can
const CELLS = 30000; // places that long edges may take up in all

function layered(items, edges) {
  items.forEach((item, i) => {
    [item.i, item.rank, item.dummy] = [i, 0, false];
    [item.down, item.up] = [[], []];
  });
  const forward = acyclic(items, edges);
  rank(items, forward);
  const around = edges.filter((edge) => edge.back);
  const layers = [];
  for (const item of items) (layers[item.rank] ??= []).push(item);
  for (let r = 0; r < layers.length; r++) layers[r] ??= [];
  thread(forward, layers, around);
  order(layers);
  if (layers.length > TALL) tidy(layers, forward);
  axes(layers, GAP);
  const size = inColumns(layers, forward, stack(layers, forward), around.length);
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
    const kept = new Set(far ? out.filter((edge) => edge.target.rank - source.rank < 4) : out);
    for (const edge of out) {
      if (kept.has(edge)) continue;
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
      link(path[i], path[i + 1], path.length === 2 ? 2 * edge.weight : edge.weight, out, into);
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

// Crossings, each counted as heavy as the two wires that cross: it is worse to cross the path of the data.
function crossingsOf(layers) {
  let crossings = 0;
  for (let r = 0; r + 1 < layers.length; r++) {
    const width = layers[r + 1].length;
    if (width < 2 || layers[r].length < 2) continue;
    const tree = new Float64Array(width + 1); // a Fenwick tree of the weights of the ends at or before each place
    let ends = 0;
    for (const { below } of layers[r]) {
      for (const { item, weight } of below) {
        let before = 0;
        for (let k = item.at + 1; k > 0; k -= k & -k) before += tree[k];
        crossings += (ends - before) * weight;
      }
      for (const { item, weight } of below) {
        for (let k = item.at + 1; k <= width; k += k & -k) tree[k] += weight;
        ends += weight;
      }
    }
  }
  return crossings;
}

// In a tall drawing the stretches of long wires that run side by side are ordered by lanes, of which a new wire takes the
// first that is free: otherwise each would lie outside the one before it, and the drawing would fan out.
function tidy(layers, edges) {
  const chains = [...new Set(edges.map((edge) => edge.chain).filter((chain) => chain?.length))];
  const longest = new Map();
  for (const chain of chains) if ((longest.get(chain[0])?.length ?? 0) < chain.length) longest.set(chain[0], chain);
  const busy = []; // of each lane the layer in which it ends
  for (const chain of [...longest.values()].sort((a, b) => a[0].rank - b[0].rank)) {
    let lane = busy.findIndex((end) => end < chain[0].rank);
    if (lane < 0) lane = busy.push(0) - 1;
    busy[lane] = chain.at(-1).rank;
    for (const dummy of chain) dummy.lane = lane;
  }
  for (const layer of layers) {
    for (let from = 0; from < layer.length; from++) {
      let to = from;
      while (to < layer.length && layer[to].dummy) to++;
      if (to - from < 2) continue;
      const run = layer.slice(from, to).sort((a, b) => a.lane - b.lane);
      if (from === 0 && to < layer.length) run.reverse(); // on the left side of everything the first lane is the last
      run.forEach((dummy, i) => {
        layer[from + i] = dummy;
        dummy.at = from + i;
      });
      from = to;
    }
  }
}

// The heights of the layers, and the space between them: more where wires move far to the side.
function stack(layers, edges) {
  const farthest = new Float64Array(layers.length);
  for (const edge of edges) {
    if (edge.back) continue;
    let x = edge.source.x + edge.sourceAt();
    for (let i = 0; i <= edge.chain.length; i++) {
      const end = i < edge.chain.length ? edge.chain[i].x : edge.target.x + edge.targetAt();
      const r = edge.source.rank + i;
      farthest[r] = Math.max(farthest[r], Math.abs(end - x));
      x = end;
    }
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

// Straight through the layers, curved between them; from the foot of a column up to the head of the next.
function trace(edges, layers) {
  for (const edge of edges) {
    if (edge.back) continue;
    const { source, target } = edge;
    let x = source.x + edge.sourceAt();
    const points = [[x, bottomOf(source)]];
    let above = layers[source.rank];
    if (above.bottom > points[0][1] + 0.5) points.push([x, above.bottom]);
    const enter = (to, layer) => {
      if (above.column === layer.column) points.push([to, layer.top, true]);
      else {
        const away = 9 + 7 * above.crossing.get(edge.source);
        const across = above.right + 4 + away;
        points.push([x, above.bottom + away, "turn"], [across, above.bottom + away, "turn"], [across, layer.top - away, "turn"], [to, layer.top - away, "turn"], [to, layer.top]);
      }
      [x, above] = [to, layer];
    };
    for (const dummy of edge.chain) {
      const layer = layers[dummy.rank];
      enter(dummy.x, layer);
      if (layer.height > 0.5) points.push([dummy.x, layer.bottom]);
    }
    enter(target.x + edge.targetAt(), layers[target.rank]);
    if (topOf(target) > above.top + 0.5) points.push([x, topOf(target)]);
    edge.points = points;
  }
}

// A drawing that is much taller than wide is cut into columns, as in a newspaper.
function inColumns(layers, edges, size, around) {
  const { width, height } = size;
  const count = Math.min(Math.round(Math.sqrt((1.5 * height) / (width + 60))), Math.ceil(layers.length / 4));
  for (const layer of layers) [layer.column, layer.right] = [0, width];
  if (count < 3 || height < 2400 || around > 16) return size;
  const cuts = new Set();
  const reach = (height / count) * 0.2; // a cut may lie so far off where fewer wires cross it
  let start = 3;
  for (let c = 1; c < count; c++) {
    const goal = (height * c) / count;
    while (start < layers.length - 2 && layers[start].top < goal - reach) start++;
    let [best, least] = [start, Infinity];
    for (let r = start; r < layers.length - 1 && layers[r].top <= goal + reach; r++) {
      const cost = layers[r].length + Math.abs(layers[r].top - goal) / reach;
      if (cost < least) [best, least] = [r, cost];
    }
    cuts.add(best);
  }
  // What crosses each cut; wires of one source go together.
  const sorted = [...cuts].sort((a, b) => a - b);
  for (const edge of edges) {
    if (edge.back) continue;
    for (const cut of sorted) {
      const r = cut - 1;
      if (r >= edge.target.rank) break;
      if (r < edge.source.rank) continue;
      const crossing = (layers[r].crossing ??= new Map());
      if (!crossing.has(edge.source)) crossing.set(edge.source, crossing.size);
    }
  }
  const most = Math.max(0, ...layers.map((layer) => layer.crossing?.size ?? 0));
  if (most > 30) return size;
  const head = 9 + 7 * most;
  let [x, tall] = [0, 0];
  for (let from = 0, column = 0; from < layers.length; column++) {
    let to = from + 1;
    while (to < layers.length && !cuts.has(to)) to++;
    const part = layers.slice(from, to);
    const items = part.flat();
    const left = Math.min(...items.map((item) => item.x - item.left));
    const right = Math.max(...items.map((item) => item.x + item.right));
    const [dx, dy] = [x - left, head - part[0].top];
    for (const item of items) [item.x, item.y] = [item.x + dx, item.y + dy];
    x += right - left;
    for (const layer of part) {
      [layer.column, layer.right] = [column, x];
      layer.top += dy;
      layer.bottom += dy;
    }
    tall = Math.max(tall, part.at(-1).bottom + (part.at(-1).crossing ? head : 0));
    x += 26 + 7 * (part.at(-1).crossing?.size ?? 0) + (around ? 14 + around * LANE : 0);
    from = to;
  }
  return { width: Math.max(...layers.map((layer) => layer.right)), height: tall };
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
  let widest = width;
  for (const { edge, low, high } of spans) {
    const { source, target } = edge;
    const [from, to] = [layers[source.rank], layers[target.rank]];
    const isFar = from.column !== to.column;
    let lane = isFar ? -1 : lanes.findIndex((taken) => taken.every(([a, b]) => b + 8 < low || high + 8 < a));
    if (lanes.length > 200 && lane < 0) lane = source.i % 200; // they are too many to be told apart
    if (lane < 0) lane = lanes.push([]) - 1;
    lanes[lane].push(isFar ? [-Infinity, Infinity] : [low, high]);
    const aside = 14 + lane * LANE + 7 * (from.crossing?.size ?? 0);
    const x0 = source.x + edge.sourceAt();
    const x1 = target.x + edge.targetAt() + (target.card ? Math.min(target.right - 8, 22) : 0);
    const [out, into] = [from.bottom + 7, to.top - 7];
    const [up, down] = [from.right + aside, to.right + aside];
    bottom = Math.max(bottom, out + 2);
    widest = Math.max(widest, up + 2, down + 2);
    const over = isFar ? [[up, -4 - lane * 3, "turn"], [down, -4 - lane * 3, "turn"]] : [];
    edge.points = [
      [x0, bottomOf(source)], [x0, out, "turn"], [up, out, "turn"], ...over, [down, into, "turn"], [x1, into, "turn"], [x1, topOf(target)],
    ];
    edge.around = true;
  }
  return { width: widest, height: bottom, above: edges.length ? 8 + 3 * Math.min(16, lanes.length) : 0 };
}
