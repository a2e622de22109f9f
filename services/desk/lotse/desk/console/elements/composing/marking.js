/**
 * Where something stands in a text, in UTF-16 units as browsers count.
 * @typedef {{start: number, end: number, kind: string, what: "private"|"gap"}} Mark
 */

const GAP = /⟦([^⟦⟧]*)⟧/gu;

/** What is still to be filled in. @param {string} text @returns {Mark[]} */
export const gaps = (text) =>
  Array.from(text.matchAll(GAP), (found) => ({
    start: found.index,
    end: found.index + found[0].length,
    kind: found[1],
    what: "gap",
  }));

/**
 * Marks of an older text where they stand in a newer one; those that the change touches are gone.
 * @param {Mark[]} marks
 * @param {string} before
 * @param {string} after
 */
export function moved(marks, before, after) {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const shift = after.length - before.length;
  return marks
    .filter((mark) => mark.end <= head || mark.start >= before.length - tail)
    .map((mark) => (mark.end <= head ? mark : { ...mark, start: mark.start + shift, end: mark.end + shift }));
}

/**
 * The text in pieces, marked and plain ones in turn.
 * @param {string} text
 * @param {Mark[]} marks
 */
export function pieces(text, marks) {
  const found = [];
  let at = 0;
  for (const mark of [...marks].sort((one, other) => one.start - other.start)) {
    if (mark.start < at || mark.end > text.length) continue;
    if (mark.start > at) found.push({ text: text.slice(at, mark.start), mark: null });
    found.push({ text: text.slice(mark.start, mark.end), mark });
    at = mark.end;
  }
  if (at < text.length) found.push({ text: text.slice(at), mark: null });
  return found;
}
