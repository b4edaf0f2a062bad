// Slack's rich_text blocks: what the message box makes of what people type.

import { el, put, link } from './dom.js';
import { channelMention, dateNode, emojiNode, mention } from './mrkdwn.js';

/** Renders the elements of a `rich_text` block (or of a table's cell). */
export function richText(elements, ctx) {
  return (elements ?? []).map((part) => {
    switch (part.type) {
      case 'rich_text_section': return el('span', { class: 'line block' }, inline(part.elements, ctx));
      case 'rich_text_preformatted': return el('pre', { tabindex: 0 }, el('code', {}, inline(part.elements, ctx)));
      case 'rich_text_quote': return el('blockquote', {}, el('span', { class: 'line' }, inline(part.elements, ctx)));
      case 'rich_text_list': return list(part, ctx);
      default: return inline([part], ctx);
    }
  });
}

function list(part, ctx) {
  const ordered = part.style === 'ordered';
  const attributes = { class: `indent-${Math.min(4, part.indent ?? 0)}` };
  if (ordered) attributes.start = (part.offset ?? 0) + 1;
  return el(ordered ? 'ol' : 'ul', attributes, (part.elements ?? []).map((item) => el('li', {}, inline(item.elements, ctx))));
}

function inline(elements, ctx) {
  return (elements ?? []).map((part) => styled(part.style, leaf(part, ctx)));
}

function leaf(part, ctx) {
  switch (part.type) {
    case 'text': return document.createTextNode(part.text ?? '');
    case 'link': return link(part.url, part.text || part.url);
    case 'user': return mention(part.user_id, ctx);
    case 'channel': return channelMention(part.channel_id, ctx);
    case 'usergroup': return el('span', { class: 'mention' }, '@group');
    case 'broadcast': return el('span', { class: 'mention me' }, `@${part.range}`);
    case 'emoji': return emojiNode(part.name, part.unicode);
    case 'date': return dateNode(part.timestamp, part.format, part.fallback);
    case 'color': return el('code', {}, part.value);
    default: return document.createTextNode(part.text ?? '');
  }
}

function styled(style, node) {
  if (!style) return node;
  let out = node;
  for (const [name, tag] of [['code', 'code'], ['strike', 's'], ['underline', 'u'], ['italic', 'i'], ['bold', 'b']]) {
    if (style[name]) out = put(el(tag), out);
  }
  return out;
}
