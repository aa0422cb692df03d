// The dashboard: runs and how they stand, one run with what failed, files found by a filter.

import { ask, durationText, make, pill, sizeText, timeText } from "./ask.js";

const EVERY = 3000;
const STATES = ["unsubmitted", "submitted", "running", "held", "evicted", "succeeded", "failed", "aborted"];
// the server says at the top of its pages that it shows the past
const PAST = document.querySelector(".past") !== null;
const view = document.getElementById("view");
const question = document.getElementById("question");

// ---- questions

const LISTED = `edges { node { id workflow state user namespace createdAt progress { total succeeded failed running submitted held evicted aborted } } }
    pageInfo { hasNextPage endCursor }`;
const RUNS = `query Runs($after: String) {
  runs(rootsOnly: true, first: 25, after: $after) {
    ${LISTED}
  }
}`;
const BELOW = `query Below($id: ID!, $after: String) {
  run(id: $id) {
    id workflow state
    subworkflows(first: 25, after: $after) { ${LISTED} }
  }
}`;
const RUN = `query Run($id: ID!, $state: JobState, $after: String) {
  run(id: $id) {
    id workflow state user namespace createdAt submitDirectory taskCount jobCount reusedTaskCount planner plannerVersion
    parentRun parentJob
    subworkflows(first: 10) { ${LISTED} }
    progress { total unsubmitted submitted running held evicted succeeded failed aborted }
    integrity { verified failed computed }
    failures { job kind attempt verdict site hostname problem stderrTail blocked
               invocation { argv } mismatches { lfn pfn expected found } }
    jobs(state: $state, first: 50, after: $after) {
      edges { node { job kind site transformation state lastAttempt } }
      pageInfo { hasNextPage endCursor }
    }
  }
  statistics(run: $id) { wall cumulative jobs { retries } }
}`;
const FILES = `query Find($text: String!, $after: String) {
  files(where: {text: $text}, first: 25, after: $after) {
    hints
    edges { node { lfn run workflow size checksumState sha256 replicas { site pfn } tags { key text level } } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const HEALTH = "{ health { views { group lag deadLetters } } }";

// ---- views

function table(headings, rows) {
  const head = headings.map(([name, kind]) => make("th", { class: kind, scope: "col" }, name));
  return make("div", { class: "scroll" },
    make("table", {}, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows)));
}

function progressBar(progress) {
  const parts = [
    ["good", progress.succeeded],
    ["bad", progress.failed + progress.aborted],
    ["busy", progress.running + progress.submitted + progress.held + progress.evicted],
  ];
  const label = `${progress.succeeded} of ${progress.total} jobs succeeded, ${progress.failed + progress.aborted} failed`;
  const bar = make("div", { class: "bar", role: "img", "aria-label": label });
  for (const [kind, count] of parts) {
    const part = make("span", { class: kind });
    part.style.width = `${progress.total ? (100 * count) / progress.total : 0}%`;
    bar.append(part);
  }
  return bar;
}

function more(pageInfo, follow) {
  if (!pageInfo.hasNextPage) return null;
  return make("div", { class: "more" }, make("button", { onclick: () => follow(pageInfo.endCursor) }, "Next page"));
}

function runRow({ node }) {
  const address = `#/run/${encodeURIComponent(node.id)}`;
  return make("tr", { class: "link", onclick: () => { location.hash = address; } },
    make("td", {}, pill(node.state)),
    make("td", {}, make("a", { href: address }, node.workflow || "unnamed"), " ", make("span", { class: "mono quiet" }, node.id.slice(0, 8))),
    make("td", {}, progressBar(node.progress)),
    make("td", { class: "number nowrap" }, `${node.progress.succeeded} / ${node.progress.total}`),
    make("td", {}, node.user),
    make("td", { class: "nowrap" }, timeText(node.createdAt)));
}

const OF_RUNS = [["State", "narrow"], ["Workflow"], ["Progress"], ["Jobs", "number"], ["User"], ["Planned"]];

async function showRuns(after) {
  const { runs } = await ask(RUNS, { after });
  const body = runs.edges.length
    ? [table(OF_RUNS, runs.edges.map(runRow)), more(runs.pageInfo, (cursor) => go(`#/runs/${cursor}`))]
    : [make("p", { class: "empty" }, PAST ? "There was no run yet." : "No run yet. Plan a workflow and run it: hoofprint plan workflow.yml; hoofprint run latest")];
  return [make("section", { class: "panel" }, make("header", {}, make("h2", {}, "Runs")), ...body)];
}

