/** Sensible times to put a conversation away until, in this browser's zone. */

function atHour(day, hour) {
  const at = new Date(day);
  at.setHours(hour, 0, 0, 0);
  return at;
}

function daysOn(now, days) {
  const at = new Date(now);
  at.setDate(at.getDate() + days);
  return at;
}

/**
 * @param {Date} now
 * @returns {{name: string, at: Date}[]} `name` is a word of the texts
 */
export function presets(now = new Date()) {
  const found = [
    { name: "in_an_hour", at: new Date(now.getTime() + 3_600e3) },
    { name: "in_three_hours", at: new Date(now.getTime() + 3 * 3_600e3) },
  ];
  if (now.getHours() < 15) found.push({ name: "this_evening", at: atHour(now, 17) });
  found.push({ name: "tomorrow", at: atHour(daysOn(now, 1), 9) });
  const monday = daysOn(now, ((8 - now.getDay()) % 7) || 7);
  if (now.getDay() !== 0) found.push({ name: "monday", at: atHour(monday, 9) });
  return found;
}

/** @returns {string} what `<input type="datetime-local">` takes */
export function local(at) {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60e3).toISOString().slice(0, 16);
}
