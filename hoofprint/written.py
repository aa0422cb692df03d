"""Writing a document to its file: the whole of it, or nothing."""

from __future__ import annotations

import io
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Self, TextIO

from hoofprint.errors import WorkflowError, WrongTypeError
from hoofprint.yaml_text import Node, mapping_lines

FileTarget = str | os.PathLike[str] | TextIO

HEADER: Mapping[str, Node] = MappingProxyType({"x-pegasus": {"apiLang": "python"}, "pegasus": "5.0.4"})
"""What every file starts with: who wrote it, and the version of the format."""


class Written(ABC):
    """A document that can be written, and then knows its file."""

    _DEFAULT_FILENAME: ClassVar[str]
    _path: Path | None = None

    @property
    def path(self) -> Path:
        """The absolute path of the last `write`. Raises WorkflowError before the first one."""
        if self._path is None:
            raise WorkflowError(f"this {type(self).__name__} has no path yet: call write() first")
        return self._path

    def write(self, file: FileTarget | None = None) -> Self:
        """Write the document as YAML and return it.

        `file` is a path, which then holds all of it or what it held before, or an open text stream. Without
        it: `workflow.yml`, `replicas.yml`, `transformations.yml` or `sites.yml` in the current directory.
        """
        target = self._DEFAULT_FILENAME if file is None else file
        if isinstance(target, str | os.PathLike):
            self._path = write_whole(Path(target), self._lines())
        elif hasattr(target, "writelines"):
            target.writelines(self._lines())
        else:
            raise WrongTypeError("file to write", target, "a path or an open text stream")
        return self

    @abstractmethod
    def _lines(self) -> Iterator[str]: ...


class WrittenWorkflow(Written):
    """A document that is a workflow, as a job that runs one knows it."""

    name: str


class Catalog(Written):
    """A document that is one mapping, and that a workflow file can take in."""

    def _lines(self) -> Iterator[str]:
        return mapping_lines({**HEADER, **self.node()})

    @abstractmethod
    def node(self) -> dict[str, Node]:
        """Return the content as a workflow file takes it in. Raises WorkflowError where some is missing."""


def write_whole(path: Path, lines: Iterable[str]) -> Path:
    """Write the lines as UTF-8 so that `path` holds all of them or what it held before; return it, absolute.

    Raises WorkflowError when the name promises another format, or the folder cannot be written to.
    """
    if path.suffix.lower() == ".json":
        raise WorkflowError(f"{path}: YAML is written; name the file .yml")
    target = path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n", buffering=io.DEFAULT_BUFFER_SIZE * 128) as stream:
            stream.writelines(lines)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        raise WorkflowError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return target
