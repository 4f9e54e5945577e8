// Draws what was said in a room. A line is drawn again when it has changed, and only then.

import { $, arrange, button, element } from "./dom.js";
import { find } from "./lines.js";
import { can } from "./model.js";

const REACTIONS = ["👍", "❤️", "😂", "🦉"];
const ADDRESS = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;
const QUOTED = 60;
const NEAR_END_PX = 60;

const drawn = new WeakMap(); // line to {node, of}, where `of` tells whether it has to be drawn again

function clock(at) {
  const time = at ? new Date(at) : new Date();
  return element("time", { dateTime: time.toISOString() }, time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
}

/** Text with links; each can be previewed where the gateway can. */
function text(said, does) {
  const parts = [];
  let from = 0;
  for (const { 0: url, index } of said.matchAll(ADDRESS)) {
    parts.push(said.slice(from, index), element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url));
    if (does.preview) {
      const show = ({ currentTarget }) => does.preview(url, currentTarget);
      parts.push(button("Preview", show, { class: "quiet preview", "aria-label": `Preview ${url}` }));
    }
    from = index + url.length;
  }
  return element("span", { class: "text" }, ...parts, said.slice(from));
}

function quote(about) {
  const words = about?.retracted ? "a message that was taken back" : about?.text.slice(0, QUOTED);
  return element("small", { class: "quote" }, `↪ ${about?.who ?? "somebody"}: ${words ?? "a message from before"}`);
}

function reactions(line, does) {
  if (line.reactions.size === 0) return undefined;
  const one = ([reaction, people]) => {
    const mine = people.has("me");
    const toggle = () => does.react(line, reaction, mine);
    return button(`${reaction} ${people.size}`, toggle, { class: "reaction", "aria-pressed": String(mine), "aria-label": `${reaction}, ${people.size}` });
  };
  return element("span", { class: "reactions" }, ...[...line.reactions].map(one));
}

/** What can be done with a line, folded away. */
function actions(line, does, able) {
  if (line.id === undefined || line.kind === "event" || line.retracted || line.error) return undefined;
  const fold = element("details", { class: "actions" });
  const choose = (work) => () => ((fold.open = false), work());
  const choices = [button("Reply", choose(() => does.reply(line)))];
  if (able.reaction) {
    for (const reaction of REACTIONS) choices.push(button(reaction, choose(() => does.react(line, reaction, false)), { "aria-label": `React with ${reaction}` }));
  }
  if (line.own && able.edit) choices.push(button("Edit", choose(() => does.edit(line))));
  if (line.own && able.delete) choices.push(button("Take back", choose(() => does.retract(line))));
  fold.append(element("summary", { "aria-label": `What to do with the message of ${line.who}` }, "⋯"), element("div", {}, ...choices));
  fold.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    fold.open = false;
    fold.firstChild.focus();
  });
  return fold;
}

function draw(line, about, does, able) {
  const item = element("li", { class: `${line.error ? "failed" : line.kind}${line.own ? " own" : ""}` }, clock(line.at));
  const body = element("div", { class: "said" });
  if (line.replyTo !== undefined) body.append(quote(about));
  if (line.retracted) body.append(element("b", {}, line.who), " ", element("em", {}, "took this back"));
  else if (line.kind === "me") body.append(element("span", {}, `* ${line.who} `, text(line.text, does)));
  else if (line.who !== undefined) body.append(element("b", {}, line.who), " ", text(line.text, does));
  else body.append(element("span", {}, line.text));
  if (line.edited) body.append(" ", element("small", {}, "(edited)"));
  if (line.error) body.append(" ", element("em", {}, line.error));
  const shown = reactions(line, does);
  if (shown) body.append(shown);
  item.append(body);
  const folded = actions(line, does, able);
  if (folded) item.append(folded);
  return item;
}

/** `does` has `reply`, `react`, `edit`, `retract`, and `preview` where the gateway can. */
export function drawTimeline(state, room, does) {
  const said = $("said");
  const atEnd = said.scrollHeight - said.scrollTop - said.clientHeight < NEAR_END_PX;
  const able = Object.fromEntries(["reaction", "edit", "delete"].map((feature) => [feature, room !== undefined && can(state, room, feature)]));
  const features = JSON.stringify(able);
  const nodes = (room?.lines ?? []).map((line) => {
    const about = find(room, line.replyTo);
    const of = `${line.revision} ${about?.revision} ${features}`;
    const before = drawn.get(line);
    if (before?.of === of) return before.node;
    const node = draw(line, about, does, able);
    drawn.set(line, { node, of });
    return node;
  });
  arrange($("timeline"), nodes);
  if (atEnd) said.scrollTop = said.scrollHeight;
}