function card(value, label) {
  return make("div", { class: "panel card" }, make("div", { class: "value" }, String(value)), make("div", { class: "label" }, label));
}

function exitText(raw) {
  if (raw === null) return "no exit code";
  return raw & 127 ? `killed by signal ${raw & 127}` : `exit code ${raw >> 8}`;
}

function failureItem(failure) {
  const where = [failure.site, failure.hostname].filter(Boolean).join(", ");
  const blocked = failure.blocked ? `; ${failure.blocked} jobs could not run because of it` : "";
  const command = failure.invocation ? failure.invocation.argv.join(" ") : "";
  return make("div", { class: "failure" },
    make("div", {}, make("b", {}, failure.job), make("span", { class: "quiet" }, ` attempt ${failure.attempt}, ${exitText(failure.verdict)}${where ? `, on ${where}` : ""}${blocked}`)),
    failure.problem ? make("div", {}, failure.problem) : null,
    failure.mismatches.map((wrong) => make("div", { class: "mono" },
      `${wrong.lfn ?? wrong.pfn}: expected ${wrong.expected ?? "a sha256"}, found ${wrong.found ?? "no file"}`)),
    command ? make("pre", { "aria-label": "Command" }, command) : null,
    failure.stderrTail ? make("pre", { "aria-label": "Last lines of stderr" }, failure.stderrTail) : null);
}

function jobRow({ node }) {
  return make("tr", {},
    make("td", {}, pill(node.state)),
    make("td", { class: "mono" }, node.job),
    make("td", {}, node.kind),
    make("td", {}, node.transformation),
    make("td", {}, node.site),
    make("td", { class: "number" }, String(node.lastAttempt)));
}

function jobPanel(run, state, identity) {
  const base = `#/run/${encodeURIComponent(identity)}`;
  const choices = ["", ...STATES.filter((name) => run.progress[name])].map((name) => make("button", {
    "aria-pressed": String(name === state),
    onclick: () => go(name ? `${base}/${name}` : base),
  }, name ? `${name} ${run.progress[name]}` : `all ${run.progress.total}`));
  const headings = [["State", "narrow"], ["Job"], ["Kind"], ["Transformation"], ["Site"], ["Attempts", "number"]];
  return make("section", { class: "panel" },
    make("header", {}, make("h2", {}, "Jobs"), make("div", { class: "filters" }, choices)),
    run.jobs.edges.length ? table(headings, run.jobs.edges.map(jobRow)) : make("p", { class: "empty" }, "No job in this state."),
    more(run.jobs.pageInfo, (cursor) => go(`${base}/${state || "all"}/${cursor}`)));
}

function belowPanel(run) {
  if (!run.subworkflows.edges.length) return null;
  return make("section", { class: "panel" },
    make("header", {}, make("h2", {}, "Sub-workflows")),
    table(OF_RUNS, run.subworkflows.edges.map(runRow)),
    more(run.subworkflows.pageInfo, (cursor) => go(`#/below/${encodeURIComponent(run.id)}/${cursor}`)));
}

async function showBelow(identity, after) {
  const { run } = await ask(BELOW, { id: identity, after });
  return [
    make("div", { class: "title" }, make("h1", {}, run.workflow || "unnamed"), pill(run.state), make("span", { class: "spacer" }),
      make("a", { href: `#/run/${encodeURIComponent(run.id)}` }, "The run itself")),
    belowPanel(run) ?? make("p", { class: "empty" }, "It called no sub-workflow."),
  ];
}

function callerLink(run) {
  return run.parentRun ? make("a", { href: `#/run/${encodeURIComponent(run.parentRun)}` }, `called by ${run.parentJob || "a run"}`) : null;
}

