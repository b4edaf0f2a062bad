// One list of messages: a channel, or a thread. Only what changed is drawn again.

import { el, fill, put, safeUrl } from './dom.js';
import { blocks } from './blocks.js';
import { composer } from './composer.js';
import { emojiNode, mrkdwn } from './mrkdwn.js';

/** Messages shown at first; earlier ones come by a button. */
const PAGE = 150;
/** Messages by one person within this many seconds stand under one name. */
const TOGETHER = 300;

/**
 * Makes a list in `node`. `world()` gives {ctx, nameOf, bot, me}; `act(message, payload)` and
 * `suggest(message, block, action, value)` reach the app; `edit(message, text)`; `openThread(ts)` if threads can be opened.
 */
export function messageList({ node, newest, world, env, act, suggest, edit, openThread }) {
  const drawn = new Map(); // ts → {node, version}
  let page = PAGE;
  let last = null; // what was shown last: {messages, extras}
  let place = null;

  const atEnd = () => node.scrollHeight - node.scrollTop - node.clientHeight < 60;
  const toEnd = () => { node.scrollTop = node.scrollHeight; };
  let sticky = true;
  node.addEventListener('scroll', () => {
    sticky = atEnd();
    if (sticky) newest.hidden = true;
  }, { passive: true });
  newest.addEventListener('click', () => { toEnd(); newest.hidden = true; });
  // Without a mouse there is nothing to hover with: a tap on a message shows what can be done with it.
  node.addEventListener('click', (event) => {
    if (event.target.closest('a, button, input, textarea, label, summary')) return;
    const row = event.target.closest('.msg');
    for (const other of node.querySelectorAll('.picked')) if (other !== row) other.classList.remove('picked');
    row?.classList.toggle('picked');
  });
  new ResizeObserver(() => { if (sticky) toEnd(); }).observe(node);

  /** Shows these messages. `where` names the list; when it changes, the list starts anew, at its end. */
  function show(where, messages, { before = [], afterRoot, empty, firstNew, threads = new Map() } = {}) {
    const fresh = where !== place;
    if (fresh) {
      place = where;
      page = PAGE;
      drawn.clear();
      node.replaceChildren();
      sticky = true;
    }
    last = { messages, extras: { before, afterRoot, empty, firstNew, threads } };
    const known = new Set(drawn.keys());
    const shown = messages.slice(-page);
    const rows = [...before];
    if (messages.length > shown.length) {
      rows.push(el('div', { class: 'earlier' }, el('button', { type: 'button', class: 'button', on: { click: () => {
        page += PAGE;
        show(place, last.messages, last.extras);
      } } }, `Show earlier messages (${messages.length - shown.length})`)));
    }
    let previous = null;
    for (const message of shown) {
      const day = dayOf(message.ts);
      if (openThread && (!previous || dayOf(previous.ts) !== day)) rows.push(divider(message.ts));
      if (message.ts === firstNew) rows.push(el('div', { class: 'new-line', role: 'separator', 'aria-label': 'New messages' }, el('span', {}, 'New')));
      const alone = !previous || previous.user !== message.user || dayOf(previous.ts) !== day || message.ts === firstNew
        || Boolean(previous.ephemeral) !== Boolean(message.ephemeral) || Number(message.ts) - Number(previous.ts) > TOGETHER;
      const row = draw(message, threads.get(message.ts) ?? []);
      row.classList.toggle('first', alone);
      rows.push(row);
      if (!previous && afterRoot) rows.push(afterRoot);
      previous = message;
    }
    if (messages.length === 0 && empty) rows.push(empty);
    arrange(node, rows);
    for (const ts of [...drawn.keys()]) if (!shown.some((message) => message.ts === ts)) drawn.delete(ts);
    if (sticky) toEnd();
    else if (!fresh && shown.some((message) => !known.has(message.ts) && message === messages.at(-1))) newest.hidden = false;
    if (fresh) newest.hidden = true;
  }

  function draw(message, replies) {
    const version = JSON.stringify([message, replies.map((reply) => [reply.ts, reply.user, reply.ephemeral])]);
    const old = drawn.get(message.ts);
    if (old && (old.version === version || old.node.querySelector('.composer'))) return old.node;
    const fresh = messageNode(message, replies);
    if (old?.node.isConnected) {
      // The keyboard's place survives an update.
      const focus = old.node.contains(document.activeElement) ? document.activeElement : null;
      const clipped = old.node.querySelector('.clipped');
      if (!clipped) fresh.querySelector('.clipped')?.classList.remove('clipped');
      old.node.replaceWith(fresh);
      if (focus) {
        const { action, tool } = focus.dataset;
        const again = [...fresh.querySelectorAll('[data-action],[data-tool]')]
          .find((one) => (action && one.dataset.action === action) || (tool && one.dataset.tool === tool));
        (again ?? node).focus({ preventScroll: true });
      }
    }
    drawn.set(message.ts, { node: fresh, version });
    return fresh;
  }

  function messageNode(message, replies) {
    const { ctx, bot, me, nameOf, fullName } = world();
    const isBot = message.bot ?? message.user === bot.id;
    const name = nameOf(message.user) ?? message.username ?? (isBot ? bot.name : message.user);
    const mine = message.user === me && !message.ephemeral;
    const time = timeOf(message.ts);
    const content = el('div', { class: 'content' },
      message.ephemeral && el('p', { class: 'only-you' }, el('span', { 'aria-hidden': 'true' }, '👁 '), 'Only visible to you'),
      el('header', { class: 'by' }, el('strong', {}, name), isBot && el('span', { class: 'app' }, 'APP'),
        el('time', { datetime: time.iso, title: time.long }, time.short)),
      body(message, ctx, isBot),
      (message.files ?? []).slice(0, 10).map(file),
      message.reactions?.length > 0 && el('p', { class: 'reactions' }, message.reactions.slice(0, 20).map((reaction) => (
        el('span', { class: 'reaction' }, emojiNode(reaction.name), ' ', String(reaction.count ?? 1))))),
      openThread && threadBar(message, replies));
    return el('article', {
      class: `msg${message.ephemeral ? ' ephemeral' : ''}${isBot ? ' by-app' : ''}`, 'aria-label': `${name}, ${time.short}`,
      data: { ts: message.ts, user: message.user },
    },
    el('div', { class: 'gutter' }, avatar(message.user, fullName(message.user) ?? name, isBot), el('time', { class: 'aside-time', 'aria-hidden': 'true' }, time.short.replace(/\s?[AP]M$/i, ''))),
    content,
    tools(message, mine, content));
  }

  function body(message, ctx, isBot) {
    const holder = el('div', { class: 'body' });
    // What people type comes as rich_text too, but the marks they typed (*bold*) are read in the text.
    const typedText = !isBot && message.text && message.blocks?.every((block) => block.type === 'rich_text');
    if (message.blocks?.length && !typedText) {
      put(holder, blocks(message.blocks, {
        ...env(), ctx,
        act: async (payload, control, quiet) => {
          control?.classList.add('busy');
          await act(message, payload, quiet);
          control?.classList.remove('busy');
        },
        suggest: (block, action, value) => suggest(message, block, action, value),
      }));
    } else {
      put(holder, el('div', { class: 'text' }, mrkdwn(message.text, ctx)));
    }
    if (message.edited && !isBot) put(holder.lastElementChild, el('span', { class: 'edited' }, ' (edited)'));
    const long = (!message.blocks?.length || typedText) && (message.text?.length > 3000 || message.text?.split('\n').length > 40);
    if (!long) return holder;
    holder.classList.add('clipped');
    const more = el('button', { type: 'button', class: 'more', on: { click: () => { holder.classList.remove('clipped'); more.remove(); } } }, 'Show more');
    return [holder, more];
  }

  function tools(message, mine, content) {
    const canReply = openThread && !message.ephemeral;
    if (!canReply && !mine) return null;
    return el('div', { class: 'tools' },
      canReply && el('button', { type: 'button', class: 'tool', title: 'Reply in thread', data: { tool: 'reply' }, on: { click: () => openThread(message.ts) } },
        el('span', { 'aria-hidden': 'true' }, '💬'), el('span', { class: 'unseen' }, 'Reply in thread')),
      mine && el('button', { type: 'button', class: 'tool', title: 'Edit', data: { tool: 'edit' }, on: { click: () => startEdit(message, content) } },
        el('span', { 'aria-hidden': 'true' }, '✎'), el('span', { class: 'unseen' }, 'Edit')));
  }

  function startEdit(message, content) {
    const holder = content.querySelector('.body');
    const kept = [...holder.childNodes];
    const stop = () => {
      fill(holder, kept);
      content.closest('.msg').querySelector('[data-tool=edit]')?.focus();
    };
    const box = composer({
      label: 'Edit your message', initial: typed(message.text), button: 'Save', onCancel: stop,
      send: async (text) => {
        const result = await edit(message, text);
        if (result.ok) {
          stop();
          show(place, last.messages, last.extras);
        }
        return result;
      },
    });
    fill(holder, box.node);
    box.fit();
    box.focus();
  }

  function typed(text) {
    const { nameOf, ctx } = world();
    return String(text ?? '')
      .replace(/<@(\w+)(?:\|[^>]*)?>/g, (_, id) => `@${nameOf(id) ?? id}`)
      .replace(/<#(\w+)(?:\|([^>]*))?>/g, (_, id, label) => `#${ctx.channel(id)?.name ?? label ?? id}`)
      .replace(/<!(here|channel|everyone)>/g, '@$1')
      .replace(/<(?:mailto:)?([^>|]+)\|([^>]+)>/g, '$2')
      .replace(/<([^>|]+)>/g, '$1')
      .replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: '<', gt: '>', amp: '&' }[name]));
  }

  function threadBar(message, replies) {
    const { bot, nameOf, fullName } = world();
    const seen = replies.filter((reply) => !reply.ephemeral);
    const count = Math.max(message.reply_count ?? 0, seen.length);
    const only = replies.length - seen.length;
    if (count === 0 && only === 0) return null;
    const people = [...new Set(replies.map((reply) => reply.user))].slice(0, 3);
    const newestReply = replies.at(-1);
    return el('button', { type: 'button', class: 'thread-bar', data: { tool: 'thread' }, on: { click: () => openThread(message.ts) } },
      el('span', { class: 'faces', 'aria-hidden': 'true' }, people.map((id) => avatar(id, fullName(id) ?? nameOf(id) ?? id, id === bot.id))),
      el('strong', {}, count > 0 ? `${count} ${count === 1 ? 'reply' : 'replies'}` : `${only} only you can see`),
      newestReply && el('span', { class: 'thread-when' }, count > 0 && only > 0 ? `and ${only} only you can see` : `Last ${lastTime(newestReply.ts)}`));
  }

  return { show };
}

