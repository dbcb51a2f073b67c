// Charts on two canvases: one for what was measured, one above it for the place that the reader points to.
const Plots = {
  all: [],
  cursor: null, // the step (or second) pointed to, in all charts at once
  axis: "step",
  point(x) {
    if (x === Plots.cursor) return;
    Plots.cursor = x;
    for (const plot of Plots.all) plot.soon("over");
  },
};

class Plot {
  constructor(id) {
    this.figure = document.getElementById(id);
    this.surface = this.figure.querySelector(".surface");
    [this.canvas, this.overlay] = this.figure.querySelectorAll("canvas");
    this.key = this.figure.querySelector(".key");
    this.empty = this.figure.querySelector(".empty");
    this.margin = { left: 52, right: 10, top: 8, bottom: 24 };
    this.waiting = null;
    Plots.all.push(this);
    new ResizeObserver(() => this.soon("all")).observe(this.surface);
    this.surface.addEventListener("pointermove", (event) => this.hover(event));
    this.surface.addEventListener("pointerdown", (event) => this.hover(event));
    this.surface.addEventListener("pointerleave", () => Plots.point(null));
    this.surface.addEventListener("blur", () => Plots.point(null));
    this.surface.addEventListener("keydown", (event) => this.press(event));
  }

  // Draw before the next frame, once, however often it is asked for.
  soon(what) {
    if (this.waiting === null) requestAnimationFrame(() => {
      const all = this.waiting === "all";
      this.waiting = null;
      if (all) this.draw();
      this.point();
    });
    if (this.waiting !== "all") this.waiting = what;
  }

  // The places that the keyboard moves between; the values are in what extends this class.
  xs() { return []; }

  hover(event) {
    const xs = this.xs();
    if (!xs.length) return;
    const box = this.surface.getBoundingClientRect();
    this.aim(event.clientY - box.top);
    Plots.point(xs[Scales.nearest(xs, this.unX(event.clientX - box.left))]);
  }

  press(event) {
    const xs = this.xs();
    if (!xs.length || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = xs.length - 1;
    const page = Math.max(1, Math.round(last / 20));
    const at = Plots.cursor === null ? null : Scales.nearest(xs, Plots.cursor);
    const moves = {
      ArrowLeft: () => (at ?? last + 1) - 1, ArrowRight: () => (at ?? last - 1) + 1,
      PageUp: () => (at ?? last) - page, PageDown: () => (at ?? last) + page, Home: () => 0, End: () => last,
    };
    if (event.key === "Escape") Plots.point(null);
    else if (this.turn?.(event.key)) this.soon("over");
    else if (event.key in moves) Plots.point(xs[Math.min(Math.max(moves[event.key](), 0), last)]);
    else return;
    event.preventDefault();
  }

  aim() {}

  // Fit the canvas to the screen's pixels; gives a context in CSS pixels.
  fit(canvas) {
    const { clientWidth: width, clientHeight: height } = this.surface;
    const ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = `12px ${Scales.css("--chart-font")}`;
    this.area = {
      x: this.margin.left, y: this.margin.top,
      width: Math.max(width - this.margin.left - this.margin.right, 1),
      height: Math.max(height - this.margin.top - this.margin.bottom, 1),
    };
    return context;
  }

  X(x) {
    const [low, high] = this.range;
    return this.area.x + ((x - low) / (high - low || 1)) * this.area.width;
  }

  unX(place) {
    const [low, high] = this.range;
    return low + ((place - this.area.x) / this.area.width) * (high - low);
  }

  // The axis below, with its numbers.
  bottom(context) {
    const { x, y, width, height } = this.area;
    const seconds = Plots.axis === "seconds";
    context.fillStyle = Scales.css("--chart-muted");
    context.strokeStyle = Scales.css("--chart-grid");
    context.lineWidth = 1;
    context.textBaseline = "top";
    let free = -Infinity;
    for (const tick of Scales.ticks(...this.range, width / 72)) {
      const place = this.X(tick);
      const text = seconds ? `${Scales.tickWords(tick)} s` : Scales.tickWords(tick);
      const half = context.measureText(text).width / 2;
      const centre = Math.min(Math.max(place, x + half - 12), x + width - half + 8);
      if (centre - half < free) continue;
      free = centre + half + 8;
      context.textAlign = "center";
      context.fillText(text, centre, y + height + 7);
      context.beginPath();
      context.moveTo(place, y + height);
      context.lineTo(place, y + height + 4);
      context.stroke();
    }
    context.beginPath();
    context.moveTo(x, y + height + 0.5);
    context.lineTo(x + width, y + height + 0.5);
    context.stroke();
  }

  // The line at the place that is pointed to; what is beside it is for the classes below. Gives the words for it.
  point() {
    const context = this.fit(this.overlay);
    const shown = Plots.cursor !== null && this.xs().length && Plots.cursor >= this.range[0] && Plots.cursor <= this.range[1];
    if (shown) {
      const place = Math.round(this.X(Plots.cursor)) + 0.5;
      context.strokeStyle = Scales.css("--chart-muted");
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(place, this.area.y);
      context.lineTo(place, this.area.y + this.area.height);
      context.stroke();
    }
    return [context, shown];
  }

  where() {
    if (Plots.cursor === null) return "latest";
    return Plots.axis === "seconds" ? `at ${Scales.duration(Plots.cursor)}` : `step ${Plots.cursor.toLocaleString("en")}`;
  }

  tell(text) {
    const xs = this.xs();
    const now = Plots.cursor ?? xs[xs.length - 1] ?? 0;
    const state = { min: xs[0] ?? 0, max: xs[xs.length - 1] ?? 0, now, text };
    for (const [name, value] of Object.entries(state)) this.surface.setAttribute(`aria-value${name}`, value);
  }
}

class LineChart extends Plot {
  constructor(id, { format = Scales.words, log = () => false, band = null } = {}) {
    super(id);
    Object.assign(this, { format, log, band, lines: [], range: [0, 1] });
  }

