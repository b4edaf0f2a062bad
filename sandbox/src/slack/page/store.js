// What this person sees, kept up to date by the stream of changes. No elements in here.

/** Slack's timestamps in order. */
export function byTs(a, b) {
  if (a.ts === b.ts) return 0;
  if (a.ts.length === b.ts.length) return a.ts < b.ts ? -1 : 1;
  return Number(a.ts) - Number(b.ts);
}

/** Whether a message stands below another. */
export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

/** Builds the view of the workspace from `/page/state`. */
export function workspace(state) {
  const me = typeof state.me === 'string' ? state.me : state.me?.id;
  const channels = new Map((state.channels ?? []).map((channel) => [channel.id, channel]));
  const messages = new Map();
  for (const id of channels.keys()) messages.set(id, new Map());
  for (const [id, list] of Object.entries(state.messages ?? {})) {
    messages.set(id, new Map(list.map((message) => [message.ts, message])));
  }
  const all = (channel) => [...(messages.get(channel)?.values() ?? [])].sort(byTs);

  return {
    me,
    channels,
    bot: state.bot ?? { id: '', name: 'app' },
    people: state.people ?? [],
    names: state.names ?? {},
    modals: state.modals ?? [],
    githubPage: state.github_page ?? null,
    name: state.workspace?.name ?? state.workspace ?? 'Acme',

    /** A person's or the bot's name, or undefined. */
    nameOf(id) {
      return this.names[id] ?? (id === this.bot.id ? this.bot.name : undefined);
    },
    message: (channel, ts) => messages.get(channel)?.get(ts),
    /** The messages of a channel itself, in order. */
    top: (channel) => all(channel).filter((message) => !isReply(message)),
    /** The replies below a message, in order. */
    replies: (channel, root) => all(channel).filter((message) => isReply(message) && message.thread_ts === root),
    /** Replies of all threads of a channel, by the message that they belong to. */
    threads(channel) {
      const out = new Map();
      for (const message of all(channel)) {
        if (!isReply(message)) continue;
        if (!out.has(message.thread_ts)) out.set(message.thread_ts, []);
        out.get(message.thread_ts).push(message);
      }
      return out;
    },
    /** The newest timestamp anywhere, or "0". */
    newest: () => [...messages.keys()].flatMap(all).sort(byTs).at(-1)?.ts ?? '0',
    /** Messages of others after a moment. */
    since: (channel, ts) => all(channel).filter((message) => message.user !== me && byTs(message, { ts }) > 0),

    /** Takes in a change. Says what became of it: {fresh?: message, edited?: message, gone?: ts, channel?}. */
    apply(change) {
      if (change.modals) this.modals = change.modals;
      if (!change.channel) return {};
      if (!messages.has(change.channel)) messages.set(change.channel, new Map());
      const list = messages.get(change.channel);
      if (change.deleted) {
        list.delete(change.deleted);
        return { gone: change.deleted, channel: change.channel };
      }
      if (!change.message) return {};
      const old = list.get(change.message.ts);
      list.set(change.message.ts, change.message);
      return { [old ? 'edited' : 'fresh']: change.message, old, channel: change.channel };
    },
  };
}

/** What a person has read, per channel, for as long as the browser's tab lives. */
export function readMarks(person, baseline) {
  const load = (key, otherwise) => {
    try {
      return JSON.parse(sessionStorage.getItem(key)) ?? otherwise;
    } catch {
      return otherwise;
    }
  };
  const start = load('baseline', null) ?? baseline;
  sessionStorage.setItem('baseline', JSON.stringify(start));
  const marks = load(`read ${person}`, {});
  return {
    person,
    of: (channel) => marks[channel] ?? start,
    set(channel, ts) {
      if (byTs({ ts }, { ts: marks[channel] ?? '0' }) <= 0) return;
      marks[channel] = ts;
      sessionStorage.setItem(`read ${person}`, JSON.stringify(marks));
    },
  };
}
