"""``hoofprint log export``, ``verify-archive``, ``import``, ``release`` and ``redact``: the log for good."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from eventlog.archive.export import export_log
from eventlog.archive.importing import import_archive
from eventlog.archive.manifest import read_manifest
from eventlog.archive.reading import all_records
from eventlog.archive.redacting import redact_archive
from eventlog.archive.release import release as release_log
from eventlog.archive.verify import verify_archive
from eventlog.clock import now
from eventlog.errors import InputError, NotFoundError, UnavailableError
from eventlog.log import EventLog, Position, Record, read_all
from eventlog.redaction import Redacted, encode_tombstone, is_tombstone
from eventlog.upkeep import ImportableLog, RedactableLog, TruncatableLog
from hoofprint.app.commands.options import Json
from hoofprint.app.fold_progress import showing_fold
from hoofprint.app.house import House
from hoofprint.app.output import console, print_json, printable
from hoofprint.app.workflow_tree import tree_key
from projections.groups import GROUPS
from projections.projector import Projector

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The archive's folder.")]
Run = Annotated[str, typer.Option("--run", metavar="RUN", help="Only the workflow tree of this run.")]


def export(
    context: typer.Context,
    folder: Folder,
    until: Annotated[
        str, typer.Option(metavar="POSITION", help="Stop before this position (partition:offset,…).")
    ] = "",
    run: Run = "",
    as_json: Json = False,
) -> None:
    """Archive the log to Avro files that any Avro reader reads; goes on where the archive ends."""
    house: House = context.obj
    key = tree_key(house, run) if run else None
    with showing_fold() as progress:
        manifest = export_log(
            house.log, folder, until=Position.parse(until) if until else None, key=key, progress=progress
        )
    told = {
        "segments": len(manifest.segments),
        "events": sum(segment.events for segment in manifest.segments),
        "start": str(manifest.start),
        "end": str(manifest.end),
    }
    if as_json:
        print_json(told)
    else:
        console().print(
            f"{folder} holds {told['events']} events in {told['segments']} segments, up to {told['end']}"
        )


def verify(context: typer.Context, folder: Folder, as_json: Json = False) -> None:
    """Check an archive, and compare it with the log where that still has the events: exit code 1 if wrong."""
    house: House = context.obj
    with showing_fold() as progress:
        verified = verify_archive(folder, house.live_log, progress=progress)
    if as_json:
        print_json({"holds": verified.holds, "archive": verified})
    elif verified.holds:
        console().print(
            f"{verified.events} events in {verified.segments} segments are whole, "
            f"{verified.compared} of them equal to the log"
        )
    else:
        console().print(printable("\n".join(verified.problems)), soft_wrap=True)
    if not verified.holds:
        raise typer.Exit(1)


def restore(context: typer.Context, folder: Folder, as_json: Json = False) -> None:
    """Import an archive into an empty log: ids, order and times as they were; again adds nothing."""
    house: House = context.obj
    log = house.live_log
    if not isinstance(log, ImportableLog):
        raise InputError(f"the log {house.settings['log']} takes no archive: import into sqlite:PATH")
    with showing_fold() as progress:
        added = import_archive(folder, log, progress=progress)
    if as_json:
        print_json({"events": added})
    else:
        console().print(f"imported {added} events")


def release(
    context: typer.Context,
    folder: Folder,
    until: Annotated[
        str, typer.Option(metavar="POSITION", help="Let go of what lies before it (partition:offset,…).")
    ],
    as_json: Json = False,
) -> None:
    """Remove events from the log that are verified in its archive and folded into the views.

    Afterwards name the archive ($HOOFPRINT_ARCHIVE), so that views can be rebuilt from both.
    """
    house: House = context.obj
    log, wanted = house.live_log, Position.parse(until)
    if not isinstance(log, TruncatableLog):
        raise InputError(f"the log {house.settings['log']} cannot let go of events")
    for group in GROUPS:
        stands = house.store.checkpoint(group.name).position
        if not stands.reaches(wanted):
            raise InputError(
                f"the {group.name} views stand at {stands}, before {wanted}: `hoofprint views fold` first"
            )
    with showing_fold() as progress:
        first = release_log(folder, log, wanted, progress=progress)
    if as_json:
        print_json({"earliest": str(first)})
    else:
        console().print(f"the log begins at {first} now; what was before is in {folder}")


def redact(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; it stands in the secret's place.")],
    event: Annotated[str, typer.Argument(metavar="[EVENT_ID]", help="The event, by its id.")] = "",
    run: Run = "",
    kind: Annotated[str, typer.Option("--type", "-t", metavar="TYPE", help="Only events of this type.")] = "",
    matching: Annotated[str, typer.Option(metavar="TEXT", help="Only events that say this.")] = "",
    archive: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="An archive to redact too, beside $HOOFPRINT_ARCHIVE."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take what events say away for good: from the log, its archives and the views.

    Name one event by its id, or events of a run by --matching and, if wanted, --type. The envelope stays.
    """
    house: House = context.obj
    log = house.live_log
    if not isinstance(log, RedactableLog):
        raise InputError(f"the log {house.settings['log']} cannot be redacted")
    chosen = _Choice(event, tree_key(house, run) if run else "", kind, matching)
    folders = dict.fromkeys([*(archive or ()), *([house.archive] if house.archive else ())])
    found = {(record.key, record.id): record for record in chosen.among(log, folders)}
    if not found and not log.redaction_pending():
        raise NotFoundError("no event is like that: `hoofprint log show --json` prints ids and contents")
    tombstone = encode_tombstone(Redacted(reason=reason, actor=house.settings["actor"], time=now()))
    _bury(house, log, folders, found, tombstone)
    if as_json:
        print_json({"events": [str(identity) for _, identity in found]})
    else:
        console().print(f"redacted {len(found)} events and rebuilt the views")


