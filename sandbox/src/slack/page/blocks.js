// Block Kit → nodes, as Slack shows it. Used by messages and by modals.

import { el, put, freshId, safeUrl } from './dom.js';
import { element } from './elements.js';
import { mrkdwn, plain, textObject } from './mrkdwn.js';
import { richText } from './richtext.js';

/**
 * Renders blocks. `fields`, if given, collects what can be read back, as
 * {blockId, actionId, block, element, wrapper} (see modal.js).
 */
export function blocks(list, env, fields = null) {
  const holder = el('div', { class: 'blocks' });
  (list ?? []).slice(0, 100).forEach((block, index) => {
    // Slack gives every block an id; a server that left it out gets one that stays the same.
    const blockId = block.block_id ?? `b${index}`;
    const node = one(block, blockId, env, fields);
    if (node) {
      node.dataset.block = blockId;
      holder.append(node);
    }
  });
  return holder;
}

function one(block, blockId, env, fields) {
  switch (block.type) {
    case 'section': return section(block, blockId, env, fields);
    case 'context': return context(block, env);
    case 'divider': return el('hr', { class: 'b-divider' });
    case 'header': return el('p', { class: 'b-header', role: 'heading', 'aria-level': 2 }, textObject(block.text, env.ctx));
    case 'actions': return el('div', { class: 'b-actions' }, (block.elements ?? []).map((spec) => interactive(spec, blockId, block, env, fields)));
    case 'rich_text': return el('div', { class: 'b-rich' }, richText(block.elements, env.ctx));
    case 'image': return picture(block, 'b-image');
    case 'table': return table(block, env);
    case 'input': return input(block, blockId, env, fields);
    case 'markdown': return el('div', { class: 'b-section' }, mrkdwn(fromMarkdown(block.text), env.ctx));
    default: return el('p', { class: 'unshown' }, `(A block of type ${block.type} is not shown here.)`);
  }
}

function interactive(spec, blockId, block, env, fields) {
  const made = element(spec, blockId, env, { name: spec.accessibility_label ?? spec.placeholder?.text });
  if (made.read) fields?.push({ blockId, actionId: spec.action_id, block, element: made, wrapper: null });
  return made.node;
}

function section(block, blockId, env, fields) {
  const text = el('div', { class: 'b-text' }, textObject(block.text, env.ctx),
    block.fields && el('div', { class: 'b-fields' }, block.fields.slice(0, 10).map((field) => el('div', {}, textObject(field, env.ctx)))));
  const spec = block.accessory;
  if (!spec) return el('div', { class: 'b-section' }, text);
  const accessory = spec.type === 'image' ? picture(spec, 'b-thumb') : interactive(spec, blockId, block, env, fields);
  return el('div', { class: 'b-section with-accessory' }, text, el('div', { class: 'b-accessory' }, accessory));
}

function context(block, env) {
  return el('div', { class: 'b-context' }, (block.elements ?? []).slice(0, 10).map((part) => (
    part.type === 'image' ? picture(part, 'b-icon') : el('span', { class: 'b-context-text' }, textObject(part, env.ctx)))));
}

// Nothing is loaded from elsewhere: a picture shows its words, and a link where it would come from.
function picture(spec, kind) {
  const address = spec.image_url ?? spec.slack_file?.url;
  const href = address && safeUrl(address);
  const alt = spec.alt_text || 'picture';
  if (kind === 'b-icon') return el('span', { class: kind, role: 'img', 'aria-label': alt, title: alt }, '▣');
  return el('figure', { class: kind },
    spec.title && el('figcaption', {}, plain(spec.title.text ?? spec.title)),
    el('div', { class: 'picture', role: 'img', 'aria-label': alt }, el('span', { 'aria-hidden': 'true' }, '▣ '), alt),
    href && kind === 'b-image' && el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, 'Open the picture'));
}

function table(block, env) {
  const settings = block.column_settings ?? [];
  const cell = (spec, column, header) => {
    const align = ['center', 'right'].includes(settings[column]?.align) ? settings[column].align : 'left';
    const wrap = settings[column]?.is_wrapped ? 'wraps' : '';
    const content = spec?.type === 'rich_text' ? richText(spec.elements, env.ctx) : plain(spec?.text ?? String(spec?.value ?? ''));
    return el(header ? 'th' : 'td', { class: `${align} ${wrap}`, scope: header ? 'col' : null }, content);
  };
  const [head, ...body] = (block.rows ?? []).slice(0, 101);
  return el('div', { class: 'b-table', tabindex: 0, role: 'region', 'aria-label': 'Table' }, el('table', {},
    head && el('thead', {}, el('tr', {}, head.map((spec, column) => cell(spec, column, true)))),
    el('tbody', {}, body.map((row) => el('tr', {}, row.map((spec, column) => cell(spec, column, false)))))));
}

function input(block, blockId, env, fields) {
  const spec = block.element ?? {};
  const id = freshId('field');
  const hintId = freshId('hint');
  const errorId = freshId('error');
  const made = element(spec, blockId, env, { dispatch: block.dispatch_action === true, id });
  const name = [textObject(block.label, env.ctx), block.optional && el('span', { class: 'optional' }, ' (optional)')];
  const wrapper = made.grouped
    ? el('fieldset', { class: 'b-input', 'aria-describedby': `${hintId} ${errorId}` }, el('legend', {}, name))
    : el('div', { class: 'b-input' }, el('label', { for: id }, name));
  put(wrapper, made.node,
    block.hint && el('p', { class: 'b-hint', id: hintId }, textObject(block.hint, env.ctx)),
    el('p', { class: 'b-error', id: errorId, hidden: true }));
  const field = made.node.matches('input,textarea') ? made.node : made.node.querySelector?.('[role=combobox]');
  field?.setAttribute('aria-describedby', block.hint ? `${hintId} ${errorId}` : errorId);
  if (!block.optional) field?.setAttribute('aria-required', 'true');
  if (made.read) fields?.push({ blockId, actionId: spec.action_id, block, element: made, wrapper });
  return wrapper;
}

// The markdown block speaks common Markdown. What differs most is turned into mrkdwn; the rest stays as written.
function fromMarkdown(text) {
  return String(text ?? '').slice(0, 12_000)
    .replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    .replace(/^#{1,6} +(.*)$/gm, '*$1*')
    .replace(/\*\*([^*\n]+)\*\*/g, '*$1*')
    .replace(/~~([^~\n]+)~~/g, '~$1~')
    .replace(/^(\s*)[-*] /gm, '$1• ')
    .replace(/\[([^\]\n]+)\]\((https?:[^)\s|]+)\)/g, '<$2|$1>');
}
