// Drives the console page in a real Chromium: each of two pages is in an IRC room and in an XMPP room at once, and talks
// in both. Arguments: JSON {page, irc: {server, port}, xmpp: {server, port, domain, rooms, passwords}, screenshots}.
// Prints JSON with what each page saw.

import { describe, launch, open } from "./pages.mjs";

const { page: address, irc, xmpp, screenshots } = JSON.parse(process.argv[2]);
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
  await tab.selectOption("#platform", "xmpp");
  await tab.fill('#credentials [name="userAddress"]', `${user}@${xmpp.domain}`);
  await tab.click("#credentials summary");
  await tab.fill('#credentials [name="password"]', xmpp.passwords[user]);
  await tab.fill('#credentials [name="server"]', xmpp.server);
  await tab.fill('#credentials [name="port"]', String(xmpp.port));
  await tab.click("#connect");
  await tab.waitForFunction(() => document.querySelectorAll("#join-context option").length === 2);
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
  await tab.click("#composer button");
}

async function sees(tab, context, text) {
  await go(tab, context);
  await tab.waitForFunction((wanted) => document.getElementById("timeline").textContent.includes(wanted), text);
}

const browser = await launch();
try {
  const ann = await open(browser, address);
  const ben = await open(browser, address);
  await logIn(ann.tab, "alice", "ann");
  await logIn(ben.tab, "bob", "ben");
  await say(ann.tab, "irc", "hello irc");
  await say(ann.tab, "xmpp", "hello xmpp");
  await sees(ben.tab, "irc", "hello irc");
  await sees(ben.tab, "xmpp", "hello xmpp");
  await say(ben.tab, "xmpp", "back over xmpp");
  await say(ben.tab, "irc", "back over irc");
  await sees(ann.tab, "irc", "back over irc");
  await sees(ann.tab, "xmpp", "back over xmpp");
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
    if (screenshots) await tab.screenshot({ path: `${screenshots}/side-by-side-${name}.png` });
  }
  console.log(JSON.stringify(report));
} catch (error) {
  await describe();
  throw error;
} finally {
  await browser.close();
}
