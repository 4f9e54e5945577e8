// What platforms without a login fetch: feeds to read, links to look at.

import { $, element, problem } from "./dom.js";

/** HTML of a feed as text: nothing of it is loaded or run. */
function plain({ content = "", contentType }) {
  return contentType === "html" ? new DOMParser().parseFromString(content, "text/html").body.textContent : content;
}

function link(url, text) {
  const usable = /^https?:/.test(url ?? "");
  return usable ? element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text) : element("span", {}, text);
}

function day(at) {
  return at ? element("time", { dateTime: at }, new Date(at).toLocaleDateString()) : undefined;
}

function post({ object }) {
  const people = (object.authors ?? []).map(({ name }) => name).join(", ");
  const facts = element("p", { class: "facts" }, day(object.published), people ? ` ${people}` : undefined);
  return element("article", {}, element("h4", {}, link(object.url, object.title || "untitled")), facts, element("p", {}, plain(object)));
}

function feed({ summary, items, actor }) {
  const title = element("h3", {}, summary ?? actor?.name ?? "Feed");
  return [title, ...(items.length > 0 ? items.map(post) : [element("p", {}, "Nothing in it.")])];
}

/** What a page says about itself. */
export function card({ object }) {
  const { title, name, description, url, authors = [], published, feeds = [] } = object;
  const facts = [name, authors.join(", "), object.kind].filter(Boolean).join(" · ");
  return element(
    "article",
    { class: "card" },
    element("h4", {}, link(url, title || url)),
    facts || published ? element("p", { class: "facts" }, facts, " ", day(published)) : undefined,
    description ? element("p", {}, description) : undefined,
    ...feeds.map((each) => element("p", {}, "Feed: ", link(each.url, each.title ?? each.url))),
  );
}

/** `fetches(platform, url)` resolves with what the gateway answers. */
export function setUpLookup(fetches) {
  $("fetch").addEventListener("submit", async (event) => {
    event.preventDefault();
    problem("fetch-error", null);
    event.submitter.disabled = true;
    try {
      const answer = await fetches($("fetch-platform").value, $("fetch-url").value);
      $("fetched").replaceChildren(...(answer.type === "collection" ? feed(answer) : [card(answer)]));
    } catch (error) {
      $("fetched").replaceChildren();
      problem("fetch-error", error);
    } finally {
      event.submitter.disabled = false;
    }
  });
}
