"""Builds the worker as one file, the same bytes each time from the same sources."""

import os
import zipfile
from typing import Iterator, Tuple

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip archive can hold
_HERE = os.path.dirname(os.path.abspath(__file__))
_MAIN = "import sys\nfrom worker.__main__ import main\nsys.exit(main(sys.argv[1:]))\n"
_NOT_NEEDED = ("bundle.py",)


def build_worker(target: str) -> None:
    """Write the worker to `target`, to be run as `python3 -I worker.pyz`; the file is complete or absent."""
    temporary = "%s.%d.part" % (target, os.getpid())
    try:
        with open(temporary, "wb") as file:
            file.write(b"#!/usr/bin/env python3\n")
            with zipfile.ZipFile(file, "w") as archive:
                for name, text in _members():
                    _add(archive, name, text)
        os.chmod(temporary, 0o755)  # noqa: S103 - a program for everyone on the site
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _members() -> Iterator[Tuple[str, bytes]]:
    yield "__main__.py", _MAIN.encode("ascii")
    for directory, names, files in os.walk(_HERE):
        names.sort()
        for name in sorted(files):
            path = os.path.join(directory, name)
            if name.endswith(".py") and name not in _NOT_NEEDED:
                with open(path, "rb") as file:
                    yield "worker/" + os.path.relpath(path, _HERE).replace(os.sep, "/"), file.read()


def _add(archive: zipfile.ZipFile, name: str, text: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # Unix, wherever it is built
    archive.writestr(entry, text, zipfile.ZIP_STORED)  # stored: nothing to unpack at every start
