const two = (number) => String(number).padStart(2, "0");

/** @returns {string} a text with a value in the place of its {} */
export const fill = (text, value) => text.replace("{}", value);

/**
 * @param {number} ms
 * @param {{moment: string, minutes: string, hours: string, days: string}} texts
 * @returns {string} what a person says of a duration: 5 min, 3 h, 2 d
 */
export function span(ms, texts) {
  const minutes = Math.floor(ms / 60e3);
  if (minutes < 1) return texts.moment;
  if (minutes < 60) return fill(texts.minutes, minutes);
  if (minutes < 48 * 60) return fill(texts.hours, Math.floor(minutes / 60));
  return fill(texts.days, Math.floor(minutes / 1440));
}

/** @returns {string} a clock that turns: 4:09, 1:04:09; from two days on the days */
export function clock(ms, texts) {
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours >= 48) return fill(texts.days, Math.floor(hours / 24));
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

let writer = null;

/** @returns {string} the moment as this page's language writes it */
export function date(ms) {
  writer ??= new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "medium" });
  return writer.format(ms);
}
