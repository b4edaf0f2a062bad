// The stack of modals. Only the uppermost view shows; those below keep what was typed.

import { announce, el, fill, freshId } from './dom.js';
import { blocks } from './blocks.js';
import { plain } from './mrkdwn.js';

/**
 * Makes the place where modals show.
 * `send`: {submit(view, state), close(view), act(view, payload, state), suggest(view, block, action, value)},
 * each a Promise; `env()` gives names, people and channels.
 */
export function modals({ send, env, onClosed }) {
  const dialog = el('dialog', { class: 'modal', id: 'modal' });
  document.body.append(dialog);
  let stack = []; // [{view, form, fields}]

  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    dismiss();
  });

  function show(views) {
    const before = new Map(stack.map((entry) => [entry.view.id, entry]));
    const wasTop = stack.at(-1);
    stack = views.map((view) => {
      const old = before.get(view.id);
      if (old && same(old.view, view)) return Object.assign(old, { view });
      return build(view, old);
    });
    const top = stack.at(-1);
    if (!top) {
      if (dialog.open) {
        dialog.close();
        fill(dialog);
        onClosed();
      }
      return;
    }
    if (top !== wasTop) {
      const focused = wasTop?.view.id === top.view.id ? document.activeElement?.dataset?.action : null;
      fill(dialog, top.form);
      dialog.setAttribute('aria-labelledby', top.titleId);
      if (!dialog.open) dialog.showModal();
      const again = focused && top.fields.find((field) => field.actionId === focused);
      if (again) again.element.focus();
      else if (wasTop?.view.id !== top.view.id) firstField(top);
    }
    if (top.view.errors) errors(top, top.view.errors);
  }

  function firstField(entry) {
    const field = entry.fields.find((one) => one.wrapper);
    if (field) field.element.focus();
    else entry.form.querySelector('.modal-submit, .modal-close')?.focus();
  }

  function build(view, old) {
    const titleId = freshId('modal');
    const entry = { view, fields: [], titleId };
    const around = {
      ...env(),
      act: async (payload, node) => {
        node?.classList.add('busy');
        const result = await send.act(entry.view, payload, state(entry));
        node?.classList.remove('busy');
        if (!result.ok) banner(entry, result.error);
      },
      suggest: (block, action, value) => send.suggest(entry.view, block, action, value),
    };
    const body = blocks(view.blocks, around, entry.fields);
    entry.banner = el('p', { class: 'modal-banner', role: 'alert', hidden: true });
    entry.submit = view.submit && el('button', { type: 'submit', class: 'button primary modal-submit' }, plain(words(view.submit)));
    entry.form = el('form', { class: 'modal-form', novalidate: true, data: { view: view.id, callback: view.callback_id }, on: {
      submit: (event) => { event.preventDefault(); submit(entry); },
    } },
    el('div', { class: 'modal-head' }, el('h2', { id: titleId }, plain(words(view.title))),
      el('button', { type: 'button', class: 'quiet icon', 'aria-label': 'Close', on: { click: dismiss } }, '×')),
    el('div', { class: 'modal-body' }, entry.banner, body),
    el('div', { class: 'modal-foot' },
      el('button', { type: 'button', class: 'button modal-close', on: { click: dismiss } }, plain(words(view.close) || (view.submit ? 'Cancel' : 'Close'))),
      entry.submit));
    // An updated view keeps what was typed into blocks that are still there.
    for (const field of entry.fields) {
      const before = old?.fields.find((one) => one.blockId === field.blockId && one.actionId === field.actionId);
      if (before?.element.keep && field.element.restore) field.element.restore(before.element.keep());
    }
    return entry;
  }

  async function submit(entry) {
    if (entry.busy) return;
    const problems = {};
    for (const { blockId, block, element, wrapper } of entry.fields) {
      if (!wrapper) continue;
      if (!block.optional && element.empty()) problems[blockId] = 'Please fill this in.';
      else if (element.problem?.()) problems[blockId] = element.problem();
    }
    banner(entry, null);
    errors(entry, problems);
    if (Object.keys(problems).length) return;
    busy(entry, true);
    const result = await send.submit(entry.view, state(entry));
    busy(entry, false);
    if (!result.ok) banner(entry, result.error);
    else if (result.errors) errors(entry, result.errors);
  }

  function dismiss() {
    const top = stack.at(-1);
    if (!top) return;
    send.close(top.view);
    show(stack.slice(0, -1).map((entry) => entry.view));
  }

  function busy(entry, on) {
    entry.busy = on;
    entry.submit?.classList.toggle('busy', on);
    entry.submit?.setAttribute('aria-disabled', String(on));
  }

  function banner(entry, text) {
    entry.banner.hidden = !text;
    fill(entry.banner, text);
  }

  function errors(entry, problems) {
    let first = null;
    const homeless = { ...problems };
    for (const { blockId, element, wrapper } of entry.fields) {
      const place = wrapper?.querySelector('.b-error');
      if (!place) continue;
      const text = problems[blockId];
      delete homeless[blockId];
      place.hidden = !text;
      fill(place, text && [el('span', { 'aria-hidden': 'true' }, '⚠ '), text]);
      wrapper.classList.toggle('wrong', Boolean(text));
      const field = wrapper.querySelector('input,textarea');
      if (text) field?.setAttribute('aria-invalid', 'true');
      else field?.removeAttribute('aria-invalid');
      if (text) first ??= { element, text };
    }
    if (Object.keys(homeless).length) banner(entry, Object.values(homeless).join(' '));
    if (first) {
      first.element.focus();
      announce(first.text);
    }
  }

  return { show, count: () => stack.length };
}

const words = (object) => (typeof object === 'string' ? object : (object?.text ?? ''));

// The hash changes when the app updates a view; some servers leave it out.
function same(a, b) {
  return a.hash !== undefined && a.hash !== null && a.hash === b.hash
    ? true
    : JSON.stringify([a.blocks, a.title, a.submit, a.close]) === JSON.stringify([b.blocks, b.title, b.submit, b.close]);
}

// What was entered, as Slack's `state`: {block_id: {action_id: {type, value | selected_option | ...}}}.
function state(entry) {
  const values = {};
  for (const { blockId, actionId, element } of entry.fields) {
    values[blockId] = { ...values[blockId], [actionId]: element.read() };
  }
  return values;
}
