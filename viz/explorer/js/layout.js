// Where everything goes. Each open group is laid out as a drawing of its own and is then one large card in the box
// around it; a wire that crosses the edge of a box passes through a port there, so it meets no card on its way.

const BOX = { top: 30, side: 14, bottom: 14 };
const BESIDE = { gap: 20, between: 7, most: 6 };

function layoutOf(scene, sizeOf, labelWidthOf) {
  const holders = new Map(); // of each box, and of the whole drawing (-1), what lies right in it
  const holder = (box) => holders.get(box);
  holders.set(-1, newHolder(-1, null, 0));
  for (const { group, parent } of scene.boxes) {
    const around = holder(parent);
    holders.set(group, { ...newHolder(group, parent, around.depth + 1), labelWidth: labelWidthOf(group) });
  }
  const cards = scene.cards.map((card) => {
    const item = { card, ...sizeOf(card), holder: card.box, beside: [] };
    holder(card.box).items.push(item);
    return item;
  });
  // A box stands in its parent where its first card stands on the tape.
  for (const card of scene.cards) {
    for (let box = card.box; box >= 0; box = holder(box).parent) {
      if (holder(box).item) break;
      const item = { box, beside: [], holder: holder(box).parent };
      holder(box).item = item;
      holder(holder(box).parent).items.push(item);
    }
  }
  for (const each of holders.values()) each.items.sort((a, b) => first(a, holders) - first(b, holders));
  besideTheirOp(scene, cards);
  const routes = scene.wires.map((wire) => routeOf(wire, cards, holders));
  const deepestFirst = [...holders.values()].sort((a, b) => b.depth - a.depth || b.box - a.box);
  for (const each of deepestFirst) arrange(each);
  return absolute(scene, cards, holders, routes);
}

const newHolder = (box, parent, depth) => ({ box, parent, depth, items: [], edges: new Map(), ports: new Map(), item: null });

function first(item, holders) {
  if (item.first === undefined) {
    item.first = item.card ? item.card.index : Math.min(...holders.get(item.box).items.map((one) => first(one, holders)));
  }
  return item.first;
}

// A parameter or constant that one op uses stands at the left of that op.
function besideTheirOp(scene, cards) {
  const uses = new Map();
  const fed = new Set();
  for (const wire of scene.wires) {
    fed.add(wire.target.index);
    const known = uses.get(wire.source.index);
    uses.set(wire.source.index, known === undefined || known === wire.target.index ? wire.target.index : -1);
  }
  const words = new Map(); // how much room the names of arguments take up
  for (const wire of scene.wires) {
    const label = argumentLabel(wire);
    if (label) words.set(wire.source.index, Math.max(words.get(wire.source.index) ?? 0, widthOf(label, "slot") + 16));
  }
  for (const item of cards) {
    const target = uses.get(item.card.index);
    if (!item.card.isLeaf || fed.has(item.card.index) || target === undefined || target < 0) continue;
    const host = cards[target];
    if (host.holder !== item.holder || host.card.isLeaf || host.beside.length >= BESIDE.most) continue;
    host.beside.push(item);
    item.host = host;
    host.besideGap = Math.max(host.besideGap ?? BESIDE.gap, words.get(item.card.index) ?? 0);
  }
}

// The parts of a wire: one in each box that it passes through.
function routeOf(wire, cards, holders) {
  const source = cards[wire.source.index];
  const target = cards[wire.target.index];
  if (source.host === target) return { wire, beside: [source, target] };
  const before = [];
  const after = [];
  let [from, to] = [source, target];
  let [fromPort, toPort] = [null, null];
  let [a, b] = [holders.get(source.holder), holders.get(target.holder)];
  while (a !== b) {
    if (a.depth >= b.depth) {
      const port = portOf(a, "out", `${wire.source.index}.${wire.output}`);
      before.push(edgeOf(a, from, fromPort, port, null, wire));
      [from, fromPort, a] = [a.item, port, holders.get(a.parent)];
    } else {
      const port = portOf(b, "in", `${wire.source.index}.${wire.output}`);
      after.push(edgeOf(b, port, null, to, toPort, wire));
      [to, toPort, b] = [b.item, port, holders.get(b.parent)];
    }
  }
  const across = edgeOf(a, from, fromPort, to, toPort, wire, wire.carried);
  return { wire, parts: [...before, across, ...after.reverse()] };
}

