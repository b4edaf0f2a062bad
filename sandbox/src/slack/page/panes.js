// Which parts are to be seen: beside each other on a wide screen, over each other on a middling one,
// one at a time with tabs on a phone.

import { fill } from './dom.js';

const phone = window.matchMedia('(max-width: 699px)');
const wide = window.matchMedia('(min-width: 1200px)');
const $ = (id) => document.getElementById(id);

/** Makes the layout. `onThreadClosed` when the person closes the thread. */
export function panes({ onThreadClosed }) {
  let pane = 'messages'; // on a phone
  let threadOpen = false;
  let page = null;
  const wanted = () => localStorage.getItem('github') !== 'closed';
  let githubOpen = wide.matches && wanted();

  function apply() {
    if (pane === 'thread' && !threadOpen) pane = 'messages';
    document.body.dataset.pane = pane;
    $('thread').hidden = phone.matches ? pane !== 'thread' : !threadOpen;
    const github = phone.matches ? pane === 'github' : githubOpen;
    $('github').hidden = !github;
    document.body.classList.toggle('with-thread', threadOpen && !phone.matches);
    document.body.classList.toggle('with-github', githubOpen && !phone.matches);
    $('toggle-github').setAttribute('aria-expanded', String(githubOpen));
    for (const tab of $('tabs').children) {
      tab.hidden = tab.dataset.pane === 'thread' && !threadOpen;
      if (tab.dataset.pane === pane) tab.setAttribute('aria-current', 'page');
      else tab.removeAttribute('aria-current');
    }
    // The frame is loaded when it is first seen.
    const frame = $('github-frame');
    if (github && page && frame.getAttribute('src') !== page) frame.src = page;
  }

  function setGithub(open) {
    githubOpen = open;
    if (wide.matches) localStorage.setItem('github', open ? 'open' : 'closed');
    apply();
  }

  function show(name) {
    if (pane === name && phone.matches) return;
    pane = name;
    if (!wide.matches && !phone.matches && name !== 'github') githubOpen = false;
    apply();
    document.dispatchEvent(new Event('panechange'));
  }

  $('toggle-github').addEventListener('click', () => setGithub(!githubOpen));
  $('close-github').addEventListener('click', () => { setGithub(false); $('toggle-github').focus(); });
  $('close-thread').addEventListener('click', onThreadClosed);
  $('reload-github').addEventListener('click', () => { if (page) $('github-frame').src = page; });
  $('tabs').addEventListener('click', (event) => {
    const tab = event.target.closest('button');
    if (tab) show(tab.dataset.pane);
  });
  for (const query of [phone, wide]) {
    query.addEventListener('change', () => {
      githubOpen = wide.matches && wanted();
      apply();
    });
  }
  apply();

  return {
    show,
    /** Whether a part can be seen now. */
    sees: (name) => !phone.matches || pane === name || (name === 'messages' && pane === 'thread'),
    /** Whether this is a phone, or as narrow. */
    narrow: () => phone.matches,
    /** Whether a thread fits beside the channel. */
    roomForThread: () => window.matchMedia('(min-width: 1000px)').matches,
    thread(open) {
      if (open === threadOpen) return;
      threadOpen = open;
      if (!open && pane === 'thread') pane = 'messages';
      apply();
    },
    /** Where the local GitHub's page is, or null. */
    github(address) {
      page = /^https?:\/\//.test(address ?? '') ? address : null;
      const link = $('github-link');
      if (page) link.href = page;
      else link.removeAttribute('href');
      fill(link, page ? 'Open in a tab' : 'It is not running');
      apply();
    },
  };
}
