// The page itself: who you are, where you are, and what is open. The rest is in the modules beside it.

import { announce, el, fill, toast } from './dom.js';
import { composer, sentLines } from './composer.js';
import { avatar, messageList } from './messages.js';
import { modals } from './modal.js';
import { words } from './mrkdwn.js';
import { follow, post, readState } from './server.js';
import { isReply, readMarks, workspace } from './store.js';
import { sidebar } from './sidebar.js';
import { panes } from './panes.js';

const EXAMPLES = [
  '!Help',
  '!CreateRepo acme widgets',
  '!CreateRepo acme gadgets --description "Our gadgets" --team platform=maintain --dry-run',
  '!AddCollab octocat acme website push --for 14d',
  '!InviteMe acme',
  '!AuditOrg acme',
  '!Undo',
];
const FIRST_PERSON = 'U0ANA';

const $ = (id) => document.getElementById(id);
let space = null; // what this person sees (store.js)
let marks = null; // what this person has read
let sent = null; // what this person typed
let stream = null;
let here = { person: null, channel: null, thread: null };
let firstNew = null; // where "New" stands in the open channel
let justSent = null; // the last message sent from the channel's box: its thread opens by itself
let lastNotice = 0;
let drawing = null;
const drafts = new Map();
const boxes = { room: null, thread: null };

// ---- What modules need to know about names

const ctx = {
  get me() { return here.person; },
  name: (id) => space?.nameOf(id),
  channel: (id) => {
    const channel = space?.channels.get(id);
    return channel && { name: channel.name, open: () => go({ channel: id, thread: null }) };
  },
};
const env = () => ({
  ctx,
  people: Object.entries(space?.names ?? {}).filter(([id]) => id !== space.bot.id).map(([value, text]) => ({ text, value })),
  channels: [...(space?.channels.values() ?? [])].filter((channel) => channel.kind !== 'im').map((channel) => ({ text: `#${channel.name}`, value: channel.id })),
});
const world = () => ({ ctx, me: here.person, bot: space.bot, nameOf: (id) => space.nameOf(id), fullName: (id) => space.people.find((one) => one.id === id)?.real_name });

// ---- Requests

const as = () => here.person;

async function say(text, thread) {
  const channel = here.channel;
  sent.add(text);
  const body = { as: as(), channel, text };
  if (thread) body.thread_ts = thread;
  const result = await post('/page/say', body);
  if (result.ok && !thread) justSent = { channel, ts: result.ts };
  if (result.ok && justSent && !thread) openOwnThread();
  return result;
}

async function click(message, payload, quiet) {
  const result = await post('/page/click', { as: as(), channel: here.channel, ts: message.ts, ...payload });
  if (result.ok || quiet) return;
  // Slack's own notice about it may come by the stream: one of them is enough.
  setTimeout(() => { if (Date.now() - lastNotice > 2000) toast(result.error ?? 'The app did not take this.', 'bad'); }, 500);
}

async function suggest(place, block_id, action_id, value) {
  const result = await post('/page/suggest', { as: as(), ...place, block_id, action_id, value });
  if (!result.ok) return null;
  if (result.option_groups) return result.option_groups.map((group) => ({ label: group.label?.text ?? group.label, options: group.options ?? [] }));
  return [{ label: null, options: result.options ?? [] }];
}

const modal = modals({
  env,
  send: {
    submit: (view, state) => post('/page/modal/submit', { as: as(), view_id: view.id, state }),
    close: (view) => post('/page/modal/close', { as: as(), view_id: view.id }),
    act: (view, payload, state) => post('/page/modal/action', { as: as(), view_id: view.id, ...payload, state }),
    suggest: (view, block, action, value) => suggest({ view_id: view.id }, block, action, value),
  },
  onClosed: () => (here.thread && !$('thread').hidden ? boxes.thread : boxes.room)?.focus(),
});

