// The explorer: write a query, see its answer, read the schema.

import { answer, make } from "./ask.js";

const EXAMPLES = {
  "Files by tags": [`# Files by tags: numbers compare as numbers, texts as they were written
query Counts($least: Float!) {
  files(
    where: {and: [
      {tag: {key: "type", eq: {string: "counts"}}}
      {tag: {key: "lines", gte: {number: $least}}}
    ]}
    first: 20
  ) {
    totalCount
    edges {
      node {
        lfn
        run
        size
        checksumState
        replicas { site pfn }
        tags { key text level }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`, { least: 50 }],
  "Files in one line": [`# The same filter as on the command line
query Find($text: String!) {
  files(where: {text: $text}) {
    hints
    edges { node { lfn run checksumState tags { key text } } }
  }
}`, { text: 'type = "counts" and lines >= 50' }],
  "Runs": [`{
  runs(first: 20) {
    edges {
      node { id workflow state user createdAt progress { total succeeded failed } }
    }
  }
}`, {}],
  "Why did it fail?": [`query Why($run: ID!) {
  run(id: $run) {
    state
    integrity { verified failed mismatches { lfn expected found job } }
    failures { job attempt problem stderrTail blocked invocation { argv } }
  }
}`, { run: "latest" }],
  "Statistics": [`query Statistics($run: ID!) {
  statistics(run: $run) {
    tasks { succeeded failed incomplete total retries totalWithRetries }
    jobs { succeeded failed incomplete total retries totalWithRetries }
    wall cumulative submitSide badput
    breakdown { transformation successful count minimum maximum total }
  }
}`, { run: "latest" }],
  "Lineage": [`query Lineage($run: ID!, $lfn: String!) {
  lineage(run: $run, lfn: $lfn, direction: UP, depth: 10) {
    isPartial
    nodes {
      __typename id name depth
      ... on LineageFile { checksumState sha256 }
      ... on LineageTask { transformation argv hostname exitRaw }
    }
    edges { kind source target }
  }
}`, { run: "latest", lfn: "count.txt.a" }],
  "Tag a file": [`mutation Tag($run: ID!, $lfn: String!) {
  tagFile(
    run: $run
    lfn: $lfn
    tags: [{key: "quality", value: {string: "good"}}]
    idempotencyKey: "choose-one-per-statement"
  ) { eventId position folded }
}`, { run: "the run's whole id", lfn: "count.txt.a" }],
};

const SCHEMA = `query Schema {
  __schema {
    queryType { name } mutationType { name }
    types { kind name description isOneOf
      fields { name description args { name description type { ...Named } } type { ...Named } }
      inputFields { name description type { ...Named } }
      enumValues { name description }
      possibleTypes { name }
    }
  }
}
fragment Named on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

const query = document.getElementById("query");
const variables = document.getElementById("variables");
const result = document.getElementById("result");
const timing = document.getElementById("timing");

// ---- asking

async function run() {
  let given;
  try {
    given = variables.value.trim() ? JSON.parse(variables.value) : {};
  } catch (error) {
    result.textContent = `Variables are no JSON: ${error.message}`;
    return;
  }
  const began = performance.now();
  timing.textContent = "asking …";
  try {
    const answered = await answer(query.value, given);
    timing.textContent = `${(performance.now() - began).toFixed(1)} ms`;
    result.replaceChildren(...coloured(JSON.stringify(answered, null, 2)));
  } catch (error) {
    timing.textContent = "";
    result.textContent = `The server did not answer: ${error.message}`;
  }
}

const PIECE = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON text as spans that style sheets colour. */
function coloured(text) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(PIECE)) {
    pieces.push(text.slice(end, match.index));
    const [whole, quoted, colon] = match;
    pieces.push(make("span", { class: colon ? "key" : quoted ? "text" : "value" }, quoted ?? whole), colon ?? "");
    end = match.index + whole.length;
  }
  pieces.push(text.slice(end));
  return pieces;
}

// ---- schema

const types = new Map();
const trail = [];
const pane = document.getElementById("schema");
const back = document.getElementById("back");

function typeText(type) {
  if (type.kind === "NON_NULL") return [...typeText(type.ofType), "!"];
  if (type.kind === "LIST") return ["[", ...typeText(type.ofType), "]"];
  return [make("button", { class: "type", onclick: () => open(type.name) }, type.name)];
}

function argumentsText(args) {
  if (!args.length) return [];
  const listed = args.flatMap((arg, place) => [place ? ", " : "", `${arg.name}: `, ...typeText(arg.type)]);
  return ["(", ...listed, ")"];
}

function memberItem(member) {
  const type = member.type ? [": ", ...typeText(member.type)] : [];
  return make("li", {},
    make("div", { class: "mono" }, make("b", {}, member.name), ...argumentsText(member.args ?? []), ...type),
    member.description ? make("p", {}, member.description) : null);
}

function render(name) {
  const type = types.get(name);
  const kind = { OBJECT: "type", INPUT_OBJECT: type.isOneOf ? "input, exactly one of" : "input", ENUM: "enum", SCALAR: "scalar", INTERFACE: "interface", UNION: "union" }[type.kind];
  const members = type.fields ?? type.inputFields ?? type.enumValues ?? [];
  const others = type.possibleTypes?.length ? make("p", {}, "One of ", ...type.possibleTypes.flatMap((one) => [...typeText({ kind: "", name: one.name }), " "])) : null;
  pane.replaceChildren(
    make("span", { class: "quiet" }, kind), make("h3", {}, type.name),
    type.description ? make("p", {}, type.description) : "", others ?? "",
    make("ul", {}, members.map(memberItem)));
  pane.scrollTop = 0;
  back.disabled = trail.length < 2;
}

function open(name) {
  trail.push(name);
  render(name);
}

back.addEventListener("click", () => {
  trail.pop();
  render(trail[trail.length - 1]);
});

async function readSchema() {
  const { data, errors } = await answer(SCHEMA);
  if (errors) {
    pane.replaceChildren(make("p", { class: "quiet" }, errors[0].message));
    return;
  }
  for (const type of data.__schema.types) types.set(type.name, type);
  const roots = [data.__schema.queryType, data.__schema.mutationType].filter(Boolean);
  open(roots[0].name);
  for (const root of roots.slice(1)) {
    back.before(make("button", { onclick: () => open(root.name) }, root.name));
  }
}

// ---- page

const examples = document.getElementById("examples");
for (const name of Object.keys(EXAMPLES)) examples.append(make("option", {}, name));

function load(name) {
  [query.value] = EXAMPLES[name];
  variables.value = JSON.stringify(EXAMPLES[name][1], null, 2);
}

examples.addEventListener("change", () => load(examples.value));
document.getElementById("run").addEventListener("click", run);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});

load(Object.keys(EXAMPLES)[0]);
await readSchema();
await run();
