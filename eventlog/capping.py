"""What of command lines and messages may go into an event: bounded in size, without what looks like a secret.

Events are never changed and are read by many, so a password that gets in stays in. What is taken out is
recognised by the name before it (``--password``, ``API_KEY=``) or by its own look (tokens of well-known
services, private keys, passwords in URLs); a secret without either passes. Filtering what was filtered before
changes nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_WORDS = 200
MAX_ARGV_SIZE = 16 * 1024
"""Bytes of all words together."""
FILTERED = "[filtered]"

_MARKER_SIZE = 64

# A name that ends so names a secret; `max_tokens`, `tokenizer` and `password_file` do not.
_SENSITIVE = (
    r"(?:pass(?:word|wd|phrase|code)|secret|token|api[-_]?key|access[-_]?key|secret[-_]?key|private[-_]?key"
    r"|credentials?|authorization|cookie)\d*"
)
# The look-behind starts a name at its first letter only, which keeps the search linear in long texts.
_NAME = rf"(?<![\w.-])-{{0,2}}[\w.-]*?{_SENSITIVE}"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'&;,]+)"""

_OPTION = re.compile(rf"-{{1,2}}[\w.-]*?{_SENSITIVE}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Patterns of one kind of secret, ``kept`` being what stays of a match.

    They are tried only on texts that hold one of the ``hints`` (in lower case): most texts hold none, and
    there is a text in every transfer and invocation.
    """

    hints: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    kept: str = r"\1"


_RULES = (
    _Rule(
        ("private key",),
        (re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL),),
        kept="",
    ),
    _Rule(("@",), (re.compile(r"(://[^\s/:@]*:)[^\s/]+(?=@)"),)),
    _Rule(
        ("bearer", "basic", "negotiate"),
        (re.compile(r"\b((?:bearer|basic|negotiate)\s+)(?=\S*[\d+/=._-])[\w.~+/=-]{8,}", re.IGNORECASE),),
    ),
    _Rule(
        ("pass", "secret", "token", "key", "credential", "authorization", "cookie"),
        (
            re.compile(rf"({_NAME}=){_VALUE}", re.IGNORECASE),
            re.compile(rf"""(["']{_NAME}["']\s*:\s*){_VALUE}""", re.IGNORECASE),
            re.compile(rf"((?<![\w.-])pass(?:word|wd|phrase)\s*:\s*){_VALUE}", re.IGNORECASE),
            re.compile(rf"((?<!\S)--?[\w.-]*?{_SENSITIVE}\s+)(?!-){_VALUE}", re.IGNORECASE),
        ),
    ),
    _Rule(
        ("signature=", "sig="),
        (re.compile(r"([?&](?:X-Amz-Signature|X-Goog-Signature|Signature|sig)=)[^\s&]+", re.IGNORECASE),),
    ),
    _Rule(
        ("akia", "asia", "gh", "glpat-", "hf_", "xox", "aiza", "eyj"),
        (
            re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
            re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|hf_|xox[abeoprs]-)[A-Za-z0-9_-]{16,}"),
            re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
            re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
        ),
        kept="",
    ),
)
# Numbers, times and digests: no hint is made of these characters alone.
_PLAIN = re.compile(r"[0-9a-f.:+TZ-]*")


def public_argv(argv: Sequence[str]) -> tuple[str, ...]:
    """A command line for an event: secrets filtered, at most 200 words and 16 KiB.

    Where that leaves something out, the last word says in brackets how much there was.
    """
    words, expected = [], False
    for word in argv:
        secret = expected and not word.startswith("-")
        words.append(FILTERED if secret else public_text(word))
        expected = word.startswith("-") and _OPTION.fullmatch(word) is not None
    return _capped(words)


def public_text(text: str) -> str:
    """A text for an event: secrets filtered; what is no Unicode text (or is NUL) as an escape."""
    if _PLAIN.fullmatch(text):
        return text
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    lowered = text.lower()
    for rule in _RULES:
        for hint in rule.hints:
            if hint in lowered:
                text = _filtered(text, rule)
                break
    return text


def _filtered(text: str, rule: _Rule) -> str:
    for pattern in rule.patterns:
        text = pattern.sub(rule.kept + FILTERED, text)
    return text


def _capped(words: Sequence[str]) -> tuple[str, ...]:
    size = sum(len(word.encode()) for word in words)
    if len(words) <= MAX_WORDS and size <= MAX_ARGV_SIZE:
        return tuple(words)
    kept: list[str] = []
    room = MAX_ARGV_SIZE - _MARKER_SIZE
    for word in words[: MAX_WORDS - 1]:
        encoded = word.encode()
        kept.append(encoded[:room].decode(errors="ignore"))
        room -= len(encoded)
        if room <= 0:
            break
    return (*kept, f"[cut from {len(words)} words of {size} bytes]")
