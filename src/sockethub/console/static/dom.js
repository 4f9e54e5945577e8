// Elements, made of text and never of markup.

export const $ = (id) => document.getElementById(id);

/** An element with children, texts or elements; `class`, `data-…` and `aria-…` are attributes, the rest properties. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name === "class" || name.includes("-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
  return node;
}

export function button(text, onclick, properties = {}) {
  return element("button", { type: "button", class: "quiet", onclick, ...properties }, text);
}

export function options(select, names) {
  select.replaceChildren(...names.map((name) => new Option(name, name)));
}

export function problem(id, error) {
  $(id).textContent = error ? error.message : "";
}

/** Makes a list's children these nodes; what stays is not touched, and keeps its focus. */
export function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

const kept = new WeakMap(); // by list, {looks, node} by key

/** A list of `{key, looks, make}`: a node is made again when `looks` differs, and keeps the focus even then. */
export function keyed(list, items) {
  const before = kept.get(list) ?? new Map();
  const now = new Map();
  for (const { key, looks, make } of items) {
    const known = before.get(key);
    const same = known?.looks === looks;
    const node = same ? known.node : make();
    now.set(key, { looks, node });
    if (!same && known?.node.contains(document.activeElement)) queueMicrotask(() => node.querySelector("button")?.focus());
  }
  kept.set(list, now);
  arrange(list, [...now.values()].map(({ node }) => node));
}
