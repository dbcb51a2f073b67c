// A picture of many numbers over time: a row for each parameter (or each bin of values), colours for the numbers.
class HeatMap extends Plot {
  // ``scale`` takes a value to 0..1, or to null for nothing; it is set anew with the data.
  constructor(id, { format = Scales.words } = {}) {
    super(id);
    Object.assign(this, { format, columns: [], rows: [], names: null, range: [0, 1], row: Infinity, values: [] });
  }

  // ``names`` label the rows, or ``axis`` says which values the bottom and the top of the picture
  // stand for: { low, high, warp, unwarp }, where ``warp`` takes a value to the scale of low and high, and unwarp back.
  show({ xs, values, names = null, axis = null, scale, ends, rowHeight = 22 }) {
    Object.assign(this, { columns: xs, values, names, axis, scale, ends });
    const some = xs.length > 0 && values.length > 0;
    this.empty.hidden = some;
    this.surface.tabIndex = some ? 0 : -1;
    if (this.row >= values.length) this.row = names ? 0 : values.length >> 1;
    if (names) {
      const each = Math.max(Math.min(rowHeight, 640 / Math.max(values.length, 1)), 4);
      this.surface.style.height = `${Math.max(Math.round(values.length * each), 60) + 32}px`;
    }
    this.label();
    this.soon("all");
  }

  xs() { return this.columns; }

  label() {
    this.words = make("b", {}, "–");
    if (!this.columns.length) return this.key.replaceChildren();
    const ramp = make("canvas", { className: "ramp", width: 64, height: 1 });
    ramp.setAttribute("aria-hidden", "true");
    const brush = ramp.getContext("2d");
    for (let i = 0; i < 64; i++) {
      brush.fillStyle = `rgb(${this.ink(i / 63).slice(0, 3).join()})`;
      brush.fillRect(i, 0, 1, 1);
    }
    const word = (text) => make("span", { className: "label" }, text);
    this.key.replaceChildren(make("li", {}, word(this.ends[0]), ramp, word(this.ends[1])), make("li", {}, this.words));
  }

  ink(t) { return [...Scales.viridis(t), 255]; }

  draw() {
    const wide = this.surface.clientWidth;
    const brush = this.canvas.getContext("2d");
    brush.font = `12px ${Scales.css("--chart-font")}`;
    const longest = Math.max(...(this.names ?? [""]).map((name) => brush.measureText(name).width));
    this.margin.left = this.names ? Math.min(longest + 12, wide * 0.36) : 60;
    const context = this.fit(this.canvas);
    const { columns, values } = this;
    if (!columns.length || !values.length) return;
    const last = columns.length - 1;
    this.range = [columns[0], columns[last] > columns[0] ? columns[last] : columns[0] + 1];
    const { x, y, width, height } = this.area;
    const pixels = Math.max(Math.round(width), 1);
    const picture = new ImageData(pixels, values.length);
    const bad = this.rgb(Scales.css("--amber"));
    // A pixel shows the mean of the samples that fall on it, or the sample before it where there is none.
    const [starts, stops] = [new Int32Array(pixels), new Int32Array(pixels)];
    const pixel = (i) => Math.round(((columns[i] - this.range[0]) / (this.range[1] - this.range[0])) * (pixels - 1));
    for (let p = 0, next = 0; p < pixels; p++) {
      starts[p] = next;
      while (next <= last && pixel(next) <= p) next++;
      if (starts[p] === next) starts[p] = next - 1;
      stops[p] = next;
    }
    for (let r = 0; r < values.length; r++) {
      for (let p = 0; p < pixels; p++) {
        let [sum, count, broken] = [0, 0, false];
        for (let i = starts[p]; i < stops[p]; i++) {
          const value = values[r][i];
          if (value !== null && !Number.isFinite(value)) broken = true;
          const t = Scales.finite(value) ? this.scale(value) : null;
          if (t !== null) [sum, count] = [sum + t, count + 1];
        }
        if (!broken && !count) continue;
        const striped = broken && (p + 2 * r) % 6 < 2;
        picture.data.set(broken ? (striped ? [20, 20, 20, 255] : bad) : this.ink(sum / count), 4 * (r * pixels + p));
      }
    }
    const sheet = new OffscreenCanvas(pixels, values.length);
    sheet.getContext("2d").putImageData(picture, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(sheet, x, y, width, height);
    this.left(context);
    this.bottom(context);
  }

  rgb(hex) { return [...[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)), 255]; }

  left(context) {
    const { x, y, height } = this.area;
    context.fillStyle = Scales.css("--chart-muted");
    context.textAlign = "right";
    context.textBaseline = "middle";
    if (this.names) {
      const each = height / this.names.length;
      const every = Math.ceil(13 / each);
      this.names.forEach((name, r) => {
        if (r % every === 0) context.fillText(this.short(context, name, x - 10), x - 8, y + (r + 0.5) * each);
      });
      return;
    }
    const { low, high, warp, unwarp } = this.axis;
    const largest = Math.max(Math.abs(unwarp(low)), Math.abs(unwarp(high)));
    const taken = [];
    const powers = Array.from({ length: 12 }, (_, k) => 10 ** (Math.floor(Math.log10(largest)) - k));
    for (const value of [0, ...powers.flatMap((power) => [power, -power])]) {
      const place = y + height * (1 - (warp(value) - low) / (high - low));
      if (place < y || place > y + height || taken.some((other) => Math.abs(other - place) < 14)) continue;
      taken.push(place);
      context.fillText(Scales.tickWords(value), x - 8, place);
    }
  }

  // A name that is too long loses its beginning: what stands last tells the parameters of a layer apart.
  short(context, name, room) {
    if (context.measureText(name).width <= room) return name;
    let text = name;
    while (text.length > 1 && context.measureText(`…${text}`).width > room) text = text.slice(1);
    return `…${text}`;
  }

  aim(place) {
    const row = Math.floor(((place - this.area.y) / this.area.height) * this.values.length);
    this.row = Math.min(Math.max(row, 0), this.values.length - 1);
    this.soon("over");
  }

  // The keys that go from row to row.
  turn(key) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (by === undefined) return false;
    this.row = Math.min(Math.max(this.row + by, 0), this.values.length - 1);
    Plots.cursor ??= this.columns[this.columns.length - 1];
    return true;
  }

  rowName() {
    if (this.names) return this.names[this.row];
    const { low, high, unwarp } = this.axis;
    const size = (high - low) / this.values.length;
    const bottom = high - (this.row + 1) * size;
    return `${Scales.words(unwarp(bottom))} to ${Scales.words(unwarp(bottom + size))}`;
  }

  point() {
    const [context, shown] = super.point();
    if (!this.columns.length || !this.values.length) return;
    const { x, y, width, height } = this.area;
    const i = Plots.cursor === null ? this.columns.length - 1 : Scales.nearest(this.columns, Plots.cursor);
    const value = this.values[this.row][i];
    const text = `${this.where()}, ${this.rowName()}: ${value === null || value === undefined ? "no gradient" : this.format(value)}`;
    this.words.textContent = text;
    this.tell(text);
    if (!shown) return;
    const each = height / this.values.length;
    context.strokeStyle = Scales.css("--chart-text");
    context.strokeRect(x, y + this.row * each, width, each);
  }
}