/** A square with initials; the colour comes from the id. */
export function avatar(id, name, isBot) {
  const initials = String(name ?? '?').split(/[\s._-]+/).filter(Boolean).slice(0, 2).map((word) => [...word][0]).join('').toUpperCase();
  let hash = 0;
  for (const character of String(id)) hash = (hash * 33 + character.codePointAt(0)) % 10_007;
  return el('span', { class: `avatar ${isBot ? 'bot' : `c${hash % 7}`}`, 'aria-hidden': 'true' }, isBot ? '›_' : initials || '?');
}

function file(item) {
  const size = Number.isFinite(item.size) ? ` · ${item.size < 1024 ? `${item.size} bytes` : `${Math.ceil(item.size / 1024)} KB`}` : '';
  const href = item.url_private ?? item.url ?? item.permalink;
  const name = item.title || item.name || 'file';
  const local = href?.startsWith('/') ? href : safeUrl(href ?? '');
  const preview = item.preview ?? item.content;
  return el('div', { class: 'file' },
    el('p', {}, el('span', { 'aria-hidden': 'true' }, '📄 '), local ? el('a', { href: local, target: '_blank', rel: 'noopener noreferrer' }, name) : el('strong', {}, name), size),
    typeof preview === 'string' && preview !== '' && el('pre', { tabindex: 0 }, preview.slice(0, 2000)));
}

