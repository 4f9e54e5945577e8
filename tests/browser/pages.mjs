// A real Chromium, and the console page in it.

import { createRequire } from "node:module";

const require = createRequire(new URL("../integration/js/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const WITHIN_MS = 20_000;
const tabs = [];

export async function launch() {
  return chromium.launch({
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
}

/** The page, connected to its gateway; `complaints` are errors it has logged. */
export async function open(browser, address) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 860 }, reducedMotion: "reduce" });
  const tab = await context.newPage();
  tab.setDefaultTimeout(WITHIN_MS);
  const complaints = [];
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tabs.push({ tab, complaints });
  await tab.goto(address);
  await tab.waitForSelector('#status[data-state="open"]');
  return { tab, complaints };
}

/** What the pages show, for somebody who wonders why a test failed. */
export async function describe() {
  for (const { tab, complaints } of tabs) {
    const texts = await tab.locator(".error, #status, #timeline, #entries li:nth-child(-n+3)").allTextContents();
    console.error(texts.filter(Boolean), complaints);
  }
}
