import { exactly, span } from "./times.js";

const NEAR = 15 * 60e3;

/** A promise that turns by itself. `left` and `over` say it with `{time}`. */
export default {
  props: { due: String, warned: Boolean, left: String, over: String, language: String },
  template: `<span class="lt-badge lt-number" :class="tone" role="timer" aria-live="off" :title="title">
    <i class="lt-icon" :class="rest <= 0 ? 'lt-icon-warning' : 'lt-icon-clock'" aria-hidden="true"></i>{{ words }}</span>`,
  data: () => ({ now: Date.now() }),
  computed: {
    rest() {
      return Date.parse(this.due) - this.now;
    },
    words() {
      return (this.rest > 0 ? this.left : this.over).replace("{time}", span(Math.abs(this.rest), this.language));
    },
    tone() {
      return this.rest <= 0 ? "lt-danger" : this.warned || this.rest < NEAR ? "lt-warn" : "";
    },
    title() {
      return exactly(this.due, this.language);
    },
  },
  mounted() {
    this.timer = setInterval(() => (this.now = Date.now()), 1000);
  },
  unmounted() {
    clearInterval(this.timer);
  },
};
