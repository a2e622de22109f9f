import Dialog from "./dialog.js";
import { local, presets } from "./presets.js";
import { relative } from "./times.js";

/** Until when a conversation is put away. */
export default {
  components: { AskDialog: Dialog },
  props: { texts: Object, language: String, busy: Boolean, problem: String },
  emits: ["act", "closed"],
  template: `
<AskDialog ref="ask" :title="texts.snooze_title" :go="texts.snooze" :texts="texts" :busy="busy" :problem="problem" :ready="Boolean(until)"
  @send="send" @closed="$emit('closed')">
  <div class="cv-presets" role="group" :aria-label="texts.snooze_title">
    <button v-for="(one, n) in offered" :key="one.name" type="button" class="lt-button" :autofocus="n === 0 || null"
      :aria-pressed="String(until === one.value)" @click="until = one.value" @dblclick="send">
      <span>{{ texts[one.name] }}</span><span class="lt-muted lt-small">{{ one.said }}</span></button>
  </div>
  <label class="lt-field"><span class="lt-label">{{ texts.snooze_at }}</span>
    <input class="lt-input" type="datetime-local" v-model="until" :min="least"></label>
</AskDialog>`,
  data: () => ({ until: "", least: "", offered: [] }),
  methods: {
    open() {
      const now = new Date();
      this.least = local(now);
      this.offered = presets(now).map(({ name, at }) => ({ name, value: local(at), said: relative(at, now, this.language) }));
      this.until = this.offered[0].value;
      this.$refs.ask.open();
    },
    close() {
      this.$refs.ask.close();
    },
    send() {
      this.$emit("act", { what: "snooze", until: new Date(this.until).toISOString() });
    },
  },
};
