import { clock, day, exactly, relative, Words } from "lotse-conversing";

const STEP = 80;
const TOGETHER = 5 * 60e3;
const AT_THE_END = 48;
const LONG = 1200;
const LINES = 14;

const fill = (text, given) => text.replace(/\{(\w+)\}/g, (_, name) => given[name] ?? "");
const byTime = (one, other) => one.when - other.when || (one.kind === "quiet") - (other.kind === "quiet");
const isNews = (entry) => entry.here && entry.kind !== "quiet";

/**
 * The line of time. Entries come by `begin` and `change`; days, groups and folds are made here, as only the browser
 * knows the reader's zone. It stays where the reader is; at its end it follows.
 *
 * @typedef {{id: string, kind: "customer"|"agent"|"note"|"quiet", at: string, conversation: string, pieces: object[],
 *   who: string, channel: string, public: boolean, here: boolean, subject: string, tone: string, marks: object[],
 *   files: object[], whole: ""|"text"|"mail", gone: boolean}} Entry
 */
/** Its body reads as before; only what stands around it, as the links of its files, may have changed. */
const sameWords = (entry, before) =>
  ["pieces", "subject", "whole"].every((name) => JSON.stringify(entry[name]) === JSON.stringify(before?.[name]));

export default {
  components: { Words },
  props: { texts: Object, language: String },
  template: `
<section class="tl" :aria-label="texts.label" :aria-busy="String(loading)">
  <div ref="scroller" class="tl-scroll lt-inset" tabindex="0" role="region" :aria-label="texts.label" @scroll.passive="scrolled">
    <ol ref="list" class="tl-list lt-list">
      <li v-if="earlier" class="tl-older"><button type="button" class="lt-button small quiet" @click="showOlder">{{ say('older', {n: earlier}) }}</button></li>
      <template v-for="row in rows" :key="row.key">
        <li v-if="row.type === 'day'" class="tl-day"><h3>{{ row.name }}</h3></li>
        <li v-else-if="row.type === 'fold'" class="tl-fold">
          <button type="button" :aria-expanded="String(row.open)" @click="toggle(row.key)">
            <i class="lt-icon" :class="row.open ? 'lt-icon-down' : 'lt-icon-forward'" aria-hidden="true"></i>
            <span class="lt-badge">{{ row.channel }}</span>
            <span>{{ row.count === 1 ? texts.elsewhere_one : say('elsewhere', {n: row.count}) }}</span>
            <time :datetime="row.from" :title="exactly(row.from, language)" class="lt-muted">{{ relative(row.from, row.until, language) }}</time>
          </button>
        </li>
        <li v-else-if="row.type === 'quiets'" class="tl-quiet">
          <button type="button" class="tl-more" :aria-expanded="String(row.open)" @click="toggle(row.key)">
            <i class="lt-icon" :class="row.open ? 'lt-icon-down' : 'lt-icon-forward'" aria-hidden="true"></i>{{ say('steps', {n: row.count}) }}</button>
        </li>
        <li v-else-if="row.entry.kind === 'quiet'" class="tl-quiet" :class="row.entry.tone && 'lt-' + row.entry.tone" :data-entry="row.entry.id">
          <span><Words :pieces="row.entry.pieces" :beside="row.entry.at" :language="language"></Words></span>
          <time :datetime="row.entry.at" :title="exactly(row.entry.at, language)">{{ clock(row.entry.at, language) }}</time>
        </li>
        <li v-else class="tl-entry" :class="[row.entry.kind, {first: row.first, away: !row.entry.here}]" :data-entry="row.entry.id">
          <div v-if="row.first" class="tl-head">
            <i v-if="row.entry.kind === 'note'" class="lt-icon lt-icon-note" aria-hidden="true"></i>
            <strong dir="auto">{{ row.entry.who }}</strong>
            <template v-if="row.entry.kind !== 'note'">
              <span class="lt-badge">{{ row.entry.channel }}</span>
              <span v-if="row.entry.public" class="lt-badge lt-public"><i class="lt-icon lt-icon-globe" aria-hidden="true"></i>{{ texts.public }}</span>
            </template>
            <time class="lt-muted" :datetime="row.entry.at" :title="exactly(row.entry.at, language)">{{ clock(row.entry.at, language) }}</time>
          </div>
          <div v-if="row.says" class="tl-bubble" :class="row.entry.tone && 'lt-' + row.entry.tone">
            <h4 v-if="row.entry.subject" dir="auto">{{ row.entry.subject }}</h4>
            <p v-if="row.entry.gone" class="tl-gone"><i class="lt-icon lt-icon-close" aria-hidden="true"></i>{{ row.entry.marks[0]?.text }}</p>
            <iframe v-else-if="row.body?.mode === 'html'" class="tl-html" :class="{cut: row.body.high && !row.body.all}" :title="texts.html_title"
              sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"
              :srcdoc="row.body.address ? null : row.body.document" :src="row.body.address" @load="fitted($event, row.entry.id)"></iframe>
            <p v-else-if="row.body?.pieces || row.entry.pieces.length" class="tl-words" :class="{cut: row.cut}" dir="auto"
              ><Words :pieces="row.body?.pieces ?? row.entry.pieces" :beside="row.entry.at" :language="language"></Words></p>
            <p v-if="row.body?.problem" class="lt-warn lt-small" role="status">{{ row.body.problem }}</p>
            <p v-if="row.body?.mode === 'html' && row.body.pictures && !row.body.address" class="tl-pictures lt-small">
              <span>{{ row.body.pictures === 1 ? texts.picture_one : say('pictures', {n: row.body.pictures}) }}</span>
              <button type="button" class="lt-button small" @click="ask(row.entry, 'pictures')">{{ texts.load_pictures }}</button></p>
            <div v-if="row.entry.whole === 'mail' && !row.entry.gone || row.more" class="tl-whole">
              <div v-if="row.entry.whole === 'mail' && !row.entry.gone" class="lt-tabs" role="group" :aria-label="texts.shown_as">
                <button type="button" :aria-pressed="String(row.body?.mode !== 'html')" @click="asText(row.entry)">{{ texts.text }}</button>
                <button type="button" :aria-pressed="String(row.body?.mode === 'html')" @click="ask(row.entry, 'html')">{{ texts.html }}</button>
              </div>
              <button v-if="row.more" type="button" class="tl-more" :aria-expanded="String(!row.less)" @click="showAll(row)">{{ row.less ? texts.whole : texts.less }}</button>
            </div>
            <ul v-if="row.entry.files.length && !row.entry.gone" class="tl-files lt-list" :aria-label="texts.files">
              <li v-for="file in row.entry.files" :key="file.name + file.to">
                <a v-if="file.to" :href="file.to" target="_blank" rel="noopener noreferrer" :download="file.image ? null : file.name">
                  <img v-if="file.image" :src="file.to" :alt="file.name" loading="lazy" referrerpolicy="no-referrer">
                  <template v-else><i class="lt-icon lt-icon-attach" aria-hidden="true"></i><span dir="auto">{{ file.name }}</span></template>
                  <small>{{ file.note }}</small></a>
                <span v-else class="lt-muted"><i class="lt-icon lt-icon-attach" aria-hidden="true"></i><span dir="auto">{{ file.name }}</span> <small>{{ file.note }}</small></span>
              </li>
            </ul>
          </div>
          <p v-if="row.entry.marks.length && (!row.entry.gone || row.entry.marks[0].at)" class="tl-marks">
            <span v-for="(mark, n) in row.entry.marks" :key="n" :class="mark.tone && 'lt-' + mark.tone"
              ><i v-if="mark.tone === 'danger' || mark.tone === 'warn'" class="lt-icon lt-icon-warning" aria-hidden="true"></i
              ><template v-if="!row.entry.gone">{{ mark.text }}</template
              ><time v-if="mark.at" :datetime="mark.at" :title="exactly(mark.at, language)">{{ relative(mark.at, row.entry.at, language) }}</time></span>
          </p>
        </li>
      </template>
    </ol>
  </div>
  <button v-if="news" type="button" class="lt-button primary tl-news" @click="toEnd(true)">
    <i class="lt-icon lt-icon-down" aria-hidden="true"></i>{{ news === 1 ? texts.news_one : say('news', {n: news}) }}</button>
  <p class="lt-sr" role="status" aria-live="polite">{{ spoken }}</p>
</section>`,
  data() {
    return { rows: [], earlier: 0, news: 0, spoken: "", loading: true };
  },
  created() {
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    this.opened = new Set();
    /** @type {Map<string, object>} what was asked for beyond an entry's own words */
    this.bodies = new Map();
    this.limit = STEP;
    this.stuck = true;
    this.top = 0;
  },
  mounted() {
    this.sizes = new ResizeObserver(() => this.stuck && this.toEnd());
    this.sizes.observe(this.$refs.list);
    this.sizes.observe(this.$refs.scroller);
    this.midnight = setInterval(this.draw, 60_000);
  },
  unmounted() {
    this.sizes.disconnect();
    clearInterval(this.midnight);
  },
  methods: {
    clock,
    exactly,
    relative,
    say(name, given) {
      return fill(this.texts[name], given);
    },

    // ---- what comes from the desk

    begin(entries) {
      this.entries = new Map();
      this.bodies.clear();
      this.opened.clear();
      [this.limit, this.stuck, this.news, this.spoken, this.loading] = [STEP, true, 0, "", false];
      this.keep(entries);
      this.draw();
      this.$nextTick(() => this.toEnd());
    },
    change({ put, drop }) {
      const came = put.filter((entry) => isNews(entry) && !this.entries.has(entry.id));
      for (const id of drop) this.entries.delete(id);
      for (const entry of put) if (entry.gone || !sameWords(entry, this.entries.get(entry.id))) this.bodies.delete(entry.id);
      this.keep(put);
      this.draw();
      if (!came.length) return;
      const last = came[came.length - 1];
      this.spoken = fill(this.texts.spoken, { who: last.who, text: last.pieces.map((piece) => piece.text).join("").slice(0, 120) });
      if (!this.stuck) this.news += came.length;
    },
    /** The body that was asked for: pieces of text, a document, an address, or why there is none. */
    body(id, found) {
      const kept = this.bodies.get(id) ?? {};
      this.bodies.set(id, found.problem ? { ...kept, problem: found.problem } : { ...found, all: kept.all ?? found.mode === "text" });
      this.draw();
    },

    // ---- what is drawn

    keep(entries) {
      for (const entry of entries) this.entries.set(entry.id, Object.freeze({ ...entry, when: Date.parse(entry.at) }));
    },
    draw() {
      const all = [...this.entries.values()].sort(byTime);
      this.earlier = Math.max(0, all.length - this.limit);
      this.rows = this.arranged(all.slice(this.earlier));
    },
    /** Entries with days between them; what was said elsewhere and long runs of quiet lines folded. */
    arranged(entries) {
      const rows = [];
      let [today, before] = [null, null];
      for (const run of this.runs(entries)) {
        const { key, name } = day(run[0].at, this.language);
        if (key !== today) {
          rows.push({ type: "day", key: `day ${key}`, name });
          [today, before] = [key, null];
        }
        const fold = this.fold(run);
        if (fold) rows.push(fold);
        if (fold && !fold.open) {
          before = null;
          continue;
        }
        for (const entry of run) {
          rows.push(this.row(entry, before));
          before = entry;
        }
      }
      return rows;
    },
    /** Neighbours that may be folded together: of one other conversation, or quiet, on one day. */
    runs(entries) {
      const runs = [];
      const kind = (entry) => (entry.here ? (entry.kind === "quiet" ? "quiet" : null) : entry.conversation);
      for (const entry of entries) {
        const last = runs[runs.length - 1]?.[0];
        const joins = last && kind(entry) !== null && kind(last) === kind(entry);
        if (joins && day(last.at, this.language).key === day(entry.at, this.language).key) runs[runs.length - 1].push(entry);
        else runs.push([entry]);
      }
      return runs;
    },
    fold(run) {
      const [first, last] = [run[0], run[run.length - 1]];
      const key = `fold ${first.id}`;
      const open = this.opened.has(key);
      if (!first.here) return { type: "fold", key, open, count: run.length, channel: first.channel, from: first.at, until: last.at };
      return first.kind === "quiet" && run.length > 2 ? { type: "quiets", key, open, count: run.length } : null;
    },
    row(entry, before) {
      const body = this.bodies.get(entry.id);
      const same = before && before.kind === entry.kind && before.who === entry.who && before.channel === entry.channel;
      const long = !body?.pieces && this.isLong(entry);
      const more = body?.mode === "html" ? body.high : long || entry.whole !== "" || Boolean(body?.pieces);
      const less = body?.mode === "html" ? !body.all : !body?.pieces && !body?.all;
      return {
        type: "entry", key: entry.id, entry, body, less,
        says: entry.gone || entry.subject || entry.pieces.length || entry.files.length || entry.whole,
        first: !same || entry.when - before.when > TOGETHER,
        more: more && !entry.gone, cut: long && less,
      };
    },
    isLong(entry) {
      const text = entry.pieces.map((piece) => piece.text).join("");
      return text.length > LONG || text.split("\n", LINES + 1).length > LINES;
    },

    // ---- what the reader does

    toggle(key) {
      if (!this.opened.delete(key)) this.opened.add(key);
      this.stuck = false;
      this.draw();
    },
    showOlder() {
      const scroller = this.$refs.scroller;
      const below = scroller.scrollHeight - scroller.scrollTop;
      this.limit += STEP;
      this.draw();
      this.$nextTick(() => (scroller.scrollTop = scroller.scrollHeight - below));
    },
    showAll({ entry, body, less }) {
      this.stuck = false;
      if (less && entry.whole && body?.mode !== "html") this.ask(entry, "text");
      else if (less || body?.mode === "html") this.bodies.set(entry.id, { ...body, all: less });
      else this.bodies.delete(entry.id);
      this.draw();
    },
    asText(entry) {
      this.bodies.delete(entry.id);
      this.draw();
    },
    ask(entry, what) {
      this.stuck = false;
      this.$emit("ask", { id: entry.id, what });
    },
    /** As high as the mail, up to a limit; the rest by a button. */
    fitted(event, id) {
      const frame = event.target;
      frame.style.height = "0";
      const high = frame.contentDocument?.documentElement?.scrollHeight ?? 0;
      frame.style.height = `${Math.max(60, high)}px`;
      const body = this.bodies.get(id);
      if (body && body.high !== high > 480) {
        this.bodies.set(id, { ...body, high: high > 480 });
        this.draw();
      }
    },
    scrolled() {
      const { scrollHeight, scrollTop, clientHeight } = this.$refs.scroller;
      if (scrollHeight - scrollTop - clientHeight < AT_THE_END) [this.stuck, this.news] = [true, 0];
      else if (scrollTop < this.top) this.stuck = false;
      this.top = scrollTop;
    },
    toEnd(focus = false) {
      const scroller = this.$refs.scroller;
      if (!scroller) return;
      scroller.scrollTop = scroller.scrollHeight;
      [this.stuck, this.news] = [true, 0];
      if (focus) scroller.focus();
    },
    focus() {
      this.$refs.scroller?.focus();
    },
  },
};
