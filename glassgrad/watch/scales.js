// Numbers to places, colours and words.
const Scales = (() => {
  const finite = (value) => value !== null && Number.isFinite(value);

  const words = (value) => {
    if (value === null || value === undefined) return "–";
    if (!Number.isFinite(value)) return String(value);
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("e+", "e");
    if (Number.isInteger(value) || size >= 1000) return Math.round(value).toLocaleString("en");
    return value.toPrecision(4).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  };
  const percent = (value) => (finite(value) ? `${(100 * value).toFixed(2)} %` : words(value));
  const duration = (seconds) => {
    if (!finite(seconds)) return words(seconds);
    if (seconds < 1) return `${words(1000 * seconds)} ms`;
    if (seconds < 120) return `${words(seconds)} s`;
    return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
  };

  // Round numbers between two others: 1, 2 or 5 times a power of ten apart.
  const ticks = (low, high, count) => {
    const rough = (high - low) / Math.max(count, 1);
    if (!(rough > 0)) return [low];
    const power = 10 ** Math.floor(Math.log10(rough));
    const gap = [1, 2, 5, 10].map((m) => m * power).find((step) => step >= rough);
    const found = [];
    const first = Math.ceil(low / gap - 1e-9);
    if (!Number.isSafeInteger(first)) return [low]; // closer together than numbers can be
    for (let i = first; i * gap <= high + gap * 1e-9; i++) found.push(i * gap);
    return found;
  };
  const logTicks = (low, high, count) => {
    const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    if (to - from + 1 >= 3) {
      const every = Math.ceil((to - from + 1) / Math.max(count, 2));
      const found = [];
      for (let k = from; k <= to; k++) if ((k - from) % every === 0) found.push(10 ** k);
      return found;
    }
    const found = [];
    for (let k = from - 1; k <= to; k++) for (const m of [1, 2, 5]) found.push(m * 10 ** k);
    const inside = found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
    return inside.length >= 2 ? inside : ticks(low, high, count);
  };
  const tickWords = (value) => {
    const size = Math.abs(value);
    if (size >= 1e4 && size < 1e6) return `${Number((value / 1e3).toPrecision(6))}k`;
    if (size >= 1e6 && size < 1e9) return `${Number((value / 1e6).toPrecision(6))}M`;
    if (size !== 0 && (size < 1e-3 || size >= 1e9)) return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
    return String(Number(value.toPrecision(6)));
  };

  // The index of the entry of a rising list that is nearest to a value.
  const nearest = (sorted, value) => {
    let [low, high] = [0, sorted.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= value) low = middle;
      else high = middle;
    }
    return high > low && sorted[high] - value < value - sorted[low] ? high : low;
  };

  // The exponential moving average, without the pull towards zero at its beginning; gaps stay gaps.
  const smooth = (values, weight) => {
    if (!weight) return values;
    let [mean, mass] = [0, 0];
    return values.map((value) => {
      if (!finite(value)) return value;
      mean = weight * mean + (1 - weight) * value;
      mass = weight * mass + (1 - weight);
      return mean / mass;
    });
  };

  // Viridis (van der Walt and Smith, 2015) at nine places: it rises evenly in lightness, for every kind of sight.
  const stops = ["440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"].map((hex) =>
    [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const viridis = (t) => {
    const place = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
    const i = Math.min(Math.floor(place), stops.length - 2);
    return stops[i].map((c, k) => Math.round(c + (place - i) * (stops[i + 1][k] - c)));
  };

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return { finite, words, percent, duration, ticks, logTicks, tickWords, nearest, smooth, viridis, css };
})();
