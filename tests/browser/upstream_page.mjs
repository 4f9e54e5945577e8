// A page written for upstream's script tags, in a real Chromium; nothing but the address in it is changed.
// Arguments: JSON {gateway, nick, server, port, room}. Prints JSON with what happened.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { launch } from "./pages.mjs";

const { gateway, ...login } = JSON.parse(process.argv[2]);
const html = readFileSync(new URL("upstream_page.html", import.meta.url), "utf8").replaceAll("http://gateway.example", gateway);
const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end(html));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await launch();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`http://127.0.0.1:${server.address().port}/#${encodeURIComponent(JSON.stringify(login))}`);
  await page.waitForFunction(() => window.report);
  const begun = await page.evaluate(async () => ({
    credentials: (await window.report.credentials) ?? null,
    connect: await window.report.connect,
    join: await window.report.join,
    ready: await window.report.ready,
    contexts: window.sc.contextFor("irc"),
  }));
  const first = await page.evaluate(() => window.say("hello from a page"));
  await page.waitForFunction(() => document.getElementById("said").textContent.includes("hello page"));

  // The connection breaks in the middle of saying something.
  const lost = await page.evaluate(() => {
    const answer = window.say("perhaps");
    window.sc._socket.io.engine.close();
    return answer;
  });
  const again = await page.evaluate(() => window.say("still here"));
  const { heard, events } = await page.evaluate(() => ({ heard: window.report.heard, events: window.report.events }));
  console.log(JSON.stringify({ begun, first, lost, again, heard, events, complaints }));
} finally {
  await browser.close();
  server.close();
}