  // Each line: { name, colour, dash, width, alpha, dots, xs, ys, quiet }; quiet ones are not in the key.
  show(lines) {
    this.lines = lines.filter((line) => line.xs.length);
    const longest = this.lines.reduce((best, line) => (line.xs.length > (best?.xs.length ?? 0) ? line : best), null);
    this.places = longest?.xs ?? [];
    this.empty.hidden = this.lines.length > 0;
    this.surface.tabIndex = this.lines.length ? 0 : -1;
    this.label();
    this.soon("all");
  }

  xs() { return this.places ?? []; }

  // The key is built when the lines change, and only its numbers change with the cursor.
  label() {
    const items = this.lines.filter((line) => !line.quiet).map((line) => {
      const value = make("b", {}, "–");
      line.value = value;
      return make("li", {}, swatch(line), make("span", { className: "label" }, line.name), value);
    });
    this.place = make("span", { className: "label" }, "latest");
    this.key.replaceChildren(...(items.length ? [make("li", {}, this.place)] : []), ...items);
  }

  domain(log) {
    let [low, high] = [Infinity, -Infinity];
    for (const { ys } of this.lines) {
      for (const y of ys) {
        if (!Scales.finite(y) || (log && y <= 0)) continue;
        if (y < low) low = y;
        if (y > high) high = y;
      }
    }
    if (low > high) return log ? [0.1, 1] : [0, 1];
    if (this.band) [low, high] = [Math.min(low, this.band[0] / 1.2), Math.max(high, this.band[1] * 1.2)];
    // What differs by rounding only is one value, and gets room above and below.
    if (high - low < 1e-6 * Math.max(Math.abs(low), Math.abs(high))) high = low;
    if (log) return low === high ? [low / 2, high * 2] : [low * (low / high) ** 0.04, high * (high / low) ** 0.04];
    const pad = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
    return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
  }

  draw() {
    const context = this.fit(this.canvas);
    if (!this.lines.length) return;
    const log = this.log();
    this.range = [Infinity, -Infinity];
    for (const { xs } of this.lines) this.range = [Math.min(this.range[0], xs[0]), Math.max(this.range[1], xs[xs.length - 1])];
    if (this.range[0] === this.range[1]) this.range = [this.range[0] - 1, this.range[1] + 1];
    const { x, y, width, height } = this.area;
    const [low, high] = this.domain(log);
    this.Y = log
      ? (value) => y + height * (1 - Math.log(value / low) / Math.log(high / low))
      : (value) => y + height * (1 - (value - low) / (high - low));
    if (this.band) {
      context.fillStyle = Scales.css("--dim");
      const [top, bottom] = [this.Y(this.band[1]), this.Y(this.band[0])];
      context.fillRect(x, top, width, bottom - top);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const tick of (log ? Scales.logTicks : Scales.ticks)(low, high, height / 42)) {
      const place = Math.round(this.Y(tick)) + 0.5;
      context.fillStyle = Scales.css("--chart-muted");
      context.fillText(this.tick ? this.tick(tick) : Scales.tickWords(tick), x - 8, place);
      context.strokeStyle = Scales.css("--chart-grid");
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, place);
      context.lineTo(x + width, place);
      context.stroke();
    }
    this.bottom(context);
    let corners = 0;
    for (const line of this.lines) corners += this.trace(context, line, log);
    this.surface.dataset.corners = corners;
  }