const common = {
  world, env,
  act: click,
  suggest: (message, block, action, value) => suggest({ channel: here.channel, ts: message.ts }, block, action, value),
  edit: (message, text) => post('/page/edit', { as: as(), channel: here.channel, ts: message.ts, text }),
};
const room = messageList({ node: $('room-log'), newest: $('room-newest'), ...common, openThread: (ts) => go({ thread: ts }, true) });
const thread = messageList({ node: $('thread-log'), newest: $('thread-newest'), ...common });
const layout = panes({ onThreadClosed: () => go({ thread: null }) });

// ---- Where we are: #PERSON/CHANNEL/THREAD

function readHash() {
  const [person, channel, ts] = decodeURIComponent(location.hash.slice(1)).split('/');
  return { person: person || FIRST_PERSON, channel: channel || null, thread: ts || null };
}

function go(change, focus = false) {
  const next = { ...here, ...change };
  if (change.channel && change.channel !== here.channel && change.thread === undefined) next.thread = null;
  const hash = `#${[next.person, next.channel, next.thread].filter(Boolean).join('/')}`;
  if (change.channel) layout.show('messages');
  if (change.thread) layout.show('thread');
  if (hash !== location.hash) history.pushState(null, '', hash);
  arrive(focus);
}

function arrive(focus = false) {
  const next = readHash();
  if (next.person !== here.person) {
    become(next);
    return;
  }
  if (!space) return;
  const known = next.channel && space.channels.has(next.channel);
  const channel = known ? next.channel : nearest(next.channel);
  const moved = channel !== here.channel;
  const threadMoved = moved || next.thread !== here.thread;
  if (moved && here.channel) layout.show('messages');
  if (moved) {
    keepDraft();
    const unread = channel ? space.since(channel, marks.of(channel)).find((message) => !isReply(message)) : null;
    firstNew = unread?.ts ?? null;
  } else if (threadMoved) {
    keepDraft();
  }
  here = { person: next.person, channel, thread: known ? next.thread : null };
  if (moved) foot();
  if (threadMoved) threadFoot();
  draw();
  if (threadMoved && here.thread) layout.show('thread');
  const pointer = window.matchMedia('(hover: hover)').matches;
  if (threadMoved && here.thread && (focus || !moved)) {
    if (pointer && focus) boxes.thread?.focus();
  } else if (moved && pointer) boxes.room?.focus();
}

// Another person is not in this channel: from a direct message to their own one, else to where all are.
function nearest(wanted) {
  const channels = [...space.channels.values()];
  const direct = wanted?.startsWith('D') ? channels.find((channel) => channel.kind === 'im') : null;
  return (direct ?? channels.find((channel) => channel.name === 'general') ?? channels[0])?.id ?? null;
}

// Becomes another person: their own state, their own stream.
function become(next) {
  keepDraft();
  stream?.close();
  modal.show([]);
  here = { ...next, channel: null, thread: null };
  space = null;
  justSent = null;
  boxes.room = null;
  boxes.thread = null;
  fill($('room-foot'));
  fill($('thread-foot'));
  sent = sentLines(next.person);
  const person = next.person;
  const readings = new Set(); // for each reading of the state under way, the changes that came meanwhile

  const load = async () => {
    const meanwhile = [];
    readings.add(meanwhile);
    const state = await readState(person);
    readings.delete(meanwhile);
    if (here.person !== person) return;
    if (!state.ok) {
      if (person !== FIRST_PERSON && state.error && !space) {
        location.hash = `#${FIRST_PERSON}`; // nobody by that id
        return;
      }
      connection(state.error);
      return;
    }
    connection(null);
    space = workspace(state);
    meanwhile.forEach((change) => space.apply(change));
    if (marks?.person !== person) marks = readMarks(person, space.newest());
    drawPeople();
    layout.github(space.githubPage);
    $('workspace').textContent = space.name;
    arrive();
    modal.show(space.modals);
    openOwnThread();
  };
  stream = follow(person, {
    // Each time: what happened while there was no stream is only in the state.
    onOpen: load,
    onLost: (failures) => {
      if (here.person !== person) return;
      if (failures > 1 || space) connection('The connection to the sandbox was lost. Trying again…');
    },
    onChange: (change) => {
      if (here.person !== person) return;
      readings.forEach((meanwhile) => meanwhile.push(change));
      if (space) take(change);
    },
  });
  load(); // the stream may open late
}

