import Dialog from "./dialog.js";

/** How a person says that a message reads. */
export default {
  components: { AskDialog: Dialog },
  props: { texts: Object, words: Object, busy: Boolean, problem: String },
  emits: ["act", "closed"],
  template: `
<AskDialog ref="ask" :title="texts.correct_title" :go="texts.correct" :texts="texts" :busy="busy" :problem="problem" @send="send" @closed="$emit('closed')">
  <label v-for="name in ['sentiment', 'triage', 'situation']" :key="name" class="lt-field"><span class="lt-label">{{ texts[name] }}</span>
    <select class="lt-input" v-model="said[name]" :autofocus="name === 'sentiment' || null">
      <option v-if="name === 'situation'" value="">{{ texts.no_situation }}</option>
      <option v-for="(label, value) in words[name]" :key="value" :value="value">{{ label }}</option>
    </select></label>
  <label class="lt-field"><span class="lt-label">{{ texts.topics }}</span>
    <input class="lt-input" type="text" v-model="topics" :placeholder="texts.topics_hint" maxlength="500" autocomplete="off"></label>
  <label class="lt-field"><span class="lt-label">{{ texts.correct_why }}</span>
    <input class="lt-input" type="text" v-model="reason" maxlength="1000" autocomplete="off"></label>
</AskDialog>`,
  data: () => ({ message: "", said: { sentiment: "", triage: "", situation: "" }, topics: "", reason: "" }),
  methods: {
    open(read) {
      const [sentiment, triage, situation] = read.words;
      [this.message, this.said, this.topics, this.reason] = [read.message, { sentiment, triage, situation }, read.topics.join(", "), ""];
      this.$refs.ask.open();
    },
    close() {
      this.$refs.ask.close();
    },
    send() {
      const topics = this.topics.split(",").map((one) => one.trim()).filter(Boolean);
      this.$emit("act", { what: "correct", message: this.message, ...this.said, topics, reason: this.reason.trim() });
    },
  },
};
