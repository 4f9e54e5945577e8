// The page of the first tutorial in a real Chromium, as a reader has it in the end; and that of the README.
// Arguments: JSON {page, readme, screenshots}. Prints JSON with what the two people see.

import { launch } from "./pages.mjs";

const { page: address, readme, screenshots } = JSON.parse(process.argv[2]);
const browser = await launch();
const complaints = [];

async function open() {
  const context = await browser.newContext({ viewport: { width: 520, height: 170 } });
  const tab = await context.newPage();
  tab.setDefaultTimeout(20_000);
  tab.on("pageerror", (error) => complaints.push(String(error)));
  await tab.goto(address);
  await status(tab, "ready");
  return tab;
}

const status = (tab, text) =>
  tab.waitForFunction((wanted) => document.getElementById("status").textContent.includes(wanted), text);
const sees = (tab, text) =>
  tab.waitForFunction((wanted) => document.getElementById("said").textContent.includes(wanted), text);

async function enter(tab, nick) {
  await tab.fill('[name="nick"]', nick);
  await tab.click("#enter button");
}

async function say(tab, text) {
  await tab.fill('[name="text"]', text);
  await tab.click("#say button");
}

try {
  const alice = await open();
  await enter(alice, "alice");
  await status(alice, "alice in #tutorial");
  const bob = await open();
  await enter(bob, "alice");
  await status(bob, "in use");
  const refused = await bob.textContent("#status");
  await enter(bob, "bob");
  await status(bob, "bob in #tutorial");
  await sees(alice, "bob has entered");
  await say(alice, "Hello, <b>Bob</b>!");
  await sees(bob, "alice: Hello, <b>Bob</b>!");
  await say(bob, "Hello from the other tab");
  await sees(alice, "bob: Hello from the other tab");
  if (screenshots) await alice.screenshot({ path: `${screenshots}/tutorial.png` });
  const first = await browser.newPage();
  first.on("pageerror", (error) => complaints.push(String(error)));
  await first.goto(readme);
  await first.waitForFunction(() => document.title === "done", null, { timeout: 20_000 });
  const said = {};
  for (const [name, tab] of Object.entries({ alice, bob })) said[name] = await tab.locator("#said li").allTextContents();
  console.log(JSON.stringify({ refused, said, complaints }));
} catch (error) {
  for (const context of browser.contexts()) console.error(await context.pages()[0].locator("body").innerText());
  throw error;
} finally {
  await browser.close();
}
