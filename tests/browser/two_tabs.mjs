// Drives the console page in a real Chromium: two tabs log in to an IRC server, join a room and talk.
// Arguments: JSON {page, server, port, room, screenshots}. Prints JSON with what each tab saw.

import { createRequire } from "node:module";

const require = createRequire(new URL("../integration/js/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const WITHIN_MS = 20_000;
const { page: address, server, port, room, screenshots } = JSON.parse(process.argv[2]);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const tabs = [];

async function open(nick) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 860 }, reducedMotion: "reduce" });
  const tab = await context.newPage();
  tab.setDefaultTimeout(WITHIN_MS);
  const complaints = [];
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tabs.push({ nick, tab, complaints });
  await tab.goto(address);
  await tab.waitForSelector('#status[data-state="open"]');
  await tab.selectOption("#platform", "irc");
  await tab.fill('#credentials [name="nick"]', nick);
  await tab.fill('#credentials [name="server"]', server);
  await tab.fill('#credentials [name="port"]', String(port));
  const secure = tab.locator('#credentials [name="secure"]');
  if ((await secure.count()) > 0 && (await secure.isChecked())) await secure.uncheck();
  await tab.click("#connect");
  await tab.waitForSelector("#join:not([hidden])");
  await tab.fill("#join-name", room);
  await tab.click("#join button[type=submit]");
  await tab.waitForFunction((name) => document.getElementById("room-title").textContent === name, room);
  return { tab, complaints };
}

async function say(tab, text, kind = "message") {
  await tab.selectOption("#kind", kind);
  await tab.fill("#text", text);
  await tab.click("#composer button");
}

async function sees(tab, text) {
  await tab.waitForFunction((wanted) => document.getElementById("timeline").textContent.includes(wanted), text);
}

try {
  const alice = await open("alice");
  const bob = await open("bob");
  await sees(alice.tab, "bob joined");

  await say(alice.tab, "hello from alice <b>not bold</b>");
  await sees(bob.tab, "hello from alice <b>not bold</b>");
  await say(bob.tab, "hello back, žluťoučký 🐎");
  await sees(alice.tab, "hello back, žluťoučký 🐎");
  await say(bob.tab, "waves", "me");
  await sees(alice.tab, "* bob waves");
  for (const [tab, other] of [[alice.tab, "bob"], [bob.tab, "alice"]]) {
    await tab.waitForFunction((name) => document.getElementById("members").textContent.includes(name), other);
  }

  if (screenshots) {
    await alice.tab.screenshot({ path: `${screenshots}/console-alice.png` });
    await bob.tab.screenshot({ path: `${screenshots}/console-bob.png` });
  }
  const report = {};
  for (const [name, { tab, complaints }] of Object.entries({ alice, bob })) {
    report[name] = {
      timeline: await tab.locator("#timeline li").allTextContents(),
      members: await tab.locator("#members li").allTextContents(),
      sent: await tab.locator('#entries li[data-way="out"]').count(),
      received: await tab.locator('#entries li[data-way="in"]').count(),
      bold: await tab.locator("#timeline b:has-text('not bold')").count(),
      complaints,
    };
  }
  console.log(JSON.stringify(report));
} catch (error) {
  for (const { nick, tab, complaints } of tabs) {
    const texts = await tab.locator(".error, #status, #timeline, #entries li:nth-child(-n+3)").allTextContents();
    console.error(nick, texts.filter(Boolean), complaints);
  }
  throw error;
} finally {
  await browser.close();
}
