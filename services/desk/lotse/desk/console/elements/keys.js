/**
 * The page's keys: listens for them, and lists them on `?`.
 *
 * A key is a `KeyboardEvent.key` with `Control+`, `Alt+`, `Meta+` or `Shift+` before it, or two in a row: "g i".
 * Single keys are left alone while somebody writes; combinations and Escape are not. Nothing but `?` and Escape is
 * heard while a dialog is open. What has neither `go`, `click` nor `sends` is listed only: another part listens for it.
 *
 * @typedef {{number: number, keys: string[], said: string, group: string, go: ?string, click: ?string, sends: boolean}} Key
 */

const SEQUENCE = 1200;
const MODIFIERS = ["Control", "Alt", "Meta", "Shift"];

const isText = (target) => Boolean(target.closest?.("input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable=true]"));

function spelled(event) {
  const shifted = event.shiftKey && (event.key.length > 1 || event.ctrlKey || event.altKey || event.metaKey);
  const held = [event.ctrlKey && "Control", event.altKey && "Alt", event.metaKey && "Meta", shifted && "Shift"];
  return [...held.filter(Boolean), event.key.length === 1 && event.ctrlKey ? event.key.toLowerCase() : event.key].join("+");
}

export default {
  template: `
<dialog ref="dialog" class="lt-dialog lt-keys" aria-labelledby="lt-keys-title" @click="outside">
  <header>
    <h2 id="lt-keys-title">{{ texts.title }}</h2>
    <button type="button" class="lt-button quiet icon" :aria-label="texts.close" @click="close"><i class="lt-icon lt-icon-close" aria-hidden="true"></i></button>
  </header>
  <div class="body">
    <section v-for="[group, found] in groups" :key="group">
      <h3>{{ group }}</h3>
      <dl>
        <template v-for="key in found" :key="key.number">
          <dt><template v-for="(one, n) in key.keys" :key="one"><span v-if="n" class="lt-muted"> {{ texts.or }} </span><kbd v-for="part in shown(one)" :key="part" class="lt-kbd">{{ part }}</kbd></template></dt>
          <dd>{{ key.said }}</dd>
        </template>
      </dl>
    </section>
  </div>
</dialog>`,

  props: { keys: Array, texts: Object },
  emits: ["pressed"],

  data: () => ({ begun: "", until: 0 }),

  computed: {
    groups() {
      const found = new Map();
      for (const key of this.keys) found.set(key.group, [...(found.get(key.group) ?? []), key]);
      return [...found];
    },
  },

  mounted() {
    document.addEventListener("keydown", this.down);
  },
  unmounted() {
    document.removeEventListener("keydown", this.down);
  },

  methods: {
    /** @param {KeyboardEvent} event */
    down(event) {
      if (event.defaultPrevented || event.isComposing || MODIFIERS.includes(event.key)) return;
      const pressed = spelled(event);
      if (isText(event.target) && !/^(Control|Alt|Meta)\+|^Escape$/.test(pressed)) return;
      const dialog = document.querySelector("dialog[open], .q-dialog, :popover-open");
      if (pressed === "?") {
        event.preventDefault();
        if (this.$refs.dialog.open) this.close();
        else if (!dialog) this.show();
        return;
      }
      if (dialog) return;
      const told = event.timeStamp < this.until ? `${this.begun} ${pressed}` : pressed;
      const key = this.keys.find((one) => one.keys.includes(told)) ?? this.keys.find((one) => one.keys.includes(pressed));
      if (key) this.act(key, event);
      const begins = !key && this.keys.some((one) => one.keys.some((other) => other.startsWith(`${pressed} `)));
      this.begun = begins ? pressed : "";
      this.until = begins ? event.timeStamp + SEQUENCE : 0;
    },

    /** @param {Key} key @param {KeyboardEvent} event */
    act(key, event) {
      const found = key.click && document.querySelector(key.click);
      if (key.click && !found) return;
      if (key.go || found || key.sends) event.preventDefault();
      if (key.go) window.location.assign((window.path_prefix ?? "") + key.go);
      if (found) found.matches("input:not([type=checkbox], [type=radio]), textarea, select, [tabindex='-1']") ? found.focus() : found.click();
      if (key.sends) this.$emit("pressed", key.number);
    },

    shown(keys) {
      return keys.split(/[ +]/).map((one) => this.texts.names[one] ?? (one.length === 1 ? one.toUpperCase().replace("SS", "ß") : one));
    },
    show() {
      if (!this.$refs.dialog.open) this.$refs.dialog.showModal();
    },
    close() {
      this.$refs.dialog.close();
    },
    outside(event) {
      if (event.target === this.$refs.dialog) this.close();
    },
  },
};
