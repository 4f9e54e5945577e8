// Runs the JavaScript client, in node or in a real Chromium, and does with it what standard input says.
// Arguments: node|chromium GATEWAY (http://…). In: {n, do, …} a line. Out: {n, ok} or {n, error}, and {event, detail}.

import { createInterface } from "node:readline";

import { createRequire } from "node:module";

const require = createRequire(new URL("../js/package.json", import.meta.url));
const [where, gateway] = process.argv.slice(2);
const tell = (line) => process.stdout.write(`${line}\n`);

/** Begins a session; also runs in the page, so that it uses nothing from outside but `tell` and what it is given. */
async function begin({ module, address }) {
  const { connect } = await import(module);
  const client = connect(address);
  for (const event of ["message", "state", "anew", "refused"]) {
    client.addEventListener(event, ({ detail }) => globalThis.tell(JSON.stringify({ event, detail })));
  }
  let room;
  const commands = {
    async login({ nick, credentials, channel }) {
      await client.ready();
      const me = client.as("irc", nick);
      await me.credentials(credentials);
      await me.connect();
      room = me.room(channel);
      return room.join();
    },
    say: ({ text }) => room.send(text),
    echo: ({ text }) => client.as("dummy", "me").act("echo", { object: { type: "message", content: text } }),
    fail: ({ text }) => client.as("dummy", "me").act("fail", { object: { type: "message", content: text } }),
    bad: () => client.send({ type: "echo", context: "dummy", actor: { id: "me" }, object: { type: "message", content: 3 } }),
    hang: () => client.as("dummy", "me").act("hang", { object: { type: "message", content: "" } }, { timeout: 300 }),
    context: () => client.contextFor("irc"),
    close: () => client.close(),
  };
  globalThis.command = async (line) => {
    const { n, do: what, ...parts } = JSON.parse(line);
    try {
      globalThis.tell(JSON.stringify({ n, ok: (await commands[what](parts)) ?? null }));
    } catch (error) {
      const { name, message, pointer = null } = error;
      globalThis.tell(JSON.stringify({ n, error: { name, message, pointer } }));
    }
  };
}

async function inNode() {
  globalThis.tell = tell;
  // node 20 has no WebSocket; the one that socket.io-client brings along is like it.
  globalThis.WebSocket ??= createRequire(require.resolve("socket.io-client"))("ws").WebSocket;
  const module = new URL("../../../clients/javascript/sockethub.js", import.meta.url).href;
  await begin({ module, address: gateway });
  return { command: globalThis.command, end: () => process.exit(0) };
}

async function inChromium() {
  const { launch } = await import("../../browser/pages.mjs");
  const browser = await launch();
  const page = await (await browser.newContext()).newPage();
  page.on("pageerror", (error) => tell(JSON.stringify({ event: "pageerror", detail: String(error) })));
  await page.exposeFunction("tell", tell);
  await page.goto(`${gateway}livez`);
  // No address: the gateway that the module is from.
  await page.evaluate(begin, { module: `${gateway}client/sockethub.js` });
  const command = (line) => page.evaluate((text) => globalThis.command(text), line);
  return { command, end: () => browser.close() };
}

const { command, end } = await (where === "node" ? inNode : inChromium)();
for await (const line of createInterface({ input: process.stdin })) command(line).catch((error) => tell(JSON.stringify({ event: "pageerror", detail: String(error) })));
await end();
