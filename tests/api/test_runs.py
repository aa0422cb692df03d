"""Runs, jobs and statistics over GraphQL."""


def test_runs_come_newest_first_page_by_page(server):
    query = """query Runs($after: String) { runs(first: 2, after: $after) {
        edges { node { id workflow state taskCount jobCount createdAt progress { total succeeded failed } } }
        pageInfo { hasNextPage endCursor } } }"""
    first = server.ask(query)["runs"]
    assert [edge["node"]["id"] for edge in first["edges"]] == ["run-3", "run-2"]
    assert first["edges"][0]["node"] == {
        "id": "run-3",
        "workflow": "split",
        "state": "FAILED",
        "taskCount": 5,
        "jobCount": 4,
        "createdAt": "1970-01-01T00:50:00Z",
        "progress": {"total": 4, "succeeded": 3, "failed": 1},
    }
    second = server.ask(query, after=first["pageInfo"]["endCursor"])["runs"]
    assert [edge["node"]["id"] for edge in second["edges"]] == ["run-1"]
    assert not second["pageInfo"]["hasNextPage"]


def test_runs_are_listed_by_workflow_and_by_state(server):
    query = """query Runs($workflow: String, $state: RunState, $rootsOnly: Boolean! = false, $after: String) {
        runs(workflow: $workflow, state: $state, rootsOnly: $rootsOnly, first: 1, after: $after) {
            edges { node { id } } pageInfo { hasNextPage endCursor } } }"""

    def listed(**filters):
        page = server.ask(query, **filters)["runs"]
        found = [edge["node"]["id"] for edge in page["edges"]]
        if page["pageInfo"]["hasNextPage"]:
            found += listed(**filters | {"after": page["pageInfo"]["endCursor"]})
        return found

    assert listed(state="FAILED") == ["run-3"]
    assert listed(state="SUCCEEDED") == ["run-2", "run-1"]
    assert listed(workflow="split") == ["run-3", "run-2", "run-1"]
    assert listed(workflow="split", state="RUNNING") == []
    assert listed(workflow="merge") == []
    misspelt = server.error(query, state="failed")
    assert misspelt["code"] == "BAD_REQUEST"
    assert "Did you mean the enum value 'FAILED'" in misspelt["message"]
    refused = server.error(query, state="UNKNOWN")
    assert refused["code"] == "BAD_INPUT"
    assert "choose one of PLANNED, RUNNING, SUCCEEDED, FAILED, INCOMPLETE" in refused["message"]


def test_sub_workflows_stand_with_the_run_that_called_them(serving, run_events):
    server = serving()
    for number, (run, caller) in enumerate(
        (("top", None), ("left", "top"), ("right", "top"), ("deep", "right"), ("alone", "unknown"))
    ):
        server.fold(run_events(run, start=1_000 * (number + 1), caller=caller))

    def listed(**variables):
        query = (
            "query Q($rootsOnly: Boolean! = false) { runs(rootsOnly: $rootsOnly) { edges { node { id } } } }"
        )
        return [edge["node"]["id"] for edge in server.ask(query, **variables)["runs"]["edges"]]

    assert listed(rootsOnly=False) == ["alone", "deep", "right", "left", "top"]
    assert listed(rootsOnly=True) == ["alone", "top"]
    query = """query Below($id: ID!, $after: String) { run(id: $id) { parentRun parentJob
        subworkflows(first: 1, after: $after) {
            edges { node { id progress { total } } } pageInfo { hasNextPage endCursor } } } }"""
    first = server.ask(query, id="top")["run"]
    assert (first["parentRun"], first["parentJob"]) == (None, None)
    assert first["subworkflows"]["edges"] == [{"node": {"id": "right", "progress": {"total": 4}}}]
    second = server.ask(query, id="top", after=first["subworkflows"]["pageInfo"]["endCursor"])["run"]
    assert [edge["node"]["id"] for edge in second["subworkflows"]["edges"]] == ["left"]
    assert not second["subworkflows"]["pageInfo"]["hasNextPage"]
    deep = server.ask(query, id="deep")["run"]
    assert (deep["parentRun"], deep["parentJob"], deep["subworkflows"]["edges"]) == ("right", "call_deep", [])


def test_the_progress_of_all_runs_is_loaded_at_once(server, counted_statements):
    query = "query Runs($first: Int!) { runs(first: $first) { edges { node { progress { total } } } } }"
    counts = {}
    for first in (1, 3):
        with counted_statements(server) as said:
            assert len(server.ask(query, first=first)["runs"]["edges"]) == first
        counts[first] = len(said)
    assert counts[3] == counts[1]


