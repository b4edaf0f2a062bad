// The interactive elements of Block Kit, in messages and in modals.
//
// Each is {node, focus?, read?, problem?}: `read()` gives its part of Slack's `state.values`, `problem()` says
// what is wrong with what was entered, or null. `env` is what stands around it:
//   ctx             names, for mentions
//   act(payload)    sends block_actions: {block_id, action_id, value?, selected_option?, ...} → Promise
//   suggest(block_id, action_id, value) → Promise of groups, or null when the app did not answer
//   people, channels  for users_select and the like: [{text, value}]

import { el, put, freshId } from './dom.js';
import { textObject } from './mrkdwn.js';
import { pick } from './pick.js';

/** Renders one element. `dispatch`: whether a change is sent to the app at once. */
export function element(spec, blockId, env, { dispatch = true, id = freshId('field'), name } = {}) {
  const act = (payload) => {
    if (!dispatch) return;
    confirmed(spec.confirm, env, () => env.act({ block_id: blockId, action_id: spec.action_id, ...payload }, null));
  };
  switch (spec.type) {
    case 'button': case 'workflow_button': return button(spec, blockId, env);
    case 'overflow': return overflow(spec, blockId, env);
    case 'checkboxes': return choices(spec, 'checkbox', act, env, id);
    case 'radio_buttons': return choices(spec, 'radio', act, env, id);
    case 'plain_text_input': case 'url_text_input': case 'email_text_input': case 'number_input':
      return textInput(spec, act, env, id, name);
    case 'datepicker': return native(spec, 'date', 'selected_date', spec.initial_date, act, id, name);
    case 'timepicker': return native(spec, 'time', 'selected_time', spec.initial_time, act, id, name);
    case 'datetimepicker': return moment(spec, act, id, name);
    default: return /_select$/.test(spec.type) ? select(spec, blockId, act, env, id, name) : unknown(spec);
  }
}

function unknown(spec) {
  return { node: el('span', { class: 'unshown' }, `(${spec.type} is not shown here)`) };
}

function button(spec, blockId, env) {
  const style = ['primary', 'danger'].includes(spec.style) ? spec.style : '';
  const label = textObject(spec.text, env.ctx);
  const payload = { block_id: blockId, action_id: spec.action_id, type: spec.type, value: spec.value };
  const data = { action: spec.action_id, block: blockId };
  if (spec.url) {
    const node = el('a', { class: `button ${style}`, target: '_blank', rel: 'noopener noreferrer', data, 'aria-label': spec.accessibility_label });
    try {
      const url = new URL(spec.url);
      if (['http:', 'https:'].includes(url.protocol)) node.href = url.href;
    } catch {
      // An address that is none: the button shows, and leads nowhere.
    }
    // Slack sends the click to the app even when it opens a link.
    node.addEventListener('click', () => env.act(payload, null, true));
    return { node: put(node, label, el('span', { class: 'unseen' }, ' (opens a new tab)')) };
  }
  const node = el('button', { type: 'button', class: `button ${style}`, data, 'aria-label': spec.accessibility_label }, label);
  node.addEventListener('click', () => confirmed(spec.confirm, env, () => env.act(payload, node)));
  return { node, focus: () => node.focus() };
}

/** Asks "are you sure" when the element wants it, then goes on. */
function confirmed(confirm, env, go) {
  if (!confirm) {
    go();
    return;
  }
  const title = freshId('confirm');
  const dialog = el('dialog', { class: 'confirm', 'aria-labelledby': title });
  const close = () => { dialog.close(); dialog.remove(); };
  const yes = () => { close(); go(); };
  put(dialog,
    el('h2', { id: title }, textObject(confirm.title, env.ctx) ?? 'Are you sure?'),
    el('div', { class: 'confirm-text' }, textObject(confirm.text, env.ctx)),
    el('div', { class: 'confirm-buttons' },
      el('button', { type: 'button', class: 'button', on: { click: close } }, textObject(confirm.deny, env.ctx) ?? 'Cancel'),
      el('button', { type: 'button', class: `button ${confirm.style === 'danger' ? 'danger' : 'primary'}`, on: { click: yes } },
        textObject(confirm.confirm, env.ctx) ?? 'Yes')));
  dialog.addEventListener('cancel', (event) => { event.preventDefault(); close(); });
  document.body.append(dialog);
  dialog.showModal();
}

