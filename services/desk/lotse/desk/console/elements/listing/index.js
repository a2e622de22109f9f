/** What a long live list needs: rows in order, times in words, a place to come back to. */
export { Order } from "lotse-listing/order.js";
export { clock, fill, span } from "lotse-listing/times.js";
