// How facts are put into words: the same as viz/graphs/wording.py, which the tests compare this file with.

function numberText(number) {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number < 0 ? "−inf" : "inf";
  return general(number, 4).replaceAll("-", "−");
}

// A number in so many digits as Python's format ".4g" has it.
function general(number, digits) {
  if (number === 0) return Object.is(number, -0) ? "-0" : "0";
  const [mantissa, power] = rounded(number, digits).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return trimmed(Number(`${mantissa}e${power}`).toFixed(Math.max(0, digits - 1 - exponent)));
}

// In exponent notation, where a tie goes to the even digit, as in Python; JavaScript's goes up.
function rounded(number, digits) {
  const text = number.toExponential(digits - 1);
  if (!Number.isInteger(number * 2 ** 20)) return text;
  const [mantissa, power] = number.toExponential(40).split("e");
  const cut = mantissa.indexOf(".") + digits;
  const isTie = /^50*$/.test(mantissa.slice(cut));
  return isTie && Number(mantissa[cut - 1]) % 2 === 0 ? `${mantissa.slice(0, cut)}e${power}` : text;
}

const trimmed = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);

function shapeText(shape) {
  if (!shape) return "";
  if (shape.length && Array.isArray(shape[0])) return shape.map(shapeText).join(", ");
  return shape.length ? shape.join("×") : "scalar";
}

const SECONDS = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];

function amountText(amount, unit) {
  if (unit === "s") {
    const [scale, name] = SECONDS.find(([size, text]) => Math.abs(amount) >= size || text === "ns");
    return `${threeDigits(amount / scale)} ${name}`;
  }
  const base = unit === "B" ? 1024 : 1000;
  const names = unit === "B" ? ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] : ["", "k", "M", "G", "T", "P"];
  let step = 0;
  for (; Math.abs(amount) >= base * 0.9995 && step < names.length - 1; step++) amount /= base;
  return `${threeDigits(amount)} ${unit === "B" ? names[step] : names[step] + unit}`.trimEnd();
}

function threeDigits(amount) {
  if (Math.abs(amount) < 99.95 && !Number.isInteger(amount)) return general(amount, 3);
  const even = Math.abs(amount % 1) === 0.5 ? 2 * Math.round(amount / 2) : amount;
  return even.toFixed(0);
}

const thousands = (count) => count.toLocaleString("en-US");

function elementText(data) {
  if (typeof data === "boolean") return data ? "True" : "False";
  return typeof data === "number" ? numberText(data) : data in REALS ? numberText(REALS[data]) : String(data);
}

const notFinite = (value) => (value.nonfinite ? `, ${thousands(value.nonfinite)} not finite` : "");
const isScalar = (value) => value.shape && value.shape.length === 0;

function valueText(value) {
  if (value === null) return null;
  if (isScalar(value) && value.data !== null) return elementText(value.data);
  if (value.mean === null) return value.nonfinite ? `${thousands(value.nonfinite)} not finite` : "empty";
  const spread = `${numberText(value.minimum ?? 0)} … ${numberText(value.maximum ?? 0)}`;
  return `${spread}, mean ${numberText(value.mean)}${notFinite(value)}`;
}

// What is known of a backward or gradient node is a gradient itself.
const isGradient = (node) => node.kind === "backward" || node.kind === "gradient";

function gradientText(gradient) {
  if (gradient === null) return "no gradient";
  if (isScalar(gradient) && gradient.data !== null) return `grad ${elementText(gradient.data)}`;
  if (gradient.norm === null) return gradient.nonfinite ? "grad not finite" : "grad empty";
  return `grad norm ${numberText(gradient.norm)}${notFinite(gradient)}`;
}

// The lines of a card that tell the value and the gradient; of a backward node the value is a gradient.
function numbersText(node) {
  if (node.value === null) return glass.lesson?.on ? [glass.lesson.gradientText(node.gradient, node)].filter(Boolean) : [];
  if (isGradient(node)) return [gradientText(node.value)];
  const value = valueText(node.value);
  if (!glass.graph.hasGradients && node.gradient === null) return isScalar(node.value) ? [`data ${value}`] : [value];
  const gradient = (glass.lesson?.gradientText ?? gradientText)(node.gradient, node);
  return isScalar(node.value) ? [`data ${value} · ${gradient}`] : [value, gradient];
}

function groupName(group) {
  return group.count === 1 ? group.label : `${group.label} × ${group.count}`;
}
