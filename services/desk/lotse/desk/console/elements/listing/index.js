/** What a long live list needs: rows in order, times in words, a place to come back to. */
export { keep, kept } from "lotse-listing/keeping.js";
export { Order } from "lotse-listing/order.js";
export { default as InboxRow } from "lotse-listing/row.js";
export { clock, date, fill } from "lotse-listing/times.js";
