// Slack's mrkdwn → nodes. The input is escaped as Slack stores it (&amp; &lt; &gt; and <tokens>).
//
// `ctx` answers for names: name(id) → "ana", channel(id) → {name, open?}, me → the viewer's id.

import { el, put, link, safeUrl } from './dom.js';
import { emoji } from './emoji.js';

const WORD = /[\p{L}\p{N}_]/u;
const MARKS = { '*': 'b', _: 'i', '~': 's' };
const EMOJI = /:([a-z0-9_+'-]{1,60}):(?::skin-tone-[2-6]:)?/y;
const ADDRESS = /https?:\/\/[^\s<>"'`|]+[^\s<>"'`|.,;:!?)\]}]/g;
/** Marks inside marks inside marks: deeper than this is left as typed. */
const DEPTH = 4;

/** Renders text of several lines. */
export function mrkdwn(text, ctx) {
  const out = document.createDocumentFragment();
  let rest = String(text ?? '');
  for (;;) {
    const open = rest.indexOf('```');
    const close = open < 0 ? -1 : rest.indexOf('```', open + 3);
    if (close < 0 || close === open + 3) break;
    paragraphs(rest.slice(0, open).replace(/\n$/, ''), ctx, out);
    const code = rest.slice(open + 3, close).replace(/^\n/, '').replace(/\n$/, '');
    out.append(el('pre', { tabindex: 0 }, el('code', {}, codeText(code, ctx))));
    rest = rest.slice(close + 3).replace(/^\n/, '');
  }
  paragraphs(rest, ctx, out);
  return out;
}

/** Renders a text object of Block Kit: mrkdwn or plain text. */
export function textObject(object, ctx) {
  if (!object) return null;
  if (typeof object === 'string') return plain(object);
  return object.type === 'mrkdwn' ? mrkdwn(object.text, ctx) : plain(object.text, object.emoji !== false);
}

/** Plain text: nothing but emoji is turned into anything. */
export function plain(text, withEmoji = true) {
  const out = document.createDocumentFragment();
  if (!withEmoji) return put(out, text);
  let word = '';
  const source = String(text ?? '');
  for (let i = 0; i < source.length; ) {
    const found = source[i] === ':' ? emojiAt(source, i) : null;
    if (found) {
      put(out, word, found.node);
      word = '';
      i += found.length;
    } else {
      word += source[i];
      i += 1;
    }
  }
  return put(out, word);
}

/** The words of a mrkdwn text, for announcements and titles. */
export function words(text, ctx) {
  const holder = el('div');
  holder.append(mrkdwn(text, ctx));
  return holder.textContent.replace(/\s+/g, ' ').trim();
}

/** An emoji by its name, or `:name:` when it is not in our list. */
export function emojiNode(name, unicode) {
  const bare = String(name ?? '').replace(/::skin-tone-\d$/, '');
  let character = emoji(bare);
  if (!character && /^[0-9a-f]+(-[0-9a-f]+)*$/i.test(unicode ?? '')) {
    try {
      character = String.fromCodePoint(...unicode.split('-').map((code) => Number.parseInt(code, 16)));
    } catch {
      character = undefined;
    }
  }
  if (!character) return document.createTextNode(`:${name}:`);
  return el('span', { class: 'emoji', role: 'img', 'aria-label': bare.replaceAll('_', ' '), title: `:${bare}:` }, character);
}

/** A person's mention. */
export function mention(id, ctx, label) {
  const name = ctx.name(id) ?? label ?? id;
  return el('span', { class: id === ctx.me ? 'mention me' : 'mention', data: { user: id } }, `@${name}`);
}

/** A channel's mention; it can be opened if the person is in it. */
export function channelMention(id, ctx, label) {
  const channel = ctx.channel(id);
  const name = `#${channel?.name ?? (label || 'private-channel')}`;
  if (!channel?.open) return el('span', { class: 'mention' }, name);
  return el('button', { type: 'button', class: 'mention link', on: { click: channel.open } }, name);
}

// Lines that belong together become one paragraph, quote or list. There are no quotes in a quote.
function paragraphs(text, ctx, out, inQuote = false) {
  if (text === '') return;
  const lines = text.split('\n');
  let i = 0;
  const run = (test, each) => {
    for (; i < lines.length; i += 1) {
      const match = test(lines[i]);
      if (!match) return;
      each(match);
    }
  };
  const paragraph = [];
  const flush = () => {
    if (paragraph.length === 0) return;
    const node = el('span', { class: 'line' });
    paragraph.forEach((line, index) => {
      if (index) put(node, '\n');
      inline(line, ctx, node, 0);
    });
    out.append(node);
    paragraph.length = 0;
  };
  while (i < lines.length) {
    const line = lines[i];
    if (!inQuote && line.startsWith('&gt;&gt;&gt;')) {
      flush();
      const quote = el('blockquote');
      paragraphs([line.slice(12).replace(/^ /, ''), ...lines.slice(i + 1)].join('\n'), ctx, quote, true);
      out.append(quote);
      return;
    }
    if (!inQuote && quoted(line)) {
      flush();
      const inner = [];
      run(quoted, (match) => inner.push(match[1]));
      out.append(el('blockquote', {}, inlineLines(inner, ctx)));
    } else if (bullet(line) || numbered(line)) {
      flush();
      const ordered = !bullet(line);
      const list = ordered ? el('ol', { start: numbered(line)[2] }) : el('ul');
      run(ordered ? numbered : bullet, (match) => {
        const item = el('li', { class: `indent-${Math.min(4, Math.floor(match[1].length / 2))}` });
        inline(match[ordered ? 3 : 2], ctx, item, 0);
        list.append(item);
      });
      out.append(list);
    } else {
      paragraph.push(line);
      i += 1;
    }
  }
  flush();
}

const quoted = (line) => /^(?:&gt;|>) ?(.*)$/.exec(line);
const bullet = (line) => /^(\s*)[•◦▪]\s+(.*)$/.exec(line);
const numbered = (line) => /^(\s*)(\d{1,4})\.\s+(.*)$/.exec(line);

function inlineLines(lines, ctx) {
  const node = el('span', { class: 'line' });
  lines.forEach((line, index) => {
    if (index) put(node, '\n');
    inline(line, ctx, node, 0);
  });
  return node;
}

// One line: code, tokens, emoji, entities, then bold, italic and strike.
function inline(text, ctx, out, depth) {
  let word = '';
  const hopeless = new Set(); // marks without a closing one further on, so that we look once only
  const flush = () => {
    addresses(word, out);
    word = '';
  };
  for (let i = 0; i < text.length; ) {
    const c = text[i];
    if (c === '`') {
      const end = text.indexOf('`', i + 1);
      if (end > i + 1) {
        flush();
        out.append(el('code', {}, codeText(text.slice(i + 1, end), ctx)));
        i = end + 1;
        continue;
      }
    } else if (c === '<') {
      const end = text.indexOf('>', i + 1);
      if (end > i + 1) {
        flush();
        out.append(token(text.slice(i + 1, end), ctx));
        i = end + 1;
        continue;
      }
    } else if (c === ':') {
      const found = emojiAt(text, i);
      if (found) {
        flush();
        out.append(found.node);
        i += found.length;
        continue;
      }
    } else if (c === '&') {
      const entity = /^&(amp|lt|gt);/.exec(text.slice(i, i + 5));
      if (entity) {
        word += ENTITIES[entity[1]];
        i += entity[0].length;
        continue;
      }
    } else if (MARKS[c] && depth < DEPTH && !hopeless.has(c) && opens(text, i)) {
      const end = closing(text, i);
      if (end > 0) {
        flush();
        const node = el(MARKS[c]);
        inline(text.slice(i + 1, end), ctx, node, depth + 1);
        out.append(node);
        i = end + 1;
        continue;
      }
      hopeless.add(c);
    }
    word += c;
    i += 1;
  }
  flush();
}

const ENTITIES = { amp: '&', lt: '<', gt: '>' };
const isWord = (c) => c !== undefined && WORD.test(c);

function opens(text, i) {
  const next = text[i + 1];
  return !isWord(text[i - 1]) && next !== undefined && next !== text[i] && !/\s/.test(next);
}

// Where the mark that opens at `start` closes, or -1. Code and tokens are stepped over.
function closing(text, start) {
  for (let i = start + 1; i < text.length; i += 1) {
    const c = text[i];
    if (c === '`' || c === '<') {
      const end = text.indexOf(c === '`' ? '`' : '>', i + 1);
      if (end > i) i = end;
    } else if (c === text[start] && i > start + 1 && !/\s/.test(text[i - 1]) && !isWord(text[i + 1])) {
      return i;
    }
  }
  return -1;
}

function emojiAt(text, i) {
  EMOJI.lastIndex = i;
  const match = EMOJI.exec(text);
  return match && emoji(match[1]) ? { node: emojiNode(match[1]), length: match[0].length } : null;
}

// An app may post an address without the angle brackets; Slack links it all the same.
function addresses(text, out) {
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    put(out, text.slice(from, match.index), link(match[0]));
    from = match.index + match[0].length;
  }
  put(out, text.slice(from));
}

// What stands between < and >.
function token(inner, ctx) {
  const bar = inner.indexOf('|');
  const target = unescape(bar < 0 ? inner : inner.slice(0, bar));
  const label = bar < 0 ? '' : unescape(inner.slice(bar + 1));
  if (/^@[UWB]/.test(target)) return mention(target.slice(1), ctx, label);
  if (target.startsWith('#')) return channelMention(target.slice(1), ctx, label);
  if (/^!(here|channel|everyone)$/.test(target)) return el('span', { class: 'mention me' }, `@${target.slice(1)}`);
  if (target.startsWith('!subteam^')) return el('span', { class: 'mention' }, label || '@group');
  if (target.startsWith('!date^')) return dateToken(target, label);
  if (target.startsWith('!')) return document.createTextNode(label || `<${target}>`);
  if (!safeUrl(target)) return document.createTextNode(label || `<${target}>`);
  return link(target, label ? plain(label) : target.replace(/^mailto:/, ''));
}

function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ENTITIES[name]);
}

