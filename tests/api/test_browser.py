"""The pages in a real browser: they show what the server knows, and ask nobody else."""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from websockets.sync.client import ClientConnection, connect

from api.tokens import Scope, add_token
from eventlog.sqlite import SqliteLog

PROGRAM = Path(__file__).parent / "programs" / "serve.py"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--window-size=1440,900", "--force-device-scale-factor=1", "--remote-debugging-port=0"),
    # every other host is a name that does not resolve
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PATIENCE = 30.0

SAID = "document.body.innerText"
RUN = "document.querySelector('.graphiql-execute-button')"
ANSWER = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''"
HEADERS = "document.querySelectorAll('.graphiql-editor-tool .CodeMirror')[1].CodeMirror"

pytestmark = pytest.mark.browser


class Page:
    """A page of a browser over the DevTools protocol; remembers what it asked for and what went wrong."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self.requested: list[str] = []
        self.problems: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def go(self, address: str) -> None:
        """Load another page."""
        self._call("Page.navigate", url=address)

    def see(self, expression: str) -> Any:
        """The value of a JavaScript expression as soon as it is true."""
        deadline = time.monotonic() + PATIENCE
        while not (value := self.do(expression)):
            assert time.monotonic() < deadline, (
                f"{expression} is not true of: {self.do(SAID)} {self.problems}"
            )
            time.sleep(0.05)
        return value

    def do(self, expression: str) -> Any:
        """The value of a JavaScript expression, True for an element; None where it threw."""
        value = f"((value) => value instanceof Node || value)({expression})"
        return self._call("Runtime.evaluate", expression=value, returnByValue=True)["result"].get("value")

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)

    def picture(self) -> bytes:
        """What it looks like, as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot")["data"])

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (said := json.loads(self._connection.recv(PATIENCE))).get("id") != number:
            self._note(said)
        assert "error" not in said, said
        return said["result"]

    def _note(self, said: dict[str, Any]) -> None:
        if said["method"] == "Network.requestWillBeSent":
            self.requested.append(said["params"]["request"]["url"])
        elif said["method"] == "Runtime.exceptionThrown":
            self.problems.append(said["params"]["exceptionDetails"]["text"])
        elif said["method"] == "Log.entryAdded" and said["params"]["entry"]["level"] == "error":
            self.problems.append(said["params"]["entry"]["text"])


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """An empty page of a browser; it must not have looked for another host than the tests'."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        reason = f"no browser found ({', '.join(BROWSERS)})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    profile = tmp_path / "browser"
    command = [browser, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with connect(_debugger(profile), max_size=None) as connection:
                opened = Page(connection)
                yield opened
                asked = {urlsplit(address).hostname for address in opened.requested}
                assert asked - {None} == {"127.0.0.1"}
        finally:
            process.terminate()


def _debugger(profile: Path) -> str:
    """Where the browser's page listens; the browser writes its port into its profile."""
    told, deadline = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
    while not told.is_file() or "\n" not in told.read_text():
        assert time.monotonic() < deadline, "the browser did not start"
        time.sleep(0.05)
    port = told.read_text().split("\n")[0]
    with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
        pages = [target for target in json.load(answer) if target["type"] == "page"]
    return pages[0]["webSocketDebuggerUrl"]


@contextmanager
def _serving(*arguments: str | Path) -> Iterator[str]:
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.communicate()


@pytest.fixture
def folder(tmp_path: Path, run_events: Callable[..., list[Any]]) -> Path:
    """A folder with a log of two runs; the second one failed."""
    log = SqliteLog.open(tmp_path / "log.db")
    log.append([*run_events("run-1", start=1_000), *run_events("run-2", start=2_000, fails=True)])
    log.close()
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """Where a server over that log is."""
    with _serving(folder) as found:
        yield found


@pytest.fixture
def guarded(folder: Path) -> Iterator[tuple[str, str]]:
    """Where a server over that log is that wants a token, and the token."""
    secret = add_token(folder / "tokens.toml", "ada", frozenset({Scope.READ}), None)
    with _serving(folder, "--token-file", folder / "tokens.toml") as found:
        yield found, secret


def test_the_dashboard_shows_runs_what_failed_and_found_files(address: str, page: Page) -> None:
    page.go(f"{address}/")
    page.see(f"{SAID}.includes('up to date')")
    assert page.do("document.querySelectorAll('.past').length") == 0
    page.see("document.querySelectorAll('.bar').length === 2")
    labels = page.do("[...document.querySelectorAll('.bar')].map((bar) => bar.ariaLabel)")
    assert labels == ["3 of 4 jobs succeeded, 1 failed", "4 of 4 jobs succeeded, 0 failed"]
    page.go(f"{address}/#/run/run-2")
    page.see(f"{SAID}.includes('What failed, root cause first')")
    page.see(f"{SAID}.includes('part.d is corrupt')")
    page.go(f"{address}/#/run/run-2/failed")
    page.see("document.querySelector('.filters [aria-pressed=true]').innerText === 'failed 1'")
    assert page.do("[...document.querySelectorAll('tbody .pill')].map((pill) => pill.innerText)") == [
        "failed"
    ]
    page.go(f"{address}/#/find/type%20%3D%20%22counts%22%20and%20lines%20%3E%3D%2099")
    page.see(f"{SAID}.includes('/out/run-1/count.a')")
    assert "/out/run-1/count.b" not in page.do(SAID)
    assert page.problems == []


