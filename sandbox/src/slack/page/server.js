// Talking with the local Slack: requests, and the stream of changes with reconnecting.

/** Sends one request; the answer is an object with `ok`. It never throws. */
export async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return await answer(response);
  } catch {
    return { ok: false, error: 'The sandbox does not answer. Is it still running?' };
  }
}

/** Everything this person sees. */
export async function readState(as) {
  try {
    return await answer(await fetch(`/page/state?as=${encodeURIComponent(as)}`, { cache: 'no-store' }));
  } catch {
    return { ok: false, error: 'The sandbox does not answer. Is it still running?' };
  }
}

async function answer(response) {
  try {
    const body = await response.json();
    if (body && typeof body === 'object') return { ...body, ok: response.ok && body.ok !== false };
  } catch {
    // Not JSON: the status says what there is to say.
  }
  return { ok: false, error: `The sandbox answered ${response.status}.` };
}

/**
 * Follows the changes for one person until `close()`.
 * `onOpen` runs at each (re)connection: what happened before it must be read from the state.
 */
export function follow(as, { onOpen, onChange, onLost }) {
  let source = null;
  let retry = null;
  let failures = 0;
  let closed = false;

  const open = () => {
    if (closed) return;
    source = new EventSource(`/page/stream?as=${encodeURIComponent(as)}`);
    source.addEventListener('open', () => {
      failures = 0;
      onOpen();
    });
    source.addEventListener('change', (event) => {
      try {
        onChange(JSON.parse(event.data));
      } catch (error) {
        console.error('a change that could not be read', error);
      }
    });
    source.addEventListener('error', () => {
      // The browser gives up on some errors; trying again is then up to us. One way for all cases.
      source.close();
      if (closed) return;
      failures += 1;
      onLost(failures);
      clearTimeout(retry);
      retry = setTimeout(open, Math.min(8000, 500 * 2 ** Math.min(failures, 5)));
    });
  };
  const now = () => {
    if (!closed && source?.readyState === EventSource.CLOSED) {
      clearTimeout(retry);
      open();
    }
  };
  window.addEventListener('online', now);
  open();
  return {
    close() {
      closed = true;
      clearTimeout(retry);
      window.removeEventListener('online', now);
      source?.close();
    },
  };
}
