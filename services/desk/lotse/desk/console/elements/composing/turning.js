import { moment, put, span } from "./saying.js";

/**
 * A time that turns by itself: `before` and `after` say it with `{span}`; `tones` are the classes far off, near and past.
 */
export default {
  props: { until: String, before: String, after: String, language: String, near: { default: 900_000 }, icon: String },
  template: `<span class="lt-badge" :class="tone" :title="absolute"><span v-if="icon" class="lt-icon" :class="icon"
    aria-hidden="true"></span>{{ words }}</span>`,
  data: () => ({ now: Date.now() }),
  computed: {
    rest() {
      return Date.parse(this.until) - this.now;
    },
    words() {
      return put(this.rest > 0 ? this.before : this.after, { span: span(Math.abs(this.rest)) });
    },
    tone() {
      return this.rest <= 0 ? "lt-danger" : this.rest < this.near ? "lt-warn" : "";
    },
    absolute() {
      return moment(this.until, this.language);
    },
  },
  mounted() {
    this.timer = setInterval(() => (this.now = Date.now()), 1_000);
  },
  unmounted() {
    clearInterval(this.timer);
  },
};
