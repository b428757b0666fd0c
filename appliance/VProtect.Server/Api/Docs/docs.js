// Shows the OpenAPI document of this server. Everything is made as text nodes: nothing in the document can become markup.
"use strict";

const make = (tag, options, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options ?? {})) {
    if (name === "class") element.className = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
};

const slug = text => text.replace(/[^A-Za-z0-9]+/g, "-").toLowerCase();

class Schemas {
  constructor(all) { this.all = all; }

  resolve(schema) { return schema.$ref ? this.all[schema.$ref.split("/").pop()] : schema; }

  // The form that says most: of alternatives the object or list, else the first.
  main(schema) {
    const found = this.resolve(schema);
    if (!found.anyOf) return found;
    const forms = found.anyOf.map(form => this.resolve(form));
    return forms.find(form => form.properties) ?? forms.find(form => form.items) ?? forms[0];
  }

  isNullable(schema) {
    return [schema.type].flat().includes("null") || (schema.anyOf ?? []).some(form => form.type === "null");
  }

  isEnumeration(schema) { return schema.properties?.name?.enum !== undefined; }

  typeOf(schema) {
    const main = this.main(schema);
    const name = this.isEnumeration(main) ? "enumeration"
      : schema.$ref && !main.properties ? schema.$ref.split("/").pop()
      : main.items ? `list of ${this.typeOf(main.items)}`
      : main.additionalProperties ? `map of ${this.typeOf(main.additionalProperties)}`
      : main.properties ? this.nameOf(schema) ?? "object"
      : main.format ?? [main.type].flat().filter(type => type !== "null").join(" or ") ?? "any";
    return (name || "any") + (this.isNullable(schema) ? "?" : "");
  }

  nameOf(schema) {
    const reference = schema.$ref ?? schema.anyOf?.find(form => form.$ref)?.$ref;
    return reference?.split("/").pop();
  }

  rows(schema, depth, above) {
    const main = this.main(schema);
    if (main.items) return this.rows(main.items, depth, above);
    if (!main.properties || this.isEnumeration(main)) return [];
    const rows = [];
    for (const [name, member] of Object.entries(main.properties)) {
      const inner = this.main(member);
      const text = make("td", { class: "said" }, member.description ?? inner.description ?? "");
      if (this.isEnumeration(inner)) text.append(make("div", {}, ...inner.properties.name.enum.flatMap(value => [make("code", {}, value), " "])));
      const label = make("td", {}, make("code", {}, name));
      label.style.paddingLeft = `${depth * 1.1}rem`;
      rows.push(make("tr", {}, label, make("td", { class: "type" }, this.typeOf(member)), text));
      const of = inner.items ? this.nameOf(inner.items) : this.nameOf(member);
      const plain = ["NameAndGuid", "NamedValue"].includes(of);
      if (of && !plain && !above.includes(of) && depth < 4) rows.push(...this.rows(member, depth + 1, [...above, of]));
    }
    return rows;
  }
}

const table = (heads, rows) => make("table", {},
  make("thead", {}, make("tr", {}, ...heads.map(head => make("th", { scope: "col" }, head)))),
  make("tbody", {}, ...rows));

const content = (schemas, holder) => {
  const [type, media] = Object.entries(holder.content ?? {})[0] ?? [];
  if (!media) return null;
  const rows = schemas.rows(media.schema, 0, [schemas.nameOf(media.schema)]);
  const left = make("div", {}, rows.length > 0
    ? table(["Field", "Type", "Meaning"], rows)
    : make("p", { class: "said" }, type === "application/json" ? schemas.typeOf(media.schema) : type));
  const list = schemas.main(media.schema).items ? make("p", { class: "said" }, `A ${schemas.typeOf(media.schema)}.`) : null;
  if (list) left.prepend(list);
  const right = make("div", {}, media.example === undefined ? null
    : make("pre", { tabindex: "0", "aria-label": "Example" }, typeof media.example === "string" ? media.example : JSON.stringify(media.example, null, 2)));
  return make("div", { class: "pair" }, left, right);
};

