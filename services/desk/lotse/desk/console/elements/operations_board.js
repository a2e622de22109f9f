import { clock, exactly, relative } from "lotse-conversing";

/**
 * How the installation stands. `show` brings everything, `asOf` that nothing changed, `record` a parked record; `look`,
 * `replay`, `part` and `more` say what the person wants. What is not known is said to be unknown, never zero.
 */
export default {
  props: { texts: Object, language: String, replays: Boolean },
  emits: ["look", "replay", "part", "more"],
  template: `
<div v-if="at" class="op">
  <p class="lt-sr" role="status" aria-live="polite">{{ spoken }}</p>
  <p class="lt-muted lt-small op-as-of" data-as-of>{{ fill(texts.as_of, { time: moment }) }}</p>

  <section class="lt-card" aria-labelledby="op-parked" data-section="parked">
    <h2 id="op-parked">{{ texts.parked }} <span class="lt-badge lt-number" :class="count && 'lt-warn'" data-total>{{ count === null ? "?" : count }}</span></h2>
    <p class="lt-muted lt-small">{{ texts.parked_note }}</p>
    <p v-for="one in at.left.filter((one) => one.unknown !== null)" :key="one.service" class="lt-warn">{{ fill(texts.parked_unknown, { who: one.service, what: one.unknown }) }}</p>
    <ul v-if="at.parked.length" class="lt-list op-parked">
      <li v-for="row in at.parked" :key="row.service + row.id" :data-parked="row.service + '-' + row.id">
        <div class="lt-row wrap"><span class="lt-badge">{{ row.service }}</span><strong class="op-type">{{ row.type || row.topic }}</strong>
          <span class="lt-chip" :class="row.requested ? 'lt-info' : 'lt-warn'" data-reason>{{ row.requested ? texts.requested : row.reason }}</span>
          <span class="lt-grow"></span>
          <time class="lt-muted lt-small" :datetime="row.at" :title="exactly(row.at, language)">{{ relative(row.at, now, language) }}</time></div>
        <p class="lt-small op-error" data-error>{{ row.error }}</p>
        <div class="lt-row wrap"><span class="lt-muted lt-small lt-mono op-place">{{ row.topic }} {{ row.place }}</span><span class="lt-grow"></span>
          <template v-if="row.trace"><a v-if="row.trace_address" class="lt-button small quiet" :href="row.trace_address" target="_blank" rel="noreferrer" data-trace>{{ texts.trace }} {{ row.trace.slice(0, 8) }}</a>
            <button v-else type="button" class="lt-button small quiet" :title="command(row.trace)" data-trace @click="copy(command(row.trace))">{{ texts.trace }} {{ row.trace.slice(0, 8) }}</button></template>
          <button type="button" class="lt-button small" data-act="look" :aria-label="fill(texts.look_at, { n: row.id, who: row.service })" @click="look(row)">{{ texts.look }}</button>
          <button v-if="replays" type="button" class="lt-button small" data-act="replay" :aria-disabled="String(row.requested)" :aria-label="fill(texts.replay_of, { n: row.id, who: row.service })" @click="replay(row)"><i class="lt-icon lt-icon-refresh" aria-hidden="true"></i>{{ texts.replay }}</button>
        </div>
      </li>
    </ul>
    <p v-else-if="count === 0" class="lt-ok lt-row"><i class="lt-icon lt-icon-check" aria-hidden="true"></i>{{ texts.none_parked }}</p>
    <p v-for="one in at.left.filter((one) => one.count)" :key="'more ' + one.service"><button v-if="at.parked.length < 200" type="button" class="lt-button small" @click="$emit('more')">{{ one.service }}: {{ fill(texts.more, { n: one.count }) }}</button>
      <span v-else class="lt-muted lt-small">{{ one.service }}: {{ fill(texts.still_more, { n: one.count }) }}</span></p>
  </section>

  <section class="lt-card" aria-labelledby="op-services" data-section="services">
    <h2 id="op-services">{{ texts.services }}</h2>
    <p v-if="!at.services.length" class="lt-warn">{{ texts.not_configured }}</p>
    <div v-else class="lt-scroll" tabindex="0" role="region" aria-labelledby="op-services">
      <table class="lt-table">
        <thead><tr><th scope="col">{{ texts.service }}</th><th scope="col">{{ texts.state }}</th><th scope="col" class="number">{{ texts.behind }}</th>
          <th scope="col" class="number">{{ texts.outbox }}</th><th scope="col" class="number">{{ texts.outbox_age }}</th><th scope="col" class="number">{{ texts.parked_count }}</th></tr></thead>
        <tbody><tr v-for="one in at.services" :key="one.name" :data-service="one.name">
          <th scope="row">{{ one.name }}</th>
          <td data-state><span v-if="!one.processes.length" class="lt-badge lt-danger">{{ fill(texts.away, { what: one.fault }) }}</span>
            <div v-for="process in one.processes" :key="process.where" class="lt-row wrap op-process">
              <span v-if="process.fault !== null" class="lt-badge lt-danger">{{ fill(texts.away, { what: process.fault }) }}</span>
              <span v-else-if="process.not_ready" class="lt-badge lt-warn">{{ fill(texts.not_ready, { what: process.not_ready }) }}</span>
              <span v-else class="lt-badge lt-ok">{{ texts.ready }}</span>
              <span v-if="process.relay !== null" class="lt-chip">{{ process.relay ? texts.relay : texts.stands_by }}</span>
              <span class="lt-muted lt-small lt-mono">{{ process.where }}</span>
              <span v-if="process.started_at" class="lt-muted lt-small">{{ texts.started }} <time :datetime="process.started_at" :title="exactly(process.started_at, language)">{{ relative(process.started_at, now, language) }}</time></span>
            </div></td>
          <td class="number" data-figure="behind">{{ figure(behind(one)) }}</td>
          <td class="number" data-figure="outbox">{{ one.processes.some((p) => p.relay !== null) ? figure(one.outbox) : one.processes.some((p) => p.fault === null) ? "–" : texts.unknown }}</td>
          <td class="number" :class="one.outbox_tone && 'lt-' + one.outbox_tone">{{ one.outbox_age === null ? "–" : one.outbox_age + " s" }}</td>
          <td class="number" :class="one.parked && 'lt-warn'" data-figure="parked">{{ figure(one.parked) }}</td>
        </tr></tbody>
      </table>
    </div>
  </section>

  <section class="lt-card" aria-labelledby="op-topics" data-section="topics">
    <h2 id="op-topics">{{ texts.topics }}</h2>
    <p v-if="at.topics === null" class="lt-danger" role="alert">{{ fill(texts.kafka_away, { what: at.topics_fault }) }}</p>
    <ul v-else class="lt-list op-topics">
      <li v-for="topic in at.topics" :key="topic.name" :data-topic="topic.name">
        <details><summary><strong class="lt-mono">{{ topic.name }}</strong>
            <span class="lt-muted lt-small">{{ topic.there ? topic.records + " " + texts.records : texts.no_topic }}</span>
            <span v-for="group in topic.groups" :key="group.name" class="lt-badge" :class="group.tone && 'lt-' + group.tone" :data-group="group.name">{{ group.name }} {{ group.behind === null ? texts.unknown : group.behind }}</span></summary>
          <div class="op-groups"><div v-for="group in topic.groups" :key="group.name" class="lt-scroll" tabindex="0" role="region" :aria-label="fill(texts.partitions_of, { what: group.name })">
            <p v-if="group.fault" class="lt-warn">{{ group.name }}: {{ group.fault }}</p>
            <table v-else class="lt-table"><caption class="lt-small">{{ group.name }}</caption>
              <thead><tr><th scope="col" class="number">{{ texts.partition }}</th><th scope="col" class="number">{{ texts.end }}</th><th scope="col" class="number">{{ texts.read }}</th><th scope="col" class="number">{{ texts.behind }}</th></tr></thead>
              <tbody><tr v-for="part in group.partitions" :key="part.partition"><th scope="row" class="number">{{ part.partition }}</th><td class="number">{{ part.end }}</td>
                <td class="number">{{ part.committed === null ? texts.never : part.committed }}</td><td class="number" :class="part.behind && 'lt-warn'">{{ part.behind }}</td></tr></tbody></table>
          </div></div>
        </details>
      </li>
    </ul>
  </section>

  <section class="lt-card" aria-labelledby="op-accounts" data-section="accounts">
    <h2 id="op-accounts">{{ texts.accounts }}</h2>
    <p v-if="at.since" class="lt-muted lt-small">{{ fill(texts.accounts_note, { time: relative(at.since, now, language) }) }}</p>
    <p v-if="at.unreachable" class="lt-warn">{{ fill(texts.partial, { n: at.unreachable }) }}</p>
    <div class="lt-scroll" tabindex="0" role="region" aria-labelledby="op-accounts">
      <table class="lt-table">
        <thead><tr><th scope="col">{{ texts.account }}</th><th scope="col">{{ texts.last }}</th><th scope="col" class="number">{{ texts.accepted }}</th><th scope="col">{{ texts.refused }}</th>
          <th scope="col">{{ texts.not_understood }}</th><th scope="col">{{ texts.last_event }}</th></tr></thead>
        <tbody><tr v-for="one in at.accounts" :key="one.id" :data-account="one.id">
          <th scope="row">{{ one.id }} <span class="lt-muted lt-small">{{ one.kind }}</span></th>
          <td><time v-if="one.last_accepted" :datetime="one.last_accepted" :title="exactly(one.last_accepted, language)">{{ relative(one.last_accepted, now, language) }}</time><span v-else class="lt-muted">{{ one.known ? texts.since_start : texts.unknown }}</span></td>
          <td class="number" data-figure="accepted">{{ one.known ? one.accepted : texts.unknown }}</td>
          <td data-figure="refused"><template v-if="!one.known">{{ texts.unknown }}</template><template v-else-if="one.refused"><span class="lt-danger lt-number">{{ one.refused }}</span> <span class="lt-small">{{ one.refusals }}</span>
            <time class="lt-muted lt-small" :datetime="one.last_refused" :title="one.last_reason + ', ' + exactly(one.last_refused, language)">{{ relative(one.last_refused, now, language) }}</time></template><template v-else>0</template></td>
          <td data-figure="not_understood"><template v-if="!one.known">{{ texts.unknown }}</template><template v-else-if="one.not_understood"><span class="lt-warn lt-number">{{ one.not_understood }}</span>
            <time class="lt-muted lt-small" :datetime="one.last_not_understood" :title="exactly(one.last_not_understood, language)">{{ relative(one.last_not_understood, now, language) }}</time></template><template v-else>0</template></td>
          <td><time v-if="one.last_event" :datetime="one.last_event" :title="exactly(one.last_event, language)">{{ relative(one.last_event, now, language) }}</time><span v-else class="lt-muted">{{ texts.no_event }}</span></td>
        </tr></tbody>
      </table>
    </div>
    <h3>{{ texts.unparsed }} <span class="lt-badge lt-number">{{ at.parts === null ? "?" : at.parts_total }}</span></h3>
    <p v-if="at.parts === null" class="lt-warn">{{ texts.unknown }}</p>
    <template v-else-if="at.parts.length"><p class="lt-muted lt-small">{{ texts.unparsed_note }}</p>
      <ul class="lt-list op-parts"><li v-for="one in at.parts" :key="one.id" class="lt-row wrap" :data-part="one.id"><span class="lt-badge">{{ one.account }}</span><span class="op-error">{{ one.reason }}</span>
        <span class="lt-muted lt-small">{{ fill(texts.bytes, { n: one.size }) }}</span><span class="lt-grow"></span>
        <template v-if="one.trace"><a v-if="one.trace_address" class="lt-small" :href="one.trace_address" target="_blank" rel="noreferrer">{{ texts.trace }} {{ one.trace.slice(0, 8) }}</a>
          <button v-else type="button" class="lt-button small quiet" :title="command(one.trace)" @click="copy(command(one.trace))">{{ texts.trace }} {{ one.trace.slice(0, 8) }}</button></template>
        <time class="lt-muted lt-small" :datetime="one.at" :title="exactly(one.at, language)">{{ relative(one.at, now, language) }}</time>
        <button v-if="replays" type="button" class="lt-button small" data-act="part" :aria-label="fill(texts.part_again, { who: one.account })" @click="$emit('part', { id: one.id })"><i class="lt-icon lt-icon-refresh" aria-hidden="true"></i>{{ texts.replay }}</button></li></ul></template>
    <p v-else class="lt-muted lt-small">{{ texts.none_unparsed }}</p>
  </section>

  <dialog ref="dialog" class="lt-dialog op-dialog" :aria-label="seen ? fill(texts.record, { n: seen.row.id, who: seen.row.service }) : ''" @click.self="close" @keydown.stop @close="seen = null">
    <template v-if="seen">
      <header><h2>{{ fill(texts.record, { n: seen.row.id, who: seen.row.service }) }}</h2>
        <button type="button" class="lt-button quiet icon" :aria-label="texts.close" autofocus @click="close"><i class="lt-icon lt-icon-close" aria-hidden="true"></i></button></header>
      <div class="body lt-stack">
        <dl><dt>{{ texts.error }}</dt><dd class="lt-danger">{{ seen.row.error }}</dd>
          <dt>{{ texts.topic }}</dt><dd class="lt-mono">{{ seen.row.topic }} {{ seen.row.place }}</dd>
          <dt>{{ texts.key }}</dt><dd class="lt-mono">{{ seen.row.key }}</dd>
          <template v-if="seen.row.trace"><dt>{{ texts.trace }}</dt><dd class="lt-mono"><a v-if="seen.row.trace_address" :href="seen.row.trace_address" target="_blank" rel="noreferrer">{{ seen.row.trace }}</a><template v-else>{{ command(seen.row.trace) }}</template></dd></template></dl>
        <h3>{{ texts.headers }}</h3>
        <dl class="lt-mono lt-small"><template v-for="(pair, n) in seen.headers" :key="n"><dt>{{ pair[0] }}</dt><dd>{{ pair[1] }}</dd></template></dl>
        <template v-if="seen.value !== null"><h3>{{ fill(texts.content, { n: seen.size }) }}</h3><pre class="op-value" tabindex="0" data-value>{{ seen.value }}</pre></template>
        <p v-else class="lt-muted">{{ seen.size ? fill(texts.content_hidden, { n: seen.size }) : texts.no_content }}</p>
      </div>
      <footer v-if="replays"><button type="button" class="lt-button primary" @click="replay(seen.row)"><i class="lt-icon lt-icon-refresh" aria-hidden="true"></i>{{ texts.replay }}</button></footer>
    </template>
  </dialog>
</div>
<p v-else class="lt-muted" role="status">{{ texts.asking }}</p>`,
  data: () => ({ at: null, as: null, now: Date.now(), seen: null, spoken: "" }),
  computed: {
    moment() {
      return new Date(this.as).toLocaleTimeString(this.language === "en" ? "en-GB" : "de-DE");
    },
    /** How much is parked in all services together; null where one of them cannot be asked. */
    count() {
      const all = this.at.services.map((one) => one.parked);
      return all.length && all.every((one) => one !== null) ? all.reduce((sum, one) => sum + one, 0) : null;
    },
  },
  methods: {
    clock, exactly, relative,
    fill: (text, words) => text.replace(/\{(\w+)\}/g, (_, name) => words[name] ?? ""),
    command: (trace) => `lotse trace ${trace}`,
    figure(number) {
      return number ?? this.texts.unknown;
    },
    /** Over all replicas; "–" for a service that reads no topic, null where a replica cannot be asked. */
    behind(service) {
      if (!service.processes.length || service.processes.some((one) => one.fault !== null)) return null;
      const told = service.processes.filter((one) => one.behind !== null);
      return told.length ? told.reduce((sum, one) => sum + one.behind, 0) : "–";
    },

    // ---- what comes from the desk

    show(at, as) {
      [this.at, this.as, this.now] = [at, as, Date.now()];
    },
    asOf(as) {
      [this.as, this.now] = [as, Date.now()];
    },
    record(seen) {
      this.seen = seen;
      this.$nextTick(() => {
        if (!this.$refs.dialog.open) this.$refs.dialog.showModal();
      });
    },
    say(said, failed) {
      this.spoken = said;
      if (!failed) this.close();
    },

    // ---- what the person does

    look({ service, id }) {
      this.$emit("look", { service, id });
    },
    replay({ service, id, requested }) {
      if (!requested) this.$emit("replay", { service, id });
    },
    close() {
      if (this.$refs.dialog.open) this.$refs.dialog.close();
    },
    async copy(command) {
      await navigator.clipboard?.writeText(command).catch(() => {});
      this.spoken = this.fill(this.texts.copied, { what: command });
    },
  },
};
