"""The server as a whole: probes, metrics, pages, a process of its own that stops when it is told to."""

import hashlib
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from importlib.resources import files
from pathlib import Path

import pytest
from graphql import build_ast_schema, parse, validate

from api.pages import page_routes
from api.schema import build_schema
from api.server import serve
from eventlog.errors import InputError, UnavailableError

PROGRAM = Path(__file__).parent / "programs" / "serve.py"


def test_a_server_is_alive_and_ready(server):
    assert server.client.get("/healthz").text == "ok\n"
    ready = server.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "lag": {"runs": 0, "data": 0}}


def test_a_server_whose_views_are_out_of_reach_is_not_ready(server, monkeypatch):
    def broken(group: str) -> None:
        raise UnavailableError("the views are gone: /secret/place")

    monkeypatch.setattr(server.store, "checkpoint", broken)
    ready = server.client.get("/readyz")
    assert ready.status_code == 503
    assert "secret" not in ready.text
    assert "hoofprint_views_up 0.0" in server.client.get("/metrics").text


def test_a_server_that_stopped_folding_is_not_ready(serving, caplog):
    failed = threading.Event()

    def follow(stop: threading.Event) -> None:
        failed.set()
        raise RuntimeError("disk full")

    asked = serving(follow=follow)
    failed.wait(5)
    for _ in range(100):
        if asked.client.get("/readyz").status_code == 503:
            break
        threading.Event().wait(0.01)
    assert asked.client.get("/readyz").status_code == 503
    assert "disk full" in caplog.text


def test_metrics_count_requests_errors_and_what_is_not_folded(server, run_events):
    server.ask("{ health { head } }")
    server.error('{ run(id: "none") { id } }')
    server.log.append(run_events("run-4", start=1))
    text = server.client.get("/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines['hoofprint_http_requests_total{route="/graphql",status="200"}'] == "2.0"
    assert lines['hoofprint_graphql_errors_total{code="NOT_FOUND"}'] == "1.0"
    assert float(lines['hoofprint_views_lag_events{group="data"}']) == len(run_events("run-4", start=1))
    assert lines['hoofprint_dead_letters{group="runs"}'] == "0.0"
    assert float(lines['hoofprint_events_folded_total{group="runs"}']) > 0


@pytest.mark.parametrize("path", ["/", "/graphql"])
def test_pages_are_made_of_this_servers_files_alone(server, path):
    page = server.client.get(path)
    assert page.headers["content-type"].startswith("text/html")
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assets = [link for link in linked if link.startswith("/assets/")]
    assert len(assets) >= 2
    assert not [link for link in linked if not link.startswith(("/", "data:,"))]
    for asset in [*assets, "/assets/ask.js"]:
        assert server.client.get(asset).status_code == 200


def test_graphiql_is_the_published_one_byte_by_byte():
    folder = files("api.pages") / "vendor" / "graphiql"
    table = (folder / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"\| `([^`]+)` \|[^|]+\| `([0-9a-f]{64})` \|", table))
    assert set(told) == {each.name for each in folder.iterdir() if each.name.endswith((".js", ".css"))}
    for name, digest in told.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_addresses_of_what_is_vendored_name_its_version():
    table = (files("api.pages") / "vendor" / "graphiql" / "README.md").read_text(encoding="utf-8")
    packages = re.findall(r"\| `([^`]+)` \| (\S+) (\S+) \|", table)
    assert len(packages) == 4
    vendored = {route.path for route in page_routes() if re.search(r"-\d", route.path)}
    assert vendored == {f"/assets/{package}-{version}/{name}" for name, package, version in packages}


def test_every_example_of_graphiql_is_a_valid_document():
    script = (files("api.pages") / "graphiql.js").read_text(encoding="utf-8")
    examples = [text.replace("\\\\", "\\") for text in re.findall(r"query: `([^`]+)`", script)]
    schema = build_ast_schema(parse(build_schema().as_str()))
    assert len(examples) == 7
    assert [error.message for text in examples for error in validate(schema, parse(text))] == []


def test_every_question_of_the_dashboard_is_a_valid_document():
    script = (files("api.pages") / "dashboard.js").read_text(encoding="utf-8")
    texts = dict(re.findall(r'^const ([A-Z]+) = [`"]([^`"]+)[`"];$', script, re.MULTILINE))
    whole = [re.sub(r"\$\{(\w+)\}", lambda name: texts[name[1]], text) for text in texts.values()]
    questions = [text for text in whole if text.startswith(("query", "{"))]
    schema = build_ast_schema(parse(build_schema().as_str()))
    assert len(questions) == 5
    assert [error.message for text in questions for error in validate(schema, parse(text))] == []


def test_files_with_a_version_in_their_address_may_be_kept_for_ever(server):
    kept = server.client.get("/assets/graphiql-3.9.0/graphiql.min.js").headers
    assert "immutable" in kept["cache-control"]
    assert server.client.get("/assets/graphiql.js").headers["cache-control"] == "no-store"


def test_no_page_names_a_foreign_host_or_writes_html_from_data():
    for page in files("api.pages").iterdir():
        if page.name.endswith((".html", ".js", ".css")):
            content = page.read_text(encoding="utf-8")
            assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", content), page.name
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", content)
            assert (
                not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", content) or "js" in page.name
            )


def test_a_process_says_where_it_is_answers_and_stops_when_told(tmp_path):
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address), process.stderr.read()
        with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=15)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, stderr
    assert stdout == "folding ended\n"


def test_an_address_that_is_taken_is_told_in_one_line(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UnavailableError, match="cannot listen"),
    ):
        serve(None, "127.0.0.1", taken.getsockname()[1])
    with pytest.raises(InputError, match="port 99999 is none"):
        serve(None, "127.0.0.1", 99_999)
