// Building elements. There is no way in here to turn text into HTML: children are nodes or text nodes.

/**
 * Makes an element.
 * `attributes`: `class`, `data` (an object), `on` (an object of listeners), booleans, or plain attributes.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'data') {
      for (const [name, datum] of Object.entries(value)) if (datum !== undefined && datum !== null) node.dataset[name] = datum;
    } else if (key === 'on') {
      for (const [name, listener] of Object.entries(value)) node.addEventListener(name, listener);
    } else {
      node.setAttribute(key, value === true ? '' : String(value));
    }
  }
  return put(node, ...children);
}

/** Appends children: nodes, strings, numbers, nested arrays; empty ones are left out. */
export function put(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === '') continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** Replaces everything inside a node. */
export function fill(node, ...children) {
  node.replaceChildren();
  return put(node, ...children);
}

/** The address if a browser may open it from here, else null: no `javascript:`, no `data:`. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens beside this page, or plain text when the address is not safe. */
export function link(address, ...children) {
  const href = safeUrl(address);
  const content = children.length ? children : [address];
  return href ? el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, content) : el('span', {}, content);
}

let counter = 0;
/** An id that is unique on this page. */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** A short message at the edge of the screen. */
export function toast(text, kind = 'info') {
  const box = document.getElementById('toasts');
  const node = el('div', { class: `toast ${kind}` }, el('p', {}, text));
  const gone = () => node.remove();
  put(node, el('button', { type: 'button', class: 'quiet icon', 'aria-label': 'Dismiss', on: { click: gone } }, '×'));
  box.append(node);
  while (box.children.length > 4) box.firstChild.remove();
  setTimeout(gone, 10_000);
}

/** Says something to screen readers. What arrives within a second is said together. */
export const announce = (() => {
  let waiting = [];
  let timer = null;
  return (text) => {
    waiting = [...waiting.slice(-3), text];
    timer ??= setTimeout(() => {
      fill(document.getElementById('live'), waiting.join('. '));
      waiting = [];
      timer = null;
    }, 1000);
  };
})();