function connection(text) {
  const notice = $('connection');
  notice.hidden = !text;
  fill(notice, text);
}

// ---- Changes

function take(change) {
  if (change.notice) {
    lastNotice = Date.now();
    toast(change.notice);
  }
  const { fresh, edited, old, gone, channel } = space.apply(change);
  if (change.modals) {
    modal.show(space.modals);
    openOwnThread(); // the answer to a form may come before the form is gone
  }
  if (fresh) {
    const author = space.nameOf(fresh.user) ?? space.bot.name;
    const there = space.channels.get(channel);
    if (fresh.user !== here.person || fresh.ephemeral) {
      announce(channel === here.channel ? `${author}: ${words(fresh.text, ctx)}` : `New message in ${there ? there.name : 'another channel'}`);
    }
    openOwnThread();
  } else if (edited && channel === here.channel && edited.text !== old.text) {
    announce(words(edited.text, ctx));
  }
  if (fresh || edited || gone) drawSoon();
}

// Many changes at once are drawn once.
function drawSoon() {
  drawing ??= setTimeout(() => {
    drawing = null;
    draw();
  }, 16);
}

// On a wide screen the first answer below one's own line opens beside it, so that one sees it happen.
function openOwnThread() {
  if (!justSent || justSent.channel !== here.channel || here.thread || !layout.roomForThread() || modal.count() > 0) return;
  if (space.replies(justSent.channel, justSent.ts).length === 0) return;
  const { ts } = justSent;
  justSent = null;
  go({ thread: ts });
}

// ---- Drawing

const side = sidebar({ node: $('side'), open: (channel) => go({ channel }) });

function draw() {
  if (!space) return;
  const channel = space.channels.get(here.channel);
  const seen = document.visibilityState === 'visible' && layout.sees('messages');
  const everything = channel ? [...space.top(here.channel)] : [];
  const threads = channel ? space.threads(here.channel) : new Map();
  if (channel && seen) {
    const latest = space.since(here.channel, '0').at(-1);
    if (latest) marks.set(here.channel, latest.ts);
  }
  const unread = side.draw(space, here, marks);
  $('room-name').textContent = channel ? title(channel) : 'No channels';
  $('room-topic').textContent = topic(channel);
  document.title = `${unread ? `(${unread}) ` : ''}${channel ? title(channel) : ''} · ${space.name} sandbox`;
  room.show(`${here.person} ${here.channel}`, everything, { empty: emptyRoom(channel), firstNew, threads });
  drawThread();
}

function drawThread() {
  const root = here.thread && space.message(here.channel, here.thread);
  const replies = here.thread ? space.replies(here.channel, here.thread) : [];
  const open = Boolean(root || replies.length);
  layout.thread(open);
  if (!open) return;
  $('thread-place').textContent = title(space.channels.get(here.channel));
  const people = replies.filter((reply) => !reply.ephemeral).length;
  const gone = el('p', { class: 'gone' }, 'This message was deleted.');
  const line = people > 0 && el('div', { class: 'day', role: 'separator' }, el('span', {}, `${people} ${people === 1 ? 'reply' : 'replies'}`));
  thread.show(`${here.person} ${here.channel} ${here.thread}`, [...(root ? [root] : []), ...replies], root ? { afterRoot: line } : { before: [gone, line].filter(Boolean) });
}

function title(channel) {
  return channel.kind === 'im' ? space.bot.name : `${channel.kind === 'private' ? '🔒' : '#'}${channel.name}`;
}

function topic(channel) {
  if (!channel) return '';
  const shared = channel.shared ? 'Shared with another company. ' : '';
  return shared + (channel.topic || (channel.kind === 'im' ? 'Between you and the bot' : ''));
}

