// Form fields from a credentials schema (JSON Schema 2020-12), so that the page knows no platform.

function resolve(schema, root) {
  if (typeof schema?.$ref !== "string" || !schema.$ref.startsWith("#/")) return schema ?? {};
  const found = schema.$ref
    .slice(2)
    .split("/")
    .reduce((node, key) => node?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], root);
  return found ?? {};
}

/** The schema of the `object` member, which holds the credentials; null where a platform needs none. */
export function credentialsObject(schema) {
  const object = resolve(schema?.properties?.object, schema);
  return object.properties ? object : null;
}

function control(name, schema, required) {
  const element = document.createElement(schema.enum ? "select" : "input");
  element.name = name;
  element.required = required && schema.type !== "boolean";
  element.autocomplete = "off";
  if (schema.enum) {
    element.append(new Option("", ""), ...schema.enum.map((value) => new Option(value, value)));
  } else if (schema.type === "boolean") {
    element.type = "checkbox";
  } else if (schema.type === "integer" || schema.type === "number") {
    element.type = "number";
    if (schema.minimum !== undefined) element.min = schema.minimum;
    if (schema.maximum !== undefined) element.max = schema.maximum;
  } else {
    element.type = schema.writeOnly ? "password" : "text";
  }
  if (schema.description) element.title = schema.description;
  return element;
}

/** What most people fill in; the rest is folded away. */
function isPlain(property, required) {
  return required || property.type === "boolean" || property.type === "integer";
}

function folded(labels) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "More";
  details.append(summary, ...labels);
  return details;
}

/** Labelled fields for every credential, required ones first. */
export function fields(schema, suggestions = {}) {
  const object = credentialsObject(schema);
  if (object === null) return [];
  const required = new Set(object.required ?? []);
  const names = Object.keys(object.properties).filter((name) => name !== "type");
  names.sort((a, b) => Number(required.has(b)) - Number(required.has(a)));
  const plain = [];
  const rest = [];
  for (const name of names) {
    const property = resolve(object.properties[name], schema);
    const element = control(name, property, required.has(name));
    const suggested = suggestions[name] ?? property.default;
    if (suggested !== undefined) {
      if (element.type === "checkbox") element.checked = Boolean(suggested);
      else element.value = suggested;
    }
    const label = document.createElement("label");
    if (element.type === "checkbox") {
      label.className = "check";
      label.append(element, name);
    } else {
      label.append(`${name}${required.has(name) ? "" : " (optional)"}`, element);
    }
    (isPlain(property, required.has(name)) ? plain : rest).push(label);
  }
  return rest.length > 0 ? [...plain, folded(rest)] : plain;
}

/** What the person filled in, typed; empty fields are left out. */
export function values(container) {
  const result = {};
  for (const element of container.querySelectorAll("[name]")) {
    if (element.type === "checkbox") {
      result[element.name] = element.checked; // said either way: what is left out may have another default
    } else if (element.value !== "") {
      result[element.name] = element.type === "number" ? Number(element.value) : element.value;
    }
  }
  return result;
}