const bodyOf = (schemas, operation, components) => {
  const body = make("div", { class: "body" });
  body.append(make("p", {}, make("span", { class: "badge" },
    operation["x-permission"] ? `permission: ${operation["x-permission"]}` : "open to everybody"), " ", make("span", { class: "badge" }, operation.operationId)));
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0) {
    body.append(make("h3", {}, "Parameters"), table(["Name", "In", "Meaning"], parameters.map(parameter => make("tr", {},
      make("td", {}, make("code", {}, parameter.name)),
      make("td", { class: "type" }, parameter.in + (parameter.required ? ", required" : "")),
      make("td", { class: "said" }, parameter.description ?? "", " ", ...(parameter.schema.enum ?? []).flatMap(value => [make("code", {}, value), " "]))))));
  }
  if (operation.requestBody) body.append(make("h3", {}, "Request"), content(schemas, operation.requestBody));
  const errors = [];
  for (const [status, answer] of Object.entries(operation.responses)) {
    if (answer.$ref) {
      const found = components.responses[answer.$ref.split("/").pop()];
      const codes = Object.values(found.content["application/problem+json"].examples).map(example => `${example.value.code} ${example.value.title}`);
      errors.push(make("tr", {}, make("td", {}, make("code", {}, status)), make("td", { class: "said" }, found.description),
        make("td", { class: "said" }, codes.join(", "))));
    } else {
      const headers = Object.keys(answer.headers ?? {});
      body.append(make("h3", {}, `Answer ${status}`), make("p", { class: "said" },
        answer.description + (headers.length > 0 ? ` Headers: ${headers.join(", ")}.` : "")), content(schemas, answer) ?? "");
    }
  }
  body.append(make("h3", {}, "Errors"), table(["Status", "Meaning", "Codes"], errors));
  return body;
};

const show = api => {
  const schemas = new Schemas(api.components.schemas);
  const [areas, main, state] = ["areas", "operations", "state"].map(id => document.getElementById(id));
  state.remove();
  main.append(make("p", { class: "intro" }, api.info.description.replaceAll("`", "")));
  const cards = [];
  for (const { name: tag } of api.tags) {
    const section = make("section", { id: slug(tag) }, make("h2", {}, tag));
    for (const [path, verbs] of Object.entries(api.paths)) {
      for (const [verb, operation] of Object.entries(verbs)) {
        if (!operation.tags.includes(tag)) continue;
        const card = make("details", { id: operation.operationId }, make("summary", {},
          make("span", { class: `verb ${verb}` }, verb), make("span", { class: "path" }, path), make("span", { class: "said" }, operation.summary)));
        // Built when it is opened: a few hundred tables at once would be slow.
        card.addEventListener("toggle", () => {
          if (card.open && card.children.length === 1) card.append(bodyOf(schemas, operation, api.components));
        });
        cards.push({ card, section, text: `${verb} ${path} ${operation.summary} ${operation["x-permission"] ?? ""}`.toLowerCase() });
        section.append(card);
      }
    }
    main.append(section);
    areas.append(make("a", { href: `#${slug(tag)}` }, tag, make("span", {}, String(section.children.length - 1))));
  }
  document.getElementById("search").addEventListener("input", event => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(word => word);
    for (const { card, text } of cards) card.hidden = !words.every(word => text.includes(word));
    for (const { section } of cards) section.hidden = ![...section.children].some(child => child.matches("details:not([hidden])"));
  });
  const openNamed = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named?.matches("details")) { named.open = true; named.scrollIntoView(); }
  };
  addEventListener("hashchange", openNamed);
  openNamed();
};

fetch("/openapi/v1.json")
  .then(answer => answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`)))
  .then(show)
  .catch(error => { document.getElementById("state").textContent = `The document cannot be read: ${error.message}.`; });
