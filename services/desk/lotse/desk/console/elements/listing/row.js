import { clock, date, fill, span } from "lotse-listing/times.js";

const SOON = 15 * 60e3;
const ICONS = {
  email: "mail", phone: "phone", letter: "note", press: "note", blog: "note", broadcast: "note", forum: "team",
  reviews: "thumb", facebook: "globe", instagram: "globe", x: "globe", youtube: "globe",
};

/**
 * What stands in one row of the list; countdowns and waiting times turn with `now`.
 *
 * @typedef {{id: string, at: number, channel: ?string, public: boolean, customer: ?string, subject: ?string,
 *   words: ?string, by: ?string, situation: ?string, sentiment: ?string, status: string, waiting: ?number,
 *   due: ?number, warned: boolean, until: ?number, said: number, assignee: ?string, unread: boolean, draft: boolean}} Row
 */
export default {
  props: { row: Object, now: Number, slim: Boolean, texts: Object, agents: Object },
  template: `
<div class="ib-line">
  <span v-if="row.unread" class="ib-unread"><span class="lt-sr">{{ texts.unread }}, </span></span>
  <i :class="'lt-icon lt-icon-' + icon" aria-hidden="true"></i>
  <strong class="ib-customer lt-truncate">{{ row.customer || texts.unknown }}</strong>
  <span class="lt-sr">, </span>
  <span v-if="row.due" class="ib-due lt-number" :class="due.kind">
    <i v-if="due.icon" :class="'lt-icon lt-icon-' + due.icon" aria-hidden="true"></i>{{ due.text }}</span>
  <time v-else class="lt-muted lt-small lt-number" :title="date(row.said)">{{ said }}</time>
</div>
<div class="ib-line ib-words lt-truncate"><span class="lt-sr">, </span>
  <span v-if="row.by === 'agent'" class="lt-muted"><i class="lt-icon lt-icon-reply" aria-hidden="true"></i><span class="lt-sr">{{ texts.answered }}: </span></span>
  <b v-if="row.subject">{{ row.subject }} · </b>{{ row.words || (row.subject ? '' : texts.no_words) }}
</div>
<div class="ib-line ib-meta">
  <span class="lt-sr">, </span><span class="lt-muted ib-channel lt-truncate">{{ texts.channels[row.channel] ?? texts.unknown }}</span>
  <span v-if="row.public" class="lt-badge lt-public">{{ texts.public }}</span>
  <span v-if="row.situation" class="lt-badge" :class="{'lt-danger': row.situation === 'crisis'}">{{ texts.situations[row.situation] }}</span>
  <span v-if="row.sentiment === 'negative' || row.sentiment === 'positive'" class="lt-badge" :class="row.sentiment === 'negative' ? 'lt-warn' : 'lt-ok'">{{ texts.sentiments[row.sentiment] }}</span>
  <span class="lt-grow"></span><span class="lt-sr">, </span>
  <span v-if="row.draft" class="ib-draft" :title="texts.draft"><i class="lt-icon lt-icon-draft" aria-hidden="true"></i><span class="lt-sr">{{ texts.draft }}, </span></span>
  <span v-if="slim && row.waiting" class="lt-sr">{{ fill(texts.waits, "") }}</span><span class="lt-muted ib-wait lt-number" :title="row.waiting ? date(row.waiting) : null">{{ wait }}</span>
  <span v-if="row.assignee" class="ib-assignee" :title="name"><span class="lt-sr">, {{ name }}</span><span aria-hidden="true">{{ initials }}</span></span>
</div>`,
  computed: {
    due() {
      if (!this.row.due) return null;
      const left = this.row.due - this.now;
      if (left <= 0) return { kind: "lt-danger", icon: "warning", text: fill(this.texts.overdue, clock(-left, this.texts)) };
      const text = (words) => fill(words, clock(left, this.texts));
      if (this.row.warned || left <= SOON) return { kind: "lt-warn", icon: "clock", text: text(this.texts.soon) };
      return { kind: "lt-muted", icon: null, text: text(this.texts.left) };
    },
    wait() {
      const { status, until, waiting } = this.row;
      if (status === "snoozed" && until) return fill(this.texts.back_in, span(Math.max(0, until - this.now), this.texts));
      if (waiting) return fill(this.slim ? "{}" : this.texts.waits, span(this.now - waiting, this.texts));
      return this.texts.statuses[status];
    },
    said() {
      const since = this.now - this.row.said;
      return since < 60e3 ? this.texts.now : fill(this.texts.ago, span(since, this.texts));
    },
    icon() {
      return ICONS[this.row.channel] ?? "chat";
    },
    name() {
      return this.agents[this.row.assignee] ?? this.row.assignee;
    },
    initials() {
      return this.name.split(/\s+/).map((part) => part[0]).slice(0, 2).join("");
    },
  },
  methods: { date, fill },
};
