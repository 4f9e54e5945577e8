// The raw log: every frame, filtered, and copied as JSON or as code.

import { asJavaScript, asPython } from "./code.js";
import { $, button, element } from "./dom.js";
import { withoutSecrets } from "./secrets.js";

const MOST_ENTRIES = 200;
const COPIED = new Set(["message", "credentials", "activity-object"]);

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} is in the clipboard`);
  } catch {
    say(`${what} could not be copied: the browser does not let this page`);
  }
}

function say(text) {
  $("log-said").textContent = text;
}

function copies(way, frame, shown, gateway) {
  const all = [button("Copy JSON", () => copy(shown, "JSON"))];
  if (way === "out" && COPIED.has(frame.event)) {
    all.push(button("as JavaScript", () => copy(asJavaScript(frame, gateway), "JavaScript"), { "aria-label": "Copy as JavaScript" }));
    all.push(button("as Python", () => copy(asPython(frame, gateway), "Python"), { "aria-label": "Copy as Python" }));
  }
  return element("div", { class: "copies" }, ...all);
}

function matches(item) {
  const way = $("log-way").value;
  const wanted = $("log-text").value.toLowerCase();
  const ofKind = way === "" || (way === "bad" ? item.classList.contains("bad") : item.dataset.way === way);
  return ofKind && (wanted === "" || item.textContent.toLowerCase().includes(wanted));
}

function filter() {
  let shown = 0;
  for (const item of $("entries").children) shown += Number(!(item.hidden = !matches(item)));
  say(`${shown} of ${$("entries").children.length} frames are shown`);
}

export function logFrame(way, frame, gateway) {
  const entries = $("entries");
  const body = withoutSecrets(frame.data ?? frame.ack ?? frame);
  const failed = Boolean(frame.error ?? frame.ack?.error ?? frame.data?.error);
  const title = `${way === "out" ? "→" : "←"} ${frame.event ?? "ack"} ${body?.type ?? ""} ${frame.id ?? ""}`;
  const shown = JSON.stringify(body, null, 1);
  const details = element("details", { open: frame.event !== "schemas" && !body?.platforms });
  details.append(element("summary", {}, title), element("pre", {}, shown), copies(way, frame, shown, gateway));
  const item = element("li", { class: failed ? "bad" : undefined, "data-way": way }, details);
  item.hidden = !matches(item);
  entries.prepend(item);
  while (entries.children.length > MOST_ENTRIES) entries.lastChild.remove();
}

export function setUpLog() {
  $("log-way").addEventListener("change", filter);
  $("log-text").addEventListener("input", filter);
  $("log-clear").addEventListener("click", () => {
    $("entries").replaceChildren();
    say("the log is empty");
  });
}
