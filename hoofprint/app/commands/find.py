"""``hoofprint find``: files by what is known of them."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json
from hoofprint.app.house import House
from hoofprint.app.output import console, error_console, print_json, size_text, table
from projections.search.cursors import FileKey
from projections.search.details import FoundReplica, FoundTag, Level, replicas_of, tags_of
from projections.search.files import FilePage, FoundFile, find_files
from projections.search.parser import parse_filter

_SHOWN_ID = 8


def find(
    context: typer.Context,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What the files must fulfil.")],
    first: Annotated[int, typer.Option("--first", "-n", min=1, max=10_000, help="At most so many.")] = 100,
    after: Annotated[
        str | None, typer.Option(help="Go on behind this cursor, which the page before printed.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Find files by their tags and by what is known of every file.

    A QUESTION compares tags and fields and joins comparisons with and, or, not and parentheses:

      type = "counts" and lines >= 50

      experiment = "par_all27" and (temperature >= 200 or not exists pressure)

      lfn startsWith "count" and checksum = "verified"

    Operators: = != < <= > >= in startsWith exists. Fields of every file: lfn, size, sha256, checksum
    (verified, computed, unverified, corrupt), role, created, site, protocol, job, task, transformation, run,
    workflow, user, namespace. Tags of a file's job and workflow count too; the answer tells them apart.
    """
    house: House = context.obj
    where = parse_filter(question)
    with views_as_of(house, as_of).reading("data") as connection:
        page = find_files(
            connection, where, namespaces=(house.settings["namespace"],), first=first, after=after
        )
        keys = [file.key for file in page.files]
        replicas, tags = replicas_of(connection, keys), tags_of(connection, page.files)
    if as_json:
        print_json(_document(page, replicas, tags))
    else:
        _print(page, replicas, tags)


def _document(
    page: FilePage,
    replicas: Mapping[FileKey, Sequence[FoundReplica]],
    tags: Mapping[FileKey, Sequence[FoundTag]],
) -> dict[str, object]:
    files = [
        {
            "lfn": file.lfn,
            "run": file.run,
            "workflow": file.workflow,
            "namespace": file.namespace,
            "role": file.role,
            "size": file.size,
            "sha256": file.sha256,
            "checksum": file.checksum,
            "created": file.created,
            "task": file.task,
            "job": file.job,
            "transformation": file.transformation,
            "replicas": replicas.get(file.key, ()),
            "tags": tags.get(file.key, ()),
        }
        for file in page.files
    ]
    return {"files": files, "next": page.end_cursor if page.has_next else None, "hints": page.hints}


def _print(
    page: FilePage,
    replicas: Mapping[FileKey, Sequence[FoundReplica]],
    tags: Mapping[FileKey, Sequence[FoundTag]],
) -> None:
    # a page comes in the order of its cursor, which says nothing to a person
    shown = sorted(page.files, key=lambda file: (file.lfn, file.created or 0))
    rows = [_row(file, replicas.get(file.key, ()), tags.get(file.key, ())) for file in shown]
    if rows:
        columns = ("file", "size", "checksum", "where it lies", "tags", "run")
        console().print(table(columns, rows, right=("size",)))
    if page.has_next:
        error_console().print(f"there are more: --after {page.end_cursor}")
    if not rows:
        error_console().print("no file matches")
    for hint in page.hints:
        error_console().print(hint)


def _row(file: FoundFile, replicas: Sequence[FoundReplica], tags: Sequence[FoundTag]) -> tuple[str, ...]:
    places = "\n".join(f"{replica.site} {replica.pfn}" for replica in replicas) or "nowhere any more"
    return (
        file.lfn,
        size_text(file.size),
        file.checksum,
        places,
        _tags_text(tags),
        f"{file.workflow or ''} {(file.run or '')[:_SHOWN_ID]}".strip(),
    )


def _tags_text(tags: Sequence[FoundTag]) -> str:
    """A line for the file's own tags, one for its job's, one for its workflow's."""
    lines = []
    for level in Level:
        said = ", ".join(f"{tag.key}={tag.text}" for tag in tags if tag.level is level)
        if said:
            lines.append(said if level is Level.OWN else f"{level}: {said}")
    return "\n".join(lines)
