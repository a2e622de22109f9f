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

export const keep = (agent, conversation, kind, text) =>
  attempt(() => sessionStorage.setItem(name(agent, conversation, kind), text));

export const kept = (agent, conversation, kind) => attempt(() => sessionStorage.getItem(name(agent, conversation, kind)));

export const forget = (agent, conversation, kind) =>
  attempt(() => sessionStorage.removeItem(name(agent, conversation, kind)));
