import { clock, Dialog, exactly, relative, Transfer, Turning } from "lotse-conversing";

const STATUSES = ["online", "away", "offline"];
const DOTS = { online: "lt-ok", away: "lt-warn", not_responding: "lt-danger" };

/** @returns {string} a wait that need not turn by the second: `40 s`, `12 min`, `1 h 5 min`, `3 d` */
function ago(ms) {
  const minutes = Math.floor(ms / 60e3);
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 1440)} d`;
}

/**
 * Queue, agents and today's promises. `show` brings how they stand; `act` says what is wished for, `targets` asks who
 * could be given a conversation. The line that has the focus keeps it while the queue moves.
 */
export default {
  components: { AskDialog: Dialog, AskTransfer: Transfer, Turning },
  props: { texts: Object, presences: Object, language: String, leads: Boolean },
  emits: ["act", "targets"],
  template: `
<div v-if="at" class="tm">
  <p class="lt-sr" role="status" aria-live="polite">{{ spoken }}</p>
  <section class="tm-queue" aria-labelledby="tm-queue">
    <header class="lt-split">
      <h2 id="tm-queue">{{ texts.queue }} <span class="lt-badge lt-number" data-total>{{ at.total }}</span></h2>
      <span v-if="at.oldest" class="lt-muted lt-small" :title="exactly(at.oldest, language)">{{ fill(texts.oldest, { time: since(at.oldest) }) }}</span>
    </header>
    <div v-if="at.reasons.length > 1" class="lt-row wrap tm-reasons" role="group" :aria-label="texts.reasons">
      <button type="button" class="lt-button small" :aria-pressed="String(!only)" @click="only = ''">{{ texts.all }} <span class="lt-number">{{ at.total }}</span></button>
      <button v-for="one in at.reasons" :key="one.why" type="button" class="lt-button small" :aria-pressed="String(only === one.why)" :data-reason="one.why" @click="only = only === one.why ? '' : one.why">
        <span class="lt-dot" :class="dot(one.tone)" aria-hidden="true"></span>{{ one.said }} <span class="lt-number">{{ one.count }}</span></button>
    </div>
    <ol v-if="lines.length" class="lt-list tm-lines">
      <li v-for="line in lines" :key="line.id" class="lt-card tm-line" :class="line.crisis && 'lt-danger'" :data-conversation="line.id">
        <div class="lt-row tm-top">
          <span class="lt-badge">{{ line.channel }}</span>
          <span v-if="line.public" class="lt-badge lt-public"><i class="lt-icon lt-icon-globe" aria-hidden="true"></i>{{ texts.public }}</span>
          <a class="tm-name lt-truncate" dir="auto" :href="prefix + '/conversations/' + line.id">{{ line.customer }}</a>
          <span v-if="line.crisis" class="lt-badge lt-danger">{{ texts.crisis }}</span>
          <span v-if="line.priority !== null" class="lt-badge" :class="line.priority > 5 && 'lt-warn'" :title="fill(texts.priority, { n: line.priority })"><span class="lt-sr">{{ fill(texts.priority, { n: line.priority }) }}</span><span aria-hidden="true">P{{ line.priority }}</span></span>
          <span class="lt-grow"></span>
          <Turning v-if="line.due_at" :due="line.due_at" :warned="false" :left="texts.left" :over="texts.over" :language="language"></Turning>
        </div>
        <p class="lt-muted lt-truncate tm-words" dir="auto">{{ line.words }}</p>
        <div class="lt-row wrap tm-why">
          <span class="lt-chip" :class="line.tone && 'lt-' + line.tone" data-why>{{ line.said }}</span>
          <span v-if="line.waiting_since" class="lt-small lt-muted" :title="exactly(line.waiting_since, language)">{{ fill(texts.since, { time: since(line.waiting_since) }) }}</span>
          <span v-if="line.first" class="lt-small lt-muted">{{ fill(texts.first, { who: line.first, time: clock(line.first_until, language) }) }}</span>
          <span class="lt-grow"></span>
          <button v-if="leads" type="button" class="lt-button small" data-act="assign" :aria-label="fill(texts.assign_this, { who: line.customer })" @click="assign(line)"><i class="lt-icon lt-icon-transfer" aria-hidden="true"></i>{{ texts.assign }}</button>
          <button v-else type="button" class="lt-button small" data-act="assign" :aria-label="fill(texts.take_this, { who: line.customer })" :aria-disabled="String(busy)" @click="take(line)"><i class="lt-icon lt-icon-transfer" aria-hidden="true"></i>{{ texts.take }}</button>
        </div>
        <details class="tm-could">
          <summary class="lt-small"><span class="lt-muted">{{ texts.who }}: </span>{{ names(line) || texts.nobody }}</summary>
          <ul class="lt-list" :aria-label="texts.who">
            <li v-for="one in line.could" :key="one.id" class="lt-row wrap">
              <span class="lt-dot" :class="dot(one.tone)" aria-hidden="true"></span><strong>{{ one.name }}</strong>
              <span class="lt-muted lt-small">{{ one.presence }}</span>
              <span class="lt-small lt-number" :class="one.full ? 'lt-warn' : 'lt-muted'">{{ one.load }}</span>
              <span v-if="one.lacks" class="lt-small lt-danger">{{ fill(texts.lacks, { what: one.lacks }) }}</span>
            </li>
          </ul>
          <dl class="lt-small">
            <dt>{{ texts.needs }}</dt><dd>{{ line.needs || texts.nothing }}</dd>
            <template v-if="line.relaxed"><dt>{{ texts.relaxed }}</dt><dd>{{ line.relaxed }}</dd></template>
            <template v-if="line.likes"><dt>{{ texts.likes }}</dt><dd>{{ line.likes }}</dd></template>
            <template v-if="line.team"><dt>{{ texts.for_team }}</dt><dd>{{ line.team }}</dd></template>
            <template v-if="line.rules"><dt>{{ texts.rules }}</dt><dd>{{ line.rules }}</dd></template>
            <template v-if="line.queued_at"><dt>{{ texts.queued }}</dt><dd><time :datetime="line.queued_at" :title="exactly(line.queued_at, language)">{{ relative(line.queued_at, now, language) }}</time></dd></template>
          </dl>
          <p v-if="line.eases_at" class="lt-small lt-muted">{{ fill(texts.eases, { time: relative(line.eases_at, now, language), what: line.eases }) }}</p>
        </details>
      </li>
    </ol>
    <p v-else class="lt-empty lt-card">{{ only ? texts.none_so : texts.nobody_waits }}</p>
    <p v-if="at.total > at.lines.length" class="lt-muted lt-small">{{ fill(texts.more, { n: at.total - at.lines.length }) }}</p>
  </section>
  <div class="tm-side">
    <section class="lt-card tm-today" aria-labelledby="tm-today">
      <h2 id="tm-today">{{ texts.today }}</h2>
      <div v-if="at.today.length" class="lt-scroll" tabindex="0" role="region" aria-labelledby="tm-today">
        <table class="lt-table"><caption class="lt-small">{{ fill(texts.today_note, { zone: at.zone }) }}</caption>
          <thead><tr><th scope="col">{{ texts.channel }}</th><th v-for="name in figures" :key="name" scope="col" class="number">{{ texts[name] }}</th></tr></thead>
          <tbody><tr v-for="row in at.today" :key="row.channel"><th scope="row">{{ row.channel }}</th>
            <td v-for="name in figures" :key="name" class="number" :class="tone(name, row)" :data-figure="name">{{ figure(name, row) }}</td></tr></tbody>
          <tfoot><tr data-total-row><th scope="row">{{ texts.total }}</th><td v-for="name in figures" :key="name" class="number" :class="tone(name, at.together)" :data-figure="name">{{ figure(name, at.together) }}</td></tr></tfoot>
        </table>
      </div>
      <p v-else class="lt-muted">{{ texts.no_promises }}</p>
    </section>
    <section aria-labelledby="tm-agents">
      <header class="lt-split"><h2 id="tm-agents">{{ texts.agents }}</h2><span class="lt-muted lt-small">{{ fill(texts.there, { n: at.there }) }}</span></header>
      <ul ref="agents" class="lt-list tm-agents">
        <li v-for="card in at.cards" :key="card.id" class="lt-card tm-agent" :data-agent="card.id">
          <div class="lt-row">
            <span class="lt-avatar" aria-hidden="true"><img v-if="card.picture" :src="card.picture" alt=""><template v-else>{{ card.initials }}</template></span>
            <div class="lt-grow tm-who"><h3 class="lt-truncate">{{ card.name }}<span v-if="card.mine" class="lt-muted"> ({{ texts.you }})</span></h3>
              <p class="lt-muted lt-small lt-truncate">{{ [card.title, card.teams].filter(Boolean).join(" · ") }}</p></div>
            <button v-if="leads" type="button" class="lt-button small quiet" data-act="status" :aria-label="fill(texts.status_of, { who: card.name })" @click="ask(card)">{{ texts.status }}</button>
          </div>
          <p class="lt-row lt-small tm-presence" data-presence><span class="lt-dot" :class="dot(card.tone)" aria-hidden="true"></span>{{ card.presence }}
            <time v-if="card.since" class="lt-muted" :datetime="card.since" :title="exactly(card.since, language)">{{ fill(texts.is_since, { time: relative(card.since, now, language) }) }}</time></p>
          <div class="lt-row" :title="fill(texts.used, { n: card.units, soft: card.soft, hard: card.hard })">
            <div class="lt-meter lt-grow tm-meter" :class="load(card)" role="meter" :aria-label="fill(texts.load, { who: card.name })" aria-valuemin="0" :aria-valuemax="card.hard || 1" :aria-valuenow="Math.min(card.units, card.hard || 1)" :aria-valuetext="fill(texts.used, { n: card.units, soft: card.soft, hard: card.hard })">
              <span :style="{ width: share(card.units, card) }"></span><i :style="{ left: share(card.soft, card) }"></i></div>
            <span class="lt-small lt-number" data-load>{{ card.units }}/{{ card.soft }}<span class="lt-muted">/{{ card.hard }}</span></span>
          </div>
          <ul v-if="card.in_hand.length" class="lt-list tm-hand" :aria-label="texts.in_hand">
            <li v-for="one in card.in_hand" :key="one.id" class="lt-row lt-small"><span class="lt-muted">{{ one.channel }}</span>
              <a class="lt-truncate lt-grow" dir="auto" :href="prefix + '/conversations/' + one.id">{{ one.customer }}</a>
              <Turning v-if="one.due_at" :due="one.due_at" :warned="false" :left="texts.left" :over="texts.over" :language="language"></Turning></li>
          </ul>
          <p v-else class="lt-small lt-muted">{{ texts.free }}</p>
          <ul v-if="card.skills.length" class="lt-list lt-row wrap" :aria-label="texts.skills">
            <li v-for="skill in card.skills" :key="skill.name" class="lt-chip">{{ skill.name }} <b class="lt-number">{{ skill.level }}</b></li>
          </ul>
        </li>
      </ul>
    </section>
  </div>
  <AskTransfer ref="transfer" :texts="texts" :busy="busy" :problem="problem" :targets="targets" @act="give" @closed="problem = ''"></AskTransfer>
  <AskDialog ref="status" :title="fill(texts.status_of, { who: asked ? asked.name : '' })" :go="texts.status_go" :texts="texts" :busy="busy" :problem="problem" :ready="Boolean(status)" @send="change" @closed="problem = ''">
    <fieldset class="tm-choices"><legend class="lt-sr">{{ texts.status }}</legend>
      <label v-for="(one, n) in statuses" :key="one" class="lt-check"><input type="radio" name="tm-status" :value="one" v-model="status" :autofocus="n === 0">
        <span class="lt-dot" :class="dots[one]" aria-hidden="true"></span>{{ presences[one] }}</label></fieldset>
    <label v-if="status !== 'online'" class="lt-check"><input type="checkbox" v-model="back">{{ texts.hand_back }}</label>
  </AskDialog>