  // However many points there are, a column of pixels gets four: where the line enters, its extremes, where it leaves.
  trace(context, line, log) {
    const { xs, ys } = line;
    const ink = Scales.css(line.colour) || line.colour;
    Object.assign(context, { strokeStyle: ink, fillStyle: ink, lineWidth: line.width ?? 2, globalAlpha: line.alpha ?? 1 });
    context.lineJoin = "round";
    context.setLineDash(line.dash ?? []);
    context.beginPath();
    let [column, down, corners] = [null, false, 0];
    let first, low, high, last;
    const [start, scale] = [this.range[0], this.area.width / (this.range[1] - this.range[0])];
    const go = (place) => {
      if (down) context.lineTo(column, place);
      else context.moveTo(column, place);
      down = true;
      corners += 1;
    };
    const flush = () => {
      if (column === null) return;
      go(first);
      if (low !== high) for (const place of [low, high, last]) go(place);
      column = null;
    };
    for (let i = 0; i < xs.length; i++) {
      if (!Scales.finite(ys[i]) || (log && ys[i] <= 0)) {
        flush();
        down = false;
        continue;
      }
      const place = this.Y(ys[i]);
      const at = Math.round((this.area.x + (xs[i] - start) * scale) * 2) / 2;
      if (at !== column) {
        flush();
        column = at;
        first = low = high = place;
      }
      if (place < low) low = place;
      if (place > high) high = place;
      last = place;
    }
    flush();
    context.stroke();
    context.setLineDash([]);
    if ((line.dots && xs.length <= this.area.width / 7) || xs.length === 1) this.dots(context, line, log);
    context.globalAlpha = 1;
    return corners;
  }

  dots(context, { xs, ys }, log) {
    for (let i = 0; i < xs.length; i++) {
      if (!Scales.finite(ys[i]) || (log && ys[i] <= 0)) continue;
      context.beginPath();
      context.arc(this.X(xs[i]), this.Y(ys[i]), 2.75, 0, 7);
      context.fill();
    }
  }

  // Whether a line was measured near the cursor: a run that ended long before it has no value there.
  reaches({ xs }, i) {
    if (Plots.cursor === null || xs.length < 2) return true;
    const gap = Math.max((xs[xs.length - 1] - xs[0]) / (xs.length - 1), (this.range[1] - this.range[0]) * 0.02);
    return Math.abs(xs[i] - Plots.cursor) <= 2 * gap;
  }

  point() {
    const [context, shown] = super.point();
    const spoken = [];
    for (const line of this.lines) {
      if (line.quiet) continue;
      const i = Plots.cursor === null ? line.xs.length - 1 : Scales.nearest(line.xs, Plots.cursor);
      const y = this.reaches(line, i) ? line.ys[i] : null;
      line.value.textContent = this.format(y);
      spoken.push(`${line.name} ${this.format(y)}`);
      if (!shown || !Scales.finite(y) || (this.log() && y <= 0)) continue;
      context.fillStyle = Scales.css(line.colour) || line.colour;
      context.strokeStyle = Scales.css("--chart-page");
      context.lineWidth = 1.5;
      context.beginPath();
      context.arc(this.X(line.xs[i]), this.Y(y), 4, 0, 7);
      context.fill();
      context.stroke();
    }
    if (this.place) this.place.textContent = this.where();
    this.tell([this.where(), ...spoken].join(", "));
    return [context, shown];
  }
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// A piece of the line as it is drawn, for keys: by colour, dashes, width and dots.
function swatch({ colour, dash, width, dots }) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("class", "swatch");
  picture.setAttribute("aria-hidden", "true");
  const ink = colour.startsWith("--") ? `var(${colour})` : colour;
  const add = (tag, attributes) => {
    const shape = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    picture.append(shape);
    return shape;
  };
  const line = add("line", { x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": width ?? 2, "stroke-dasharray": (dash ?? []).join(" ") });
  line.style.stroke = ink;
  if (dots) add("circle", { cx: 13, cy: 5, r: 3 }).style.fill = ink;
  return picture;
}
