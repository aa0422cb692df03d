// What both pages share: asking the server, making elements, writing values for people.

const TOKEN = "hoofprint-token";

/** POST the body of a GraphQL request; the response. Asks for a token where the server wants one. */
export async function post(body, headers = { "content-type": "application/json" }) {
  const token = sessionStorage.getItem(TOKEN);
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch("/graphql", { method: "POST", headers: { ...headers, ...authorization }, body })
    .catch(() => { throw new Error("The server does not answer. Is hoofprint serve still running?"); });
  if (response.status !== 401) return response;
  await askForToken(token ? "The token is not accepted" : "This server wants a token");
  return post(body, headers);
}

/** The data of an answer; throws an Error with the first message where there is none. */
export async function ask(query, variables = {}) {
  const response = await post(JSON.stringify({ query, variables }));
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

let asking = null;

/** One dialog, however many requests wait for it. */
function askForToken(why) {
  asking ??= new Promise((resolve) => {
    const input = make("input", { type: "password", "aria-label": "Token", autocomplete: "off" });
    const button = make("button", { class: "primary" }, "Go on");
    const dialog = make("dialog", {},
      make("h2", {}, why),
      make("p", { class: "quiet" }, "It is kept until this tab is closed."),
      make("div", { class: "row" }, input, button));
    const done = () => {
      if (!input.value) return;
      sessionStorage.setItem(TOKEN, input.value.trim());
      dialog.remove();
      asking = null;
      resolve();
    };
    button.addEventListener("click", done);
    input.addEventListener("keydown", (event) => event.key === "Enter" && done());
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

/** An element; children are elements or texts, and texts are never read as HTML. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export function pill(state) {
  const kinds = {
    succeeded: "good", verified: "good", running: "busy", submitted: "busy", held: "busy", computed: "busy",
    failed: "bad", aborted: "bad", corrupt: "bad", incomplete: "bad",
  };
  const name = state.toLowerCase();
  return make("span", { class: `pill ${kinds[name] ?? ""}` }, name);
}

export function sizeText(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${unit ? value.toFixed(1) : value} ${units[unit]}`;
}

export function timeText(iso) {
  if (!iso) return "–";
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** A duration for people, from microseconds. */
export function durationText(microseconds) {
  if (microseconds === null || microseconds === undefined) return "–";
  if (microseconds < 60e6) return `${(microseconds / 1e6).toFixed(2)} s`;
  const seconds = Math.round(microseconds / 1e6);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
