export { default as Correction } from "./correction.js";
export { default as Dialog } from "./dialog.js";
export { default as Snooze } from "./snooze.js";
export { clock, day, exactly, relative, span } from "./times.js";
export { default as Transfer } from "./transfer.js";
export { default as Turning } from "./turning.js";
export { default as Words } from "./words.js";
