import Dialog from "./dialog.js";

/**
 * To whom a conversation is given: a person or a team, found by name. `targets` is null until the names have come.
 * @typedef {{kind: string, id: string, name: string, note: string, presence: string, tone: string, load: string, free: boolean}} Target
 */
export default {
  components: { AskDialog: Dialog },
  props: { texts: Object, busy: Boolean, problem: String, targets: Array },
  emits: ["act", "closed"],
  template: `
<AskDialog ref="ask" :title="texts.transfer_title" :go="texts.transfer" :texts="texts" :busy="busy" :problem="problem" :ready="Boolean(chosen)"
  @send="send" @closed="closed">
  <label class="lt-field"><span class="lt-label">{{ texts.transfer_to }}</span>
    <input class="lt-input" type="text" role="combobox" aria-expanded="true" aria-controls="cv-targets" aria-autocomplete="list" autofocus
      :aria-activedescendant="chosen ? idOf(chosen) : null" v-model="words" autocomplete="off" spellcheck="false" @keydown="typed" @input="wrote"></label>
  <ul id="cv-targets" ref="list" class="cv-targets lt-list" role="listbox" :aria-label="texts.transfer_to">
    <li v-for="one in found" :key="idOf(one)" :id="idOf(one)" role="option" :aria-selected="String(one === chosen)" @click="pick(one)" @dblclick="send">
      <span v-if="one.kind === 'agent'" class="lt-dot" :class="one.tone && 'lt-' + one.tone"></span>
      <i v-else class="lt-icon lt-icon-team" aria-hidden="true"></i>
      <span class="lt-grow lt-truncate"><strong>{{ one.name }}</strong> <span class="lt-muted lt-small">{{ one.kind === 'team' ? texts.team : one.note }}</span></span>
      <span v-if="one.kind === 'agent'" class="lt-small" :class="one.free ? 'lt-muted' : 'lt-warn'">{{ one.presence }}, <span class="lt-number">{{ one.load }}</span></span>
    </li>
    <li v-if="!found.length" class="lt-muted">{{ targets ? texts.nobody_found : texts.names_coming }}</li>
  </ul>
  <label class="lt-field"><span class="lt-label">{{ texts.transfer_why }}</span>
    <input class="lt-input" type="text" maxlength="200" v-model="reason" autocomplete="off"></label>
</AskDialog>`,
  data: () => ({ words: "", reason: "", chosen: null, sent: false }),
  computed: {
    found() {
      const wanted = this.words.trim().toLowerCase();
      return (this.targets ?? []).filter((one) => `${one.name} ${one.note} ${one.id}`.toLowerCase().includes(wanted));
    },
  },
  watch: {
    /** Who pressed Enter before the names had come meant the one that fits, if it is one. */
    targets() {
      this.pick(this.found[0]);
      if (this.sent && this.found.length === 1) this.send();
      this.sent = false;
    },
  },
  methods: {
    idOf: (one) => `cv-target-${one.kind}-${one.id}`,
    open() {
      [this.words, this.reason, this.sent] = ["", "", false];
      this.pick(this.found[0]);
      this.$refs.ask.open();
    },
    close() {
      this.$refs.ask.close();
    },
    closed() {
      this.sent = false;
      this.$emit("closed");
    },
    pick(one) {
      this.chosen = one ?? null;
      this.$nextTick(() => one && document.getElementById(this.idOf(one))?.scrollIntoView({ block: "nearest" }));
    },
    wrote() {
      this.sent = false;
      this.pick(this.found[0]);
    },
    typed(event) {
      if (event.key === "Enter" && !this.targets) this.sent = true;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by || !this.found.length) return;
      event.preventDefault();
      this.pick(this.found[Math.max(0, Math.min(this.found.length - 1, this.found.indexOf(this.chosen) + by))]);
    },
    send() {
      const { kind, id } = this.chosen;
      this.$emit("act", { what: "transfer", [kind]: id, reason: this.reason.trim() });
    },
  },
};
