import { exactly, relative } from "./times.js";

const SAFE = /^(https?:\/\/|mailto:)/i;

/**
 * A text in pieces: words, links, names that stand out, and times. Nothing of it is HTML.
 * @typedef {{kind: "text"|"link"|"strong"|"time", text: string, to: ?string}} Piece
 */
export default {
  props: { pieces: Array, beside: String, language: String },
  methods: {
    exactly,
    relative,
    safe: (piece) => piece.kind === "link" && SAFE.test(piece.to),
  },
  template:
    `<template v-for="(piece, n) in pieces" :key="n">` +
    `<a v-if="safe(piece)" :href="piece.to" :title="piece.to" target="_blank" rel="noopener noreferrer">{{ piece.text }}</a>` +
    `<strong v-else-if="piece.kind === 'strong'">{{ piece.text }}</strong>` +
    `<time v-else-if="piece.kind === 'time'" :datetime="piece.to" :title="exactly(piece.to, language)">{{ relative(piece.to, beside, language) }}</time>` +
    `<template v-else>{{ piece.text }}</template>` +
    `</template>`,
};
