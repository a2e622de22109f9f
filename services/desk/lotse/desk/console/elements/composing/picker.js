import { left } from "./counting.js";
import { put } from "./saying.js";

/** Upper and lower case, accents and umlauts are one. @param {string} text */
const plain = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase();

/**
 * The canned answers: search, look, take. Focus stays in the search field; arrows move, Enter takes.
 * Props: `answers` as the server fills them in, `around` the texts before and behind the cursor, `counting`, `splits`,
 * `said` the words.
 */
export default {
  props: { answers: Array, around: Array, counting: Object, splits: Boolean, said: Object },
  emits: ["take", "leave", "slash"],
  template: `
    <dialog ref="dialog" class="lt-dialog lc-picker" :aria-label="said.answers" @close="$emit('leave')" @click.self="close">
      <header>
        <label class="lt-sr" :for="id + '-search'">{{ said.search }}</label>
        <span class="lt-icon lt-icon-search" aria-hidden="true"></span>
        <input :id="id + '-search'" ref="search" class="lt-input" type="text" v-model="words" :placeholder="said.search"
          role="combobox" aria-autocomplete="list" aria-expanded="true" :aria-controls="id + '-list'"
          :aria-activedescendant="chosen ? id + '-' + chosen.id : null" autocomplete="off" spellcheck="false"
          @keydown="pressed">
        <button class="lt-button quiet icon" type="button" :aria-label="said.close" @click="close">
          <span class="lt-icon lt-icon-close" aria-hidden="true"></span></button>
      </header>
      <div class="lc-picker-halves">
        <div :id="id + '-list'" role="listbox" :aria-label="said.answers" class="lc-picker-list">
          <div v-for="group in groups" :key="group.title" role="group" :aria-label="group.title">
            <div class="lt-label" aria-hidden="true">{{ group.title }}</div>
            <div v-for="answer in group.answers" :key="answer.id" :id="id + '-' + answer.id" role="option"
              :aria-selected="answer === chosen" :aria-disabled="tooLong(answer) > 0" class="lc-answer"
              @mousemove="at = found.indexOf(answer)" @click="take(answer)">
              <span class="lt-truncate lt-grow">{{ answer.title }}</span>
              <span v-if="answer.foreign" class="lt-badge">{{ answer.language.toUpperCase() }}</span>
              <span v-if="tooLong(answer) > 0" class="lt-badge lt-danger">{{ put(said.too_long, { over: tooLong(answer) }) }}</span>
            </div>
          </div>
          <p v-if="!found.length" class="lt-empty">{{ said.nothing_found }}</p>
        </div>
        <div class="lc-picker-preview" aria-live="polite" tabindex="0" role="region" :aria-label="said.preview">
          <template v-if="chosen">
            <p class="lc-preview-text"><template v-for="piece in chosenPieces"><mark v-if="piece.gap" class="lc-gap">{{ piece.text }}</mark><template v-else>{{ piece.text }}</template></template></p>
            <p v-if="tooLong(chosen) > 0" class="lt-danger lt-small">{{ put(said.does_not_fit, { over: tooLong(chosen) }) }}</p>
          </template>
        </div>
      </div>
      <footer class="lt-small lt-muted"><span><kbd class="lt-kbd">↑</kbd> <kbd class="lt-kbd">↓</kbd> {{ said.choose }}</span>
        <span><kbd class="lt-kbd">⏎</kbd> {{ said.insert }}</span><span><kbd class="lt-kbd">Esc</kbd> {{ said.close }}</span></footer>
      <p class="lt-sr" role="status">{{ put(said.found, { count: found.length }) }}</p>
    </dialog>`,
  data: () => ({ words: "", at: 0 }),
  computed: {
    id() {
      return `lc-${this.$.uid}`;
    },
    found() {
      const wanted = plain(this.words).split(/\s+/).filter(Boolean);
      const holds = (answer) => {
        const whole = plain(`${answer.title} ${answer.id} ${answer.text}`);
        return wanted.every((word) => whole.includes(word));
      };
      return this.answers.filter(holds);
    },
    groups() {
      const named = [
        { title: this.said.fitting, answers: this.found.filter((answer) => answer.fits) },
        { title: this.said.others, answers: this.found.filter((answer) => !answer.fits) },
      ];
      return named.filter((group) => group.answers.length);
    },
    chosen() {
      return this.found[Math.min(this.at, this.found.length - 1)] ?? null;
    },
    chosenPieces() {
      return this.chosen.text.split(/(⟦[^⟦⟧]*⟧)/u).map((text, place) => ({ text, gap: place % 2 === 1 }));
    },
  },
  watch: {
    words() {
      this.at = 0;
    },
  },
  mounted() {
    this.$refs.dialog.showModal();
    this.$refs.search.focus();
  },
  methods: {
    put,
    /** What is too much where the answer is put in, 0 where it fits or may be split. */
    tooLong(answer) {
      if (this.splits || !this.counting) return 0;
      const rest = left(this.around[0] + answer.text + this.around[1], this.counting);
      return rest !== null && rest < 0 ? -rest : 0;
    },
    pressed(event) {
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 };
      if (event.key in steps) {
        this.at = Math.max(0, Math.min(this.found.length - 1, this.at + steps[event.key]));
        this.$nextTick(() => document.getElementById(`${this.id}-${this.chosen?.id}`)?.scrollIntoView({ block: "nearest" }));
      } else if (event.key === "Enter" && !event.isComposing) {
        if (this.chosen) this.take(this.chosen);
      } else if (event.key === "/" && !this.words) {
        this.$emit("slash");
      } else return;
      event.preventDefault();
    },
    take(answer) {
      if (!this.tooLong(answer)) this.$emit("take", answer);
    },
    close() {
      this.$refs.dialog.close();
    },
  },
};
