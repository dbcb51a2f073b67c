// What is known of an array: a heat map of a small one, a histogram, and the facts.

// Blue below 0, white at it, vermillion above; the two ends differ in hue and the middle in lightness.
function heat(value, most) {
  if (!Number.isFinite(value)) return null;
  const share = most > 0 ? clamp(value / most, -1, 1) : 0;
  return mixed("#f4f4f2", share < 0 ? "#0072b2" : "#d55e00", Math.abs(share) ** 0.8);
}

function summaryView(summary, what) {
  if (!summary) return h("p", { class: "none" }, what === "gradient" ? "not computed (which is not 0)" : "not recorded");
  const rows = [];
  const add = (name, value) => value !== null && value !== undefined && rows.push([name, value]);
  if (!(isScalar(summary) && summary.data !== null)) {
    add("min", summary.minimum === null ? null : numberText(summary.minimum));
    add("max", summary.maximum === null ? null : numberText(summary.maximum));
    add("mean", summary.mean === null ? null : numberText(summary.mean));
    add("norm", summary.norm === null ? null : numberText(summary.norm));
  }
  add("not finite", summary.nonfinite ? thousands(summary.nonfinite) : null);
  const size = (summary.shape ?? []).reduce((all, side) => all * side, 1);
  if (size === 0) return h("p", { class: "none" }, "empty");
  return h("div", { class: "summary" },
    isScalar(summary) && summary.data !== null && h("p", { class: "number" }, exact(summary.data)),
    !isScalar(summary) && summary.data !== null && heatMap(summary, what),
    summary.histogram && size > 1 && histogramView(summary),
    rows.length > 0 && factList(rows));
}

function exact(data) {
  if (typeof data !== "number") return elementText(data);
  return String(Number(data.toPrecision(12))).replaceAll("-", "−");
}

const factList = (rows) => h("dl", {}, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

// The elements as rows of at most one matrix each; leading dimensions are stacked.
function matrixRows(data) {
  if (!Array.isArray(data)) return [[data]];
  if (!data.length) return [];
  if (!Array.isArray(data[0])) return [data];
  if (!Array.isArray(data[0][0])) return data;
  return data.flatMap(matrixRows);
}

function heatMap(summary, what) {
  const rows = matrixRows(summary.data);
  if (!rows.length) return null;
  const flat = rows.flat().map((value) => (typeof value === "boolean" ? Number(value) : real(value)));
  if (flat.some((value) => typeof value !== "number")) return elementTable(rows, what, true);
  const most = Math.max(...flat.filter(Number.isFinite).map(Math.abs), 0);
  const columns = Math.max(...rows.map((row) => row.length));
  const side = clamp(Math.floor(276 / columns), 8, 40);
  const tall = Math.min(side, 26);
  const scale = flat.some(Number.isFinite) ? `scale ±${numberText(most)}` : "no element is finite";
  const shown = h("output", { class: "reading" }, scale);
  const cells = [];
  let k = 0;
  rows.forEach((row, i) => row.forEach((_, j) => {
    const value = flat[k++];
    const colour = heat(value, most);
    const cell = s("rect", { x: j * side + 0.5, y: i * tall + 0.5, width: side - 1, height: tall - 1, rx: 2, fill: colour ?? "url(#hatch)", class: "cell" },
      s("title", {}, `[${rows.length > 1 ? `${i}, ` : ""}${j}] = ${elementText(value)}`));
    cell.addEventListener("pointerenter", () => (shown.textContent = `[${rows.length > 1 ? `${i}, ` : ""}${j}] = ${exact(value)}`));
    cells.push(cell);
  }));
  return h("div", { class: "heat" },
    s("svg", { width: columns * side, height: rows.length * tall, role: "img", "aria-label": `heat map of the ${what}, ${rows.length} by ${columns}` }, cells),
    shown,
    h("details", {}, h("summary", {}, "as a table"), elementTable(rows, what)));
}

const elementTable = (rows, what) =>
  h("div", { class: "scroll" }, h("table", { class: "elements", "aria-label": `elements of the ${what}` },
    h("tbody", {}, rows.map((row, i) => h("tr", {}, h("th", { scope: "row" }, i), row.map((value) => h("td", {}, elementText(value))))))));

function histogramView(summary) {
  const counts = summary.histogram;
  const most = Math.max(...counts, 1);
  const [width, height] = [276, 56];
  const step = width / counts.length;
  const edge = (i) => summary.minimum + ((summary.maximum - summary.minimum) * i) / counts.length;
  const bars = counts.map((count, i) => {
    const tall = count ? Math.max(1.5, (count / most) * height) : 0;
    return s("g", {}, s("rect", { x: i * step, y: 0, width: step, height, fill: "transparent" }),
      s("rect", { x: i * step + 0.5, y: height - tall, width: step - 1, height: tall, class: "bar" }),
      s("title", {}, `${numberText(edge(i))} to ${numberText(edge(i + 1))}: ${thousands(count)}`));
  });
  const zero = summary.minimum < 0 && summary.maximum > 0 ? (-summary.minimum / (summary.maximum - summary.minimum)) * width : null;
  return h("figure", { class: "histogram" },
    s("svg", { width, height: height + 1, viewBox: `0 0 ${width} ${height + 1}`, role: "img", "aria-label": `histogram of ${counts.length} parts from ${numberText(summary.minimum)} to ${numberText(summary.maximum)}` },
      bars, s("path", { d: `M0 ${height + 0.5}H${width}`, class: "axis" }), zero !== null && s("path", { d: `M${zero} 0V${height}`, class: "zero" })),
    h("figcaption", {}, h("span", {}, numberText(summary.minimum)), h("span", {}, numberText(summary.maximum))));
}
