// Channels and direct messages, with marks for what is unread.

import { el, fill } from './dom.js';
import { avatar } from './messages.js';

/** Makes the list in `node`; `open(id)` goes to a channel. */
export function sidebar({ node, open }) {
  let ids = [];

  /** Draws it. Returns how many messages ask for this person (mentions and direct messages). */
  function draw(space, here, marks) {
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.channel : null;
    const person = space.people.find((one) => one.id === here.person);
    const channels = [...space.channels.values()];
    const rooms = channels.filter((channel) => channel.kind !== 'im');
    const direct = channels.filter((channel) => channel.kind === 'im');
    ids = [...rooms, ...direct].map((channel) => channel.id);
    let asking = 0;

    const row = (channel) => {
      const unread = space.since(channel.id, marks.of(channel.id));
      const count = channel.kind === 'im' ? unread.length : unread.filter((message) => message.text?.includes(`<@${here.person}`)).length;
      asking += count;
      const current = channel.id === here.channel;
      const name = channel.kind === 'im' ? space.bot.name : channel.name;
      const icon = channel.kind === 'im' ? avatar(space.bot.id, name, true) : el('span', { class: 'sign', 'aria-hidden': 'true' }, channel.kind === 'private' ? '🔒' : '#');
      return el('li', {}, el('button', {
        type: 'button', class: unread.length ? 'channel unread' : 'channel', 'aria-current': current ? 'page' : null,
        data: { channel: channel.id }, on: { click: () => open(channel.id) },
      },
      icon, el('span', { class: 'channel-name' }, name),
      channel.kind === 'private' && el('span', { class: 'unseen' }, ', private'),
      channel.kind === 'im' && el('span', { class: 'app' }, 'APP'),
      channel.shared && el('span', { class: 'shared', title: 'Shared with another company' }, el('span', { 'aria-hidden': 'true' }, '◇◇'), el('span', { class: 'unseen' }, ', shared with another company')),
      count > 0 ? el('span', { class: 'count' }, String(count), el('span', { class: 'unseen' }, ' unread')) : unread.length > 0 && el('span', { class: 'unseen' }, ', unread')));
    };
    const list = (name, items) => items.length > 0 && [el('h2', {}, name), el('ul', {}, items.map(row))];
    fill(node,
      el('p', { class: 'you' }, 'You are ', el('strong', {}, person?.real_name ?? space.nameOf(here.person) ?? here.person), person?.role ? `, ${person.role}` : '', '.',
        person?.hint && el('span', { class: 'you-hint' }, ` ${person.hint.replace(/[.\s]*$/, '.')}`)),
      list('Channels', rooms), list('Direct messages', direct));
    if (focused) node.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
    document.getElementById('tabs').querySelector('[data-pane=channels]').classList.toggle('unread', node.querySelector('.unread') !== null);
    return asking;
  }

  return { draw, order: () => ids };
}