def test_the_dashboard_lists_sub_workflows_with_the_run_that_called_them(
    tmp_path: Path, run_events: Callable[..., list[Any]], page: Page
) -> None:
    log = SqliteLog.open(tmp_path / "log.db")
    log.append(run_events("top", start=1_000))
    for number in range(12):
        log.append(run_events(f"part-{number}", start=2_000 + 100 * number, caller="top", fails=number == 11))
    log.close()
    listed = "[...document.querySelectorAll('tbody tr a')].map((link) => link.hash)"
    with _serving(tmp_path) as address:
        page.go(f"{address}/")
        page.see("document.querySelectorAll('.bar').length === 1")
        assert page.do(listed) == ["#/run/top"]
        page.go(f"{address}/#/run/top")
        page.see(f"{SAID}.includes('Sub-workflows')")
        assert page.do(listed) == [f"#/run/part-{number}" for number in range(11, 1, -1)]
        page.do("document.querySelector('.more button').click()")
        page.see(f"{SAID}.includes('The run itself')")
        assert page.do(listed) == ["#/run/part-1", "#/run/part-0"]
        page.go(f"{address}/#/run/part-11")
        page.see(f"{SAID}.includes('called by call_part-11')")
        assert page.do("document.querySelector('.title a').hash") == "#/run/top"
    assert page.problems == []


def test_graphiql_shows_the_examples_runs_the_first_and_knows_the_schema(address: str, page: Page) -> None:
    page.go(f"{address}/graphql")
    page.see(RUN)
    tabs = page.do("[...document.querySelectorAll('.graphiql-tab-button')].map((tab) => tab.innerText)")
    assert tabs[0] == "FilesByTags"
    assert len(tabs) == 7
    assert page.do(ANSWER) == ""
    page.do(f"{RUN}.click()")
    files = json.loads(page.see(ANSWER))["data"]["files"]
    assert files["totalCount"] == 4
    assert files["edges"][0]["node"]["checksumState"] == "VERIFIED"
    page.do("document.querySelector('[aria-label=\"Show Documentation Explorer\"]').click()")
    page.see(f"{SAID}.includes('A GraphQL schema provides a root type for each kind of operation.')")
    assert page.do("document.querySelector('header.top a.brand').href") == f"{address}/"
    assert page.problems == []


@pytest.mark.parametrize("place", ["/", "/#/run/run-2", "/#/find/lines%20%3E%201", "/graphql"])
def test_every_page_of_a_server_of_the_past_says_which_moment_it_shows(
    folder: Path, page: Page, place: str
) -> None:
    moment = "2026-11-22 18:00:00+01:00 <img src=x onerror=document.title='read-as-html'>"
    with _serving(folder, "--as-of", moment) as address:
        page.go(f"{address}{place}")
        page.see(RUN if place == "/graphql" else "document.querySelector('#view > *')")
        banner = "document.querySelector('p.past')"
        assert page.do(f"{banner}.innerText").startswith(f"As of {moment}. This is the past")
        assert page.do(f"{banner}.getBoundingClientRect().top") == 0
        assert page.do(f"document.elementFromPoint(innerWidth / 2, 5) === {banner}")
        page.do("scrollTo(0, document.body.scrollHeight)")
        assert page.do(f"{banner}.getBoundingClientRect().top") == 0
        assert "read-as-html" not in page.do("document.title")
        assert page.problems == []


def test_graphiql_asks_for_a_token_and_lets_its_headers_editor_name_another(
    guarded: tuple[str, str], page: Page
) -> None:
    address, secret = guarded
    page.go(f"{address}/graphql")
    page.see("document.querySelector('dialog[open] input')")
    page.write("not-this-one")
    page.do("document.querySelector('dialog button').click()")
    page.see(f"{SAID}.includes('The token is not accepted')")
    page.write(secret)
    page.do("document.querySelector('dialog button').click()")
    page.see(RUN)
    page.do(f"{RUN}.click()")
    page.see(f"({ANSWER}).includes('VERIFIED')")
    page.do(f"""{HEADERS}.setValue('{{"Authorization": "Bearer another"}}')""")
    page.do(f"{RUN}.click()")
    page.see(f"({ANSWER}).includes('UNAUTHENTICATED')")
    assert not page.do("document.querySelector('dialog[open]')")
    assert secret not in page.do("JSON.stringify(localStorage)")