function emptyRoom(channel) {
  if (!channel) return el('p', { class: 'empty' }, 'This person is in no channel.');
  const words = channel.kind === 'im'
    ? `This is your conversation with ${space.bot.name}. Only you two can see it.`
    : `This is the beginning of ${title(channel)}.`;
  return el('div', { class: 'empty' }, el('p', {}, words), channel.can_post !== false && el('p', {}, 'Type ', el('code', {}, '!Help'), ' to see what you can do here.'));
}

function keepDraft() {
  if (boxes.room && here.channel) drafts.set(`${here.person} ${here.channel}`, boxes.room.text());
  if (boxes.thread && here.thread) drafts.set(`${here.person} ${here.channel} ${here.thread}`, boxes.thread.text());
}

function foot() {
  const channel = space.channels.get(here.channel);
  boxes.room = null;
  if (!channel || channel.can_post === false) {
    fill($('room-foot'), channel && el('p', { class: 'cannot' }, 'You can read here, but not write.'));
    return;
  }
  boxes.room = composer({
    label: `Message ${title(channel)}`,
    placeholder: layout.narrow() ? 'Try !CreateRepo acme widgets' : `Message ${title(channel)}, for example !CreateRepo acme widgets`,
    initial: drafts.get(`${here.person} ${here.channel}`),
    send: (text) => say(text, null), history: () => sent.all(),
  });
  fill($('room-foot'), boxes.room.node);
  boxes.room.fit();
}

function threadFoot() {
  boxes.thread = null;
  const ts = here.thread;
  const channel = space.channels.get(here.channel);
  if (!ts || !channel || channel.can_post === false) {
    fill($('thread-foot'));
    return;
  }
  boxes.thread = composer({
    label: 'Reply in this thread', placeholder: 'Reply…', initial: drafts.get(`${here.person} ${here.channel} ${ts}`),
    send: (text) => say(text, ts), history: () => sent.all(),
  });
  fill($('thread-foot'), boxes.thread.node);
}

function drawPeople() {
  const legend = $('people').querySelector('legend');
  fill($('people'), legend, space.people.map((person) => {
    const input = el('input', { type: 'radio', name: 'person', value: person.id, class: 'unseen', on: { change: () => go({ person: person.id }) } });
    input.checked = person.id === here.person;
    return el('label', { class: 'person', title: person.hint }, input, avatar(person.id, person.real_name ?? person.name, false),
      el('span', { class: 'person-words' }, el('strong', {}, person.name), el('small', {}, person.role)));
  }));
}

function drawHint() {
  fill($('examples'), EXAMPLES.map((line) => el('li', {}, el('button', { type: 'button', class: 'example', title: line, data: { line }, on: { click: () => fillBox(line) } }, line))));
  const set = (open, remember) => {
    $('hint').hidden = !open;
    $('toggle-hint').setAttribute('aria-expanded', String(open));
    if (remember) localStorage.setItem('hint', open ? 'open' : 'hidden');
  };
  set(localStorage.getItem('hint') !== 'hidden', false);
  $('toggle-hint').addEventListener('click', () => set($('hint').hidden, true));
  $('hide-hint').addEventListener('click', () => { set(false, true); $('toggle-hint').focus(); });
}

function fillBox(line) {
  layout.show('messages');
  if (!boxes.room) {
    toast('You cannot write in this channel. Open another one first.');
    return;
  }
  boxes.room.set(line);
  boxes.room.focus();
}

// ---- Start

$('skip').addEventListener('click', () => boxes.room?.focus());
window.addEventListener('hashchange', () => arrive());
window.addEventListener('popstate', () => arrive());
document.addEventListener('visibilitychange', () => draw());
document.addEventListener('panechange', () => draw());
document.addEventListener('keydown', (event) => {
  if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp') && space) {
    event.preventDefault();
    const ids = side.order();
    const at = ids.indexOf(here.channel) + (event.key === 'ArrowDown' ? 1 : -1);
    if (ids[at]) go({ channel: ids[at] });
  } else if (event.key === 'Escape' && here.thread && !event.defaultPrevented && modal.count() === 0 && $('thread').contains(document.activeElement)) {
    go({ thread: null });
    boxes.room?.focus();
  }
});
drawHint();
arrive();
