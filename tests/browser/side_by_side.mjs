// Drives the console page in a real Chromium: each of two pages is in an IRC room and in an XMPP room at once, and talks
// in both, with all that can be done to what was said. Arguments: JSON {page, irc: {server, port}, xmpp: {server, port, domain, rooms, passwords}, screenshots}.
// Prints JSON with what each page saw.

import { createServer } from "node:http";

import { barriers, describe, launch, open } from "./pages.mjs";

const { page: address, irc, xmpp, screenshots } = JSON.parse(process.argv[2]);
const FEED = `<?xml version="1.0"?><rss version="2.0"><channel><title>Owl news</title><link>http://owls.example/</link><description>Of owls</description>
<item><title>An owl was seen</title><link>http://owls.example/1</link><description>&lt;p&gt;It &lt;b&gt;flew&lt;/b&gt; low.&lt;/p&gt;&lt;img src=x onerror=alert(1)&gt;</description><pubDate>Mon, 23 Nov 2026 12:00:00 GMT</pubDate></item>
<item><title>Two owls were seen</title><link>http://owls.example/2</link><description>Nobody knows why.</description><pubDate>Sun, 22 Nov 2026 12:00:00 GMT</pubDate></item>
</channel></rss>`;
const site = createServer((_request, response) => response.setHeader("content-type", "application/rss+xml").end(FEED));
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const feed = `http://127.0.0.1:${site.address().port}/feed.xml`;
const CHANNEL = "#owls";
const ROOM = `owls@${xmpp.rooms}`;

async function logIn(tab, user, nick) {
  await tab.selectOption("#platform", "irc");
  await tab.fill('#credentials [name="nick"]', nick);
  await tab.fill('#credentials [name="server"]', irc.server);
  await tab.fill('#credentials [name="port"]', String(irc.port));
  const secure = tab.locator('#credentials [name="secure"]');
  if (await secure.isChecked()) await secure.uncheck();
  await tab.click("#connect");
  await tab.waitForSelector("#join:not([hidden])");
  await enter(tab, "irc", CHANNEL, CHANNEL);
  await tab.click("#login-fold summary");
  await logInToXmpp(tab, user);
}

async function logInToXmpp(tab, user) {
  await tab.selectOption("#platform", "xmpp");
  await tab.fill('#credentials [name="userAddress"]', `${user}@${xmpp.domain}`);
  await tab.click("#credentials summary");
  await tab.fill('#credentials [name="password"]', xmpp.passwords[user]);
  await tab.fill('#credentials [name="server"]', xmpp.server);
  await tab.fill('#credentials [name="port"]', String(xmpp.port));
  await tab.click("#connect");
  await tab.waitForSelector('#join-context option:text-is("xmpp")', { state: "attached" });
  await enter(tab, "xmpp", ROOM, "owls");
}

async function enter(tab, context, name, title) {
  await tab.selectOption("#join-context", context);
  await tab.fill("#join-name", name);
  await tab.click("#join button[type=submit]");
  await tab.waitForFunction((wanted) => document.getElementById("room-title").textContent === wanted, title);
}

async function go(tab, context) {
  await tab.click(`#rooms button:has(small:text-is("${context}"))`);
}

async function say(tab, context, text) {
  await go(tab, context);
  await tab.fill("#text", text);
  await tab.click("#composer [type=submit]");
}

async function sees(tab, context, text) {
  await go(tab, context);
  await tab.waitForFunction((wanted) => document.getElementById("timeline").textContent.includes(wanted), text);
}

/** Does something to the line with this text, by its menu. */
async function act(tab, context, text, action) {
  await go(tab, context);
  const line = tab.locator("#timeline li:not(.event)", { hasText: text }).first();
  await line.locator(".actions summary").press("Enter");
  await line.getByRole("button", { name: action, exact: true }).click();
}

async function lineSays(tab, context, text, selector, wanted) {
  await go(tab, context);
  const there = ([said, where, what]) =>
    [...document.querySelectorAll("#timeline li:not(.event)")].some(
      (line) => line.textContent.includes(said) && [...line.querySelectorAll(where)].some((each) => each.textContent.includes(what)),
    );
  await tab.waitForFunction(there, [text, selector, wanted]);
}

/** Replies, reactions, who is writing; where the service can, corrections, retractions and what was said before. */
async function converse(ann, ben, context) {
  await say(ann, context, `the owl flies over ${context}`);
  await sees(ben, context, `the owl flies over ${context}`);
  await act(ben, context, "the owl flies", "Reply");
  await ben.locator("#text").pressSequentially("I");
  await ann.waitForFunction(() => document.getElementById("typing").textContent.includes("is writing"));
  await ben.fill("#text", `indeed it does, ${address}`);
  await ben.click("#composer [type=submit]");
  await lineSays(ann, context, "indeed it does", ".quote", "the owl flies");
  await act(ben, context, "the owl flies", "React with 🦉");
  await lineSays(ann, context, "the owl flies", ".reaction", "🦉 1");
  await go(ann, context);
  await ann.locator("#timeline .reaction").first().click();
  await lineSays(ben, context, "the owl flies", ".reaction", "🦉 2");
}

