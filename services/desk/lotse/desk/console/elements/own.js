/**
 * The person's own corner of the header: who he is, whether he takes work, what he has in hand, and how he wants the
 * console to look and speak. `tell` brings what changed; `status` asks for another presence.
 *
 * @typedef {{status: string, conversations: number, units: number, soft: number, hard: number}} State
 */

const channel = "BroadcastChannel" in window ? new BroadcastChannel("lotse") : null;

const DOTS = { online: "lt-ok", away: "lt-warn", not_responding: "lt-danger", offline: "" };

export default {
  template: `
<div class="lt-own">
  <button type="button" class="lt-own-button" popovertarget="lt-own" :aria-label="spoken">
    <span class="lt-avatar" aria-hidden="true"><img v-if="me.picture" :src="me.picture" alt=""><template v-else>{{ me.initials }}</template></span>
    <template v-if="state">
      <span class="lt-dot" :class="dot(state.status)" aria-hidden="true"></span>
      <span class="lt-wide">{{ texts.statuses[state.status] }}</span>
      <span class="lt-wide lt-number lt-own-load" aria-hidden="true">{{ state.units }}/{{ state.soft }}</span>
    </template>
    <span v-else class="lt-wide">{{ me.name }}</span>
    <i class="lt-icon lt-icon-down" aria-hidden="true"></i>
  </button>
  <div id="lt-own" popover class="lt-menu lt-own-menu" role="dialog" :aria-label="texts.you" @toggle="toggled">
    <div class="lt-row lt-own-card">
      <span class="lt-avatar large" aria-hidden="true"><img v-if="me.picture" :src="me.picture" alt=""><template v-else>{{ me.initials }}</template></span>
      <div class="lt-grow"><strong>{{ me.name }}</strong><br><span class="lt-muted">{{ [me.title, me.role].filter(Boolean).join(" · ") }}</span></div>
    </div>
    <template v-if="state">
      <fieldset>
        <legend>{{ texts.presence }}</legend>
        <p v-if="state.status === 'not_responding'" class="lt-danger lt-small">{{ texts.missed }}</p>
        <div class="lt-own-choices">
          <label v-for="one in ['online', 'away', 'offline']" :key="one" :class="{chosen: state.status === one}">
            <input type="radio" name="lt-presence" :value="one" :checked="state.status === one" :aria-disabled="String(waiting)" @change="ask(one, false)">
            <span class="lt-dot" :class="dot(one)" aria-hidden="true"></span>{{ texts.statuses[one] }}
          </label>
        </div>
        <button v-if="state.conversations && state.status !== 'online'" type="button" class="lt-button small" :aria-disabled="String(waiting)" @click="ask(state.status === 'offline' ? 'offline' : 'away', true)">
          <i class="lt-icon lt-icon-transfer" aria-hidden="true"></i>{{ texts.hand_back }} ({{ state.conversations }})
        </button>
        <p class="lt-small lt-own-said" role="status">{{ said }}</p>
      </fieldset>
      <fieldset>
        <legend>{{ texts.load }}</legend>
        <div class="lt-split lt-small"><span>{{ in_hand }}</span><span class="lt-number">{{ state.units }} / {{ state.soft }}</span></div>
        <div class="lt-meter" aria-hidden="true"><span :style="{width: share + '%'}"></span></div>
        <ul v-if="me.skills.length" class="lt-list lt-row wrap lt-own-skills" :aria-label="texts.skills">
          <li v-for="skill in me.skills" :key="skill.name" class="lt-chip">{{ skill.name }} <b class="lt-number">{{ skill.level }}</b></li>
        </ul>
      </fieldset>
    </template>
    <fieldset>
      <legend>{{ texts.theme }}</legend>
      <div class="lt-tabs" role="radiogroup" :aria-label="texts.theme">
        <button v-for="(label, one) in texts.themes" :key="one" type="button" role="radio" :aria-checked="String(one === shade)" @click="dress(one)">{{ label }}</button>
      </div>
    </fieldset>
    <fieldset>
      <legend>{{ texts.language }}</legend>
      <div class="lt-tabs" role="radiogroup" :aria-label="texts.language">
        <button v-for="(label, one) in {de: 'Deutsch', en: 'English'}" :key="one" type="button" role="radio" :lang="one" :aria-checked="String(one === language)" @click="speak(one)">{{ label }}</button>
      </div>
    </fieldset>
    <div class="lt-split lt-own-foot">
      <button type="button" class="lt-button quiet lt-wide" @click="$emit('keys')"><i class="lt-icon lt-icon-keyboard" aria-hidden="true"></i>{{ texts.keys }}</button>
      <button type="button" class="lt-button" @click="leave"><i class="lt-icon lt-icon-leave" aria-hidden="true"></i>{{ texts.leave }}</button>
    </div>
  </div>
</div>`,

  props: { me: Object, first: Object, texts: Object, theme: String, language: String },
  emits: ["status", "opened", "keys"],

  data() {
    return { state: this.first, shade: this.theme, said: "", waiting: false };
  },

  computed: {
    spoken() {
      return [this.me.name, this.state && this.texts.statuses[this.state.status]].filter(Boolean).join(", ");
    },
    in_hand() {
      const count = this.state.conversations;
      return count === 1 ? this.texts.one : this.texts.many.replace("{}", count);
    },
    share() {
      return Math.min(100, (100 * this.state.units) / Math.max(1, this.state.soft));
    },
  },

  mounted() {
    channel?.addEventListener("message", this.heard);
  },
  unmounted() {
    channel?.removeEventListener("message", this.heard);
  },

  methods: {
    /** @param {State} state What holds now. @param {string} said What became of the last wish. */
    tell(state, said) {
      this.state = state;
      if (said === undefined || said === null) return;
      this.said = said;
      this.waiting = false;
    },
    ask(status, hand_back) {
      if (this.waiting) return;
      this.waiting = true;
      this.said = this.texts.asking;
      this.$emit("status", { status, hand_back });
    },
    dot: (status) => DOTS[status] ?? "",
    toggled(event) {
      if (event.newState === "open") this.$emit("opened");
      else this.said = "";
    },
    dress(theme) {
      this.shade = theme;
      window.lotse.theme(theme);
    },
    speak(language) {
      if (language !== this.language) window.lotse.language(language);
    },
    async leave() {
      const answer = await fetch((window.path_prefix ?? "") + "/leave", { method: "POST" });
      const { to } = answer.ok ? await answer.json() : { to: "/" };
      channel?.postMessage("left");
      window.location.assign(to);
    },
    /** The sign-in has run out: to where one comes in again, and then back here. */
    end() {
      const back = encodeURIComponent(window.location.pathname + window.location.search);
      window.location.assign(`${window.path_prefix ?? ""}/ended?back=${back}`);
    },
    /** Signed out in another window of this browser. */
    heard(event) {
      if (event.data === "left") window.location.assign((window.path_prefix ?? "") + "/");
    },
  },
};
