"""Command lines and last words of foreign jobs, as events may hold them."""

from functools import lru_cache
from urllib.parse import unquote

from eventlog.capping import MAX_ARGV_SIZE, MAX_WORDS, public_argv, public_text
from monitor.fact_translation import capped_tail
from monitor.pegasus.translation.values import told

_SECTION = "#@ "
_STDOUT, _STDERR = " stdout", " stderr"
_RECORDS = ("<invocation", "- invocation:")
# Three characters of quoting for each of the last that are kept.
_QUOTED_TAIL = 3 * 8 * 1024


@lru_cache(maxsize=4096)
def argument_words(text: str | None) -> tuple[str, ...]:
    """A command line, split at blanks: where quotes were, the trace does not tell."""
    line = told(text)
    words = tuple(line.split())
    if len(line) <= MAX_ARGV_SIZE // 4 and len(words) <= MAX_WORDS and public_text(line) == line:
        return words
    return public_argv(words)


def last_words(stdout: str | None, stderr: str | None) -> str:
    """The end of what a failed job's task wrote to stderr, else of the job's stderr, else of its stdout.

    Both outputs are URL-quoted; a job's ``stdout`` holds its tasks' outputs, each below a line that reads
    ``#@ N stdout`` or ``#@ N stderr``.
    """
    of_tasks = told(stdout)
    return capped_tail(
        _of_tasks(of_tasks, _STDERR)
        or _unquoted_tail(told(stderr)).strip()
        or _without_records(_of_tasks(of_tasks, _STDOUT))
    )


def _without_records(text: str) -> str:
    """Nothing where a monitor took an invocation record for plain text: it holds the task's environment."""
    return "" if any(record in text for record in _RECORDS) else text


def _of_tasks(stdout: str, stream: str) -> str:
    kept: list[str] = []
    inside = False
    for line in unquote(stdout, errors="backslashreplace").splitlines():
        if line.startswith(_SECTION):
            inside = line.endswith(stream)
        elif inside:
            kept.append(line)
    return "\n".join(kept).strip()


def _unquoted_tail(text: str) -> str:
    return unquote(text[-_QUOTED_TAIL:], errors="backslashreplace")