def _bury(
    house: House,
    log: RedactableLog,
    archives: Iterable[Path],
    found: Mapping[tuple[str, uuid.UUID], Record],
    tombstone: bytes,
) -> None:
    """Put the tombstone in place of what was found, everywhere; killed, it is completed by doing it again."""
    # The archives first: as long as the log has the event, it can be found again after a crash.
    for folder in archives:
        redact_archive(folder, found.keys(), tombstone)
    log.redact(list(found.values()), tombstone)
    _rebuild(house)
    log.settle_redaction()


class _Choice:
    """Which events are redacted."""

    def __init__(self, event: str, root: str, kind: str, matching: str) -> None:
        if bool(event) == bool(root and matching):
            raise InputError("name one event by its id, or events by --run and --matching (and --type)")
        try:
            self._id = uuid.UUID(event) if event else None
        except ValueError as error:
            raise InputError(f"{event!r} is no event id: `hoofprint log show --json` prints them") from error
        self._key = root or None
        self._kind = kind
        self._text = matching.encode()

    def among(self, log: EventLog, folders: Iterable[Path]) -> Iterator[Record]:
        """The events that are meant, in the log and in archives of it."""
        archived = (all_records(folder, read_manifest(folder), key=self._key) for folder in folders)
        records = chain(read_all(log, key=self._key), *archived)
        return (record for record in records if self._is_meant(record) and not is_tombstone(record.body))

    def _is_meant(self, record: Record) -> bool:
        if self._id is not None:
            return record.id == self._id
        return (not self._kind or record.type == self._kind) and self._text in record.body


def _rebuild(house: House) -> None:
    projector = Projector(house.log, house.store)
    for group in GROUPS:
        with showing_fold() as progress:
            # what a killed rebuild left may hold the secret: it is not gone on with
            projector.rebuild(group, progress, resume=False)
        live = house.store.live(group)
        if any(name != live for name in house.store.storage.generations(group)):
            raise UnavailableError(
                f"the {group.name} views of before are still being read: stop their readers and redact "
                "again, which completes this"
            )
