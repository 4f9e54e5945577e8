// Drives the console page at a gateway that asks who one is. Arguments: JSON {page, wrong, right}. Prints JSON.

import { barriers, describe, launch, tab as newTab } from "./pages.mjs";

const { page: address, wrong, right } = JSON.parse(process.argv[2]);

async function give(tab, token, why) {
  await tab.waitForFunction((words) => document.getElementById("token-why").textContent.includes(words), why);
  await tab.waitForSelector("#token-form:not([hidden])");
  await tab.fill("#token", token);
  await tab.press("#token", "Enter");
}

const browser = await launch();
try {
  const { tab, complaints } = await newTab(browser);
  await tab.goto(address);
  await tab.waitForFunction(() => document.activeElement?.id === "token");
  const found = await barriers(tab);
  await give(tab, wrong, "asks who you are");
  await give(tab, right, "authentication failed");
  await tab.waitForSelector('#status[data-state="ready"]');
  const shown = await tab.evaluate(() => document.documentElement.outerHTML + document.getElementById("token").value);
  console.log(JSON.stringify({ complaints, barriers: found, leaked: [wrong, right].some((token) => shown.includes(token)) }));
} catch (error) {
  await describe();
  throw error;
} finally {
  await browser.close();
}
