/** Times as a person in this browser's zone reads them. `language` is `de` or `en`. */

const FORMATS = new Map();

function format(language, kind, options) {
  const key = `${language} ${kind}`;
  if (!FORMATS.has(key)) FORMATS.set(key, new Intl.DateTimeFormat(language === "en" ? "en-GB" : "de-DE", options));
  return FORMATS.get(key);
}

/** @returns {string} hours and minutes */
export function clock(at, language) {
  return format(language, "clock", { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** @returns {string} the moment to the second, with its day and zone */
export function exactly(at, language) {
  return format(language, "exactly", { dateStyle: "full", timeStyle: "long" }).format(new Date(at));
}

const days = (at) => {
  const of = new Date(at);
  return Math.round(Date.UTC(of.getFullYear(), of.getMonth(), of.getDate()) / 86_400e3);
};

/** @returns {string} the clock on the day of `beside`, else day and clock */
export function relative(at, beside, language) {
  if (days(at) === days(beside)) return clock(at, language);
  return format(language, "day and clock", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** @returns {{key: number, name: string}} a day as it is called today */
export function day(at, language, now = Date.now()) {
  const [key, ago] = [days(at), days(now) - days(at)];
  const named = ago === 0 || ago === 1;
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-ago, "day");
  const long = { weekday: "long", day: "numeric", month: "long", ...(ago > 300 || ago < 0 ? { year: "numeric" } : {}) };
  const name = named ? words : format(language, `day ${ago > 300 || ago < 0}`, long).format(new Date(at));
  return { key, name: name[0].toUpperCase() + name.slice(1) };
}

const two = (number) => String(number).padStart(2, "0");

/** @returns {string} a length of time that turns: `4:05`, `1:04:05`, `3 d` */
export function span(ms, language) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours >= 48) return language === "de" ? `${Math.floor(hours / 24)} Tage` : `${Math.floor(hours / 24)} days`;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
