/**
 * The table behind a chart: closed at first, sorted by its headings.
 *
 * @typedef {{headings: string[], numeric: boolean[], rows: string[][], keys: (string|number|null)[][],
 *   total: ?string[]}} Shown
 */
export default {
  template: `
<details class="nu-behind" @toggle="toggled">
  <summary>{{ texts.summary }}<span class="lt-sr">: {{ caption }}</span></summary>
  <div v-if="shown" class="lt-scroll" tabindex="0" role="region" :aria-label="caption">
    <table class="lt-table">
      <caption class="lt-sr">{{ caption }}</caption>
      <thead><tr>
        <th v-for="(heading, place) in shown.headings" :key="place" scope="col" :class="{number: shown.numeric[place]}"
            :aria-sort="by === place ? (down ? 'descending' : 'ascending') : 'none'">
          <button type="button" class="nu-sort" :title="texts.sort.replace('{}', heading)" @click="sort(place)">
            {{ heading }}<span aria-hidden="true" class="nu-arrow">{{ by === place ? (down ? '▼' : '▲') : '' }}</span>
          </button>
        </th>
      </tr></thead>
      <tbody>
        <tr v-for="row in ordered" :key="row">
          <template v-for="(cell, place) in shown.rows[row]" :key="place">
            <th v-if="place === 0" scope="row">{{ cell }}</th>
            <td v-else :class="{number: shown.numeric[place]}">{{ cell }}</td>
          </template>
        </tr>
        <tr v-if="!shown.rows.length"><td :colspan="shown.headings.length" class="lt-muted">{{ texts.nothing }}</td></tr>
      </tbody>
      <tfoot v-if="shown.total"><tr>
        <template v-for="(cell, place) in shown.total" :key="place">
          <th v-if="place === 0" scope="row">{{ cell }}</th>
          <td v-else :class="{number: shown.numeric[place]}">{{ cell }}</td>
        </template>
      </tr></tfoot>
    </table>
  </div>
</details>`,
  props: {caption: String, texts: Object, shown: Object},
  data() {
    return {by: -1, down: false};
  },
  computed: {
    /** @returns {number[]} the rows' numbers in the order wanted; what is not there comes last */
    ordered() {
      const places = this.shown.rows.map((_, number) => number);
      if (this.by < 0) return places;
      const key = (row) => this.shown.keys[row][this.by];
      const sign = this.down ? -1 : 1;
      const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b) * sign;
      return places.sort((a, b) => {
        const [one, other] = [key(a), key(b)];
        if (one === null || other === null) return (one === null) - (other === null);
        return compare(one, other) || a - b;
      });
    },
  },
  methods: {
    toggled(event) {
      this.$emit("opened", event.target.open);
    },
    /** Numbers begin with the largest, names with the first; again turns it round. */
    sort(place) {
      this.down = this.by === place ? !this.down : this.shown.numeric[place];
      this.by = place;
    },
  },
};
