"""Builds the worker as one file, the same bytes each time from the same sources and the same Python."""

import importlib.util
import marshal
import os
import zipfile
from typing import Iterator, Tuple

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip archive can hold
_HERE = os.path.dirname(os.path.abspath(__file__))
_MAIN = b"import sys\nfrom worker.__main__ import leave, main\nleave(main(sys.argv[1:]))\n"
_NOT_NEEDED = ("bundle.py",)
_UNCHECKED_HASH = b"\x01\x00\x00\x00"  # flags of a .pyc that is valid whatever time its source has (PEP 552)
_WITHOUT_REFERENCES = 2  # later marshal formats depend on what else the building process has in memory


def build_worker(target: str) -> None:
    """Write the worker to `target`, to be run as `python3 -I worker.pyz`; the file is complete or absent.

    It holds the sources, which any CPython from 3.6 on runs, and their bytecode for the Python that builds
    it, which saves that one (the usual case on the submit host) half of the start-up time.
    """
    temporary = "%s.%d.part" % (target, os.getpid())
    try:
        with open(temporary, "wb") as file:
            file.write(b"#!/usr/bin/env python3\n")
            with zipfile.ZipFile(file, "w") as archive:
                for name, source in _members():
                    _add(archive, name, source)
                    _add(archive, name + "c", _bytecode(name, source))
        os.chmod(temporary, 0o755)  # noqa: S103 - a program for everyone on the site
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _members() -> Iterator[Tuple[str, bytes]]:
    yield "__main__.py", _MAIN
    for directory, names, files in os.walk(_HERE):
        names.sort()
        for name in sorted(files):
            path = os.path.join(directory, name)
            if name.endswith(".py") and name not in _NOT_NEEDED:
                with open(path, "rb") as file:
                    yield "worker/" + os.path.relpath(path, _HERE).replace(os.sep, "/"), file.read()


def _bytecode(name: str, source: bytes) -> bytes:
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source)
    return header + marshal.dumps(code, _WITHOUT_REFERENCES)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # Unix, wherever it is built
    archive.writestr(entry, data, zipfile.ZIP_STORED)  # stored: nothing to unpack at every start
