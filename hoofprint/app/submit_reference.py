"""A Pegasus submit directory as a name for its run, wherever it lies now."""

from pathlib import Path

from eventlog.errors import InputError

_BRAINDUMPS = ("braindump.yml", "braindump.txt")


def run_meant(reference: str) -> str:
    """The id of the run whose submit directory ``reference`` is, by its braindump; else ``reference``."""
    if "\0" in reference or not any(Path(reference, name).is_file() for name in _BRAINDUMPS):
        return reference
    # the readers of Pegasus are loaded where there is something to read only
    from monitor.pegasus.submit_directory.braindump import read_braindump

    try:
        return read_braindump(Path(reference)).run
    except InputError:
        return reference
