import {
  AnswerPicker, Turning, forget, gaps, keep, kept, left, moved, pieces, put, sign, size, span, upload,
} from "lotse-composing";

/** Milliseconds from the first letter to the check; longer texts are looked at less often. */
const PAUSE = 200;
const LETTERS_A_MILLISECOND = 50;
/** Milliseconds after which a colleague who is not heard of has stopped writing. */
const FADES = 5_000;
const NEAR = 20;

const NOTHING = { marks: [], problems: [], warnings: [], parts: 1, invitation: "" };

/** A draft; `judged` is what the server said of the text `of`, `reported` are texts that it has not judged yet. */
const blank = () => ({
  text: "", files: [], private: false, state: "writing", words: "", tone: "", judged: NOTHING, of: "", reported: [], revision: 0,
  saved: 0, timer: 0, reason: "", override: false,
});

/**
 * The reply box. What it decides here, it decides for the eye: the server checks again before anything goes out.
 */
export default {
  components: { AnswerPicker, Turning },
  props: { said: Object, language: String, agent: String },
  emits: ["typed", "sent", "again", "given_back", "taken"],
  template: `
  <section v-if="conversation" class="lc" :class="['is-' + kind, { 'is-public': reply && way?.public, 'is-over': dragged }]"
    :aria-label="said.box" @dragover.prevent="over" @dragleave="dragged = false" @drop.prevent="dropped">
    <header class="lc-head">
      <div class="lt-tabs" role="group" :aria-label="said.mode">
        <button v-for="one in ['reply', 'note']" :key="one" type="button" :class="'lc-mode-' + one"
          :aria-pressed="kind === one" @click="write(one)"><span class="lt-icon" :class="'lt-icon-' + one"
          aria-hidden="true"></span> {{ said[one] }}<span v-if="drafts[one].text && kind !== one" class="lt-dot lc-begun"></span></button>
      </div>
      <template v-if="reply && way">
        <span class="lt-badge" :class="{ 'lt-public': way.public }" v-if="way.channel"><span class="lt-icon"
          :class="way.public ? 'lt-icon-globe' : 'lt-icon-lock'" aria-hidden="true"></span>{{ way.channel }} ·
          {{ way.public ? said.public : said.private }}</span>
        <button v-if="mayTurn" type="button" class="lt-button small quiet lc-private" :aria-pressed="here.private" :disabled="locked"
          :title="put(said.privately_key, { channel: facts.in_private.channel })" @click="turnPrivate(!here.private)"><span
          class="lt-icon lt-icon-lock" aria-hidden="true"></span>{{ said.answer_privately }}</button>
        <template v-if="way.window.limited">
          <Turning v-if="window_ === 'open'" :until="way.window.open_until" :before="said.window_open" :after="said.window_closed"
            :language="language" :near="7200000" icon="lt-icon-clock" class="lc-window"/>
          <Turning v-else-if="window_ === 'human'" :until="way.window.human_until" :before="said.window_human"
            :after="said.window_closed" :language="language" :near="86400000" icon="lt-icon-clock" class="lc-window"/>
          <span v-else class="lt-badge lt-danger lc-window"><span class="lt-icon lt-icon-clock" aria-hidden="true"></span>{{ said.window_closed }}</span>
        </template>
        <Turning v-if="facts.due_at" :until="facts.due_at" :before="facts.due_before" :after="facts.due_after"
          :language="language" icon="lt-icon-snooze" class="lc-due"/>
        <span v-if="facts.expected" class="lt-small lt-muted lc-expected" :title="said.expected_here">{{ facts.expected }}</span>
      </template>
      <span v-else-if="!reply" class="lt-badge lt-warn"><span class="lt-icon lt-icon-lock" aria-hidden="true"></span>{{ said.note_only }}</span>
    </header>

    <div v-if="reply && way" class="lc-words">
      <p v-if="way.blocked" class="lc-word lt-danger" :id="id + '-blocked'"><span class="lt-icon lt-icon-lock" aria-hidden="true"></span>{{ way.blocked }}</p>
      <p v-else-if="window_ === 'closed'" class="lc-word lt-danger" :id="id + '-blocked'"><span class="lt-icon lt-icon-clock"
        aria-hidden="true"></span>{{ said.window_closed }}. {{ way.window.instead }}</p>
      <p v-for="word in way.cautions" :key="word" class="lc-word lt-warn"><span class="lt-icon lt-icon-warning"
        aria-hidden="true"></span>{{ word }}</p>
    </div>
    <div v-if="reply && behind && !here.text" class="lc-behind lt-card">
      <p>{{ put(said.offered, { name: behind.name }) }}</p>
      <blockquote class="lt-muted">{{ behind.text }}</blockquote>
      <div class="lt-row"><button type="button" class="lt-button small primary" @click="$emit('taken', named())">{{ said.take }}</button>
        <button type="button" class="lt-button small quiet" @click="behind = null">{{ said.leave }}</button></div>
    </div>

    <div class="lc-paper" @click.self="$refs.text.focus()">
      <div class="lc-sheet">
        <div class="lc-mirror" aria-hidden="true"><template v-for="piece in shownPieces"><mark v-if="piece.mark"
          :class="'lc-' + piece.mark.what" :title="piece.mark.kind">{{ piece.text }}</mark><template v-else>{{ piece.text }}</template></template>{{ '\\n' }}</div>
        <textarea ref="text" class="lc-text lt-inset" :value="here.text" :readonly="locked" rows="2" :lang="facts?.language ?? language"
          spellcheck="true" :maxlength="reply ? 60000 : 20000" :aria-label="label"
          :placeholder="reply ? put(here.private ? said.reply_in_private : said.reply_here, { channel: way?.channel ?? '' }) : said.note_here"
          :aria-describedby="described" :aria-invalid="troubles.length > 0 && here.text !== ''" @input="typed($event.target.value)" @keydown="pressed"
          @paste="pasted"></textarea>
      </div>
      <p v-if="signature" class="lc-signature lt-small lt-muted" :id="id + '-signature'"><span class="lt-sr">{{ said.below }}: </span>{{ signature }}</p>
    </div>

    <ul v-if="troubles.length || warnings.length" class="lc-words lt-list" :id="id + '-troubles'">
      <li v-for="trouble in troubles" :key="trouble.code" class="lc-word lt-danger" :data-code="trouble.code"><span class="lt-icon lt-icon-warning"
        aria-hidden="true"></span><span>{{ trouble.text }}
        <ul v-if="trouble.code === 'blocked-pii'" class="lc-marks" :aria-label="said.private_data">
          <li v-for="mark in privates" :key="mark.start">{{ put(said.marked, { kind: mark.kind, text: here.text.slice(mark.start, mark.end) }) }}</li>
        </ul></span></li>
      <li v-for="word in warnings" :key="word" class="lc-word lt-warn"><span class="lt-icon lt-icon-warning" aria-hidden="true"></span>{{ word }}</li>
    </ul>
    <div v-if="privates.length" class="lt-row wrap lc-ways">
      <button v-if="mayTurn && !here.private" type="button" class="lt-button small primary lc-privately" @click="turnPrivate(true)"><span
        class="lt-icon lt-icon-lock" aria-hidden="true"></span>{{ said.answer_privately }}</button>
      <button v-if="here.judged.invitation" type="button" class="lt-button small lc-invite" @click="invite"><span class="lt-icon lt-icon-lock"
        aria-hidden="true"></span>{{ said.invite }}</button>
      <template v-if="facts?.may_override">
        <label class="lt-check"><input type="checkbox" v-model="here.override"> {{ said.override }}</label>
        <input v-if="here.override" class="lt-input lt-grow" v-model="here.reason" maxlength="1000" :aria-label="said.override_reason"
          :placeholder="said.override_reason">
      </template>
    </div>

    <ul v-if="here.files.length || coming.length" class="lc-files lt-list" :aria-label="said.files">
      <li v-for="file in here.files" :key="file.id" class="lt-chip"><span class="lt-icon lt-icon-attach" aria-hidden="true"></span>
        <span class="lt-truncate">{{ file.name }}</span><span class="lt-muted">{{ type(file) }} · {{ size(file.size, language) }}</span>
        <button type="button" class="lc-remove" :disabled="locked" :aria-label="put(said.remove, { name: file.name })" @click="remove(file)"><span
          class="lt-icon lt-icon-close" aria-hidden="true"></span></button></li>
      <li v-for="one in coming" :key="one.number" class="lt-chip"><span class="lt-truncate">{{ one.name }}</span>
        <progress :value="one.share" max="1" :aria-label="put(said.progress, { name: one.name, percent: Math.round(one.share * 100) })"></progress>
        <button type="button" class="lc-remove" :aria-label="put(said.remove, { name: one.name })" @click="one.stop()"><span
          class="lt-icon lt-icon-close" aria-hidden="true"></span></button></li>
    </ul>

    <div v-if="asking" class="lc-asking lt-banner lt-warn" role="alertdialog" :aria-label="put(said.colleague, { name: asking.name })">
      <span class="lt-grow">{{ put(said.colleague, { name: asking.name }) }}</span>
      <button ref="wait" type="button" class="lt-button small" @click="wait">{{ said.wait }}</button>
      <button type="button" class="lt-button small" @click="send(asking.then, true)">{{ said.send_anyway }}</button>
    </div>
    <div v-if="here.state === 'unknown'" class="lc-asking lt-banner lt-warn" role="alert">
      <span class="lt-grow">{{ here.words }}</span>
      <button type="button" class="lt-button small primary" @click="again">{{ said.again }}</button>
      <button type="button" class="lt-button small quiet" :title="said.edit_warning" @click="giveBack">{{ said.edit }}</button>
    </div>

    <footer class="lc-foot">
      <div class="lt-row">
        <button v-if="reply" type="button" class="lt-button quiet lc-templates" :title="said.answers_key" aria-haspopup="dialog" :disabled="locked"
          @click="pick"><span class="lt-icon lt-icon-chat" aria-hidden="true"></span>{{ said.answers }}</button>
        <template v-if="reply">
          <button type="button" class="lt-button quiet icon lc-attach" :title="way?.files ? said.attach : said.no_files" :aria-label="said.attach"
            :disabled="!way?.files || locked" @click="$refs.file.click()"><span class="lt-icon lt-icon-attach" aria-hidden="true"></span></button>
          <input ref="file" type="file" hidden multiple :accept="way?.files?.media_types.join(',')" @change="chosen">
        </template>
        <span class="lc-writers lt-small lt-muted" role="status">{{ writing }}</span>
      </div>
      <div class="lt-row lc-right">
        <span v-if="reply && counted !== null" class="lc-left lt-small lt-number" :class="leftTone" :title="said['how_' + way.counting.unit]">{{ leftWords }}</span>
        <span v-if="parts > 1" class="lt-badge lt-info lc-parts">{{ put(said.parts, { count: parts }) }}</span>
        <span class="lt-small" :class="here.tone || 'lt-muted'" role="status" :id="id + '-status'">{{ status }}</span>
        <button v-if="reply" type="button" class="lt-button lc-resolve" :aria-disabled="!ready" :aria-describedby="id + '-troubles'"
          :title="said.send_resolve + ' (' + key + '+⇧+⏎)'" @click="send('resolved')">{{ said.send_resolve }}</button>
        <button type="button" class="lt-button primary lc-send" :aria-disabled="!ready" :aria-describedby="id + '-troubles'"
          :title="key + '+⏎'" @click="send('waiting')"><span class="lt-icon" :class="reply ? 'lt-icon-send' : 'lt-icon-note'" aria-hidden="true"></span>{{
          reply ? said.send : said.add_note }}</button>
      </div>
    </footer>
    <p class="lt-sr" aria-live="polite">{{ announced }}</p>
    <AnswerPicker v-if="picking" :answers="answers" :around="around" :counting="way?.counting" :splits="way?.splits" :said="said"
      @take="take" @slash="slash" @leave="unpick"/>
  </section>`,

  data: () => ({
    conversation: null, kind: "reply", drafts: { reply: blank(), note: blank() }, facts: null, answers: [], behind: null,
    writers: {}, asking: null, picking: false, around: ["", ""], dragged: false, announced: "", window_: "open", notice_: "",
    uploads: [],
  }),

  computed: {
    id() {
      return `lc-${this.$.uid}`;
    },
    key: () => (/Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl"),
    reply() {
      return this.kind === "reply";
    },
    here() {
      return this.drafts[this.kind];
    },
    /** Files that are on their way into the answer. */
    coming() {
      return this.reply ? this.uploads.filter((one) => one.conversation === this.conversation) : [];
    },
    /** What holds for the answer as it is meant: in public, or in private. Null where nothing is known of it. */
    way() {
      return this.reply && this.here.private ? (this.facts?.in_private ?? null) : this.facts;
    },
    /** Whether the private way is open, or is to be left. */
    mayTurn() {
      return this.reply && Boolean(this.facts?.in_private) && (this.here.private || !this.facts.in_private.blocked);
    },
    label() {
      if (!this.reply) return this.said.note_label;
      return this.here.private ? this.said.private_label : this.said.reply_label;
    },
    locked() {
      return this.here.state !== "writing";
    },
    marks() {
      const judged = this.reply ? moved(this.here.judged.marks, this.here.of, this.here.text) : [];
      return [...judged, ...gaps(this.here.text)];
    },
    privates() {
      return this.marks.filter((mark) => mark.what === "private");
    },
    shownPieces() {
      return pieces(this.here.text, this.marks);
    },
    counted() {
      return this.reply && this.way ? left(this.here.text, this.way.counting) : null;
    },
    leftWords() {
      const unit = this.way.counting.unit;
      const count = Math.abs(this.counted).toLocaleString(this.language);
      return put(this.said[`${this.counted < 0 ? "over" : "left"}_${unit}`], { count });
    },
    leftTone() {
      const splits = this.way.splits && this.counted < 0;
      return splits ? "lt-muted" : this.counted < 0 ? "lt-danger" : this.counted <= this.near ? "lt-warn" : "lt-muted";
    },
    near() {
      return Math.max(NEAR, (this.way?.counting.limit ?? 0) / 10);
    },
    parts() {
      return this.reply && this.here.text ? this.here.judged.parts : 1;
    },
    signature() {
      if (!this.reply || !this.way || !this.here.text.trim()) return "";
      const words = sign(this.here.text, { ...this.way.counting.signing, mode: "none" });
      return sign(this.here.text, this.way.counting.signing).slice(words.length).trim();
    },
    /** What stands in the way, as far as it can be told here; the server's words where it has spoken. */
    troubles() {
      if (!this.reply || !(this.here.text.trim() || this.here.files.length)) return this.refusal;
      const judged = this.here.judged.problems.filter((one) => this.stillHolds(one.code));
      const over = this.counted !== null && this.counted < 0 && !this.way.splits;
      if (over && !judged.some((one) => one.code === "too-long")) judged.push({ code: "too-long", text: this.leftWords });
      if (gaps(this.here.text).length && !judged.some((one) => one.code === "gap")) judged.push({ code: "gap", text: this.said.gaps });
      return [...judged, ...this.refusal];
    },
    refusal() {
      return this.here.words && this.here.state === "writing" && this.here.tone === "lt-danger"
        ? [{ code: "refused", text: this.here.words }] : [];
    },
    warnings() {
      return this.reply && this.here.text.trim() ? this.here.judged.warnings : [];
    },
    ready() {
      const { here } = this;
      if (this.locked || (!here.text.trim() && !here.files.length) || this.coming.length) return false;
      if (!this.reply) return true;
      if (!this.way || this.way.blocked || this.window_ === "closed") return false;
      const overridden = here.override && here.reason.trim();
      return this.troubles.every((one) => one.code === "refused" || (one.code === "blocked-pii" && overridden));
    },
    status() {
      if (this.notice_) return this.notice_;
      const { here } = this;
      if (here.state === "sending") return this.said.sending;
      if (here.state === "under_way" || (here.words && here.tone !== "lt-danger" && here.state === "writing")) return here.words;
      if (this.coming.length) return this.said.uploading;
      if (!here.text && !here.files.length) return "";
      return here.saved === here.revision ? this.said.saved : this.said.unsaved;
    },
    writing() {
      const names = Object.values(this.writers).map((one) => one.name);
      if (names.length > 1) return put(this.said.write_too, { name: names[0], other: names[1] });
      return names.length ? put(this.said.writes, { name: names[0] }) : "";
    },
    described() {
      return [`${this.id}-troubles`, `${this.id}-blocked`, `${this.id}-signature`].join(" ");
    },
  },

  watch: {
    counted(now, before) {
      if (now === null || (now > this.near && (before === null || before > this.near))) return;
      const step = Math.sign(now) !== Math.sign(before ?? 1) || Math.abs(now) % 10 === 0 || now === 0;
      if (step) this.announced = this.leftWords;
    },
  },

  mounted() {
    this.timer = setInterval(() => this.turn(), 1_000);
    addEventListener("pagehide", this.hide);
    addEventListener("beforeunload", this.hold);
  },
  unmounted() {
    clearInterval(this.timer);
    removeEventListener("pagehide", this.hide);
    removeEventListener("beforeunload", this.hold);
    this.flush();
  },

  methods: {
    put, size,

    // ---- what the server tells

    show(told) {
      this.flush();
      const { uploads } = this;
      Object.assign(this.$data, this.$options.data(), { uploads, kind: told && this.conversation === null ? this.kind : "reply" });
      if (!told) return;
      this.conversation = told.id;
      for (const kind of ["reply", "note"]) this.begin(kind, told.drafts[kind]);
      for (const one of this.coming) one.into = this.drafts.reply;
    },
    begin(kind, draft) {
      const here = (this.drafts[kind] = { ...blank(), ...(draft ? { text: draft.text, files: draft.files, private: draft.private } : {}) });
      if (draft?.under_way) return Object.assign(here, { state: "under_way", words: this.said.sending });
      const unsaved = kept(this.agent, this.conversation, kind);
      if (unsaved && JSON.stringify(unsaved) !== JSON.stringify(this.words(here))) {
        Object.assign(here, unsaved);
        here.revision += 1;
      }
      if (here.text || here.files.length) this.report(kind);
    },
    learn(told) {
      this.facts = told;
      this.turn();
    },
    offers(told) {
      this.answers = told.answers;
    },
    left_behind(told) {
      this.behind = told.agent ? told : null;
    },
    judged(told) {
      const here = this.drafts.reply;
      const of = here.reported.find((one) => one.revision === told.revision);
      if (told.conversation !== this.conversation || !of) return;
      const reported = here.reported.filter((one) => one.revision > told.revision);
      Object.assign(here, { judged: told, of: of.text, reported });
    },
    saved(told) {
      if (told.conversation !== this.conversation) return;
      const here = this.drafts[told.kind];
      here.saved = Math.max(here.saved, told.revision);
      this.notice_ = "";
      if (here.saved === here.revision) forget(this.agent, this.conversation, told.kind);
    },
    result(told) {
      if (told.state === "sent") forget(this.agent, told.conversation, told.kind);
      if (told.conversation !== this.conversation) return;
      const here = this.drafts[told.kind];
      if (told.state === "colleague") {
        here.state = "writing";
        this.asking = { name: told.words, then: this.then ?? "waiting" };
        return this.$nextTick(() => this.$refs.wait?.focus());
      }
      if (told.state === "sent") {
        Object.assign(here, blank(), { words: told.words, tone: "lt-ok" });
        this.announced = told.words;
      } else if (told.state === "refused") Object.assign(here, { state: "writing", words: told.words, tone: told.words ? "lt-danger" : "" });
      else Object.assign(here, { state: told.state, words: told.words });
      if (told.kind === this.kind) this.$nextTick(() => this.returns());
    },
    /** Back into the text, unless the person has gone on to something else. */
    returns() {
      const at = document.activeElement;
      if (!at || at === document.body || this.$el.contains(at)) this.$refs.text?.focus();
    },
    put_in(told) {
      Object.assign(this.drafts[told.kind], blank(), { text: told.text, files: told.files, private: told.private });
      this.report(told.kind);
      this.$nextTick(() => this.$refs.text?.focus());
    },
    writes(told) {
      clearTimeout(this.writers[told.agent]?.timer);
      if (told.what === "writes") {
        const timer = setTimeout(() => delete this.writers[told.agent], FADES);
        this.writers[told.agent] = { name: told.name, timer };
      } else delete this.writers[told.agent];
    },
    notice(words) {
      this.notice_ = words;
    },
    write(kind) {
      this.kind = kind;
      this.$nextTick(() => this.$refs.text?.focus());
    },

    // ---- writing

    /** From a public answer to a private one, or back; the words stay. */
    turnPrivate(wanted) {
      Object.assign(this.here, { private: wanted, judged: NOTHING, of: "", reported: [], words: "", tone: "" });
      this.changed("reply");
      this.turn();
      this.announced = put(wanted ? this.said.now_private : this.said.now_public, { channel: this.way.channel });
      this.$nextTick(() => this.$refs.text?.focus());
    },
    typed(value) {
      const { here } = this;
      here.text = value.replaceAll("\0", "");
      Object.assign(here, { words: "", tone: "" });
      this.changed(this.kind);
    },
    changed(kind) {
      const here = this.drafts[kind];
      here.revision += 1;
      here.timer ||= setTimeout(() => this.report(kind), PAUSE + here.text.length / LETTERS_A_MILLISECOND);
    },
    /** Tell the server what stands there now. */
    report(kind, here = this.drafts[kind], conversation = this.conversation) {
      clearTimeout(here.timer);
      here.timer = 0;
      keep(this.agent, conversation, kind, this.words(here));
      here.reported.push({ revision: here.revision, text: here.text });
      this.$emit("typed", { conversation, kind, ...this.words(here), revision: here.revision });
    },
    /** Nothing that waits for its turn is left behind. */
    flush() {
      for (const kind of ["reply", "note"]) if (this.conversation && this.drafts[kind].timer) this.report(kind);
    },
    hide() {
      for (const kind of ["reply", "note"]) {
        const here = this.drafts[kind];
        if (this.conversation && here.saved !== here.revision) keep(this.agent, this.conversation, kind, this.words(here));
      }
      this.flush();
    },
    /** The browser asks before it leaves a file half sent. */
    hold(event) {
      if (this.uploads.length) event.preventDefault();
    },
    stillHolds(code) {
      if (code === "blocked-pii") return this.privates.length > 0;
      if (code === "too-long") return this.counted !== null && this.counted < 0;
      if (code === "gap") return gaps(this.here.text).length > 0;
      return code !== "empty";
    },
    named(kind = this.kind) {
      return { conversation: this.conversation, kind };
    },
    words: (here) => ({
      text: here.text.toWellFormed?.() ?? here.text,
      files: here.files.map(({ id, name, media_type, size }) => ({ id, name, media_type, size })),
      private: here.private,
    }),
    turn() {
      const { window_, way } = this;
      if (!way?.window.limited) this.window_ = "open";
      else {
        const now = Date.now();
        const until = (iso) => (iso ? Date.parse(iso) : 0);
        this.window_ = now < until(way.window.open_until) ? "open" : now < until(way.window.human_until) ? "human" : "closed";
      }
      if (window_ !== this.window_ && this.window_ === "closed" && way) this.announced = `${this.said.window_closed}. ${way.window.instead}`;
    },
    pressed(event) {
      const held = event.ctrlKey || event.metaKey;
      if (event.isComposing) return;
      if (held && event.key === "Enter") this.send(event.shiftKey && this.reply ? "resolved" : "waiting");
      else if (this.reply && held && event.key.toLowerCase() === "k" && !event.shiftKey) this.pick();
      else if (this.reply && event.key === "/" && !held && this.atLineStart()) this.pick();
      else return;
      event.preventDefault();
    },
    atLineStart() {
      const { selectionStart, selectionEnd, value } = this.$refs.text;
      return selectionStart === selectionEnd && (selectionStart === 0 || value[selectionStart - 1] === "\n");
    },
    /** Replaces a part of the text so that the browser's undo brings it back. */
    insert(text, start, end) {
      const field = this.$refs.text;
      field.focus();
      field.setSelectionRange(start, end);
      if (!document.execCommand("insertText", false, text)) {
        field.setRangeText(text, start, end, "end");
        this.typed(field.value);
      }
    },
    invite() {
      this.insert(this.here.judged.invitation, 0, this.here.text.length);
    },

    // ---- canned answers

    pick() {
      if (this.locked) return;
      const { selectionStart, selectionEnd, value } = this.$refs.text;
      this.from = [selectionStart, selectionEnd];
      this.around = [value.slice(0, selectionStart), value.slice(selectionEnd)];
      this.picking = true;
    },
    unpick() {
      if (!this.picking) return;
      this.picking = false;
      this.$nextTick(() => {
        this.$refs.text?.focus();
        this.$refs.text?.setSelectionRange(...this.from);
      });
    },
    take(answer) {
      this.picking = false;
      this.$nextTick(() => {
        this.insert(answer.text, ...this.from);
        const gap = gaps(answer.text)[0];
        if (gap) this.$refs.text.setSelectionRange(this.from[0] + gap.start, this.from[0] + gap.end);
      });
    },
    slash() {
      this.picking = false;
      this.$nextTick(() => this.insert("/", ...this.from));
    },

    // ---- sending

    send(then, confirmed = false) {
      if (!this.ready) {
        this.announced = this.troubles[0]?.text ?? this.way?.blocked ?? "";
        return;
      }
      const { here } = this;
      clearTimeout(here.timer);
      here.timer = 0;
      this.then = then;
      this.asking = null;
      Object.assign(here, { state: "sending", words: "", tone: "" });
      const reason = here.override && this.privates.length ? here.reason : "";
      this.$emit("sent", { ...this.named(), ...this.words(here), revision: here.revision, then, override_reason: reason, confirmed });
    },
    wait() {
      this.asking = null;
      this.$refs.text.focus();
    },
    again() {
      this.here.state = "sending";
      this.$emit("again", this.named());
    },
    giveBack() {
      this.$emit("given_back", this.named());
    },

    // ---- files

    type: (file) => file.name.split(".").length > 1 ? file.name.split(".").pop().toUpperCase() : file.media_type.split("/").pop(),
    over(event) {
      this.dragged = this.reply && Boolean(this.way?.files) && [...event.dataTransfer.types].includes("Files");
    },
    dropped(event) {
      this.dragged = false;
      this.add(event.dataTransfer.files);
    },
    pasted(event) {
      if (!event.clipboardData.files.length || event.clipboardData.types.includes("text/plain")) return;
      event.preventDefault();
      this.add(event.clipboardData.files);
    },
    chosen(event) {
      this.add(event.target.files);
      event.target.value = "";
    },
    add(files) {
      for (const file of files) {
        const refused = this.refusedFile(file);
        if (refused) this.complain(this.drafts.reply, refused);
        else this.bring(file);
      }
    },
    refusedFile(file) {
      const allowed = this.way?.files;
      if (!this.reply || !allowed) return this.said.no_files;
      if (this.here.files.length + this.coming.length >= allowed.most) return put(this.said.file_many, { most: allowed.most });
      const sizes = { size: size(file.size, this.language), most: size(allowed.largest, this.language) };
      if (file.size > allowed.largest) return put(this.said.file_large, { name: file.name, ...sizes });
      return file.size ? "" : put(this.said.file_empty, { name: file.name });
    },
    /** Take a file in; where it has come only when another conversation is open, it still goes to its own. */
    bring(file) {
      const { conversation } = this;
      const url = `${window.path_prefix ?? ""}/uploads?${new URLSearchParams({ name: file.name, channel: this.way.channel_id })}`;
      const going = upload(url, file, (share) => (one.share = share));
      this.uploads.push({ conversation, number: (this.files_ = (this.files_ ?? 0) + 1), name: file.name, share: 0, stop: going.stop, into: this.here });
      const one = this.uploads.at(-1);
      going.done.then((done) => {
        const here = one.into;
        this.uploads = this.uploads.filter((other) => other.number !== one.number);
        if (done.file) {
          here.files.push(done.file);
          here.revision += 1;
          this.report("reply", here, conversation);
        } else if (done.reason !== "stopped") this.complain(here, done.detail ?? put(this.said.file_failed, { name: file.name }));
      });
    },
    complain(here, words) {
      Object.assign(here, { words, tone: "lt-danger" });
      if (here !== this.drafts.reply) this.notice_ = words;
      this.announced = words;
    },
    remove(file) {
      this.here.files = this.here.files.filter((one) => one !== file);
      this.changed(this.kind);
    },
  },
};
