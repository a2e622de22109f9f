import { exactly, relative, Correction, Snooze, Transfer, Turning } from "lotse-conversing";

const LIST = ".ib-rows";

/**
 * Who is spoken with, where it stands, and what can be done: each button says what it does to the desk by `act`, and
 * hears by `done` or `refused` what became of it.
 */
export default {
  components: { AskCorrection: Correction, AskSnooze: Snooze, AskTransfer: Transfer, Turning },
  props: { texts: Object, words: Object, language: String },
  emits: ["act", "targets"],
  template: `
<header v-if="at" class="cv-heading">
  <div class="cv-who">
    <h2 dir="auto" class="lt-truncate">{{ at.customer }}</h2>
    <i v-if="at.known" class="lt-icon lt-icon-thumb lt-ok" role="img" :aria-label="texts.known" :title="texts.known"></i>
    <span class="lt-badge">{{ at.channel }}</span>
    <span v-if="at.public" class="lt-badge lt-public"><i class="lt-icon lt-icon-globe" aria-hidden="true"></i>{{ texts.public }}</span>
    <span class="lt-chip" :class="tone" data-status>{{ pending || at.stands }}<time v-if="at.snoozed_until && !pending" :datetime="at.snoozed_until" :title="exactly(at.snoozed_until, language)">{{ relative(at.snoozed_until, now, language) }}</time></span>
    <Turning v-if="at.due_at" :due="at.due_at" :warned="at.warned" :left="at.clock + ' ' + texts.left" :over="at.clock + ' ' + texts.over" :language="language"></Turning>
    <span class="lt-muted lt-truncate" data-assignee>{{ at.assignee ? texts.with.replace('{who}', at.mine ? texts.you : at.assignee) : texts.with_nobody }}</span>
  </div>
  <div class="cv-acts" role="toolbar" :aria-label="texts.acts">
    <button v-for="one in acts" :key="one.what" type="button" class="lt-button" :class="one.kind" :data-act="one.what" :aria-label="one.label"
      :title="one.label + (one.key ? ' (' + one.key + ')' : '')" :aria-disabled="String(Boolean(busy))" @click="act(one.what)">
      <i class="lt-icon" :class="'lt-icon-' + one.icon" aria-hidden="true"></i><span class="cv-label">{{ one.label }}</span></button>
  </div>
  <p class="lt-sr" role="status" aria-live="polite">{{ spoken }}</p>
  <AskSnooze ref="snooze" :texts="texts" :language="language" :busy="busy === 'snooze'" :problem="problem" @act="send" @closed="problem = ''"></AskSnooze>
  <AskTransfer ref="transfer" :texts="texts" :busy="busy === 'transfer'" :problem="problem" :targets="targets" @act="send" @closed="problem = ''"></AskTransfer>
  <AskCorrection ref="correct" :texts="texts" :words="words" :busy="busy === 'correct'" :problem="problem" @act="send" @closed="problem = ''"></AskCorrection>
</header>`,
  data: () => ({ at: null, busy: "", pending: "", problem: "", spoken: "", targets: null, now: Date.now() }),
  computed: {
    tone() {
      return { queued: "lt-warn", assigned: "lt-info", resolved: "lt-ok", set_aside: "lt-danger" }[this.at.status] ?? "";
    },
    acts() {
      const { status, mine } = this.at;
      const one = (what, icon, key, kind = "quiet") => ({ what, icon, key, kind, label: this.texts[what] });
      const link = one("link", "link", "l");
      const about = one("about", "user", "i", "quiet cv-narrow");
      if (status === "resolved") return [one("reopen", "refresh", "o", ""), link, about];
      if (status === "set_aside") return [one("restore", "refresh", "o", ""), link, about];
      const take = mine ? [] : [one("take", "hand", "a", status === "queued" || status === "new" ? "" : "quiet")];
      return [one("resolve", "check", "e", mine ? "" : "quiet"), ...take, one("snooze", "snooze", "s"), one("transfer", "transfer", "t"), link, about];
    },
  },
  methods: {
    exactly,
    relative,

    // ---- what comes from the desk

    show(at) {
      if (at?.id !== this.at?.id) this.settle();
      this.at = at;
      this.now = Date.now();
      if (this.pending && at?.status !== this.before) this.pending = "";
    },
    offer(targets) {
      this.targets = targets;
    },
    correct(read) {
      this.problem = "";
      this.$refs.correct.open(read);
    },
    /** It came to pass. The list takes the focus back, where there is one. */
    done(what, said) {
      this.settle();
      this.spoken = said;
      if (what !== "take" && what !== "correct") document.querySelector(LIST)?.focus();
    },
    refused(what, said) {
      const asking = this.$refs[what]?.$refs?.ask?.$refs.dialog.open;
      [this.busy, this.pending] = ["", ""];
      if (asking) this.problem = said;
      return Boolean(asking);
    },
    /** No outcome in time: it is on its way all the same. */
    slow() {
      this.close();
      [this.busy, this.before] = ["", this.at.status];
      this.pending = this.texts.slow;
    },

    // ---- what the person does

    settle() {
      this.close();
      [this.busy, this.pending, this.problem] = ["", "", ""];
    },
    close() {
      for (const name of ["snooze", "transfer", "correct"]) this.$refs[name]?.close();
    },
    act(what) {
      if (this.busy) return;
      this.problem = "";
      if (what === "about") this.showAbout();
      else if (what === "link") this.copy();
      else if (what === "snooze") this.$refs.snooze.open();
      else if (what === "transfer") {
        this.$emit("targets");
        this.$refs.transfer.open();
      } else this.send({ what });
    },
    /** Where there is no room beside, the panel lies above; it takes the focus, and gives it back. */
    showAbout() {
      document.documentElement.toggleAttribute("data-about");
      this.$nextTick(() => document.querySelector(".cv-close")?.focus());
    },
    send(wish) {
      [this.busy, this.before] = [wish.what, this.at.status];
      this.pending = this.texts.pending[wish.what] ?? "";
      this.$emit("act", { ...wish, conversation: this.at.id });
    },
    async copy() {
      const link = `${location.origin}${window.path_prefix ?? ""}/conversations/${this.at.id}`;
      try {
        await navigator.clipboard.writeText(link);
        this.spoken = this.texts.copied;
        this.$emit("act", { what: "copied" });
      } catch {
        window.prompt(this.texts.link, link);
      }
    },
  },
};
