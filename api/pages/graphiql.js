// GraphiQL on this server: a tab for each example, and the tab's token with every question. Variables have
// defaults, since the first tab's variables editor is empty until it is opened.

import { post } from "./ask.js";

const { createElement } = window.React;
const { GraphiQL, ReactDOM } = window;

const EXAMPLES = [{
  query: `# Files by their tags: numbers compare
# as numbers, texts as they were written.
query FilesByTags($least: Float! = 50) {
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
}`,
}, {
  query: `# The same filter in one line, as on the command line.
query FindFiles(
  $text: String! = "type = \\"counts\\" and lines >= 50"
) {
  files(where: {text: $text}) {
    hints
    edges {
      node { lfn run checksumState tags { key text } }
    }
  }
}`,
}, {
  query: `# The newest runs; with a workflow or a state
# among the variables, only those of it.
query Runs($workflow: String, $state: RunState) {
  runs(workflow: $workflow, state: $state, first: 20) {
    edges {
      node {
        id
        workflow
        state
        user
        createdAt
        progress { total succeeded failed }
      }
    }
  }
}`,
}, {
  query: `# Why a run failed, root cause first. A run is named by
# its id, a unique beginning of it, or "latest".
query WhyDidItFail($run: ID! = "latest") {
  run(id: $run) {
    state
    integrity {
      verified
      failed
      mismatches { lfn expected found job }
    }
    failures {
      job
      attempt
      problem
      stderrTail
      blocked
      invocation { argv }
    }
  }
}`,
}, {
  query: `# Durations are in microseconds.
query Statistics($run: ID! = "latest") {
  statistics(run: $run) {
    tasks { ...Figures }
    jobs { ...Figures }
    wall
    cumulative
    submitSide
    badput
    breakdown {
      transformation
      successful
      count
      minimum
      maximum
      total
    }
  }
}

fragment Figures on Counts {
  succeeded
  failed
  incomplete
  total
  retries
  totalWithRetries
}`,
}, {
  query: `# From what a file was made; with direction: DOWN,
# what was made of it.
query Lineage($run: ID! = "latest", $lfn: String! = "count.txt.a") {
  lineage(run: $run, lfn: $lfn, direction: UP, depth: 10) {
    isPartial
    nodes {
      __typename
      id
      name
      depth
      ... on LineageFile { checksumState sha256 }
      ... on LineageTask { transformation argv hostname exitRaw }
    }
    edges { kind source target }
  }
}`,
}, {
  query: `# Sent again with the same idempotency key,
# the same thing is said once.
mutation TagFile($run: ID!, $lfn: String!) {
  tagFile(
    run: $run
    lfn: $lfn
    tags: [{key: "quality", value: {string: "good"}}]
    idempotencyKey: "choose-one-per-statement"
  ) {
    eventId
    position
    folded
  }
}`,
  variables: `{
  "run": "the run's whole id",
  "lfn": "count.txt.a"
}`,
}];

/** What the headers editor says about a token goes before the token of this tab. */
function send(address, { body, headers }) {
  const named = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  return named ? fetch(address, { method: "POST", headers, body }) : post(body, headers);
}

ReactDOM.createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, {
  fetcher: GraphiQL.createFetcher({ url: "/graphql", fetch: send, enableIncrementalDelivery: false }),
  defaultTabs: EXAMPLES,
}));
