// What was sent, as a program for our clients that sends it again. Pure.

import { withoutSecrets } from "./secrets.js";

function python(value, indent = "") {
  const deeper = `${indent}    `;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const list = Array.isArray(value);
  const members = list ? value.map((each) => python(each, deeper)) : Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${python(each, deeper)}`);
  if (members.length === 0) return list ? "[]" : "{}";
  const [open, shut] = list ? "[]" : "{}";
  return `${open}\n${members.map((member) => `${deeper}${member},\n`).join("")}${indent}${shut}`;
}

/** An activity is given an id when it is sent: with the old one it would be answered from the record. */
function said({ event, data }) {
  const { id: _once, ...activity } = data ?? {};
  return { event, data: withoutSecrets(event === "message" ? activity : (data ?? null)) };
}

export function asJavaScript(frame, gateway) {
  const { event, data } = said(frame);
  const ask = event === "message" ? "client.send(" : `client.request(${JSON.stringify(event)}, `;
  return `import { connect } from "${gateway}client/sockethub.js";

const client = connect("${gateway}");
const answer = await ${ask}${JSON.stringify(data, null, 2)});
console.log(answer);
client.close();
`;
}

export function asPython(frame, gateway) {
  const { event, data } = said(frame);
  const ask = event === "message" ? "client.send(" : `client.request(${JSON.stringify(event)}, `;
  return `import asyncio

from sockethub.client import connect


async def main() -> None:
    async with connect("${gateway}") as client:
        print(await ${ask}${python(data, "        ")}))


asyncio.run(main())
`;
}
