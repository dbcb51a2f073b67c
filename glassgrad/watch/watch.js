// The page: what is chosen, what is shown of it, and the words and tables beside the charts.
{
  const $ = (id) => document.getElementById(id);
  const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [12, 5]];
  const COLOURS = 6;
  const view = { smoothing: 0.6, log: false, focus: null, kind: "gradients", parameter: null };
  const known = new Set(); // runs that were listed before
  const style = (run) => ({ colour: `--run-${run.place % COLOURS}`, dash: DASHES[run.place % DASHES.length] });
  const chosen = () => [...Store.runs.values()].filter((run) => run.chosen);
  const last = (list) => list[list.length - 1] ?? null;

  const loss = new LineChart("loss", { log: () => view.log });
  const accuracy = new LineChart("accuracy", { format: Scales.percent });
  accuracy.tick = (value) => `${Number((100 * value).toPrecision(6))} %`;
  const rate = new LineChart("rate", { log: () => view.log });
  const throughput = new LineChart("throughput");
  const ratio = new LineChart("ratio", { log: () => true, band: [10 ** -3.5, 10 ** -2.5] });
  const gradient = new HeatMap("gradient");
  const histogram = new HeatMap("histogram", { format: (value) => `${(100 * value).toFixed(1)} % of the elements` });

  // ------------------------------------------------------------------------------------------------ the charts

  const records = (run, split, metric) => {
    const rows = run.metrics.filter((row) => row.split === split && metric in row && Scales.finite(row[Plots.axis] ?? null));
    return { xs: rows.map((row) => row[Plots.axis]), ys: rows.map((row) => row[metric]) };
  };

  const drawCurves = () => {
    const runs = chosen();
    const several = runs.length > 1;
    const name = (run, what) => (several ? `${run.name} ${what}` : what);
    const smooth = (values) => Scales.smooth(values, view.smoothing);
    const lines = { loss: [], accuracy: [], rate: [], throughput: [] };
    for (const run of runs) {
      const { samples } = run;
      const look = style(run);
      const xs = samples[Plots.axis];
      if (xs.length) {
        if (view.smoothing) lines.loss.push({ ...look, dash: [], xs, ys: samples.mean, alpha: 0.25, width: 1, quiet: true });
        lines.loss.push({ ...look, name: name(run, "train"), xs, ys: smooth(samples.mean), width: 1.5 });
        lines.rate.push({ ...look, name: name(run, "rate"), xs, ys: samples.rate });
        if (view.smoothing) lines.throughput.push({ ...look, dash: [], xs, ys: samples.throughput, alpha: 0.25, width: 1, quiet: true });
        lines.throughput.push({ ...look, name: name(run, "speed"), xs, ys: smooth(samples.throughput) });
      } else {
        lines.loss.push({ ...look, name: name(run, "train"), ...records(run, "train", "loss"), width: 1.5 });
        lines.rate.push({ ...look, name: name(run, "rate"), ...records(run, "train", "learning_rate") });
      }
      lines.loss.push({ ...look, name: name(run, "test"), ...records(run, "test", "loss"), width: 2.5, dots: true });
      for (const [split, width] of [["train", 1.5], ["test", 2.5]]) {
        lines.accuracy.push({ ...look, name: name(run, split), ...records(run, split, "accuracy"), width, dots: split === "test" });
      }
    }
    loss.show(lines.loss);
    accuracy.show(lines.accuracy);
    rate.show(lines.rate);
    throughput.show(lines.throughput);
  };

  // The scale of positive numbers by their order of magnitude.
  const magnitudes = (rows) => {
    let [low, high] = [Infinity, 0];
    for (const row of rows) for (const value of row) if (Scales.finite(value) && value > 0) [low, high] = [Math.min(low, value), Math.max(high, value)];
    if (!high) [low, high] = [0.1, 1];
    const span = Math.log(high / low) || 1;
    return { scale: (value) => (value > 0 ? Math.log(value / low) / span : 0), ends: [Scales.words(low), Scales.words(high)] };
  };

  const drawLayers = () => {
    const run = Store.runs.get(view.focus);
    const { samples, parameters = [], histograms = [] } = run ?? { samples: null };
    const some = samples !== null && samples.step.length > 0;
    for (const plot of [ratio, gradient, histogram]) plot.figure.hidden = !some;
    $("focus-line").hidden = chosen().length < 2;
    $("no-telemetry").hidden = some || !run;
    $("no-telemetry").textContent =
      run && (run.state === "waiting" || run.state === "live") && !run.metrics.length
        ? "Nothing of the layers yet." : "This run has no telemetry: it was trained with --no-telemetry, or without Trainer(..., telemetry=True).";
    if (!some) return;
    const xs = samples[Plots.axis];
    const names = parameters.map((parameter) => parameter.name);
    const matrices = parameters.map((p, i) => i).filter((i) => parameters[i].shape.length > 1);
    const drawn = matrices.length ? matrices : names.map((_, i) => i);
    ratio.show(ratios(drawn.map((i) => ({ name: names[i], xs, ys: Scales.smooth(samples.ratios[i], view.smoothing) }))));
    gradient.show({ xs, values: samples.gradients, names, ...magnitudes(samples.gradients) });
    drawHistogram(histograms, parameters, run);
  };

  // Few lines are told apart by colour and dashes. Many are coloured by depth, and the key names the extremes.
  const ratios = (lines) => {
    if (lines.length <= 10) {
      return lines.map((line, k) => ({ ...line, width: 1.75, colour: `--run-${k % COLOURS}`, dash: DASHES[k % DASHES.length] }));
    }
    const by = lines.map((line) => last(line.ys) ?? 0);
    const named = [by.indexOf(Math.max(...by)), by.indexOf(Math.min(...by))];
    return lines.map((line, k) => {
      const colour = `rgb(${Scales.viridis(0.2 + (0.6 * k) / (lines.length - 1)).join()})`;
      return { ...line, colour, width: named.includes(k) ? 2.5 : 1.25, quiet: !named.includes(k), dash: k === named[1] ? [2, 3] : [] };
    });
  };

  const BINS = 40;
  const drawHistogram = (histograms, parameters, run) => {
    const select = $("parameter");
    const names = parameters.map((parameter) => parameter.name);
    if ([...select.options].map((option) => option.value).join("\n") !== names.join("\n")) {
      select.replaceChildren(...names.map((name) => new Option(name)));
      if (names.includes(view.parameter)) select.value = view.parameter;
    }
    const place = Math.max(select.selectedIndex, 0);
    const found = histograms.map((record) => [record, record[view.kind][place]]).filter(([, bins]) => bins);
    const seconds = (step) => run.samples.seconds[Scales.nearest(run.samples.step, step)];
    const xs = found.map(([record]) => (Plots.axis === "seconds" ? seconds(record.step) : record.step));
    // Gradients shrink by orders of magnitude, on both sides of zero: the inverse hyperbolic sine is linear for values
    // around a typical width, and logarithmic for those far above it.
    let [low, high] = [Infinity, -Infinity];
    const widths = found.map(([, bins]) => bins[1] - bins[0]).filter((width) => width > 0).sort((a, b) => a - b);
    const unit = (widths[widths.length >> 1] ?? 1) / 8;
    const warp = (value) => Math.asinh(value / unit);
    for (const [, bins] of found) [low, high] = [Math.min(low, warp(bins[0])), Math.max(high, warp(bins[1]))];
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    const values = Array.from({ length: BINS }, () => new Array(found.length).fill(0));
    found.forEach(([, [from, to, counts]], i) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      counts.forEach((count, k) => {
        if (!count) return;
        // A bin of the record is spread over the rows of the picture that it covers.
        const [a, b] = [k, k + 1].map((edge) => ((warp(from + ((to - from) * edge) / counts.length) - low) / (high - low)) * BINS);
        const top = Math.min(Math.floor(b), BINS - 1);
        for (let row = Math.min(Math.floor(a), BINS - 1); row <= top; row++) {
          const part = b > a ? (Math.min(b, row + 1) - Math.max(a, row)) / (b - a) : 1;
          values[BINS - 1 - row][i] += (part * count) / total;
        }
      });
    });
    const most = Math.max(1e-12, ...values.map((row) => Math.max(0, ...row)));
    histogram.show({
      xs, values, axis: { low, high, warp, unwarp: (place) => unit * Math.sinh(place) }, scale: (value) => (value > 0 ? Math.sqrt(value / most) : null),
      ends: ["0 %", `${(100 * most).toFixed(0)} % of the elements`],
    });
  };

  // ------------------------------------------------------------------------------------- the words and the tables

  const time = (date) => date.toLocaleTimeString("en-GB");
  // What has not changed is left alone, with the reader's place and selection in it.
  const fill = (element, ...children) => {
    const fresh = make("div", {}, ...children);
    if (fresh.innerHTML !== element.innerHTML) element.replaceChildren(...fresh.childNodes);
  };
  const setText = (element, text) => element.textContent === text || (element.textContent = text);

  const drawStatus = () => {
    const run = Store.runs.get(view.focus);
    const counts = {};
    for (const { state } of Store.runs.values()) counts[state] = (counts[state] ?? 0) + 1;
    let [state, text] = ["waiting", "no runs there yet; they appear here when they start"];
    if (Store.lost) [state, text] = ["disconnected", `disconnected since ${time(Store.lost)}: the server does not answer; trying again`];
    else if (counts.live) {
      const live = [...Store.runs.values()].filter((r) => r.state === "live").map((r) => r.name);
      [state, text] = ["live", `live: ${live.slice(0, 3).join(", ")}${live.length > 3 ? ` and ${live.length - 3} more` : ""}`];
    } else if (run) {
      const since = run.changed && run.state !== "waiting" ? ` at ${time(new Date(1000 * run.changed))}` : "";
      [state, text] = [run.state, `${run.state}${since}${run.detail ? `: ${run.detail}` : ""} (${run.name})`];
    }
    $("status").dataset.state = state;
    setText($("status").querySelector(".words"), text);
    document.title = `${{ live: "● ", disconnected: "✕ " }[state] ?? ""}Training runs · glassgrad`;
  };

  const latest = (run) => {
    const { samples, metrics } = run;
    const of = (split) => metrics.filter((row) => row.split === split).pop() ?? {};
    const [train, test] = [of("train"), of("test")];
    const planned = run.begun?.epochs ?? run.config.epochs;
    const record = last(metrics);
    const ahead = record !== null && record.step >= (last(samples.step) ?? 0); // the epoch of a test record is done
    const epoch = ahead ? record.epoch : last(samples.epoch);
    const values = {
      state: run.state,
      epoch: epoch === null ? "–" : `${Number(epoch.toFixed(1))}${planned ? ` of ${planned}` : ""}`,
      step: Scales.words(Math.max(last(samples.step) ?? 0, record?.step ?? 0) || null),
      "train loss": Scales.words(last(samples.mean) ?? train.loss),
      "test loss": Scales.words(test.loss),
      "train accuracy": "accuracy" in train ? Scales.percent(train.accuracy) : "–",
      "test accuracy": "accuracy" in test ? Scales.percent(test.accuracy) : "–",
      "learning rate": Scales.words(last(samples.rate) ?? record?.learning_rate),
      "step time": samples.step.length ? Scales.duration(last(samples.stepSeconds)) : "–",
      "examples a second": Scales.words(samples.step.length ? Math.round(last(samples.throughput)) : null),
      telemetry: run.cost === null ? "–" : `${(100 * run.cost).toFixed(1)} % of the time`,
    };
    return values;
  };

  const drawFigures = () => {
    const run = Store.runs.get(view.focus);
    const values = run ? latest(run) : {};
    const names = ["epoch", "step", "train loss", "test loss", "test accuracy", "step time", "telemetry"];
    const items = names.filter((name) => run && values[name] !== "–");
    fill($("figures"), ...items.map((name) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, values[name].replace(" of the time", "")))));
  };

  const table = (caption, head, rows) => {
    const cell = (tag, text, scope) => {
      const element = make(tag, {}, String(text));
      if (scope) element.scope = scope;
      return element;
    };
    return make("table", {},
      make("caption", { className: "note" }, caption),
      make("thead", {}, make("tr", {}, ...head.map((text) => cell("th", text, "col")))),
      make("tbody", {}, ...rows.map(([first, ...rest]) => make("tr", {}, cell("th", first, "row"), ...rest.map((text) => cell("td", text))))));
  };

  const drawTables = () => {
    const runs = chosen();
    const rows = runs.map((run) => [run.name, Object.values(latest(run))]);
    const heads = runs.length ? Object.keys(latest(runs[0])) : [];
    const tables = runs.length ? [table("The chosen runs", ["run", ...heads], rows.map(([name, values]) => [name, ...values]))] : [];
    const run = Store.runs.get(view.focus);
    if (run?.samples.step.length) {
      const { samples } = run;
      const rows = run.parameters.map(({ name, shape }, i) => [
        name, shape.join(" × "), ...[samples.gradients, samples.weights, samples.ratios].map((columns) => Scales.words(last(columns[i]))),
      ]);
      tables.push(table(`The parameters of ${run.name} at step ${last(samples.step).toLocaleString("en")}`,
        ["parameter", "shape", "gradient norm", "weight norm", "update ÷ weight"], rows));
    }
    fill($("latest-table"), ...tables);
    drawSettings(runs);
  };

  const drawSettings = (runs) => {
    const names = [...new Set(runs.flatMap((run) => Object.keys(run.config)))];
    const text = (run, name) => (name in run.config ? (run.config[name] === null ? "–" : JSON.stringify(run.config[name]).replaceAll('"', "")) : "not set");
    const differ = names.filter((name) => new Set(runs.map((run) => text(run, name))).size > 1);
    const shown = runs.length > 1 ? differ : names;
    const caption = runs.length < 2 ? "All settings" : differ.length ? "The settings in which the chosen runs differ"
      : "The chosen runs have the same settings";
    fill($("settings-table"), ...(names.length
      ? [table(caption, ["setting", ...runs.map((run) => run.name)], shown.map((name) => [name, ...runs.map((run) => text(run, name))]))]
      : [make("p", { className: "note" }, "No config.json.")]));
  };

  // -------------------------------------------------------------------------------------------------- the choice

  const buildList = () => {
    const runs = [...Store.runs.values()];
    if (known.size === 0 && runs.length && !runs.some((run) => run.chosen)) {
      const wanted = fromAddress.runs ?? runs.toSorted((a, b) => (b.changed ?? 0) - (a.changed ?? 0)).slice(0, 4).map((run) => run.name);
      for (const run of runs) run.chosen = wanted.includes(run.name);
      if (!chosen().length) runs[0].chosen = true;
    }
    // A run that starts while the page is open is what its reader waits for.
    for (const run of runs) {
      if (known.size && !known.has(run.name)) run.chosen = true;
    }
    known.clear(); // one that was deleted is new when it comes again
    for (const run of runs) known.add(run.name);
    const list = $("runs").querySelector("ul");
    const items = new Map([...list.children].map((item) => [item.dataset.run, item]));
    list.replaceChildren(...runs.map((run) => {
      const item = items.get(run.name) ?? createItem(run);
      item.querySelector("input").checked = run.chosen;
      setText(item.querySelector(".state"), run.state);
      return item;
    }));
    const focusable = chosen().map((run) => run.name);
    const select = $("focus");
    if ([...select.options].map((option) => option.value).join("\n") !== focusable.join("\n")) {
      select.replaceChildren(...focusable.map((name) => new Option(name)));
    }
    if (!focusable.includes(view.focus)) {
      const newest = chosen().toSorted((a, b) => (b.changed ?? 0) - (a.changed ?? 0))[0];
      view.focus = focusable.includes(fromAddress.focus) ? fromAddress.focus : newest?.name ?? null;
    }
    if (view.focus !== null) select.value = view.focus;
  };

  const createItem = (run) => {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => {
      Store.runs.get(run.name).chosen = box.checked;
      remember();
      redraw();
      Store.poll();
    });
    const item = make("li", {}, make("label", {}, box, swatch(style(run)), make("span", { className: "name" }, run.name), make("span", { className: "state" })));
    item.dataset.run = run.name;
    return item;
  };

  // The choice is kept in the address: it survives a reload, and can be passed on.
  const fromAddress = (() => {
    const given = new URLSearchParams(location.hash.slice(1));
    return { runs: given.has("run") ? given.getAll("run") : null, focus: given.get("layers"), smoothing: given.get("smoothing"), log: given.get("log"), axis: given.get("along") };
  })();
  const remember = () => {
    const kept = new URLSearchParams([...chosen().map((run) => ["run", run.name]), ["smoothing", view.smoothing], ["along", Plots.axis]]);
    if (view.log) kept.set("log", "1");
    if (view.focus !== null) kept.set("layers", view.focus);
    history.replaceState(null, "", `#${kept}`);
  };

  const redraw = () => {
    buildList();
    drawStatus();
    drawFigures();
    drawCurves();
    drawLayers();
    drawTables();
  };

  const smoothing = $("smoothing");
  const take = () => {
    view.smoothing = smoothing.valueAsNumber;
    smoothing.nextElementSibling.textContent = view.smoothing.toFixed(2);
    view.log = $("log").checked;
    if (Plots.axis !== $("axis").value) Plots.point(null);
    Plots.axis = $("axis").value;
  };
  if (fromAddress.smoothing !== null) smoothing.value = fromAddress.smoothing;
  $("log").checked = fromAddress.log === "1";
  if (fromAddress.axis === "seconds") $("axis").value = "seconds";
  take();
  const turned = () => {
    take();
    remember();
    redraw();
  };
  for (const id of ["smoothing", "log", "axis"]) $(id).addEventListener("input", turned);
  $("focus").addEventListener("change", () => {
    view.focus = $("focus").value;
    turned();
  });
  for (const id of ["kind", "parameter"]) $(id).addEventListener("change", () => {
    view[id] = $(id).value;
    drawLayers();
  });
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => Plots.all.forEach((plot) => plot.soon("all")));
  Store.onlist = buildList;
  Store.onchange = redraw;
  Store.poll();
}
