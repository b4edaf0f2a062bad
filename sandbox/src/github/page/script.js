// Keeps the page up to date: on each change the same page is read again, and what differs lights up.
"use strict";
(() => {
  // Beside the local Slack there is a heading already, and little room.
  if (window.top !== window) document.documentElement.classList.add("framed");
  const live = document.getElementById("live");
  let busy = false;
  let again = false;

  const texts = (root) => {
    const found = new Map();
    for (const one of root.querySelectorAll("[data-key]")) found.set(one.dataset.key, one.textContent);
    return found;
  };

  const refresh = async () => {
    // What somebody is typing is not taken away.
    const fields = [...document.querySelectorAll("#main form input")];
    if (fields.some((field) => field === document.activeElement || field.value !== field.defaultValue)) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [now, next] = [document.getElementById("main"), fresh.getElementById("main")];
      if (!next) return;
      const before = texts(now);
      const focused = document.activeElement && document.activeElement.getAttribute("href");
      now.replaceChildren(...next.childNodes);
      document.title = fresh.title;
      for (const one of now.querySelectorAll("[data-key]")) {
        if (before.get(one.dataset.key) !== one.textContent) one.classList.add("changed");
      }
      if (focused) {
        const same = [...now.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused);
        if (same) same.focus({ preventScroll: true });
      }
    } catch {
      live.textContent = "Not connected";
    } finally {
      busy = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  };

  const stream = new EventSource("/_page/stream");
  stream.addEventListener("open", () => {
    live.textContent = "Live";
    refresh();
  });
  stream.addEventListener("change", refresh);
  stream.addEventListener("error", () => {
    live.textContent = "Not connected";
  });
})();
