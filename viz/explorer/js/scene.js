// What is drawn: the same map from the graph to cards, wires and boxes as viz/graphs/scene.py, which the tests compare with.

// A key is "n3" for node 3 and "g2" for group 2; inside, nodes count from 0 and groups after them.
function sceneOf(graph, closed, rolled, overlay = null) {
  const { n, g, groups } = graph;
  const cover = new Int32Array(g).fill(-1); // of each group the outermost closed group that it is in or is
  for (const { id, parent } of groups) {
    const above = parent < 0 ? -1 : cover[parent];
    cover[id] = above >= 0 ? above : closed.has(id) ? id : -1;
  }
  const { twin, repetition } = rolledParts(graph, rolled);
  const openBox = (group) => {
    while (group >= 0 && groups[group].parent >= 0 && rolled.has(groups[group].parent)) group = groups[group].parent;
    return group;
  };

  const cardAt = new Int32Array(n + g).fill(-1);
  const cardOf = new Int32Array(n);
  const cards = [];
  for (let node = 0; node < n; node++) {
    let place = node;
    while (twin[place] >= 0) place = twin[place];
    const inside = graph.group[place];
    const closedBy = inside < 0 ? -1 : cover[inside];
    const at = closedBy < 0 ? place : n + closedBy;
    if (cardAt[at] < 0) {
      cardAt[at] = cards.length;
      const isNode = closedBy < 0;
      cards.push({
        index: cards.length,
        key: isNode ? `n${place}` : `g${closedBy}`,
        node: isNode ? place : -1,
        group: closedBy,
        box: openBox(isNode ? inside : groups[closedBy].parent),
        members: [],
        shape: isNode ? graph.shape.code[place] : undefined,
        dtype: isNode ? graph.dtype.code[place] : undefined,
      });
    }
    cardOf[node] = cardAt[at];
    cards[cardAt[at]].members.push(node);
  }

  const wires = [];
  const heads = new Map(); // of each pair of cards the last wire found between them
  for (let i = 0; i < graph.m; i++) {
    const source = cards[cardOf[graph.source[i]]];
    const target = cards[cardOf[graph.target[i]]];
    const carried = repetition.size > 0 && isCarried(repetition, graph.source[i], graph.target[i]);
    const kind = graph.edgeKind.code[i];
    if (source !== target && source.node < 0 && graph.edgeKind.table[kind] !== "link") {
      const shape = graph.shape.code[graph.source[i]];
      const dtype = graph.dtype.code[graph.source[i]];
      if (source.shape === undefined) [source.shape, source.dtype] = [shape, dtype];
      else if (source.shape !== shape || source.dtype !== dtype) source.differs = true;
    }
    if (source === target && !(carried && source.node >= 0)) continue; // inside a closed group
    const output = source.node >= 0 ? graph.output[i] : 0;
    const [slot, argument, ordered] =
      target.node >= 0 ? [graph.slot[i], graph.argument.code[i], graph.ordered[i]] : [0, -1, 0];
    const pair = source.index * cards.length + target.index;
    let same = heads.get(pair);
    while (
      same &&
      !(same.carried === carried && same.kind === kind && same.output === output && same.slot === slot &&
        same.argument === argument && same.ordered === ordered)
    ) same = same.before;
    if (same) {
      same.count++;
      continue;
    }
    const wire = {
      index: wires.length, source, target, edge: i, count: 1, carried, kind, output, slot, argument, ordered,
      before: heads.get(pair),
    };
    heads.set(pair, wire);
    wires.push(wire);
  }

  const boxes = new Map();
  for (const card of cards) {
    if (card.differs || card.shape === undefined) card.shape = card.dtype = -1;
    for (const name of SUMMED) card[name] = graph.raw.nodes[name] === null ? null : sum(graph[name], card.members);
    card.overlay = overlay ? totalOf(overlay, card.members) : null;
    for (let box = card.box; box >= 0 && !boxes.has(box); ) {
      boxes.set(box, openBox(groups[box].parent));
      box = boxes.get(box);
    }
  }
  const inOrder = [...boxes].sort(([a], [b]) => a - b).map(([group, parent]) => ({ key: `g${group}`, group, parent }));
  return { cards, wires, boxes: inOrder, cardOf };
}

const SUMMED = ["nbytes", "flops", "seconds", "saved"];

function rolledParts(graph, rolled) {
  const twin = new Int32Array(graph.n).fill(-1);
  const repetition = new Map();
  for (const outer of [...rolled].sort((a, b) => a - b)) {
    const repeats = graph.children[outer];
    repeats.forEach((repeat, number) => {
      const first = graph.membersOf(repeats[0]);
      graph.membersOf(repeat).forEach((node, i) => {
        if (!repetition.has(node)) repetition.set(node, []);
        repetition.get(node).push([outer, number]);
        if (number && twin[node] < 0) twin[node] = first[i];
      });
    });
  }
  return { twin, repetition };
}

function isCarried(repetition, source, target) {
  const from = repetition.get(source);
  const to = repetition.get(target);
  if (!from || !to) return false;
  return from.some(([group, number], i) => i < to.length && group === to[i][0] && number !== to[i][1]);
}

// The sum of what is known; null where nothing is.
function sum(values, members) {
  let total = null;
  for (const node of members) if (values[node] !== null) total = (total ?? 0) + values[node];
  return total;
}

function totalOf(overlay, members) {
  let total = null;
  for (const node of members) {
    const value = overlay.values[node];
    if (value === null) continue;
    if (total === null) total = value;
    else if (overlay.total === "mixed") total = total === value ? total : "mixed";
    else if (overlay.total === "sum") total += value;
    else if (value > total) total = value;
    if (total === "mixed") break;
  }
  return total;
}