// Puts rows in order, touching only what is not in its place already.
function arrange(parent, rows) {
  let cursor = parent.firstChild;
  const keep = new Set(rows);
  for (const row of rows) {
    while (cursor && !keep.has(cursor)) {
      const next = cursor.nextSibling;
      cursor.remove();
      cursor = next;
    }
    if (cursor === row) cursor = cursor.nextSibling;
    else parent.insertBefore(row, cursor);
  }
  while (cursor) {
    const next = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}

function dateOf(ts) {
  return new Date(Number(ts) * 1000);
}

function dayOf(ts) {
  return dateOf(ts).toDateString();
}

function timeOf(ts) {
  const date = dateOf(ts);
  const valid = !Number.isNaN(date.getTime());
  return {
    iso: valid ? date.toISOString() : '',
    short: valid ? date.toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' }) : '',
    long: valid ? date.toLocaleString() : '',
  };
}

function lastTime(ts) {
  const today = dayOf(ts) === new Date().toDateString();
  return today ? `reply at ${timeOf(ts).short}` : `reply on ${dateOf(ts).toLocaleDateString(undefined, { day: 'numeric', month: 'long' })}`;
}

function divider(ts) {
  const date = dateOf(ts);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  const name = days === 0 ? 'Today' : days === 1 ? 'Yesterday' : date.toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
  return el('div', { class: 'day', role: 'separator', 'aria-label': name }, el('span', {}, name));
}