async function mend(ann, ben) {
  await act(ann, "xmpp", "the owl flies", "Edit");
  await ann.fill("#text", "the owl flies low");
  await ann.press("#text", "Enter");
  await lineSays(ben, "xmpp", "the owl flies low", "small", "(edited)");
  await lineSays(ben, "xmpp", "indeed it does", ".quote", "the owl flies low");
  await say(ann, "xmpp", "never mind");
  await sees(ben, "xmpp", "never mind");
  await act(ann, "xmpp", "never mind", "Take back");
  await lineSays(ben, "xmpp", "took this back", "em", "took this back");
}

/** A page that comes later sees nothing of before, until it asks. */
async function lookBack(cat) {
  await go(cat, "xmpp");
  await cat.click("#earlier");
  await sees(cat, "xmpp", "the owl flies low");
  return (await cat.locator("#timeline li", { hasText: "hello xmpp" }).count()) === 1;
}

async function lookUp(tab) {
  await tab.click('#panels [data-panel="lookup"]');
  await tab.selectOption("#fetch-platform", "metadata");
  await tab.fill("#fetch-url", address);
  await tab.click("#fetch button");
  await tab.waitForSelector("#fetched h4");
  const card = await tab.locator("#fetched h4").textContent();
  await tab.selectOption("#fetch-platform", "feeds");
  await tab.fill("#fetch-url", feed);
  await tab.click("#fetch button");
  await tab.waitForSelector("#fetched h3");
  return { card, feed: await tab.locator("#fetched h3, #fetched h4, #fetched article p:not(.facts)").allTextContents() };
}

async function readLog(tab) {
  await tab.click('#panels [data-panel="log"]');
  await tab.fill("#log-text", "the owl flies over irc");
  await tab.selectOption("#log-way", "out");
  const shown = tab.locator("#entries li:not([hidden])");
  const count = await shown.count();
  await shown.first().getByRole("button", { name: "Copy as Python" }).click();
  await tab.waitForFunction(() => document.getElementById("log-said").textContent.includes("Python is in the clipboard"));
  const copied = await tab.evaluate(() => navigator.clipboard.readText());
  await tab.selectOption("#log-way", "");
  await tab.fill("#log-text", "over irc");
  return { count, copied };
}

/** As it looks on a desk, by day and by night, and in a hand. */
async function show(tab) {
  const found = [];
  const look = async (name, ...where) => {
    found.push(...(await barriers(tab, ...where)).map((barrier) => `${name}: ${barrier}`));
    if (screenshots) await tab.screenshot({ path: `${screenshots}/console-${name}.png` });
  };
  await go(tab, "xmpp");
  await look("light");
  await tab.emulateMedia({ colorScheme: "dark" });
  await tab.click('#panels [data-panel="lookup"]');
  await look("dark");
  await tab.setViewportSize({ width: 390, height: 780 });
  for (const panel of ["sidebar", "people", "lookup", "log", "conversation"]) {
    await tab.click(`#panels [data-panel="${panel}"]`);
    await look(`phone-${panel}`, "header", panel === "log" ? ".filter" : `#${panel}`);
    if (await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.push(`${panel} is wider than the phone`);
  }
  await tab.setViewportSize({ width: 1400, height: 860 });
  return found;
}

const browser = await launch();
try {
  const ann = await open(browser, address);
  const ben = await open(browser, address);
  await logIn(ann.tab, "alice", "ann");
  await logIn(ben.tab, "bob", "ben");
  await go(ben.tab, "xmpp");
  await ben.tab.focus("#rooms li:first-child button");
  await say(ann.tab, "irc", "hello irc");
  await say(ann.tab, "xmpp", "hello xmpp");
  await ben.tab.waitForSelector("#rooms .unread");
  const focused = await ben.tab.evaluate(() => document.activeElement?.closest("#rooms") !== null);
  await sees(ben.tab, "irc", "hello irc");
  await sees(ben.tab, "xmpp", "hello xmpp");
  await say(ben.tab, "xmpp", "back over xmpp");
  await say(ben.tab, "irc", "back over irc");
  await sees(ann.tab, "irc", "back over irc");
  await sees(ann.tab, "xmpp", "back over xmpp");
  for (const context of ["irc", "xmpp"]) await converse(ann.tab, ben.tab, context);
  await mend(ann.tab, ben.tab);
  await ben.tab.selectOption('#logins select[aria-label="Presence on xmpp"]', "away");
  await go(ann.tab, "xmpp");
  await ann.tab.waitForSelector('#members .presence[data-presence="away"]');
  const extras = { focused, lookup: await lookUp(ann.tab), log: await readLog(ann.tab) };
  const report = {};
  for (const [name, { tab, complaints }] of Object.entries({ ann, ben })) {
    report[name] = { complaints };
    for (const context of ["irc", "xmpp"]) {
      await go(tab, context);
      report[name][context] = {
        timeline: await tab.locator("#timeline li:not(.event)").allTextContents(),
        members: await tab.locator("#members li").allTextContents(),
      };
    }
  }
  extras.barriers = await show(ann.tab);
  await ann.tab.reload();
  await ann.tab.waitForSelector('#status[data-state="ready"]');
  await logInToXmpp(ann.tab, "alice");
  extras.once = await lookBack(ann.tab);
  console.log(JSON.stringify({ tabs: report, ...extras }));
} catch (error) {
  await describe();
  throw error;
} finally {
  await browser.close();
  site.close();
}
