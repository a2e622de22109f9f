/**
 * How long a text is on a channel, as `lotse.contracts.replies` and `weighted` count it on the server. What JavaScript
 * and Python see differently is spelled out: white space, letters, and which letters are one in upper and lower case.
 *
 * @typedef {{mode: "none"|"initials"|"own"|"signature", text: string, greeting: string, endings: string[]}} Signing
 * @typedef {{limit: number|null, unit: "characters"|"weighted"|"bytes"|"none", top_levels: string[],
 *            signing: Signing}} Counting
 */

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const AT_THE_END = new RegExp(`[${SPACE}]+$`, "u");
const SPACES = new RegExp(`[${SPACE}]+`, "u");

/** @param {string} text */
const trimmed = (text) => text.replace(AT_THE_END, "");

/** Letter by letter in lower case, as Python's IGNORECASE compares: each letter stays one. @param {string} text */
const folded = (text) =>
  text.replace(/[A-Z\u00c4\u00d6\u00dc\u1e9e\u0130\u0131\u017f\u212a]/gu, (letter) => ALIKE[letter] ?? letter.toLowerCase());

const ALIKE = { "\u1e9e": "\u00df", "\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k" };

/**
 * The text with the agent's initials or signature, as the customer will read it.
 * @param {string} text
 * @param {Signing} how
 */
export function sign(text, how) {
  const words = trimmed(text);
  if (!words || how.mode === "none" || !how.text) return words;
  if (how.mode === "initials") return words.split(SPACES).at(-1) === how.text ? words : `${words} ${how.text}`;
  if (how.mode === "own") return words.endsWith(`\n\n${how.text}`) ? words : `${words}\n\n${how.text}`;
  if (words.endsWith(`\n${how.text}`)) return words;
  if (greets(words, how.endings)) return `${words}\n${how.text}`;
  return `${words}\n\n${how.greeting}\n${how.text}`;
}

function greets(text, endings) {
  const end = folded(Array.from(text).slice(-40).join(""));
  return new RegExp(`(?:${endings.join("|")})[${SPACE}]*[,!.]?$`, "u").test(end);
}

/**
 * The length of a text in the channel's own unit.
 * @param {string} text
 * @param {Counting} counting
 */
export function length(text, counting) {
  if (counting.unit === "weighted") return weighted(text, counting.top_levels);
  return counting.unit === "bytes" ? new TextEncoder().encode(text).length : text.length;
}

/**
 * How much more fits, under zero what is too much; null where nothing limits it.
 * @param {string} text
 * @param {Counting} counting
 */
export function left(text, counting) {
  return counting.limit === null ? null : counting.limit - length(sign(text, counting.signing), counting);
}

const HEAVY = /[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]/gu;
const URL_LENGTH = 23;
const EMOJI_LENGTH = 2;
const WORD = "\\p{L}\\p{N}_";
const TOP = "[\\p{L}\\p{Nl}\\p{No}]{2,24}";
const HOST = `(?:[\\p{L}\\p{N}][${WORD}\\-]{0,62}\\.){1,8}`;
const NO_FULL_STOP = "(?<![.,;:!?'\")\\]}])";
const PATH =
  "(?::[0-9]{1,5})?" +
  `(?:/[^${SPACE}<>"]{0,2000}${NO_FULL_STOP})?` +
  `(?:\\?[^${SPACE}<>"]{0,2000}${NO_FULL_STOP})?`;
const PICTURE =
  "[\\u203c\\u2049\\u2122\\u2139\\u2190-\\u21ff\\u2300-\\u23ff\\u24c2\\u24dc\\u25aa-\\u27bf\\u2934\\u2935\\u2b05-\\u2b55" +
  "\\u3030\\u303d\\u3297\\u3299\\u{1f000}-\\u{1faff}](?:\\ufe0f|[\\u{1f3fb}-\\u{1f3ff}])?";
const EMOJI =
  "[\\u{1f1e6}-\\u{1f1ff}]{2}|[0-9#*]\\ufe0f?\\u20e3|[\\u00a9\\u00ae]\\ufe0f" +
  `|${PICTURE}[\\u{e0020}-\\u{e007f}]{0,8}(?:\\u200d${PICTURE}){0,8}`;

/** @type {Map<string, RegExp>} */
const patterns = new Map();

function countedWhole(topLevels) {
  const known = topLevels.join("|");
  if (!patterns.has(known)) {
    const url =
      `(?<![${WORD}@#$./\\-])(?:https?://${HOST}${TOP}|${HOST}(?=[a-z]{2})(?:${known}))(?![${WORD}@\\-])${PATH}`;
    patterns.set(known, new RegExp(`(?<url>${url})|${EMOJI}`, "gu"));
  }
  return patterns.get(known);
}

function weighted(text, topLevels) {
  const composed = text.normalize("NFC");
  let counted = byCodePoints(composed);
  for (const found of folded(composed).matchAll(countedWhole(topLevels))) {
    const whole = composed.slice(found.index, found.index + found[0].length);
    counted += (found.groups.url ? URL_LENGTH : EMOJI_LENGTH) - byCodePoints(whole);
  }
  return counted;
}

function byCodePoints(text) {
  let points = 0;
  for (const _ of text) points += 1;
  return points + (text.match(HEAVY)?.length ?? 0);
}