// Code shows what stands there; tokens inside are shown by their words, without a link's colour.
function codeText(text, ctx) {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(/<([^<>\n]+)>/g)) {
    put(out, unescape(text.slice(from, match.index)), token(match[1], ctx));
    from = match.index + match[0].length;
  }
  return put(out, unescape(text.slice(from)));
}

// <!date^SECONDS^FORMAT^LINK|FALLBACK>
function dateToken(target, fallback) {
  const [, seconds, format, address] = target.split('^');
  const node = dateNode(seconds, format, fallback);
  return address && safeUrl(address) ? link(address, node) : node;
}

/** A moment in the reader's own time zone, in one of Slack's date formats. */
export function dateNode(seconds, format, fallback) {
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime()) || !format) return document.createTextNode(fallback ?? '');
  const shown = format.replace(/\{(\w+)\}/g, (whole, name) => dateWord(name, when) ?? whole);
  return el('time', { datetime: when.toISOString(), title: when.toLocaleString() }, shown);
}

function dateWord(name, when) {
  const pretty = name.endsWith('_pretty') ? relativeDay(when) : null;
  if (pretty) return pretty;
  const day = (options) => new Intl.DateTimeFormat(undefined, options).format(when);
  switch (name) {
    case 'date_num': return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
    case 'date': case 'date_pretty': return day({ dateStyle: 'long' });
    case 'date_short': case 'date_short_pretty': return day({ dateStyle: 'medium' });
    case 'date_long': case 'date_long_pretty': return day({ dateStyle: 'full' });
    case 'time': return day({ hour: 'numeric', minute: '2-digit' });
    case 'time_secs': return day({ hour: 'numeric', minute: '2-digit', second: '2-digit' });
    case 'ago': return ago(when);
    default: return null;
  }
}

const two = (number) => String(number).padStart(2, '0');

function relativeDay(when) {
  const days = Math.round((new Date(when).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
  return { 0: 'today', 1: 'tomorrow', '-1': 'yesterday' }[days] ?? null;
}

function ago(when) {
  const seconds = Math.round((when - Date.now()) / 1000);
  const form = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
  for (const [unit, size] of [['day', 86_400], ['hour', 3600], ['minute', 60]]) {
    if (Math.abs(seconds) >= size) return form.format(Math.round(seconds / size), unit);
  }
  return form.format(seconds, 'second');
}
