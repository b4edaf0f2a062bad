// Slack's select menus: one box to type in, a list that narrows, one choice or several.

import { el, fill, put, freshId } from './dom.js';
import { plain } from './mrkdwn.js';

/** The words of an option; the server may give a string or a text object. */
export const labelOf = (option) => (typeof option?.text === 'string' ? option.text : (option?.text?.text ?? option?.value ?? ''));

/** An option as Slack sends it back. */
const whole = (option) => ({
  ...option,
  text: typeof option.text === 'string' ? { type: 'plain_text', text: option.text, emoji: true } : option.text,
});

/**
 * Makes a select.
 * - `groups`: [{label|null, options}] for a fixed list, or `load(query)` → groups for one that is asked for
 * - `least`: characters to type before asking
 * - `multi`, `most`, `chosen`, `placeholder`, `name` (accessible), `onChange(chosen)`
 */
export function pick({ groups, load, least = 0, multi = false, most = 100, chosen = [], placeholder, name, id, onChange }) {
  let selected = [...chosen];
  let shown = []; // the options in the open list, in order
  let active = -1;
  let asked = 0;
  let timer = null;
  let isOpen = false;

  const listId = freshId('list');
  const input = el('input', {
    id, type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off',
    'aria-expanded': 'false', 'aria-controls': listId, 'aria-autocomplete': 'list', 'aria-label': name || undefined,
  });
  const list = el('ul', { id: listId, class: 'pick-list', role: 'listbox', popover: 'manual', 'aria-label': name || 'Options' });
  if (multi) list.setAttribute('aria-multiselectable', 'true');
  const chips = el('span', { class: 'pick-chips' });
  const box = el('div', { class: multi ? 'pick-box multi' : 'pick-box' }, chips, input, el('span', { class: 'pick-arrow', 'aria-hidden': 'true' }, '▾'));
  const root = el('div', { class: 'pick' }, box, list);

  const has = (option) => selected.some((one) => one.value === option.value);

  function show() {
    fill(chips, multi && selected.map((option) => el('span', { class: 'chip' }, plain(labelOf(option)),
      el('button', {
        type: 'button', 'aria-label': `Remove ${labelOf(option)}`,
        on: { click: (event) => { event.stopPropagation(); change(selected.filter((one) => one !== option)); input.focus(); } },
      }, '×'))));
    input.placeholder = multi && selected.length ? '' : (placeholder ?? 'Choose an option');
    if (!multi) input.value = selected.length ? labelOf(selected[0]) : '';
  }

  function change(next) {
    selected = next;
    show();
    if (isOpen) refresh();
    onChange?.(selected);
  }

  function choose(option) {
    if (!multi) {
      selected = [whole(option)];
      close();
      show();
      onChange?.(selected);
      return;
    }
    input.value = '';
    if (has(option)) change(selected.filter((one) => one.value !== option.value));
    else if (selected.length < most) change([...selected, whole(option)]);
  }

  function draw(found, note) {
    const before = multi ? shown[active]?.value : undefined; // several are chosen one after the other
    shown = [];
    active = -1;
    const rows = [];
    for (const group of found) {
      if (group.options.length === 0) continue;
      if (group.label) rows.push(el('li', { class: 'pick-group', role: 'presentation' }, group.label));
      for (const option of group.options) {
        const index = shown.length;
        shown.push(option);
        rows.push(el('li', {
          id: `${listId}-${index}`, role: 'option', 'aria-selected': has(option) ? 'true' : 'false', data: { value: option.value },
          on: { mousedown: (event) => event.preventDefault(), click: () => choose(option), mousemove: () => mark(index, false) },
        }, el('span', { class: 'pick-text' }, plain(labelOf(option)),
          option.description && el('small', {}, option.description.text ?? option.description)),
        has(option) && el('span', { class: 'pick-tick', 'aria-hidden': 'true' }, '✓')));
      }
    }
    if (note || shown.length === 0) rows.push(el('li', { class: 'pick-note', role: 'presentation' }, note ?? 'Nothing found'));
    fill(list, rows);
    if (shown.length) mark(Math.max(0, shown.findIndex((option) => (multi ? option.value === before : has(option)))), true);
    else input.removeAttribute('aria-activedescendant');
    place();
  }

  function mark(index, scroll) {
    list.querySelector('.active')?.classList.remove('active');
    active = index;
    const row = document.getElementById(`${listId}-${index}`);
    if (!row) return;
    row.classList.add('active');
    input.setAttribute('aria-activedescendant', row.id);
    if (scroll) row.scrollIntoView({ block: 'nearest' });
  }

  // The words to search by: in a single select that shows its choice, nothing has been typed yet.
  function query() {
    const typed = input.value.trim();
    return !multi && selected.length && typed === labelOf(selected[0]) ? '' : typed;
  }

  function refresh() {
    const wanted = query();
    if (!load) {
      const needle = wanted.toLowerCase();
      draw((groups ?? []).map((group) => ({
        label: group.label,
        options: group.options.filter((option) => labelOf(option).toLowerCase().includes(needle)),
      })));
      return;
    }
    clearTimeout(timer);
    asked += 1;
    const mine = asked;
    if (wanted.length < least) {
      draw([], least === 1 ? 'Type to search' : `Type at least ${least} characters`);
      return;
    }
    if (shown.length === 0) draw([], 'Searching…');
    timer = setTimeout(async () => {
      const found = await load(wanted);
      if (mine !== asked || !isOpen) return; // an older question's answer
      if (found) draw(found);
      else draw([], 'The app did not answer. Type again to retry');
    }, wanted ? 150 : 0);
  }

  function place() {
    if (!isOpen) return;
    const at = box.getBoundingClientRect();
    const below = window.innerHeight - at.bottom;
    const up = below < 180 && at.top > below;
    list.style.left = `${Math.max(4, Math.min(at.left, window.innerWidth - Math.max(at.width, 220) - 4))}px`;
    list.style.minWidth = `${Math.max(at.width, 220)}px`;
    list.style.maxHeight = `${Math.min(280, (up ? at.top : below) - 12)}px`;
    list.style.top = up ? 'auto' : `${at.bottom + 4}px`;
    list.style.bottom = up ? `${window.innerHeight - at.top + 4}px` : 'auto';
  }

  function open() {
    if (isOpen) return;
    isOpen = true;
    input.setAttribute('aria-expanded', 'true');
    list.showPopover?.();
    window.addEventListener('scroll', place, true);
    window.addEventListener('resize', place);
    refresh();
    if (!multi) input.select();
  }

  function close() {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(timer);
    asked += 1;
    shown = [];
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    if (list.isConnected) list.hidePopover?.();
    window.removeEventListener('scroll', place, true);
    window.removeEventListener('resize', place);
  }

  input.addEventListener('input', () => { if (isOpen) refresh(); else open(); });
  input.addEventListener('click', () => open());
  box.addEventListener('mousedown', (event) => {
    if (event.target === input || event.target.closest('button')) return;
    event.preventDefault();
    input.focus();
    if (isOpen) close(); else open();
  });
  input.addEventListener('blur', () => { close(); if (multi) input.value = ''; show(); });
  input.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!isOpen) open();
      else if (shown.length) mark((active + step + shown.length) % shown.length, true);
    } else if (event.key === 'Enter') {
      event.preventDefault(); // never the form behind it
      if (!isOpen) open();
      else if (shown[active]) choose(shown[active]);
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault(); // closes the list, not the modal around it
      event.stopPropagation();
      close();
      show();
    } else if (event.key === 'Backspace' && multi && input.value === '' && selected.length) {
      change(selected.slice(0, -1));
    } else if ((event.key === 'Backspace' || event.key === 'Delete') && !multi && selected.length && event.target.selectionEnd - event.target.selectionStart === input.value.length) {
      selected = []; // the whole choice was deleted
    }
  });

  show();
  return { node: root, input, chosen: () => selected, put: (options) => { selected = options.map(whole); show(); } };
}
