// A real Chromium, and the console page in it.

import { readFileSync } from "node:fs";
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

const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What is seriously wrong, everywhere or there, for those who use a keyboard or a screen reader, or see little. */
export async function barriers(tab, ...where) {
  if (!(await tab.evaluate(() => "axe" in globalThis))) await tab.evaluate(axe);
  const look = (there) => globalThis.axe.run(there.length > 0 ? { include: there } : document, { resultTypes: ["violations"] });
  const { violations } = await tab.evaluate(look, where);
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return serious.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
}

/** A page of its own; `complaints` are errors it has logged. */
export async function tab(browser) {
  const context = await browser.newContext({
    viewport: { width: 1400, height: 860 },
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WITHIN_MS);
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  tabs.push({ tab: page, complaints });
  return { tab: page, complaints };
}

/** The console, connected to its gateway. */
export async function open(browser, address) {
  const opened = await tab(browser);
  await opened.tab.goto(address);
  await opened.tab.waitForSelector('#status[data-state="ready"]');
  return opened;
}

/** What the pages show, for somebody who wonders why a test failed. */
export async function describe() {
  for (const { tab, complaints } of tabs) {
    const texts = await tab.locator(".error, #status, #timeline, #entries li:nth-child(-n+3)").allTextContents();
    console.error(texts.filter(Boolean), complaints);
  }
}