function portOf(holder, way, name) {
  const key = `${way}${name}`;
  if (!holder.ports.has(key)) {
    const port = { port: way, left: 3, right: 3, height: 0, beside: [], holder: holder.box };
    holder.ports.set(key, port);
    holder.items.push(port);
  }
  return holder.ports.get(key);
}

let serial = 0;

function edgeOf(holder, source, sourcePort, target, targetPort, wire, carried = false) {
  const end = (item) => (item.serial ??= ++serial);
  // Wires into one op stay apart, so that x·x shows two.
  const own = target.card ? `.${wire.slot}.${wire.kind}.${wire.argument}` : "";
  const key = `${end(source)}.${sourcePort ? end(sourcePort) : ""}.${end(target)}.${targetPort ? end(targetPort) : ""}.${carried}${own}`;
  let edge = holder.edges.get(key);
  if (!edge) {
    const isLink = glass.graph.edgeKind.table[wire.kind] === "link";
    const spine = isLink ? 0.2 : source.card?.isLeaf ? 1 : 3; // the path of the data, and of the gradients, stays straight
    edge = { source, target, sourcePort, targetPort, carried, weight: spine, slot: wire.slot, offset: 0 };
    edge.sourceAt = () => (sourcePort ? sourcePort.x - source.width / 2 + source.inset : 0);
    edge.targetAt = () => (targetPort ? targetPort.x - target.width / 2 + target.inset : edge.offset);
    holder.edges.set(key, edge);
  }
  return edge;
}

// Lay out what lies in one box, and give the box its size.
function arrange(holder) {
  const items = holder.items.filter((item) => !item.host);
  const edges = [...holder.edges.values()];
  for (const item of items) measure(item);
  const parts = components(items, edges);
  const hasPorts = holder.ports.size > 0;
  const placed = parts.map(([partItems, partEdges]) => {
    const size = layered(partItems, partEdges);
    return { items: partItems, edges: partEdges, ...size };
  });
  const size = pack(placed, hasPorts);
  for (const edge of edges) spreadEnds(edge);
  holder.width = size.width;
  holder.height = size.height;
  holder.offset = holder.box < 0 ? { x: 0, y: 0 } : { x: BOX.side, y: BOX.top + size.above };
  if (holder.item) {
    const inner = Math.max(size.width, holder.labelWidth);
    holder.offset.x += (inner - size.width) / 2;
    Object.assign(holder.item, {
      width: inner + 2 * BOX.side,
      height: size.height + size.above + BOX.top + BOX.bottom,
      inset: holder.offset.x,
    });
  }
}

function measure(item) {
  if (item.port) return;
  const column = item.beside.reduce((most, one) => Math.max(most, one.width), 0);
  const tall = item.beside.reduce((all, one) => all + one.height + BESIDE.between, -BESIDE.between);
  item.right = item.width / 2;
  item.left = item.width / 2 + (item.beside.length ? column + item.besideGap : 0);
  item.own = item.height;
  if (item.beside.length && tall > item.height) {
    item.extra = (tall - item.height) / 2; // above and below the card itself
    item.height = tall;
  } else item.extra = 0;
}

function components(items, edges) {
  const root = new Map(items.map((item) => [item, item]));
  const find = (item) => {
    while (root.get(item) !== item) {
      root.set(item, root.get(root.get(item)));
      item = root.get(item);
    }
    return item;
  };
  for (const { source, target } of edges) root.set(find(source), find(target));
  const parts = new Map();
  for (const item of items) {
    const at = find(item);
    if (!parts.has(at)) parts.set(at, [[], []]);
    parts.get(at)[0].push(item);
  }
  for (const edge of edges) parts.get(find(edge.source))[1].push(edge);
  return [...parts.values()];
}

