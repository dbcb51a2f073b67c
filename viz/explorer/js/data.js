// The graph, from the columns that Python wrote to lookups that cost nothing.

function column(packed, count) {
  if (packed === null) return new Array(count).fill(null);
  if (Array.isArray(packed)) return packed;
  if (packed.f64 !== undefined) {
    const bytes = Uint8Array.from(atob(packed.f64), (letter) => letter.charCodeAt(0));
    return Array.from(new Float64Array(bytes.buffer), (number) => (Number.isNaN(number) ? null : number));
  }
  const full = new Array(count).fill(null);
  packed.at.forEach((place, i) => (full[place] = packed.of[i]));
  return full;
}

function integers(packed, count, missing = -1) {
  const full = new Int32Array(count).fill(missing);
  if (packed === null) return full;
  if (Array.isArray(packed)) packed.forEach((value, i) => value !== null && (full[i] = value));
  else packed.at.forEach((place, i) => (full[place] = packed.of[i]));
  return full;
}

// For each of `count` things the places of `owners` that name it, as one list with the starts of its parts.
function grouped(owners, count) {
  const start = new Int32Array(count + 1);
  for (const owner of owners) if (owner >= 0) start[owner + 1]++;
  for (let i = 0; i < count; i++) start[i + 1] += start[i];
  const list = new Int32Array(start[count]);
  const next = start.slice();
  for (let i = 0; i < owners.length; i++) if (owners[i] >= 0) list[next[owners[i]]++] = i;
  return { of: (i) => list.subarray(start[i], start[i + 1]), count: (i) => start[i + 1] - start[i] };
}

