"""The command of the worker: `run ORDER.json` (or `-` for stdin), `--version`, `--help`.

Exit codes: 0 the job went well, 1 it failed, 2 nothing was done because the order is no good.
"""

import gc
import os
import sys
from typing import List, NoReturn

from worker import VERSION
from worker.errors import WorkerError

_HELP = """\
usage: worker.pyz run [ORDER.json|-]

Carries out one attempt of one job as its order says, and leaves the invocation
record and the facts at the places the order names. Without a file, or with -,
the order is read from standard input.

exit codes: 0 the job went well, 1 it failed, 2 the order is no good
"""


def main(arguments: List[str]) -> int:
    """Run the command with its arguments and give its exit code."""
    if arguments in (["--version"], ["-V"]):
        print("hoofprint-worker %s" % VERSION)
        return 0
    if arguments in (["--help"], ["-h"]):
        sys.stdout.write(_HELP)
        return 0
    if not arguments or arguments[0] != "run" or len(arguments) > 2:
        sys.stderr.write(_HELP)
        return 2
    return _run(arguments[1] if len(arguments) == 2 else "-")


def leave(code: int) -> NoReturn:
    """End the process at once: nothing is left to tidy up, and Python would take long for that."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            pass  # nobody listens any more
    os._exit(code)


def _run(path: str) -> int:
    # Imported here: --version and --help need none of it. What is imported stays: no garbage to look for.
    gc.disable()
    from worker.log import log
    from worker.order import parse_order
    from worker.perform import perform
    from worker.stopping import Stop

    gc.enable()
    _open_closed_streams()
    try:
        order = parse_order(_read(path))
        stop = Stop(order.grace)
        stop.install()
        return 0 if perform(order, stop) else 1
    except WorkerError as error:
        log("%s: %s" % ("standard input" if path == "-" else path, error))
        return 2
    except OSError as error:
        log(str(error))
        return 1


def _open_closed_streams() -> None:
    """Occupy the numbers of standard streams the parent closed, before another file gets them."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _read(path: str) -> str:
    try:
        if path == "-":
            data = b"" if sys.stdin is None else sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                data = file.read()
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkerError("the order cannot be read: %s" % error) from None


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
