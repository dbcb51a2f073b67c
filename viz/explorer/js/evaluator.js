// Computes the graph again, forward and backward, from scalar instructions; KERNELS are made from the op table.

// Functions that Math lacks, to about 15 digits.
const special = {
  zero: () => 0,
  copysign: (x, sign) => (sign < 0 || Object.is(sign, -0) ? -Math.abs(x) : Math.abs(x)),
  exp2: (x) => 2 ** x,
  fmod: (a, b) => a % b,
  // To the nearest integer, of two equally near the even one.
  rint: (x) => {
    const low = Math.floor(x);
    const rest = x - low;
    return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
  },
  // The series with positive terms near 0, where nothing cancels; 1 - erfc elsewhere.
  erf: (x) => {
    const size = Math.abs(x);
    if (!(size < 2)) return Number.isNaN(x) ? NaN : Math.sign(x) * (1 - special.erfc(size));
    let term = x;
    let total = x;
    for (let n = 1; n < 80 && Math.abs(term) > 1e-18 * Math.abs(total); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      total += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
  },
  // The continued fraction in the tail (Abramowitz and Stegun 7.1.14).
  erfc: (x) => {
    if (x < 2) return 1 - special.erf(x);
    if (x > 27) return 0;
    let tail = x;
    for (let k = 120; k > 0; k--) tail = x + k / 2 / tail;
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
  },
  // Stirling's series from 10 on; below, Γ(x) = Γ(x + 1) / x (Abramowitz and Stegun 6.1.41).
  lgamma: (x) => {
    if (x <= 0) return Number.isInteger(x) ? Infinity : Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - special.lgamma(1 - x);
    let shift = 1;
    while (x < 10) shift *= x++;
    const inverse = 1 / (x * x);
    const series = 1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse * (1 / 1188 - (inverse * 691) / 360360))));
    return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series / x - Math.log(shift);
  },
  // Its derivative, likewise (6.3.18).
  digamma: (x) => {
    if (x === 0) return -1 / x;
    if (x < 0) return Number.isInteger(x) ? NaN : special.digamma(1 - x) - Math.PI / Math.tan(Math.PI * x);
    let total = 0;
    while (x < 10) total -= 1 / x++;
    const inverse = 1 / (x * x);
    const series = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse * (1 / 240 - inverse * (1 / 132 - inverse * (691 / 32760 - inverse / 12))))));
    return total + Math.log(x) - 1 / (2 * x) - series;
  },
};

const evaluator = (glass.evaluator = { special, kernels: KERNELS });

// The cells of a recipe: the elements of its arguments, and the results of its instructions.
evaluator.run = (recipe, operands) => {
  const first = recipe.inputs.reduce((all, n) => all + n, 0);
  const cells = new Float64Array(first + recipe.instructions.length);
  let at = 0;
  recipe.inputs.forEach((n, place) => {
    if (n) cells.set(operands[place], at);
    at += n;
  });
  const read = (ref) => (ref < 0 ? recipe.constants[-1 - ref] : cells[ref]);
  recipe.instructions.forEach(([kernel, ...refs], i) => (cells[first + i] = KERNELS[kernel].f(...refs.map(read))));
  return { cells, outputs: Float64Array.from(recipe.outputs, read) };
};

// The gradients of all cells, from those of the outputs that are `reached`; and which cells are. A gradient of 0 goes on, for
// 0 · ∞ is not 0; but what was not chosen, by where or a maximum, has none.
evaluator.pull = (recipe, cells, incoming, reachedOutputs) => {
  const first = cells.length - recipe.instructions.length;
  const gradients = new Float64Array(cells.length);
  const reached = new Uint8Array(cells.length);
  recipe.outputs.forEach((ref, i) => {
    if (ref < 0 || !reachedOutputs[i]) return;
    gradients[ref] += incoming[i];
    reached[ref] = 1;
  });
  const read = (ref) => (ref < 0 ? recipe.constants[-1 - ref] : cells[ref]);
  for (let i = recipe.instructions.length - 1; i >= 0; i--) {
    if (!reached[first + i]) continue;
    const g = gradients[first + i];
    const [number, ...refs] = recipe.instructions[i];
    const kernel = KERNELS[number];
    const values = refs.map(read);
    refs.forEach((ref, place) => {
      const rule = kernel.pulls[place];
      if (ref < 0 || !rule || (kernel.selects && Number(rule(1, cells[first + i], ...values)) === 0)) return;
      gradients[ref] += Number(rule(g, cells[first + i], ...values));
      reached[ref] = 1;
    });
  }
  return { gradients, reached };
};

// Everything that follows from the leaves: the value of each node; and the steps of the backward pass anew.
evaluator.compute = (program, leaves, steps) => {
  const values = new Map(leaves);
  const runs = new Map();
  for (const { node, recipe, sources, given } of program.applications) {
    const made = program.recipes[recipe];
    const operands = made.inputs.map((n, place) => (sources[place] ? values.get(sources[place][0]).subarray(sources[place][1], sources[place][1] + n) : given[place]));
    const run = evaluator.run(made, operands);
    values.set(node, run.outputs);
    runs.set(node, { ...run, recipe: made, sources });
  }
  const arrived = new Map();
  const reached = new Map();
  const redone = [];
  steps.forEach((step, number) => {
    const key = lesson.shared(step.node);
    if (number === 0) {
      arrived.set(key, evaluator.seed(step.incoming, values.get(step.node)));
      reached.set(key, new Uint8Array(arrived.get(key).length).fill(1));
    }
    const incoming = arrived.get(key);
    const run = runs.get(step.node);
    const { gradients, reached: cells } = evaluator.pull(run.recipe, run.cells, incoming, reached.get(key));
    const starts = run.recipe.inputs.reduce((all, n) => [...all, all.at(-1) + n], [0]);
    const contributions = step.contributions.filter(({ node }) => node !== null).map(({ node, slot }) => {
      const gradient = gradients.slice(starts[slot], starts[slot + 1]);
      const place = lesson.shared(node);
      const before = arrived.get(place) ?? null;
      const after = before ? before.slice() : new Float64Array(values.get(node).length);
      const begins = run.sources[slot]?.[1] ?? 0; // of several results of an op, where this one begins
      if (!before) reached.set(place, new Uint8Array(after.length));
      gradient.forEach((x, i) => {
        after[begins + i] += x;
        reached.get(place)[begins + i] |= cells[starts[slot] + i];
      });
      arrived.set(place, after);
      return { node, slot, gradient, before, after };
    });
    redone.push({ node: step.node, incoming, contributions });
  });
  return { values, gradients: arrived, steps: redone };
};

// Where the pass begins: as it was recorded, where that is known; else ones.
evaluator.seed = (summary, values) => {
  const flat = summary?.data === null || summary?.data === undefined ? [] : matrixRows(summary.data).flat().map(real);
  return flat.length === values.length ? Float64Array.from(flat) : new Float64Array(values.length).fill(1);
};
