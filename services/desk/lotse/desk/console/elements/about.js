import { clock, exactly, relative, Turning } from "lotse-conversing";

/** The side panel: the customer, how it reads, what was promised, who could take it. */
export default {
  components: { Turning },
  props: { texts: Object, language: String },
  emits: ["correct"],
  template: `
<aside v-if="of" class="cv-about" :aria-label="texts.about" @keydown.esc.stop="close">
  <button type="button" class="lt-button quiet icon cv-narrow cv-close" :aria-label="texts.close" @click="close"><i class="lt-icon lt-icon-close" aria-hidden="true"></i></button>
  <section class="cv-part">
    <h3>{{ texts.customer }}</h3>
    <p class="cv-name"><strong dir="auto">{{ of.customer }}</strong>
      <span v-if="of.known" class="lt-chip lt-ok"><i class="lt-icon lt-icon-thumb" aria-hidden="true"></i>{{ texts.known_short }}</span></p>
    <p v-if="of.known" class="lt-muted lt-small">{{ texts.known }}</p>
    <ul class="lt-list cv-names" :aria-label="texts.names">
      <li v-for="name in of.names" :key="name.kind + name.value"><span class="lt-muted">{{ name.kind }}</span>
        <span class="lt-truncate" dir="auto" :title="name.value">{{ name.value }}</span>
        <span v-if="name.verified" class="lt-badge lt-ok"><i class="lt-icon lt-icon-check" aria-hidden="true"></i>{{ texts.verified }}</span>
        <span v-else class="lt-badge">{{ texts.unverified }}</span></li>
    </ul>
    <p v-if="of.since" class="lt-muted lt-small">{{ texts.since }} <time :datetime="of.since" :title="exactly(of.since, language)">{{ date(of.since) }}</time></p>
  </section>
  <section class="cv-part">
    <h3>{{ texts.others }} <span v-if="of.others.length" class="lt-muted lt-number">{{ of.others.length }}</span></h3>
    <ul v-if="of.others.length" class="lt-list cv-others">
      <li v-for="one in of.others" :key="one.id"><a :href="prefix + '/conversations/' + one.id">
        <span class="cv-line"><span class="lt-badge" :class="one.public && 'lt-public'">{{ one.channel }}</span><span class="lt-grow"></span>
          <span class="lt-muted lt-small">{{ one.stands }}</span></span>
        <span class="cv-line"><span class="lt-truncate lt-grow" dir="auto">{{ one.words || texts.no_words }}</span>
          <time class="lt-muted lt-small" :datetime="one.at" :title="exactly(one.at, language)">{{ relative(one.at, now, language) }}</time></span></a></li>
    </ul>
    <p v-else class="lt-muted">{{ texts.no_others }}</p>
  </section>
  <section class="cv-part">
    <h3>{{ texts.reading }}</h3>
    <template v-if="of.read">
      <div class="cv-marks">
        <span class="lt-chip" :class="of.read.tone && 'lt-' + of.read.tone">{{ of.read.sentiment }} <span class="lt-number">{{ of.read.score }}</span></span>
        <span class="lt-chip">{{ of.read.triage }}</span>
        <span v-if="of.read.situation" class="lt-chip lt-info">{{ of.read.situation }}</span>
        <span v-for="topic in of.read.topics" :key="topic" class="lt-chip">#{{ topic }}</span>
      </div>
      <dl>
        <dt>{{ texts.language }}</dt><dd>{{ of.read.language }}</dd>
        <dt>{{ texts.confidence }}</dt><dd class="lt-number">{{ of.read.confidence }} %</dd>
        <template v-if="of.read.reasons.length"><dt>{{ texts.reasons }}</dt><dd><q v-for="reason in of.read.reasons" :key="reason" dir="auto">{{ reason }}</q></dd></template>
        <template v-if="of.read.corrected_by"><dt>{{ texts.corrected_by }}</dt><dd>{{ of.read.corrected_by }}</dd></template>
        <template v-else-if="of.read.version"><dt>{{ texts.version }}</dt><dd class="lt-mono">{{ of.read.version }}</dd></template>
      </dl>
      <button v-if="of.read.message" type="button" class="lt-button small" data-act="correct" @click="$emit('correct')">{{ texts.correct }}</button>
    </template>
    <p v-else class="lt-muted">{{ texts.not_read }}</p>
  </section>
  <section class="cv-part">
    <h3>{{ texts.promises }}</h3>
    <ul v-if="of.promises.length" class="lt-list">
      <li v-for="(one, n) in of.promises" :key="n" class="cv-line"><span class="lt-grow">{{ one.clock }}</span>
        <Turning v-if="one.open && one.due_at" :due="one.due_at" :warned="one.warned" :left="texts.left" :over="texts.over" :language="language"></Turning>
        <template v-else><span :class="one.tone ? 'lt-' + one.tone : 'lt-muted'">{{ one.said }}</span>
          <time v-if="one.ended_at" class="lt-muted lt-small" :datetime="one.ended_at" :title="exactly(one.ended_at, language)">{{ relative(one.ended_at, now, language) }}</time></template></li>
    </ul>
    <p v-else class="lt-muted">{{ texts.no_promises }}</p>
  </section>
  <section class="cv-part">
    <h3>{{ texts.work }}</h3>
    <dl>
      <dt>{{ texts.assignee }}</dt><dd>{{ of.assignee || texts.nobody }}</dd>
      <template v-if="of.team"><dt>{{ texts.team }}</dt><dd>{{ of.team }}</dd></template>
      <template v-if="of.required"><dt>{{ texts.required }}</dt><dd>{{ of.required }}</dd></template>
      <template v-if="of.dropped.length"><dt>{{ texts.dropped }}</dt><dd>{{ of.dropped.join(', ') }}</dd></template>
      <template v-if="of.rules.length"><dt>{{ texts.rules }}</dt><dd>{{ of.rules.join(', ') }}</dd></template>
    </dl>
    <p v-if="of.why" class="lt-warn">{{ of.why }}</p>
    <ul v-if="of.candidates.length" class="lt-list cv-candidates" :aria-label="texts.candidates">
      <li v-for="one in of.candidates" :key="one.name" class="cv-line"><span class="lt-dot" :class="one.tone && 'lt-' + one.tone" aria-hidden="true"></span>
        <span class="lt-grow lt-truncate">{{ one.name }}<span v-if="one.lacks" class="lt-muted lt-small"> {{ texts.lacks }} {{ one.lacks }}</span></span>
        <span class="lt-muted lt-small">{{ one.presence }}, <span class="lt-number">{{ one.load }}</span></span></li>
    </ul>
  </section>
  <section v-if="of.trace" class="cv-part">
    <h3>{{ texts.trace }}</h3>
    <a v-if="of.trace_address" :href="of.trace_address" target="_blank" rel="noopener noreferrer">{{ texts.trace_open }}</a>
    <p v-else class="cv-line"><code class="lt-truncate lt-grow" tabindex="0">lotse trace {{ of.id }}</code>
      <button type="button" class="lt-button small quiet" @click="copy">{{ copied ? texts.copied : texts.copy }}</button></p>
  </section>
</aside>`,
  data: () => ({ of: null, now: Date.now(), copied: false, prefix: window.path_prefix ?? "" }),
  methods: {
    clock,
    exactly,
    relative,
    date(at) {
      return new Date(at).toLocaleDateString(this.language === "en" ? "en-GB" : "de-DE", { dateStyle: "medium" });
    },
    show(of) {
      [this.of, this.now, this.copied] = [of, Date.now(), false];
    },
    close() {
      document.documentElement.removeAttribute("data-about");
      document.querySelector('[data-act="about"]')?.focus();
    },
    async copy() {
      await navigator.clipboard.writeText(`lotse trace ${this.of.id}`);
      this.copied = true;
    },
  },
};
