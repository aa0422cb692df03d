"""What may be told of command lines and messages."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.capping import _PLAIN, _RULES, MAX_ARGV_SIZE, MAX_WORDS, _Rule, public_argv, public_text
from eventlog.codec import encode
from eventlog.facts import PlanFailed

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PRIVATE_KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKC\nAQEA\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["tool", "--password", "hunter2", "in.dat"], ["tool", "--password", "[filtered]", "in.dat"]),
        (["tool", "--token=abc123", "x"], ["tool", "--token=[filtered]", "x"]),
        (["tool", "--db-password", "a b"], ["tool", "--db-password", "[filtered]"]),
        (["tool", "-api_key", "k"], ["tool", "-api_key", "[filtered]"]),
        (["tool", "--clientSecret", "k"], ["tool", "--clientSecret", "[filtered]"]),
        (["tool", "--token", "--verbose"], ["tool", "--token", "--verbose"]),
        (
            ["env", "AWS_SECRET_ACCESS_KEY=wJalr/XUtn", "ls"],
            ["env", "AWS_SECRET_ACCESS_KEY=[filtered]", "ls"],
        ),
        (["sh", "-c", "login --password hunter2 host"], ["sh", "-c", "login --password [filtered] host"]),
        (
            ["curl", "-H", "Authorization: Bearer abc.def-123"],
            ["curl", "-H", "Authorization: Bearer [filtered]"],
        ),
        (["tool", "--password"], ["tool", "--password"]),
        ([], []),
    ],
)
def test_secrets_with_a_name_are_taken_out_of_a_command_line(argv: list[str], told: list[str]) -> None:
    assert public_argv(argv) == tuple(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://alice:s3cret@host/data", "https://alice:[filtered]@host/data"),
        ("cannot open ftp://u:p@ss@h/x, giving up", "cannot open ftp://u:[filtered]@h/x, giving up"),
        ("https://h/x?token=abc&part=1", "https://h/x?token=[filtered]&part=1"),
        ("https://b/k?X-Amz-Signature=0a1b&y=2", "https://b/k?X-Amz-Signature=[filtered]&y=2"),
        ("key AKIAIOSFODNN7EXAMPLE refused", "key [filtered] refused"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[filtered]"),
        (f"sent {JWT}!", "sent [filtered]!"),
        (f"{PRIVATE_KEY}\nrest", "[filtered]\nrest"),
        ("-----BEGIN PRIVATE KEY-----\ncut off", "[filtered]"),
        ('{"password": "a b", "user": "alice"}', '{"password": [filtered], "user": "alice"}'),
        ("Password: hunter2", "Password: [filtered]"),
        ("secret='two words' and more", "secret=[filtered] and more"),
    ],
)
def test_secrets_in_a_text_are_taken_out(text: str, told: str) -> None:
    assert public_text(text) == told


@pytest.mark.parametrize(
    "word",
    [
        "--max-tokens=100",
        "--tokenizer=bpe",
        "--password-file=/run/pw",
        "--key=experiment",
        "secretary=Ann",
        "file:///scratch/run/f.a",
        "gsiftp://host:2811/path/f.a",
        "srm://host:8443/srm/v2?SFN=/a@b",
        "mailto:alice@example.org",
        "SyntaxError: unexpected token: )",
        "the basic idea",
        "--author=alice",
        "/data/passwords/list.txt",
        "PWD=/home/alice",
    ],
)
def test_ordinary_words_stay_as_they_are(word: str) -> None:
    assert public_text(word) == word
    assert public_argv(["tool", word, "next"]) == ("tool", word, "next")


def test_a_long_command_line_is_cut_and_says_so() -> None:
    told = public_argv([f"file-{number}" for number in range(1000)])
    assert len(told) == MAX_WORDS
    assert told[:2] == ("file-0", "file-1")
    assert told[-1] == "[cut from 1000 words of 7890 bytes]"


def test_a_word_beyond_the_size_is_cut_between_characters() -> None:
    told = public_argv(["tool", "ä" * MAX_ARGV_SIZE, "never seen"])
    assert told[0] == "tool"
    assert set(told[1]) == {"ä"}
    assert told[2] == f"[cut from 3 words of {2 * MAX_ARGV_SIZE + 14} bytes]"
    assert sum(len(word.encode()) for word in told) <= MAX_ARGV_SIZE


def test_a_command_line_of_just_the_size_stays_whole() -> None:
    argv = ("x" * (MAX_ARGV_SIZE - MAX_WORDS + 1), *("y" for _ in range(MAX_WORDS - 1)))
    assert public_argv(argv) == argv


def test_bytes_that_are_no_text_are_told_as_escapes_that_an_event_can_hold() -> None:
    told = public_text("file-\udcff\0")
    assert told == "file-\\udcff\\x00"
    assert encode(PlanFailed(run="r", reason=told))


TELLING = ["--password", "--token=x", "https://a:b@c", PRIVATE_KEY, JWT, "Bearer abc.12345", "A" * 9000]
WORDS = st.lists(st.text(max_size=300) | st.sampled_from(TELLING), max_size=300)


@settings(deadline=None, max_examples=50)
@given(argv=WORDS)
def test_filtering_twice_changes_nothing_more_and_the_bounds_hold(argv: list[str]) -> None:
    told = public_argv(argv)
    assert len(told) <= MAX_WORDS
    assert sum(len(word.encode()) for word in told) <= MAX_ARGV_SIZE
    assert public_argv(told) == told


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "pass-" * 20_000, "-" * 100_000, "://" * 30_000, "a=" * 50_000]
)
def test_long_texts_take_linear_time(text: str) -> None:
    # A pattern that goes back over the text would take minutes here; a second is ample for the linear way.
    start = time.process_time()
    assert public_text(text) == text
    assert time.process_time() - start < 5


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.hints[0])
def test_no_hint_of_a_secret_hides_among_plain_characters(rule: _Rule) -> None:
    assert not [hint for hint in rule.hints if _PLAIN.fullmatch(hint) or _PLAIN.fullmatch(hint.upper())]
