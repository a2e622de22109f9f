/**
 * Views, search, filters and the list of the inbox.
 *
 * The list draws only the rows that can be seen, each by its conversation's id. Rows come by `whole`, `extend` and
 * `change`; countdowns and waiting times turn by themselves. What is shown stands in the address.
 */

import { clock, date, fill, InboxRow, keep, kept, Order } from "lotse-listing";

const HEIGHT = 76;
const BEYOND = 8;
const NEAR_THE_END = 40;
const FILTERS = ["channel", "team", "agent", "sentiment", "status"];

const WRITING = "input, textarea, select, [contenteditable], [role=menu]";
const busyElsewhere = (target) => target.closest?.(WRITING) || document.querySelector("dialog[open], .q-dialog, :popover-open");

export default {
  components: { InboxRow },
  template: `
<div class="ib">
  <nav class="ib-views" :aria-label="texts.views_label">
    <ul class="lt-list">
      <li v-for="(name, view) in texts.views" :key="view">
        <button type="button" class="ib-view" :aria-current="view === state.view ? 'true' : null" @click="choose(view)">
          <span class="lt-truncate">{{ name }}</span>
          <span v-if="counts[view] !== undefined" class="ib-count lt-number" :class="{'lt-danger': view === 'about-to-miss' && counts[view]}">{{ counted(view) }}</span>
        </button>
      </li>
    </ul>
  </nav>
  <section class="ib-column" :aria-label="texts.list">
    <h1 class="lt-sr">{{ texts.inbox }}: {{ texts.views[state.view] }}</h1>
    <div class="ib-tools" role="search">
      <div class="ib-search">
        <i class="lt-icon lt-icon-search" aria-hidden="true"></i>
        <input ref="search" class="lt-input" type="search" v-model="words" :placeholder="texts.search_hint" :aria-label="texts.search"
               maxlength="200" autocomplete="off" spellcheck="false" @input="typed" @keydown="searchKey">
        <kbd v-if="!words" class="lt-kbd lt-wide" aria-hidden="true">/</kbd>
      </div>
      <button type="button" class="lt-button" :aria-expanded="String(filtering)" aria-controls="ib-filters"
              :aria-label="active ? fill(texts.filters_on, active) : texts.filter" @click="filtering = !filtering">
        {{ texts.filter }}<span v-if="active" class="ib-on lt-number" aria-hidden="true">{{ active }}</span>
      </button>
    </div>
    <div v-show="filtering" id="ib-filters" class="ib-filters">
      <div v-for="name in filters" :key="name" class="lt-field">
        <label :for="'ib-' + name">{{ texts["by_" + name] }}</label>
        <select :id="'ib-' + name" class="lt-input" :value="state[name] ?? ''" @change="narrow(name, $event.target.value)">
          <option value="">{{ texts.any }}</option>
          <option v-for="(label, value) in options[name]" :key="value" :value="value">{{ label }}</option>
        </select>
      </div>
      <button v-if="active" type="button" class="lt-button quiet" @click="reset">{{ texts.reset }}</button>
    </div>
    <div class="ib-frame">
      <button v-if="above" type="button" class="lt-button small ib-above" @click="toTop">
        <i class="lt-icon lt-icon-up" aria-hidden="true"></i>{{ fill(texts.above, above) }}</button>
      <div ref="scroller" class="ib-rows lt-inset" role="listbox" tabindex="0" :aria-label="texts.views[state.view]"
           :aria-busy="String(loading)" :aria-activedescendant="rowOf(active_id) ? 'ib-' + active_id : null"
           @scroll.passive="scrolled" @keydown="listKey" @focus="focused">
        <div class="ib-space" role="presentation" :style="{height: length * 76 + 'px', paddingTop: first * 76 + 'px'}">
          <div v-for="one in visible" :key="one.row.id" :id="'ib-' + one.row.id" class="ib-row" role="option"
               :class="{active: one.row.id === active_id, open: one.row.id === state.open, unread: one.row.unread}"
               :style="one.apart ? {position: 'absolute', inset: one.index * 76 + 'px 0 auto 0'} : null" :data-id="one.row.id"
               :aria-selected="String(one.row.id === state.open)" :aria-posinset="one.index + 1"
               :aria-setsize="complete ? length : -1" @click="open(one.row.id)">
            <InboxRow :row="one.row" :now="now" :slim="slim" :texts="texts" :agents="agents"/>
          </div>
        </div>
        <p v-if="!length" class="lt-empty" role="presentation">{{ loading ? texts.loading : active || words ? texts.empty_search : texts.empty }}</p>
      </div>
    </div>
    <footer class="ib-foot lt-small">
      <span class="lt-muted lt-number">{{ amount }}</span>
      <span class="ib-as-of" :class="asOf.lags ? 'lt-warn' : 'lt-muted'" :title="asOf.hint">
        <i v-if="asOf.lags" class="lt-icon lt-icon-warning" aria-hidden="true"></i>{{ asOf.text }}</span>
    </footer>
    <p class="lt-sr" role="status" aria-live="polite">{{ spoken }}</p>
  </section>
</div>`,
  props: { texts: Object, me: String, agents: Object, teams: Object },
  data() {
    return {
      state: this.fromAddress(), words: "", counts: {}, most: Infinity, loading: true, complete: true, version: 0,
      length: 0, top: 0, height: 600, now: Date.now(), active_id: null, filtering: false, above: 0, spoken: "",
      slim: false, as: { readUpTo: null, behind: 0, away: false },
    };
  },
  created() {
    /** @type {Order<import("lotse-listing/row.js").Row>} */
    this.order = new Order();
    this.shift = 0;
    this.came = 0;
    this.asking = false;
    this.filters = FILTERS;
    this.words = this.state.q ?? "";
    this.filtering = innerWidth > 720 && FILTERS.some((name) => this.state[name]);
    this.restore = kept(this.listQuery());
  },
  mounted() {
    const scroller = this.$refs.scroller;
    this.sizes = new ResizeObserver(() => {
      this.height = scroller.clientHeight;
      this.slim = scroller.clientWidth < 400;
    });
    this.sizes.observe(scroller);
    this.ticking = setInterval(this.tick, 1000);
    this.speaking = setInterval(this.speak, 10_000);
    addEventListener("keydown", this.key);
    addEventListener("popstate", this.went);
    addEventListener("pagehide", this.keep);
    this.showArea();
    this.$emit("ready", this.listQuery(), this.state.open, this.restore?.rows ?? 0);
  },
  unmounted() {
    this.sizes.disconnect();
    clearInterval(this.ticking);
    clearInterval(this.speaking);
    clearTimeout(this.typing);
    removeEventListener("keydown", this.key);
    removeEventListener("popstate", this.went);
    removeEventListener("pagehide", this.keep);
  },
  computed: {
    /** The first row that is drawn; the others follow it, so that a row that comes moves them without a word to each. */
    first() {
      return Math.max(0, Math.floor(this.top / HEIGHT) - BEYOND);
    },
    /** The rows that can be seen, and the active one wherever it is, so that it can be named to a screen reader. */
    visible() {
      this.version;
      const { first } = this;
      const last = Math.min(this.order.length, Math.ceil((this.top + this.height) / HEIGHT) + BEYOND);
      const found = [];
      for (let index = first; index < last; index++) found.push(this.drawn(index));
      const active = this.active_id === null ? -1 : this.order.indexOf(this.active_id);
      if (active >= 0 && (active < first || active >= last)) found.push({ ...this.drawn(active), apart: true });
      return found;
    },
    active() {
      return FILTERS.filter((name) => this.state[name]).length;
    },
    options() {
      const { channels, sentiments, statuses } = this.texts;
      return { channel: channels, team: this.teams, agent: this.agents, sentiment: sentiments, status: statuses };
    },
    amount() {
      if (this.loading) return this.texts.loading;
      if (this.complete && this.length === 1) return this.texts.one;
      return fill(this.complete ? this.texts.of : this.texts.of_more, this.length);
    },
    asOf() {
      const lags = this.as.away || this.as.behind > 5;
      const hint = this.as.readUpTo ? fill(this.texts.fresh_hint, date(1000 * this.as.readUpTo)) : null;
      if (this.as.away) return { lags, hint, text: this.texts.away };
      return { lags, hint, text: lags ? fill(this.texts.lags, clock(1000 * this.as.behind, this.texts)) : this.texts.fresh };
    },
  },
  methods: {
    fill,
    // ---- what comes from the desk

    whole({ query, rows, complete, oldestFirst, now }) {
      if (query !== this.listQuery()) return;
      const again = this.anchored();
      const same = this.shown === query;
      [this.shown, this.complete, this.loading, this.asking] = [query, complete, false, false];
      this.order = new Order(oldestFirst, rows);
      this.settle(now);
      if (this.restore?.query === query) this.reach(this.restore);
      else if (same) this.hold(again);
      else this.$refs.scroller.scrollTop = this.top = 0;
      if (!same) [this.above, this.came] = [0, 0];
      this.restore = null;
      if (this.active_id === null || !this.order.rows.has(this.active_id)) {
        this.active_id = this.order.rows.has(this.state.open) ? this.state.open : (this.order.ids[0] ?? null);
      }
    },
    extend({ rows, complete, now }) {
      this.asking = false;
      this.complete = complete;
      this.order.put(rows);
      this.settle(now);
    },
    change({ rows, gone, complete, now }) {
      const again = this.anchored();
      const at = this.active_id === null ? -1 : this.order.indexOf(this.active_id);
      this.complete = complete;
      const added = rows.filter((row) => !this.order.rows.has(row.id));
      for (const id of gone) this.order.drop(id);
      this.order.put(rows);
      this.came += added.length;
      if (at >= 0 && !this.order.rows.has(this.active_id)) this.active_id = this.order.ids[Math.min(at, this.order.length - 1)] ?? null;
      if (this.active_id === null) this.active_id = this.order.ids[0] ?? null;
      this.settle(now);
      this.hold(again);
      if (again) this.above += added.filter((row) => this.order.indexOf(row.id) < this.order.indexOf(again.id)).length;
    },
    count(counts, most) {
      const first = !Object.keys(this.counts).length;
      [this.counts, this.most] = [counts, most];
      if (first) this.$nextTick(this.showView);
    },
    draft(id, there) {
      const row = this.order.rows.get(id);
      if (row) this.order.put([{ ...row, draft: there }]);
      this.version++;
    },
    setAsOf(as) {
      this.as = as;
    },

    // ---- the list itself

    settle(now) {
      this.shift = now - Date.now();
      this.tick();
      this.length = this.order.length;
      this.version++;
      this.$nextTick(this.wantMore);
    },
    /** The first row that can be seen, unless that is the top. */
    anchored() {
      if (this.top < HEIGHT / 2) return null;
      const index = Math.min(Math.floor(this.top / HEIGHT), this.order.length - 1);
      return index < 0 ? null : { id: this.order.ids[index], index, rest: this.top - index * HEIGHT };
    },
    /** Leave what is seen where it is, although rows above it came or went. */
    hold(anchor) {
      if (!anchor) return;
      const index = this.order.indexOf(anchor.id);
      this.reachTop((index < 0 ? anchor.index : index) * HEIGHT + anchor.rest);
    },
    reach({ id, index, rest, active }) {
      if (this.order.rows.has(active)) this.active_id = active;
      this.hold({ id, index, rest });
    },
    reachTop(top) {
      this.top = Math.max(0, Math.min(top, this.order.length * HEIGHT - this.height));
      this.$nextTick(() => (this.$refs.scroller.scrollTop = this.top));
    },
    scrolled() {
      this.top = this.$refs.scroller.scrollTop;
      if (this.top < HEIGHT) this.above = 0;
      this.wantMore();
    },
    wantMore() {
      if (this.complete || this.asking || this.loading) return;
      if ((this.top + this.height) / HEIGHT < this.order.length - NEAR_THE_END) return;
      this.asking = true;
      this.$emit("more");
    },
    toTop() {
      this.above = 0;
      this.$refs.scroller.scrollTop = 0;
      this.activate(0);
      this.$refs.scroller.focus();
    },
    /** Time goes by seconds, so that what changes between two of them draws no other row anew. */
    tick() {
      this.now = Math.floor((Date.now() + this.shift) / 1000) * 1000;
    },
    speak() {
      if (!this.came) return;
      this.spoken = this.came === 1 ? this.texts.came_one : fill(this.texts.came, this.came);
      this.came = 0;
    },

    // ---- a row

    rowOf(id) {
      this.version;
      return this.order.rows.get(id);
    },
    drawn(index) {
      return { row: this.order.rows.get(this.order.ids[index]), index };
    },
    counted(view) {
      return this.counts[view] >= this.most ? `${this.most}+` : this.counts[view];
    },

    // ---- what the person does

    fromAddress() {
      const state = Object.fromEntries(new URLSearchParams(location.search));
      const view = state.view in this.texts.views ? state.view : "unanswered";
      return { ...state, view, open: state.c ?? null };
    },
    /** The part of the address that the list alone follows from. */
    listQuery() {
      const { view } = this.state;
      const named = { view: view === "unanswered" ? null : view, ...Object.fromEntries(FILTERS.map((name) => [name, this.state[name]])), q: this.state.q };
      return new URLSearchParams(Object.entries(named).filter(([, value]) => value)).toString();
    },
    go(change, replace = false) {
      const before = this.listQuery();
      this.state = { ...this.state, ...change };
      const list = this.listQuery();
      if (list !== before) this.loading = true;
      const query = [list, this.state.open && `c=${this.state.open}`].filter(Boolean).join("&");
      history[replace ? "replaceState" : "pushState"](history.state, "", `${location.pathname}${query && "?"}${query}`);
      this.showArea();
      this.$emit("go", list, this.state.open);
    },
    went() {
      const before = this.listQuery();
      this.state = this.fromAddress();
      this.words = this.state.q ?? "";
      this.loading = this.listQuery() !== before;
      this.showArea();
      this.$emit("go", this.listQuery(), this.state.open);
    },
    choose(view) {
      if (view !== this.state.view) this.go({ view });
      this.$refs.scroller.focus();
    },
    narrow(name, value) {
      this.go({ [name]: value || undefined });
    },
    reset() {
      this.go(Object.fromEntries(FILTERS.map((name) => [name, undefined])));
    },
    typed() {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.search(), 250);
    },
    search() {
      clearTimeout(this.typing);
      const q = this.words.trim() || undefined;
      if (q !== this.state.q) this.go({ q }, true);
    },
    open(id) {
      this.active_id = id;
      const row = this.order.rows.get(id);
      if (row?.unread) this.order.put([{ ...row, unread: false }]);
      this.version++;
      if (id !== this.state.open) this.go({ open: id });
    },
    close() {
      if (this.state.open === null) return;
      this.go({ open: null });
      this.$nextTick(() => this.$refs.scroller.focus());
    },
    activate(index) {
      const id = this.order.ids[Math.max(0, Math.min(index, this.order.length - 1))];
      if (id === undefined) return;
      this.active_id = id;
      const [from, to] = [this.order.indexOf(id) * HEIGHT, (this.order.indexOf(id) + 1) * HEIGHT];
      if (from < this.top) this.$refs.scroller.scrollTop = from;
      else if (to > this.top + this.height) this.$refs.scroller.scrollTop = to - this.height;
    },
    move(by) {
      const at = this.active_id === null ? -1 : this.order.indexOf(this.active_id);
      this.activate(at + by);
    },
    focused() {
      if (this.active_id === null) this.activate(0);
    },
    listKey(event) {
      const page = Math.max(1, Math.floor(this.height / HEIGHT) - 1);
      const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 };
      if (event.key in moves && !event.altKey && !event.ctrlKey && !event.metaKey) this.move(moves[event.key]);
      else if ((event.key === "Enter" || event.key === " ") && this.active_id) this.open(this.active_id);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    searchKey(event) {
      if (event.key === "Enter" || event.key === "ArrowDown") this.$refs.scroller.focus();
      else if (event.key === "Escape" && this.words) this.words = "";
      else if (event.key === "Escape") this.$refs.scroller.focus();
      else return;
      this.search();
      event.preventDefault();
      event.stopPropagation();
    },
    /** Keys that hold wherever the focus is, unless somebody writes. */
    key(event) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || busyElsewhere(event.target)) return;
      const views = Object.keys(this.texts.views);
      const number = event.key === "u" ? 1 : Number(event.key);
      if (event.key === "j" || event.key === "k") this.move(event.key === "j" ? 1 : -1);
      else if (event.key === "Enter" && event.target === document.body && this.active_id) this.open(this.active_id);
      else if (event.key === "/") this.$refs.search.focus();
      else if (event.key === "Escape") this.close();
      else if (number >= 1 && number <= views.length) this.choose(views[number - 1]);
      else return;
      event.preventDefault();
    },
    /** Where the views stand in a row that scrolls. */
    showView() {
      this.$el.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
    },
    /** On a narrow screen one area stands at a time. */
    showArea() {
      document.documentElement.dataset.inbox = this.state.open ? "conversation" : "list";
      this.$nextTick(() => {
        this.showView();
        const hidden = !this.$refs.scroller.offsetParent;
        if (hidden && this.$el.contains(document.activeElement)) document.querySelector(".ib-panel")?.focus();
      });
    },
    keep() {
      const anchor = this.anchored() ?? { id: null, index: 0, rest: 0 };
      keep({ ...anchor, query: this.listQuery(), active: this.active_id, rows: this.order.length });
    },
  },
};