// Parts that are not joined stand side by side, in rows of about the shape of a screen.
function pack(parts, oneRow) {
  const area = parts.reduce((all, part) => all + (part.width + 2 * GAP) * (part.height + 2 * GAP), 0);
  const widest = parts.reduce((most, part) => Math.max(most, part.width), 0);
  const limit = oneRow ? Infinity : Math.max(widest, Math.sqrt(area) * 1.5);
  let [x, y, row, width, above] = [0, 0, 0, 0, 0];
  for (const part of parts) {
    if (x > 0 && x + part.width > limit) [x, y, row] = [0, y + row + 2 * GAP, 0];
    const [dx, dy] = [x, y];
    for (const item of part.items) [item.x, item.y] = [item.x + dx, item.y + dy];
    for (const edge of part.edges) edge.points = edge.points.map(([px, py, curve]) => [px + dx, py + dy, curve]);
    x += part.width + 2 * GAP;
    row = Math.max(row, part.height);
    width = Math.max(width, x - 2 * GAP);
    above = Math.max(above, part.above);
  }
  return { width, height: y + row, above };
}

// Several wires into one card end side by side, in the order in which they arrive.
function spreadEnds(edge) {
  const { target } = edge;
  if (!target.card || target.spread) return;
  target.spread = true;
  const ends = target.up.filter((one) => !one.back);
  if (ends.length < 2) return;
  const arriving = (one) => (one.points.length > 1 ? one.points.at(one.points.at(-2)[2] ? -3 : -2) : one.points[0])[0];
  const sorted = [...ends].sort((a, b) => arriving(a) - arriving(b) || a.slot - b.slot);
  const room = Math.min(target.right * 2 - 16, 26 * (sorted.length - 1));
  sorted.forEach((one, i) => {
    one.offset = room * (i / (sorted.length - 1) - 0.5);
    const points = one.points;
    for (let k = points.length - 1; k >= 0 && k >= points.length - 2; k--) {
      if (k === 0) break;
      const isCurve = points[k][2];
      points[k][0] = target.x + one.offset;
      if (isCurve) break;
    }
  });
}

// Positions in the whole drawing.
function absolute(scene, cards, holders, routes) {
  const origins = new Map([[-1, { x: 0, y: 0 }]]);
  const boxes = new Map();
  for (const { group, parent } of scene.boxes) {
    const around = origins.get(parent);
    const { item, offset } = holders.get(group);
    const x = around.x + item.x - item.width / 2;
    const y = around.y + item.y + item.extra;
    boxes.set(`g${group}`, { x, y, width: item.width, height: item.own });
    origins.set(group, { x: x + offset.x, y: y + offset.y });
  }
  const places = new Map();
  for (const item of cards) {
    if (item.host) continue;
    const { x, y } = origins.get(item.holder);
    const place = { x: x + item.x - item.width / 2, y: y + item.y + item.extra, width: item.width, height: item.own };
    places.set(item.card.key, place);
    let top = y + item.y + (item.height - item.beside.reduce((all, one) => all + one.height + BESIDE.between, -BESIDE.between)) / 2;
    for (const one of item.beside) {
      places.set(one.card.key, { x: place.x - item.besideGap - one.width, y: top, width: one.width, height: one.height });
      top += one.height + BESIDE.between;
    }
  }
  const paths = routes.map((route) => pathOf(route, places, origins));
  let bounds = null;
  for (const { x, y, width, height } of [...places.values(), ...boxes.values()]) {
    bounds ??= { x0: x, y0: y, x1: x + width, y1: y + height };
    bounds.x0 = Math.min(bounds.x0, x);
    bounds.y0 = Math.min(bounds.y0, y);
    bounds.x1 = Math.max(bounds.x1, x + width);
    bounds.y1 = Math.max(bounds.y1, y + height);
  }
  bounds ??= { x0: 0, y0: 0, x1: 1, y1: 1 };
  for (const path of paths) {
    bounds.x1 = Math.max(bounds.x1, path.x1);
    bounds.y0 = Math.min(bounds.y0, path.y0);
  }
  return { cards: places, boxes, paths, bounds };
}

function pathOf({ beside, parts }, places, origins) {
  let points = [];
  if (beside) {
    const from = places.get(beside[0].card.key);
    const to = places.get(beside[1].card.key);
    const y = from.y + from.height / 2;
    const into = clamp(y, to.y + 6, to.y + to.height - 6);
    points = [[from.x + from.width, y], [to.x, into, "side"]];
  } else {
    for (const part of parts) {
      const origin = origins.get(part.source.holder);
      for (const [x, y, curve] of part.points) points.push([x + origin.x, y + origin.y, curve]);
    }
  }
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return {
    points,
    x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys),
  };
}
