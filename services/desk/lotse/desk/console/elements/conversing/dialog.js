/** A dialog with a heading, what is asked for, and two buttons; Escape and Cancel close it, focus goes back. */
export default {
  props: { title: String, go: String, texts: Object, busy: Boolean, problem: String, ready: { type: Boolean, default: true } },
  emits: ["send", "closed"],
  template: `
<dialog ref="dialog" class="lt-dialog cv-dialog" :aria-label="title" @close="$emit('closed')" @click.self="close" @keydown.stop="key">
  <header><h2>{{ title }}</h2>
    <button type="button" class="lt-button quiet icon" :aria-label="texts.close" @click="close"><i class="lt-icon lt-icon-close" aria-hidden="true"></i></button></header>
  <form class="body lt-stack" @submit.prevent="ready && !busy && $emit('send')">
    <slot></slot>
    <p v-if="problem" class="lt-danger" role="alert">{{ problem }}</p>
    <div class="cv-send"><button type="button" class="lt-button quiet" @click="close">{{ texts.cancel }}</button>
      <button type="submit" class="lt-button primary" :aria-disabled="String(busy || !ready)">{{ busy ? texts.busy : go }}</button></div>
  </form>
</dialog>`,
  methods: {
    open() {
      if (!this.$refs.dialog.open) this.$refs.dialog.showModal();
      this.$nextTick(() => this.$refs.dialog.querySelector("[autofocus]")?.focus());
    },
    close() {
      this.$refs.dialog.close();
    },
    /** What is typed here is nobody else's; Control+Enter sends. */
    key(event) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        if (this.ready && !this.busy) this.$emit("send");
      }
    },
  },
};
