/** Period, steps and filters of the numbers; asks for them again each 30 s while the page is seen. */
const EVERY = 30_000;

export default {
  template: `
<div class="nu-bar" role="search" :aria-label="texts.period">
  <div class="lt-tabs" role="group" :aria-label="texts.period">
    <button v-for="[range, label] in texts.ranges" :key="range" type="button" :aria-pressed="String(state.range === range)"
            @click="pick('range', range)">{{ label }}</button>
  </div>
  <div v-if="state.range === 'own'" class="nu-dates">
    <label class="nu-field"><span>{{ texts.first }}</span>
      <input type="date" class="lt-input" :value="state.from" :max="state.to" @change="pick('from', $event.target.value)"></label>
    <label class="nu-field"><span>{{ texts.last }}</span>
      <input type="date" class="lt-input" :value="state.to" :min="state.from" @change="pick('to', $event.target.value)"></label>
  </div>
  <div class="lt-tabs" role="group" :aria-label="texts.steps_label">
    <button v-for="[step, label] in texts.steps" :key="step" type="button" :aria-pressed="String(state.by === step)"
            @click="pick('by', step)">{{ label }}</button>
  </div>
  <label v-for="name in ['channel', 'team', 'agent']" :key="name" class="nu-field" v-show="options[name].length">
    <span>{{ texts[name] }}</span>
    <select class="lt-input" :value="state[name] || ''" @change="pick(name, $event.target.value)">
      <option value="">{{ texts.any }}</option>
      <option v-for="[value, label] in options[name]" :key="value" :value="value">{{ label }}</option>
    </select>
  </label>
  <span class="nu-said lt-small lt-muted">
    <span class="lt-sr" role="status">{{ busy ? said : '' }}</span>
    <span :aria-hidden="busy ? 'true' : null">{{ said }}</span>
    <button type="button" class="lt-button quiet small" @click="ask">{{ texts.refresh }}</button>
  </span>
</div>`,
  props: {texts: Object, options: Object, state: Object, address: String, said: String, busy: Boolean},
  data() {
    return {asked: Date.now()};
  },
  mounted() {
    this.timer = setInterval(() => this.due(), 1000);
    document.addEventListener("visibilitychange", this.due);
  },
  unmounted() {
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.due);
  },
  watch: {
    /** The address can be kept and passed on. */
    address(to) {
      if (to && to !== location.pathname + location.search) history.replaceState(history.state, "", to);
    },
  },
  methods: {
    pick(name, value) {
      this.asked = Date.now();
      this.$emit("choose", {...this.state, [name]: value});
    },
    ask() {
      this.asked = Date.now();
      this.$emit("again");
    },
    due() {
      if (document.visibilityState === "visible" && Date.now() - this.asked >= EVERY) this.ask();
    },
  },
};
