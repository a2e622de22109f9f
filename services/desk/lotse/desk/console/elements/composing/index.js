export { left, length, sign } from "./counting.js";
export { gaps, moved, pieces } from "./marking.js";
export { default as AnswerPicker } from "./picker.js";
export { moment, put, size, span } from "./saying.js";
export { default as Turning } from "./turning.js";
export { forget, keep, kept } from "./keeping.js";
export { upload } from "./uploading.js";
