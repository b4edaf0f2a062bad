// The box to type in: Enter sends, Shift+Enter makes a new line, the up arrow brings back what was sent.

import { el, fill, freshId } from './dom.js';

/**
 * Makes a message box. `send(text)` → Promise of {ok, error?}; on an error the text comes back.
 * `history()` → what this person sent, oldest first.
 */
export function composer({ label, placeholder, send, history = () => [], initial = '', onCancel, button = 'Send' }) {
  const id = freshId('box');
  const box = el('textarea', { id, rows: 1, placeholder, autocomplete: 'off', autocapitalize: 'off', autocorrect: 'off', spellcheck: 'false', maxlength: 40_000 });
  const error = el('p', { class: 'composer-error', role: 'alert', hidden: true });
  const submit = el('button', { type: 'submit', class: 'button primary send' }, button);
  const form = el('form', { class: 'composer' },
    el('label', { class: 'unseen', for: id }, label), box,
    el('div', { class: 'composer-foot' },
      el('span', { class: 'keys', 'aria-hidden': 'true' }, onCancel ? 'Enter saves, Esc cancels' : 'Enter sends · Shift+Enter new line · ↑ last line'),
      onCancel && el('button', { type: 'button', class: 'button', on: { click: onCancel } }, 'Cancel'),
      submit),
    error);
  let recalled = 0; // how far back in what was sent; 0 is what is being typed
  let draft = '';

  function set(text) {
    box.value = text;
    fit();
    box.setSelectionRange(text.length, text.length);
    submit.setAttribute('aria-disabled', String(text.trim() === ''));
  }

  function fit() {
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight + 2, 240)}px`;
  }

  function complain(text) {
    error.hidden = !text;
    fill(error, text);
  }

  async function go() {
    const text = box.value;
    if (text.trim() === '') return;
    complain(null);
    recalled = 0;
    if (!onCancel) set('');
    const result = await send(text);
    if (result.ok) return;
    if (box.value === '') set(text);
    complain(result.error);
  }

  function recall(step) {
    const lines = history();
    if (recalled === 0) draft = box.value;
    recalled = Math.max(0, Math.min(lines.length, recalled + step));
    set(recalled === 0 ? draft : lines[lines.length - recalled]);
  }

  form.addEventListener('submit', (event) => { event.preventDefault(); go(); });
  box.addEventListener('input', () => {
    fit();
    recalled = 0;
    complain(null);
    submit.setAttribute('aria-disabled', String(box.value.trim() === ''));
  });
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      go();
    } else if (event.key === 'Escape' && onCancel) {
      event.preventDefault();
      event.stopPropagation();
      onCancel();
    } else if (event.key === 'ArrowUp' && !event.altKey && (box.value === '' || recalled > 0)) {
      event.preventDefault();
      recall(1);
    } else if (event.key === 'ArrowDown' && !event.altKey && recalled > 0) {
      event.preventDefault();
      recall(-1);
    }
  });
  set(initial);
  return { node: form, box, set, fit, text: () => box.value, focus: () => box.focus() };
}

/** The lines a person sent, kept for as long as the browser's tab lives. */
export function sentLines(person) {
  const key = `sent ${person}`;
  let lines = [];
  try {
    lines = JSON.parse(sessionStorage.getItem(key)) ?? [];
  } catch {
    lines = [];
  }
  return {
    all: () => lines,
    add(text) {
      lines = [...lines.filter((line) => line !== text), text].slice(-50);
      sessionStorage.setItem(key, JSON.stringify(lines));
    },
  };
}