def test_a_corrupted_file_is_shown_with_its_job_and_both_digests(server):
    run = server.ask("""{ run(id: "latest") { id state
        integrity { verified failed mismatches { lfn job expected found } }
        failures { job state failedScript problem verdict blocked mismatches { lfn role } } } }""")["run"]
    assert run["state"] == "FAILED"
    assert run["integrity"] == {
        "verified": 3,
        "failed": 1,
        "mismatches": [{"lfn": "part.d", "job": "wc_d", "expected": "1" * 64, "found": "f" * 64}],
    }
    assert run["failures"] == [
        {
            "job": "wc_d",
            "state": "FAILED",
            "failedScript": None,
            "problem": "part.d is corrupt",
            "verdict": 256,
            "blocked": 0,
            "mismatches": [{"lfn": "part.d", "role": "INPUT"}],
        }
    ]


def test_jobs_are_listed_by_state_and_a_job_tells_its_attempts(server):
    query = """query Jobs($after: String) { jobs(run: "run-3", state: SUCCEEDED, first: 2, after: $after) {
        edges { node { job } } pageInfo { hasNextPage endCursor } } }"""
    first = server.ask(query)["jobs"]
    assert [edge["node"]["job"] for edge in first["edges"]] == ["wc_a", "wc_b"]
    rest = server.ask(query, after=first["pageInfo"]["endCursor"])["jobs"]
    assert [edge["node"]["job"] for edge in rest["edges"]] == ["wc_c"]
    job = server.ask("""{ job(run: "run-1", name: "wc_a") { tasks summary { state }
        attempts { attempt state verdict states { state } invocations { argv duration } } } }""")["job"]
    assert job["tasks"] == ["wc-a"]
    assert job["summary"] == {"state": "SUCCEEDED"}
    assert job["attempts"][0]["state"] == "SUCCEEDED"
    assert [change["state"] for change in job["attempts"][0]["states"]] == [
        "finished",
        "started",
        "submitted",
    ]
    assert job["attempts"][0]["invocations"] == [{"argv": ["wc", "-l", "part.a"], "duration": 1_000_000}]


def test_statistics_count_tasks_and_jobs_and_add_up_durations(server):
    statistics = server.ask("""{ statistics(run: "run-3") { wall cumulative
        tasks { succeeded failed incomplete total } jobs { succeeded failed total totalWithRetries }
        breakdown { transformation successful count total } integrity { kind count failed } } }""")
    assert statistics["statistics"] == {
        "wall": 20_000_000,
        "cumulative": 3_000_000,
        "tasks": {"succeeded": 3, "failed": 0, "incomplete": 1, "total": 4},
        "jobs": {"succeeded": 3, "failed": 1, "total": 4, "totalWithRetries": 4},
        "breakdown": [{"transformation": "wc", "successful": True, "count": 3, "total": 3_000_000}],
        "integrity": [
            {"kind": "CHECK", "count": 1, "failed": 1},
            {"kind": "CHECK", "count": 3, "failed": 0},
        ],
    }


def test_statistics_tell_what_began_when_in_any_time_zone_and_run_by_run(server):
    query = """query Times($zone: String!) { statistics(run: "run-3") {
        byRun { id workflow jobs { total } workflowRetries }
        time(span: MONTH, zone: $zone) { attempts { start count } processes { start host count runtime }
            attemptsByHost { host } } } }"""
    told = server.ask(query, zone="Pacific/Honolulu")["statistics"]
    assert told["byRun"] == [{"id": "run-3", "workflow": "split", "jobs": {"total": 4}, "workflowRetries": 0}]
    assert [(line["host"], line["count"], line["runtime"]) for line in told["time"]["processes"]] == [
        (None, 3, 3_000_000)
    ]
    # the run was on the first of January in UTC, and still in December there
    assert told["time"]["processes"][0]["start"] == "1969-12-01T10:00:00Z"
    refused = server.error(query, zone="Mars/Olympus")
    assert refused["code"] == "BAD_INPUT"
    assert "America/Los_Angeles" in refused["message"]


def test_a_run_is_named_by_a_unique_beginning_of_its_id(server):
    assert server.error('{ run(id: "run-") { id } }')["code"] == "BAD_INPUT"
    assert server.error('{ run(id: "x") { id } }')["code"] == "NOT_FOUND"
    assert server.ask('{ run(id: "run-2") { id root engines { engine status } } }')["run"] == {
        "id": "run-2",
        "root": "run-2",
        "engines": [{"engine": "local", "status": 0}],
    }


def test_health_tells_how_far_the_views_are_behind(server, run_events):
    query = "{ health { head views { group lag deadLetters } } }"
    assert [view["lag"] for view in server.ask(query)["health"]["views"]] == [0, 0]
    server.log.append(run_events("run-4", start=1))
    behind = server.ask(query)["health"]["views"]
    assert behind[0]["lag"] == len(run_events("run-4", start=1))
    assert behind[0]["deadLetters"] == 0
