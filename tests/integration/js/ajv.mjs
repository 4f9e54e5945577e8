// What the registry publishes, compiled as browsers do it. Standard input: {registry, valid: {platform: [activity]}, invalid}.

import Ajv2019 from "ajv/dist/2019.js";
import Ajv2020 from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";

const { registry, valid, invalid } = JSON.parse(readFileSync(0, "utf8"));
const verdicts = {};
for (const [draft, Ajv] of Object.entries({ 2019: Ajv2019, 2020: Ajv2020 })) {
  for (const { id, schemas } of registry.platforms) {
    const ajv = new (Ajv.default ?? Ajv)({ allErrors: true, strictTypes: false });
    const { $schema, ...messages } = schemas.messages;
    const check = ajv.compile(draft === "2020" ? { $schema, ...messages } : messages);
    verdicts[`${id} ${draft}`] = [valid, invalid].map((all) => (all[id] ?? []).map((activity) => check(activity)));
    ajv.compile(draft === "2020" ? schemas.credentials : { ...schemas.credentials, $schema: undefined });
  }
}
console.log(JSON.stringify(verdicts));
