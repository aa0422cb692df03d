"""The plan directory: complete or absent, few files, read back fast."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from eventlog.collector import collector_paused
from eventlog.errors import InputError, NotFoundError
from planner.executable import ExecutableWorkflow, PlanHeader, PlannedJob
from planner.explain import Decision
from planner.manifest import InputCopy, Manifest, make_manifest
from planner.pipeline import Plan

PLAN_FILE = "plan.jsonl"
DECISIONS_FILE = "decisions.jsonl"
MANIFEST_FILE = "manifest.json"
INPUTS_FOLDER = "inputs"
FORMAT = 1

_LINES_AT_ONCE = 5000

T = TypeVar("T")


def write_plan(plan: Plan, path: str | Path) -> Manifest:
    """Write a plan directory that is complete when it appears under its name.

    The directory may exist if it is empty, as ``choose_directory`` leaves it. Raises InputError when there is
    something in it already, or when a source file cannot be copied.
    """
    target = Path(path)
    if target.is_dir() and any(target.iterdir()):
        raise InputError(f"{target}: there is a plan or something else already; choose another directory")
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        manifest = _fill(plan, scratch)
        scratch.chmod(0o755)
        # POSIX rename replaces an empty directory in one step
        scratch.rename(target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    _sync_directory(target.parent)
    return manifest


def read_plan(path: str | Path) -> ExecutableWorkflow:
    """Read the executable workflow of a plan directory.

    Raises NotFoundError without one, InputError for a plan of another format or a damaged one.
    """
    file = Path(path) / PLAN_FILE
    first, _, rest = _read(file).partition(b"\n")
    header = _decode(file, first, PlanHeader)
    if header.format != FORMAT:
        raise InputError(f"{file}: plan format {header.format}, but this version reads format {FORMAT}")
    with collector_paused():
        jobs = _decode_lines(file, rest, PlannedJob)
    if len(jobs) != header.jobs:
        raise InputError(f"{file}: {len(jobs)} jobs, but its header says {header.jobs}: the file is damaged")
    return ExecutableWorkflow(header, jobs)


def read_manifest(path: str | Path) -> Manifest:
    """Read the manifest of a plan directory; raises NotFoundError or InputError."""
    file = Path(path) / MANIFEST_FILE
    return _decode(file, _read(file), Manifest)


def read_decisions(path: str | Path) -> list[Decision]:
    """Read why a plan is as it is, one decision per task in the workflow's order."""
    file = Path(path) / DECISIONS_FILE
    return _decode_lines(file, _read(file), Decision)


def choose_directory(base: str | Path, user: str, workflow: str) -> Path:
    """Take the next free ``<base>/<user>/hoofprint/<workflow>/runNNNN`` by making it, empty.

    Planners that choose at the same time get different directories.
    """
    folder = Path(base) / user / "hoofprint" / workflow
    folder.mkdir(parents=True, exist_ok=True)
    number = 1 + max((_run_number(entry.name) for entry in folder.iterdir()), default=0)
    while True:
        candidate = folder / f"run{number:04d}"
        try:
            candidate.mkdir()
        except FileExistsError:
            number += 1
        else:
            return candidate


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{file.parent}: no plan here ({file.name} is missing)") from None


def _run_number(name: str) -> int:
    digits = name.removeprefix("run")
    return int(digits) if digits.isdecimal() and name.startswith("run") else 0


def _fill(plan: Plan, directory: Path) -> Manifest:
    encoder = msgspec.json.Encoder()
    executable = plan.executable
    digest = _write_lines(directory / PLAN_FILE, encoder, [executable.header, *executable.jobs])
    _write_lines(directory / DECISIONS_FILE, encoder, plan.decisions)
    copies = _copy_inputs(plan, directory / INPUTS_FOLDER)
    manifest = make_manifest(plan, digest, copies)
    _write(directory / MANIFEST_FILE, [msgspec.json.format(encoder.encode(manifest), indent=2), b"\n"])
    _sync_directory(directory)
    return manifest


def _write_lines(file: Path, encoder: msgspec.json.Encoder, values: Iterable[object]) -> str:
    """Write one JSON value a line; return the file's sha256."""
    all_values = list(values)
    parts = (
        encoder.encode_lines(all_values[start : start + _LINES_AT_ONCE])
        for start in range(0, len(all_values), _LINES_AT_ONCE)
    )
    return _write(file, parts)


def _write(file: Path, parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    with file.open("wb") as stream:
        for part in parts:
            stream.write(part)
            digest.update(part)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest()


def _copy_inputs(plan: Plan, folder: Path) -> tuple[InputCopy, ...]:
    folder.mkdir()
    copies = []
    for name, source in sorted(plan.request.source_files.items()):
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise InputError(f"{source}: cannot be copied into the plan: {error.strerror}") from None
        copies.append(InputCopy(name, source, _write(folder / name, [data]), len(data)))
    _sync_directory(folder)
    return tuple(copies)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _decode(file: Path, data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise _damaged(file, error) from None


def _decode_lines(file: Path, data: bytes, kind: type[T]) -> list[T]:
    try:
        return msgspec.json.Decoder(kind).decode_lines(data)
    except msgspec.DecodeError as error:
        raise _damaged(file, error) from None


def _damaged(file: Path, error: msgspec.DecodeError) -> InputError:
    return InputError(f"{file}: the plan is damaged: {error}; plan the workflow again")
