// What is known of the runs, and the conversation with the server. The server keeps no state: the cursors are here.
const Store = {
  runs: new Map(), // by name, in the order of the list
  lost: null, // since when the server does not answer
  onchange: () => {},
};
{
  const number = (value) => (value === null || value === undefined ? null : Number(value)); // "NaN" and "Infinity" too

  const emptySamples = () => ({
    step: [], epoch: [], seconds: [], loss: [], mean: [], rate: [], throughput: [], stepSeconds: [],
    gradients: [], weights: [], ratios: [], // a list for each parameter
  });

  const clear = (run, kind) => {
    run.cursors[kind] = "";
    if (kind === "metrics") run.metrics = [];
    else Object.assign(run, { samples: emptySamples(), histograms: [], parameters: [], begun: null, cost: null });
  };

  const createRun = (name, place) => {
    const run = { name, place, chosen: false, cursors: {}, seen: "", version: 0 };
    clear(run, "metrics");
    clear(run, "telemetry");
    return run;
  };

  const spread = (columns, values) => values.forEach((value, i) => (columns[i] ??= []).push(number(value)));

  // Of a record by another hand or another version, what is not there is left blank; without its place it is passed over.
  const take = (run, record) => {
    const samples = run.samples;
    if (record.kind === "begin") {
      run.begun = record;
      if (Array.isArray(record.parameters)) run.parameters = record.parameters;
    } else if (record.kind === "sample" && Number.isFinite(record.step) && Number.isFinite(record.seconds)) {
      const { step, epoch, seconds, loss, mean_loss, learning_rates, examples_per_second, step_seconds } = record;
      const row = { step, epoch, seconds, loss, mean: mean_loss, rate: learning_rates?.[0],
        throughput: examples_per_second, stepSeconds: step_seconds };
      for (const [name, value] of Object.entries(row)) samples[name].push(number(value));
      const every = run.parameters.map(() => null);
      spread(samples.gradients, record.gradient_norms ?? every);
      spread(samples.weights, record.weight_norms ?? every);
      spread(samples.ratios, record.update_ratios ?? every);
      run.cost = record.cost ?? null;
    } else if (record.kind === "histograms" && record.weights && record.gradients) run.histograms.push(record);
  };

  // A number that is not finite comes as a text, since JSON has none.
  const withNumbers = (record) => {
    for (const key of ["loss", "accuracy", "learning_rate"]) if (typeof record[key] === "string") record[key] = number(record[key]);
    return record;
  };

  const ask = async (address, headers = {}) => {
    const timeout = AbortSignal.timeout(10_000);
    return fetch(address, { headers, cache: "no-store", signal: timeout });
  };

  let tag = "";
  const list = async () => {
    const answer = await ask("runs", tag ? { "If-None-Match": tag } : {});
    if (answer.status === 304) return false;
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const { runs } = await answer.json();
    tag = answer.headers.get("ETag") ?? "";
    const old = Store.runs;
    Store.runs = new Map();
    let place = Math.max(-1, ...[...old.values()].map((run) => run.place));
    for (const found of runs) {
      const run = old.get(found.name) ?? createRun(found.name, ++place);
      Store.runs.set(found.name, Object.assign(run, found));
    }
    return true;
  };

  // Read what is new of one run, a piece at a time; true if there was anything.
  const read = async (run) => {
    const mark = `${run.changed}/${run.size}`;
    if (run.seen === mark) return false;
    let more = true;
    while (more) {
      const query = new URLSearchParams({ run: run.name, ...run.cursors });
      const answer = await ask(`records?${query}`);
      if (answer.status === 404) return false; // gone between two looks; the next list tells
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const chunks = await answer.json();
      more = false;
      for (const [kind, chunk] of Object.entries(chunks)) {
        if (chunk.anew) clear(run, kind);
        run.cursors[kind] = chunk.cursor;
        more ||= chunk.more;
        if (kind === "metrics") run.metrics.push(...chunk.records.map(withNumbers));
        else for (const record of chunk.records) take(run, record);
      }
    }
    run.seen = mark;
    run.version += 1;
    return true;
  };

  let timer = null;
  let busy = false;
  const poll = async () => {
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    let news = false;
    try {
      news = await list();
      if (news) Store.onlist?.();
      for (const run of Store.runs.values()) if (run.chosen && (await read(run))) news = true;
      if (Store.lost !== null) news = true;
      Store.lost = null;
    } catch { // not reached, too slow, or an answer that is none: it may be starting anew
      news = Store.lost === null;
      Store.lost ??= new Date();
    }
    busy = false;
    if (news) Store.onchange();
    const active = Store.lost !== null || [...Store.runs.values()].some((r) => r.state === "live" || r.state === "waiting");
    timer = setTimeout(poll, document.hidden ? 5000 : active ? 1000 : 2000);
  };
  Store.poll = poll;
  document.addEventListener("visibilitychange", () => document.hidden || poll());
}
