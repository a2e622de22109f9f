/** Times and sizes in few characters. */

const STEPS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** The two largest parts of a time: `3 h 12 min`, `45 s`. @param {number} milliseconds */
export function span(milliseconds) {
  const whole = Math.max(0, milliseconds);
  const first = STEPS.findIndex(([, size]) => whole >= size);
  if (first < 0) return "0 s";
  const [unit, size] = STEPS[first];
  const many = Math.floor(whole / size);
  if (unit === "s" || first + 1 >= STEPS.length) return `${many} ${unit}`;
  const [smaller, smallerSize] = STEPS[first + 1];
  const rest = Math.floor((whole % size) / smallerSize);
  return rest && (unit !== "min" || many < 5) ? `${many} ${unit} ${rest} ${smaller}` : `${many} ${unit}`;
}

/** The text with `{name}` replaced. @param {string} text @param {Record<string, string|number>} values */
export const put = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/** @param {number} bytes @param {string} language */
export function size(bytes, language) {
  const [unit, by] = bytes >= 1e6 ? ["MB", 1e6] : bytes >= 1e3 ? ["kB", 1e3] : ["B", 1];
  return `${(bytes / by).toLocaleString(language, { maximumFractionDigits: by === 1e6 ? 1 : 0 })} ${unit}`;
}

/** A moment in the browser's zone. @param {string} iso @param {string} language */
export const moment = (iso, language) =>
  new Date(iso).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