async function showRun(identity, chosen = "", after) {
  const state = chosen === "all" ? "" : chosen;
  const { run, statistics } = await ask(RUN, { id: identity, state: state ? state.toUpperCase() : null, after });
  const integrity = run.integrity.failed ? `${run.integrity.failed} wrong` : `${run.integrity.verified} verified`;
  const facts = { Run: run.id, Planned: timeText(run.createdAt), User: run.user, Namespace: run.namespace,
    Planner: `${run.planner} ${run.plannerVersion}`, Directory: run.submitDirectory };
  return [
    make("div", { class: "title" }, make("h1", {}, run.workflow || "unnamed"), pill(run.state), make("span", { class: "spacer" }), callerLink(run), make("a", { href: "#/" }, "All runs")),
    make("div", { class: "cards" },
      card(`${run.progress.succeeded} / ${run.progress.total}`, "jobs succeeded"),
      card(run.progress.failed + run.progress.aborted, "jobs failed"),
      card(statistics.jobs.retries, "retries"),
      card(run.reusedTaskCount, "tasks reused"),
      card(integrity, "checksums"),
      card(durationText(statistics.wall), "wall time")),
    run.failures.length ? make("section", { class: "panel" }, make("header", {}, make("h2", {}, "What failed, root cause first")), run.failures.map(failureItem)) : null,
    belowPanel(run),
    jobPanel(run, state, identity),
    make("section", { class: "panel" }, make("header", {}, make("h2", {}, "About")), make("div", { class: "body" },
      make("dl", { class: "facts" }, Object.entries(facts).filter(([, value]) => value && value.trim()).map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])))),
  ];
}

function tagItem({ key, text, level }) {
  const whose = level === "OWN" ? null : make("span", { class: "quiet" }, ` ${level.toLowerCase()}`);
  return make("span", { class: "tag" }, make("b", {}, key), ` ${text}`, whose);
}

function fileRow({ node }) {
  return make("tr", {},
    make("td", {}, make("div", { class: "mono breakable" }, node.lfn), make("span", { class: "quiet nowrap" }, node.run ? make("a", { href: `#/run/${encodeURIComponent(node.run)}` }, `${node.workflow ?? "run"} ${node.run.slice(0, 8)}`) : "of no run")),
    make("td", { title: node.sha256 }, pill(node.checksumState)),
    make("td", { class: "number nowrap" }, sizeText(node.size)),
    make("td", {}, node.replicas.length ? node.replicas.map(({ site, pfn }) => make("div", { class: "breakable" }, make("span", { class: "quiet" }, `${site} `), make("code", {}, pfn))) : make("span", { class: "quiet" }, "nowhere any more")),
    make("td", {}, node.tags.map(tagItem)));
}

async function showFiles(text, after) {
  question.value = text;
  const { files } = await ask(FILES, { text, after });
  const headings = [["File"], ["Checksum", "narrow"], ["Size", "number"], ["Where it lies"], ["Tags"]];
  const found = files.edges.length ? table(headings, files.edges.map(fileRow)) : make("p", { class: "empty" }, "No file matches.");
  return [
    make("section", { class: "panel" },
      make("header", {}, make("h2", {}, "Files"), make("span", { class: "spacer" }), make("a", { href: "#/" }, "All runs")),
      found,
      more(files.pageInfo, (cursor) => go(`#/find/${encodeURIComponent(text)}/${cursor}`))),
    ...files.hints.map((hint) => make("p", { class: "notice hint" }, hint)),
  ];
}

async function showHealth() {
  const { health } = await ask(HEALTH);
  const lag = Math.max(...health.views.map((group) => group.lag));
  const dead = Math.max(...health.views.map((group) => group.deadLetters));
  const text = dead ? `${dead} events not folded` : lag ? `${lag} events behind` : PAST ? "as it was" : "up to date";
  document.getElementById("health").replaceChildren(make("span", { class: `pill ${dead ? "bad" : lag ? "busy" : "good"}` }, text));
}

// ---- where we are

const VIEWS = { runs: showRuns, run: showRun, below: showBelow, find: showFiles };

function go(address) {
  location.hash = address;
}

function place() {
  const [name, ...rest] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  return VIEWS[name] ? [VIEWS[name], rest] : [showRuns, []];
}

let shown = "";
let turn = 0;

async function show() {
  const mine = ++turn;
  let parts;
  try {
    const [render, rest] = place();
    parts = await render(...rest);
  } catch (error) {
    parts = [make("div", { class: "notice", role: "alert" }, error.message)];
  }
  // an answer that was overtaken by another place, or that says the same, changes nothing
  const grid = make("div", { class: "dashboard-parts" }, parts.filter(Boolean));
  if (mine !== turn || (shown === location.hash + grid.textContent)) return;
  shown = location.hash + grid.textContent;
  view.replaceChildren(grid);
}

document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  go(text ? `#/find/${encodeURIComponent(text)}` : "#/");
});
window.addEventListener("hashchange", show);

async function refresh() {
  if (!document.hidden) {
    await Promise.allSettled([show(), showHealth()]);
  }
  setTimeout(refresh, EVERY);
}

refresh();
