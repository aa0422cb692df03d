"""Who is let in: hosts, origins, tokens; and what every answer carries."""

import stat

import pytest

from api.server import build_app
from api.settings import ServerSettings, is_loopback
from api.tokens import Scope, TokenFile, add_token, read_tokens
from eventlog.errors import InputError
from eventlog.memory import MemoryLog

QUESTION = {"query": "{ health { head } }"}
TAG = """mutation { tagFile(run: "run-1", lfn: "count.a", idempotencyKey: "k",
    tags: [{key: "x", value: {boolean: true}}]) { folded } }"""


@pytest.fixture
def tokens(tmp_path):
    """A token file and the secrets in it."""
    path = tmp_path / "tokens.toml"
    secrets = {
        "reader": add_token(path, "reader", frozenset({Scope.READ}), None),
        "writer": add_token(path, "writer", frozenset({Scope.READ, Scope.ANNOTATE}), None),
        "physics": add_token(path, "physics", frozenset({Scope.READ, Scope.ANNOTATE}), ("physics",)),
        "admin": add_token(path, "admin", frozenset({Scope.ADMIN}), None),
    }
    return path, secrets


def test_a_server_that_others_could_reach_is_refused_without_tokens(tmp_path):
    for host in ("0.0.0.0", "192.168.1.7", "::", "example.org"):
        with pytest.raises(InputError, match="HOOFPRINT_TOKEN_FILE"):
            build_app(MemoryLog(), None, ServerSettings(host=host))


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_loopback_is_known_by_its_addresses(host, local):
    assert is_loopback(host) is local


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "", "[", "a@b"]
)
def test_a_name_that_was_rebound_to_this_machine_is_not_answered(server, host):
    for path in ("/graphql", "/", "/metrics", "/healthz"):
        assert server.client.get(path, headers={"host": host}).status_code == 403
    assert server.client.post("/graphql", json=QUESTION, headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8420", "127.0.0.1", "[::1]:9"])
def test_the_names_of_this_machine_are_answered(server, host):
    assert server.client.post("/graphql", json=QUESTION, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9999", "null", "http://localhost:8420"]
)
def test_pages_of_other_origins_may_not_post(server, origin):
    response = server.client.post("/graphql", json=QUESTION, headers={"origin": origin})
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


def test_the_servers_own_pages_may_post(server):
    response = server.client.post("/graphql", json=QUESTION, headers={"origin": "http://127.0.0.1:8420"})
    assert response.status_code == 200


def test_other_origins_get_no_permission_in_a_preflight(server):
    response = server.client.options(
        "/graphql", headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
    )
    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/graphql", "/healthz", "/nowhere", "/assets/ask.js"])
def test_every_answer_carries_safe_headers(server, path):
    headers = server.client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    directives = dict(each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";"))
    # GraphiQL's menus write style elements; scripts are this server's files on every page
    styles = directives.pop("style-src")
    assert styles == ("'self' 'unsafe-inline'" if path == "/graphql" else "'self'")
    assert "unsafe" not in " ".join(directives.values())
    assert directives["script-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


def test_without_an_accepted_token_nothing_is_told(serving, tokens):
    path, _ = tokens
    asked = serving(token_file=path)
    for header in ("", "Bearer ", "Bearer wrong", "Basic eDp5", "Bearer " + "x" * 10_000, "bearer\thp_"):
        response = asked.client.post("/graphql", json=QUESTION, headers={"authorization": header})
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert "data" not in response.json()
        assert asked.client.get("/metrics", headers={"authorization": header}).status_code == 401
    assert asked.client.get("/healthz").status_code == 200


def test_while_the_token_file_cannot_be_read_nobody_is_let_in_and_the_log_says_why(serving, tokens, caplog):
    path, secrets = tokens
    asked = serving(token_file=path)
    content, header = path.read_text(), {"authorization": f"Bearer {secrets['admin']}"}
    path.write_text(f"{content}\nhalf a li")
    for response in (
        asked.client.post("/graphql", json=QUESTION, headers=header),
        asked.client.get("/metrics", headers=header),
    ):
        assert response.status_code == 503
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert "its log tells why" in error["message"]
        assert str(path) not in error["message"]
    assert str(path) in caplog.text
    path.write_text(content)
    asked.ask("{ health { head } }", secrets["admin"])


def test_a_token_that_may_not_read_is_told_what_it_may(serving, tmp_path):
    secret = add_token(tmp_path / "tokens.toml", "tagger", frozenset({Scope.ANNOTATE}), None)
    asked = serving(token_file=tmp_path / "tokens.toml")
    refused = asked.error("{ health { head } }", secret)
    assert refused == {"message": "this token does not allow to read; it has annotate", "code": "FORBIDDEN"}


def test_scopes_decide_what_a_token_may_do(serving, tokens, run_events):
    path, secrets = tokens
    asked = serving(host="0.0.0.0", token_file=path)
    asked.fold(run_events("run-1", start=1))
    asked.ask("{ health { head } }", secrets["reader"])
    refused = asked.error(TAG, secrets["reader"])
    assert refused["code"] == "FORBIDDEN"
    assert "annotate" in refused["message"]
    assert asked.ask(TAG, secrets["writer"])["tagFile"]["folded"]
    doubt = (
        'mutation { invalidate(run: "run-1", lfn: "count.a", reason: "x", idempotencyKey: "i") { folded } }'
    )
    assert asked.error(doubt, secrets["writer"])["code"] == "FORBIDDEN"
    assert asked.ask(doubt, secrets["admin"])["invalidate"]["folded"]
    record = asked.log.read(asked.log.earliest(), 100_000).records[-1]
    assert record.actor == "admin"


def test_a_token_sees_its_own_namespaces_only(serving, tokens, run_events):
    path, secrets = tokens
    asked = serving(token_file=path)
    asked.fold(run_events("run-1", start=1))
    asked.fold(run_events("run-p", start=2, namespace="physics"))
    files = '{ files(where: {text: "type = \\"counts\\""}) { totalCount edges { node { namespace } } } }'
    assert asked.ask(files, secrets["reader"])["files"]["totalCount"] == 8
    seen = asked.ask(files, secrets["physics"])["files"]
    assert {edge["node"]["namespace"] for edge in seen["edges"]} == {"physics"}
    runs = asked.ask("{ runs { edges { node { id } } } }", secrets["physics"])["runs"]
    assert [edge["node"]["id"] for edge in runs["edges"]] == ["run-p"]
    for query in (
        '{ run(id: "run-1") { id } }',
        '{ file(run: "run-1", lfn: "count.a") { lfn } }',
        '{ lineage(run: "run-1", lfn: "count.a") { isPartial } }',
        '{ jobs(run: "run-1") { edges { cursor } } }',
        '{ statistics(run: "run-1") { wall } }',
        '{ reusable(lfns: ["count.a"], fromRun: "run-1") { rows } }',
        TAG,
    ):
        assert asked.error(query, secrets["physics"])["code"] == "NOT_FOUND", query
    other = '{ reusable(lfns: ["count.a"], namespace: "default") { rows } }'
    assert asked.error(other, secrets["physics"])["code"] == "FORBIDDEN"


def test_a_token_taken_from_the_file_stops_at_once(tokens):
    path, secrets = tokens
    book = TokenFile(path)
    assert book.access_of(secrets["reader"]).actor == "reader"
    kept = [part for part in path.read_text().split("\n\n") if "reader" not in part]
    path.write_text("\n\n".join(kept))
    assert book.access_of(secrets["reader"]) is None
    assert book.access_of(secrets["admin"]).may(Scope.ANNOTATE)


def test_a_token_file_holds_digests_and_is_its_owners_alone(tokens):
    path, secrets = tokens
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(secret in path.read_text() for secret in secrets.values())
    assert [token.access.actor for token in read_tokens(path)] == list(secrets)


def test_a_token_is_added_to_a_file_whose_last_line_has_no_end(tokens):
    path, secrets = tokens
    path.write_text(path.read_text().rstrip())
    add_token(path, "last", frozenset({Scope.READ}), None)
    assert [token.access.actor for token in read_tokens(path)] == [*secrets, "last"]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("[[token]\n", "tokens.toml"),
        ("x = 1", "expected [[token]]"),
        ('[[token]]\nname = "a"\nsha256 = "00"\nscopes = ["read"]', "64 hexadecimal digits"),
        (f'[[token]]\nname = "a"\nsha256 = "{"0" * 64}"\nscopes = ["rule"]', "no scope 'rule'"),
        (f'[[token]]\nname = "a"\nsha256 = "{"0" * 64}"\nscopes = []', "scopes must be a list"),
        (f'[[token]]\nsha256 = "{"0" * 64}"\nscopes = ["read"]', "name must be a text"),
        (f'[[token]]\nname = "a"\nsecret = "{"0" * 64}"', "unknown key 'secret'"),
    ],
)
def test_a_token_file_that_is_wrong_is_named_with_its_place(tmp_path, content, part):
    path = tmp_path / "tokens.toml"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        TokenFile(path)
    assert part in str(caught.value)
    assert str(path) in str(caught.value)
    assert "0" * 64 not in str(caught.value)


def test_a_missing_token_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        TokenFile(tmp_path / "none")
