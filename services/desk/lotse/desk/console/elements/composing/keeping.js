/** What was typed and is not saved yet, kept by the tab: it survives a reload that comes before the server heard of it. */

const name = (agent, conversation, kind) => `lotse-draft ${agent} ${conversation} ${kind}`;

/** Whatever the browser refuses (a full or forbidden store) only costs this second safety. */
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

/** @param {{text: string, files: object[], private: boolean}} words */
export const keep = (agent, conversation, kind, words) =>
  attempt(() => sessionStorage.setItem(name(agent, conversation, kind), JSON.stringify(words)));

export const kept = (agent, conversation, kind) =>
  attempt(() => JSON.parse(sessionStorage.getItem(name(agent, conversation, kind))));

export const forget = (agent, conversation, kind) =>
  attempt(() => sessionStorage.removeItem(name(agent, conversation, kind)));