</div>`,
  data: () => ({
    at: null, only: "", now: Date.now(), busy: false, problem: "", spoken: "", given: null, targets: null, asked: null,
    status: "", back: false, statuses: STATUSES, dots: DOTS, figures: ["kept", "missed", "level", "open", "overdue"],
  }),
  computed: {
    prefix: () => window.path_prefix ?? "",
    lines() {
      return this.only ? this.at.lines.filter((line) => line.why === this.only) : this.at.lines;
    },
  },
  mounted() {
    this.timer = setInterval(() => (this.now = Date.now()), 5000);
  },
  unmounted() {
    clearInterval(this.timer);
  },
  methods: {
    clock, exactly, relative,
    dot: (tone) => tone && tone !== "info" && `lt-${tone}`,
    fill: (text, words) => text.replace(/\{(\w+)\}/g, (_, name) => words[name] ?? ""),
    share: (units, card) => `${Math.min(100, (100 * units) / (card.hard || 1))}%`,
    load: (card) => (card.units >= card.hard ? "tm-full" : card.units >= card.soft ? "tm-near" : ""),
    names: (line) => line.could.filter((one) => !one.lacks).map((one) => one.name).join(", "),
    since(at) {
      return ago(this.now - Date.parse(at));
    },
    figure: (name, row) => (name === "level" ? (row.level === null ? "–" : `${row.level} %`) : row[name]),
    tone: (name, row) => ((name === "missed" || name === "overdue") && row[name] ? "lt-danger" : ""),

    // ---- what comes from the desk

    show(at) {
      this.now = Date.now();
      this.at = at;
      if (this.only && !at.reasons.some((one) => one.why === this.only)) this.only = "";
    },
    offer(conversation, targets) {
      if (this.given === conversation) this.targets = targets;
    },
    done(said) {
      this.busy = false;
      this.spoken = said;
      this.$refs.transfer.close();
      this.$refs.status.close();
    },
    refused(said) {
      this.busy = false;
      this.problem = this.spoken = said;
    },

    // ---- what the person does

    /** To the next line of the queue, or the one before. */
    step(by) {
      const names = [...this.$el.querySelectorAll(".tm-name")];
      const at = names.findIndex((name) => name.closest(".tm-line").contains(document.activeElement));
      names[at < 0 ? 0 : Math.max(0, Math.min(names.length - 1, at + by))]?.focus();
    },
    /** Give away the line that has the focus, else the first. */
    begin() {
      const line = document.activeElement?.closest(".tm-line") ?? this.$el.querySelector(".tm-line");
      line?.querySelector("[data-act=assign]")?.click();
    },
    people() {
      this.$refs.agents.querySelector("a, button")?.focus();
    },
    assign(line) {
      [this.given, this.targets, this.problem] = [line.id, null, ""];
      this.$emit("targets", { conversation: line.id });
      this.$refs.transfer.open();
    },
    give({ agent, team, reason }) {
      this.send({ what: "transfer", conversation: this.given, agent, team, reason });
    },
    take(line) {
      if (!this.busy) this.send({ what: "take", conversation: line.id });
    },
    ask(card) {
      [this.asked, this.status, this.back, this.problem] = [card, card.status === "online" ? "away" : "online", false, ""];
      this.$refs.status.open();
    },
    change() {
      this.send({ what: "status", agent: this.asked.id, status: this.status, hand_back: this.back && this.status !== "online" });
    },
    send(wish) {
      [this.busy, this.problem] = [true, ""];
      this.$emit("act", wish);
    },
  },
};
