// Drives the console page in a real Chromium: two tabs log in to an IRC server, join a room and talk.
// Arguments: JSON {page, server, port, room, screenshots}. Prints JSON with what each tab saw.

import { describe, launch, open } from "./pages.mjs";

const { page: address, server, port, room, screenshots } = JSON.parse(process.argv[2]);

async function logIn(nick) {
  const { tab, complaints } = await open(browser, address);
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
  await tab.click("#composer [type=submit]");
}

async function sees(tab, text) {
  await tab.waitForFunction((wanted) => document.getElementById("timeline").textContent.includes(wanted), text);
}

const browser = await launch();
try {
  const alice = await logIn("alice");
  const bob = await logIn("bob");
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
  await describe();
  throw error;
} finally {
  await browser.close();
}