function readGraph(raw) {
  const n = raw.nodes.count;
  const coded = (packed, count) => ({ table: packed.table, code: integers(packed.code, count) });
  const graph = { raw, n, title: raw.title, lines: raw.lines, formulas: raw.formulas };
  for (const name of ["kind", "op", "op_kind", "dtype", "shape", "params"]) graph[name] = coded(raw.nodes[name], n);
  for (const name of ["group", "line", "origin", "value", "gradient"]) graph[name] = integers(raw.nodes[name], n);
  for (const name of ["name", "seq", "nbytes", "flops", "seconds", "saved", "event", "check"]) {
    graph[name] = column(raw.nodes[name], n);
  }

  const e = raw.edges;
  graph.m = e.count;
  graph.source = Int32Array.from(e.source);
  graph.target = Int32Array.from(e.target);
  graph.slot = Int32Array.from(e.slot);
  graph.output = integers(e.output, e.count, 0);
  graph.ordered = integers(e.ordered, e.count, 0);
  graph.argument = coded(e.argument, e.count);
  graph.edgeKind = coded(e.kind, e.count);
  graph.edgeValue = integers(e.value, e.count);
  graph.outgoing = grouped(graph.source, n);
  graph.incoming = grouped(graph.target, n);

  graph.groups = raw.groups.kind.map((kind, id) => ({
    id,
    kind,
    label: raw.groups.label[id],
    path: raw.groups.path[id],
    module: raw.groups.module[id],
    parent: raw.groups.parent[id] ?? -1,
    count: raw.groups.count[id],
  }));
  graph.g = graph.groups.length;
  graph.children = graph.groups.map(() => []);
  graph.depths = [];
  for (const group of graph.groups) {
    if (group.parent >= 0) graph.children[group.parent].push(group.id);
    const repeated = group.parent >= 0 && ["fold", "loop"].includes(graph.groups[group.parent].kind);
    graph.depths.push(group.parent < 0 ? 0 : graph.depths[group.parent] + (repeated ? 0 : 1));
  }
  const own = grouped(graph.group, graph.g);
  const members = new Map();
  // The nodes of a group and of the groups inside it, in tape order.
  graph.membersOf = (id) => {
    if (!members.has(id)) {
      const all = [...own.of(id)];
      for (const child of graph.children[id]) for (const node of graph.membersOf(child)) all.push(node);
      members.set(id, all.sort((a, b) => a - b));
    }
    return members.get(id);
  };

  const facts = raw.summaries;
  const tables = {
    shape: coded(facts.shape, facts.count),
    dtype: coded(facts.dtype, facts.count),
  };
  for (const name of ["nbytes", "minimum", "maximum", "mean", "norm", "nonfinite", "data", "histogram"]) {
    tables[name] = column(facts[name], facts.count);
  }
  // A summary as an object; numbers that are not finite come as texts and become numbers again.
  graph.summary = (place) => {
    if (place === null || place < 0) return null;
    const summary = { place, shape: tables.shape.table[tables.shape.code[place]] };
    summary.dtype = tables.dtype.table[tables.dtype.code[place]];
    for (const name of ["nbytes", "minimum", "maximum", "mean", "norm", "nonfinite"]) {
      summary[name] = real(tables[name][place]);
    }
    summary.data = tables.data[place];
    summary.histogram = tables.histogram[place];
    return summary;
  };
  graph.text = (coding, i) => (coding.code[i] < 0 ? null : coding.table[coding.code[i]]);
  // What is known of a node's value and gradient; a lesson (live.js) puts others in their place.
  graph.valueOf = (id) => graph.summary(graph.value[id]);
  graph.gradientOf = (id) => graph.summary(graph.gradient[id]);
  // Everything that is known of a node, as one object.
  graph.node = (id) => ({
    id,
    kind: graph.text(graph.kind, id),
    op: graph.text(graph.op, id),
    op_kind: graph.text(graph.op_kind, id),
    name: graph.name[id],
    shape: graph.text(graph.shape, id),
    dtype: graph.text(graph.dtype, id),
    params: graph.text(graph.params, id) ?? [],
    seq: graph.seq[id],
    group: graph.group[id],
    line: graph.line[id] < 0 ? null : graph.lines[graph.line[id]],
    value: graph.valueOf(id),
    gradient: graph.gradientOf(id),
    nbytes: graph.nbytes[id],
    flops: graph.flops[id],
    seconds: graph.seconds[id],
    saved: graph.saved[id],
    origin: graph.origin[id],
    event: graph.event[id],
    check: graph.check[id],
  });
  graph.edge = (i) => ({
    id: i,
    source: graph.source[i],
    target: graph.target[i],
    slot: graph.slot[i],
    output: graph.output[i],
    ordered: graph.ordered[i] === 1,
    argument: graph.text(graph.argument, i),
    kind: graph.text(graph.edgeKind, i),
    value: graph.summary(graph.edgeValue[i]),
  });
  graph.label = (id) => graph.text(graph.op, id) ?? graph.name[id] ?? graph.text(graph.kind, id);
  // The groups that a node or group is in, from the outside in.
  graph.scopes = (group) => {
    const chain = [];
    for (let at = group; at >= 0; at = graph.groups[at].parent) chain.unshift(at);
    return chain;
  };
  const { node: through, incoming, makes, slot, gradient, after } = raw.steps;
  const seconds = column(raw.steps.seconds, through.length);
  const to = column(raw.steps.to, slot.length);
  const before = column(raw.steps.before, slot.length);
  let at = 0; // the next contribution
  graph.steps = through.map((node, i) => {
    const contributions = [];
    for (const end = at + makes[i]; at < end; at++) {
      contributions.push({ node: to[at], slot: slot[at], gradient: gradient[at], before: before[at], after: after[at] });
    }
    return { node, incoming: incoming[i], contributions, seconds: seconds[i] };
  });
  // Where no backward pass is known no card says that it has no gradient.
  graph.hasGradients = raw.nodes.gradient !== null || graph.steps.length > 0;
  graph.marked = new Set(raw.marked);
  graph.overlay = raw.overlay && { ...raw.overlay, values: column(raw.overlay.values, n).map(real) };
  return graph;
}

const REALS = { nan: NaN, inf: Infinity, "-inf": -Infinity };

function real(value) {
  return typeof value === "string" && value in REALS ? REALS[value] : value;
}