function overflow(spec, blockId, env) {
  const menuId = freshId('menu');
  const toggle = el('button', {
    type: 'button', class: 'button overflow', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-controls': menuId,
    'aria-label': 'More actions', data: { action: spec.action_id, block: blockId },
  }, '⋯');
  const menu = el('ul', { id: menuId, class: 'menu', role: 'menu', popover: 'auto' });
  for (const option of spec.options ?? []) {
    const choose = () => {
      menu.hidePopover();
      const selected = { block_id: blockId, action_id: spec.action_id, type: spec.type, selected_option: option };
      confirmed(spec.confirm, env, () => env.act(selected, toggle));
      if (option.url && /^https?:/.test(option.url)) window.open(option.url, '_blank', 'noopener');
    };
    menu.append(el('li', { role: 'none' }, el('button', { type: 'button', role: 'menuitem', data: { value: option.value }, on: { click: choose } },
      textObject(option.text, env.ctx), option.description && el('small', {}, textObject(option.description, env.ctx)))));
  }
  toggle.popoverTargetElement = menu;
  menu.addEventListener('toggle', (event) => {
    const open = event.newState === 'open';
    toggle.setAttribute('aria-expanded', String(open));
    if (!open) return;
    const at = toggle.getBoundingClientRect();
    const size = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(4, Math.min(at.left, window.innerWidth - size.width - 4))}px`;
    menu.style.top = `${at.bottom + size.height + 8 > window.innerHeight ? Math.max(4, at.top - size.height - 4) : at.bottom + 4}px`;
    menu.querySelector('button')?.focus();
  });
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll('button')];
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
  });
  return { node: el('span', { class: 'pick-menu' }, toggle, menu) };
}

// static, external, users, conversations and channels selects, for one or several.
function select(spec, blockId, act, env, id, name) {
  const multi = spec.type.startsWith('multi_');
  const kind = spec.type.replace(/^multi_/, '').replace(/_select$/, ''); // static, external, users, ...
  const offered = { users: env.people, conversations: env.channels, channels: env.channels }[kind];
  const groupsOf = (source) => (source.option_groups
    ? source.option_groups.map((group) => ({ label: group.label?.text, options: group.options ?? [] }))
    : [{ label: null, options: source.options ?? [] }]);
  const groups = offered ? [{ label: null, options: offered }] : groupsOf(spec);

  let chosen = [];
  if (multi) chosen = spec.initial_options ?? [];
  else if (spec.initial_option) chosen = [spec.initial_option];
  const singular = { users: 'user', conversations: 'conversation', channels: 'channel' }[kind];
  if (offered) {
    const ids = (multi ? spec[`initial_${kind}`] : [spec[`initial_${singular}`]]) ?? [];
    chosen = offered.filter((option) => ids.includes(option.value));
  }
  const value = (now) => {
    if (offered) return multi ? { [`selected_${kind}`]: now.map((one) => one.value) } : { [`selected_${singular}`]: now[0]?.value ?? null };
    return multi ? { selected_options: now } : { selected_option: now[0] ?? null };
  };
  const menu = pick({
    id, name, multi, chosen,
    groups,
    load: kind === 'external' ? (typed) => env.suggest(blockId, spec.action_id, typed) : undefined,
    least: spec.min_query_length ?? 3,
    most: spec.max_selected_items ?? 100,
    placeholder: spec.placeholder?.text,
    onChange: (now) => act({ type: spec.type, ...value(now) }),
  });
  menu.node.dataset.action = spec.action_id;
  return {
    node: menu.node,
    focus: () => menu.input.focus(),
    read: () => ({ type: spec.type, ...value(menu.chosen()) }),
    keep: () => menu.chosen(),
    restore: (options) => menu.put(options),
    empty: () => menu.chosen().length === 0,
  };
}

function choices(spec, type, act, env, id) {
  const group = freshId('group');
  const several = type === 'checkbox';
  const initial = several ? (spec.initial_options ?? []) : [spec.initial_option].filter(Boolean);
  const node = el('span', { class: 'choices', data: { action: spec.action_id } });
  const boxes = (spec.options ?? []).map((option, index) => {
    const input = el('input', { type, name: group, id: index === 0 ? id : undefined, value: option.value });
    input.checked = initial.some((one) => one.value === option.value);
    input.addEventListener('change', () => act({ type: spec.type, ...value() }));
    put(node, el('label', {}, input, el('span', {}, textObject(option.text, env.ctx),
      option.description && el('small', {}, textObject(option.description, env.ctx)))));
    return { input, option };
  });
  const now = () => boxes.filter((box) => box.input.checked).map((box) => box.option);
  const value = () => (several ? { selected_options: now() } : { selected_option: now()[0] ?? null });
  return {
    node,
    grouped: true,
    focus: () => boxes[0]?.input.focus(),
    read: () => ({ type: spec.type, ...value() }),
    keep: () => now().map((option) => option.value),
    restore: (values) => boxes.forEach((box) => { box.input.checked = values.includes(box.option.value); }),
    empty: () => now().length === 0,
  };
}

const KINDS = { plain_text_input: 'text', url_text_input: 'url', email_text_input: 'email', number_input: 'text' };

function textInput(spec, act, env, id, name) {
  const node = spec.multiline
    ? el('textarea', { rows: 4 })
    : el('input', { type: KINDS[spec.type], inputmode: spec.type === 'number_input' ? 'decimal' : undefined });
  for (const [key, value] of Object.entries({
    id, 'aria-label': name, placeholder: spec.placeholder?.text, autocomplete: 'off', spellcheck: 'false',
    maxlength: spec.max_length,
  })) if (value !== undefined) node.setAttribute(key, value);
  node.dataset.action = spec.action_id;
  node.value = spec.initial_value ?? '';
  const on = spec.dispatch_action_config?.trigger_actions_on ?? ['on_enter_pressed'];
  let timer = null;
  if (on.includes('on_character_entered')) {
    node.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => act({ type: spec.type, value: node.value }), 300);
    });
  }
  if (on.includes('on_enter_pressed')) {
    node.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !spec.multiline && !event.isComposing) act({ type: spec.type, value: node.value });
    });
  }
  return {
    node,
    focus: () => node.focus(),
    read: () => ({ type: spec.type, value: node.value === '' ? null : node.value }),
    keep: () => node.value,
    restore: (value) => { node.value = value; },
    empty: () => node.value.trim() === '',
    problem: () => textProblem(spec, node.value),
  };
}

function textProblem(spec, value) {
  if (value === '') return null;
  if (spec.min_length && value.length < spec.min_length) return `Use at least ${spec.min_length} characters.`;
  if (spec.type === 'url_text_input') {
    if (!URL.canParse(value) || !/^https?:\/\/./.test(value)) return 'Enter a full web address, like https://example.com.';
  } else if (spec.type === 'email_text_input') {
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) return 'Enter an e-mail address, like ana@acme.example.';
  } else if (spec.type === 'number_input') {
    const number = Number(value);
    if (!(spec.is_decimal_allowed ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/).test(value)) {
      return spec.is_decimal_allowed ? 'Enter a number.' : 'Enter a whole number.';
    }
    if (spec.min_value !== undefined && number < Number(spec.min_value)) return `Enter ${spec.min_value} or more.`;
    if (spec.max_value !== undefined && number > Number(spec.max_value)) return `Enter ${spec.max_value} or less.`;
  }
  return null;
}

function native(spec, type, key, initial, act, id, name) {
  const node = el('input', { type, id, 'aria-label': name, data: { action: spec.action_id } });
  node.value = initial ?? '';
  const value = () => ({ [key]: node.value || null });
  node.addEventListener('change', () => act({ type: spec.type, ...value() }));
  return {
    node, focus: () => node.focus(), read: () => ({ type: spec.type, ...value() }),
    keep: () => node.value, restore: (now) => { node.value = now; }, empty: () => node.value === '',
  };
}

// Slack counts in seconds since 1970; the browser's field in local wall time.
function moment(spec, act, id, name) {
  const local = (seconds) => {
    const date = new Date(seconds * 1000);
    return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  };
  const node = el('input', { type: 'datetime-local', id, 'aria-label': name, data: { action: spec.action_id } });
  node.value = spec.initial_date_time ? local(spec.initial_date_time) : '';
  const value = () => ({ selected_date_time: node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null });
  node.addEventListener('change', () => act({ type: spec.type, ...value() }));
  return {
    node, focus: () => node.focus(), read: () => ({ type: spec.type, ...value() }),
    keep: () => node.value, restore: (now) => { node.value = now; }, empty: () => node.value === '',
  };
}
