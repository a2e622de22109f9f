/** Where the person was in the list, kept by the tab: he comes back to it once. */

const KEPT = "lotse-inbox";

/** @param {{id: ?string, index: number, rest: number, query: string, active: ?string, rows: number}} place */
export function keep(place) {
  sessionStorage[KEPT] = JSON.stringify(place);
}

/** The place that was kept; null where it is none of this list. */
export function kept(query) {
  try {
    const place = JSON.parse(sessionStorage[KEPT] ?? "null");
    delete sessionStorage[KEPT];
    return place?.query === query ? place : null;
  } catch {
    return null;
  }
}
