/**
 * Rows by id, in the order of their places; among equals by id. `oldestFirst` false turns it round.
 *
 * @template {{id: string, at: number}} R
 */
export class Order {
  constructor(oldestFirst = true, rows = []) {
    this.way = oldestFirst ? 1 : -1;
    /** @type {Map<string, R>} */
    this.rows = new Map(rows.map((row) => [row.id, row]));
    /** @type {string[]} */
    this.ids = [...this.rows.keys()].sort((one, other) => this.compare(one, other));
  }

  get length() {
    return this.ids.length;
  }

  compare(one, other) {
    const [a, b] = [this.rows.get(one), this.rows.get(other)];
    return this.way * (a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }

  /** Where a row stands, or would stand. */
  seat(id) {
    let [low, high] = [0, this.ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(this.ids[middle], id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The index of a row, -1 where there is none. */
  indexOf(id) {
    return this.rows.has(id) ? this.seat(id) : -1;
  }

  drop(id) {
    const index = this.indexOf(id);
    if (index >= 0) this.ids.splice(index, 1);
    this.rows.delete(id);
  }

  /** Take rows in; one that is known already changes, and moves where its place did. */
  put(rows) {
    for (const row of rows) {
      if (this.rows.get(row.id)?.at !== row.at) {
        this.drop(row.id);
        this.rows.set(row.id, row);
        this.ids.splice(this.seat(row.id), 0, row.id);
      }
      this.rows.set(row.id, row);
    }
  }
}
