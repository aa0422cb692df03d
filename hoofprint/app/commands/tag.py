"""``hoofprint tag``: say something about a file, job, task or run, or take it back."""

import uuid
from typing import Annotated

import typer

from eventlog.clock import now
from eventlog.errors import InputError
from eventlog.event import Event, Observer
from eventlog.facts import MetadataRegistered, MetadataRetracted, Tag, Tagged
from eventlog.tags import infer_tag
from hoofprint.app.commands.options import Json
from hoofprint.app.file_reference import only_run_with
from hoofprint.app.house import House
from hoofprint.app.output import console, print_json
from projections.answers.jobs import job_detail
from projections.answers.runs import RunDetail, resolve_run, run_detail
from projections.store import ViewStore

_RETRACT = "-"


def tag(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="An LFN; with --job, --task or --whole-run its name instead."),
    ],
    tags: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE…", help="What to say; '-KEY' takes a key back.")
    ],
    run: Annotated[
        str | None, typer.Option("--run", help="The run it belongs to. Default: the only one that has it.")
    ] = None,
    job: Annotated[bool, typer.Option("--job", help="NAME is a job of the run.")] = False,
    task: Annotated[bool, typer.Option("--task", help="NAME is a task of the workflow.")] = False,
    whole_run: Annotated[bool, typer.Option("--whole-run", help="NAME is a run.")] = False,
    as_json: Json = False,
) -> None:
    """Say something about a file, or take it back; the last word counts, and history stays.

    Values that read as a number, true or false, or a time get that type; all others are text.

      hoofprint tag count.txt.a quality=good temperature=200

      hoofprint tag count.txt.a -- -quality
    """
    house: House = context.obj
    if job + task + whole_run > 1:
        raise InputError("--job, --task and --whole-run exclude each other")
    store = house.folded()
    target = "job" if job else "task" if task else "run" if whole_run else "file"
    detail = _run(store, house.settings["namespace"], target, name, name if whole_run else run)
    run_id, named = detail.summary.ref.run, "" if whole_run else name
    observer = house.observer(detail.root, namespace=detail.summary.ref.namespace)
    events = _events(observer, run_id, target, named, tags)
    house.prompt_log.append(events)
    house.folded()
    if as_json:
        print_json({"run": run_id, "target": target, "name": named, "events": [event.id for event in events]})
    else:
        console().print(f"tagged {target} {named or run_id} of run {run_id[:8]}: {', '.join(tags)}")


def _run(store: ViewStore, namespace: str, target: str, name: str, reference: str | None) -> RunDetail:
    """The run that is meant: for a file the only one that has it, unless one is named."""
    if target == "file":
        run = only_run_with(store, namespace, name, reference)
    elif reference is None:
        raise InputError("name the run with --run")
    else:
        with store.reading("runs") as runs:
            run = resolve_run(runs, reference, [namespace])
    with store.reading("runs") as runs:
        if target == "job":
            job_detail(runs, run, name)
        return run_detail(runs, run)


def _events(observer: Observer, run: str, target: str, name: str, words: list[str]) -> list[Event]:
    time, said, events = now(), tuple(_tag(word) for word in words if not word.startswith(_RETRACT)), []
    if said:
        items = (Tagged(target=target, name=name, tags=said),)
        fact = MetadataRegistered(run=run, items=items, origin="user", idempotency_key=str(uuid.uuid4()))
        events.append(observer.event(fact, time))
    for word in words:
        if word.startswith(_RETRACT):
            gone = MetadataRetracted(
                run=run, target=target, name=name, key=word[1:], idempotency_key=str(uuid.uuid4())
            )
            events.append(observer.event(gone, time))
    return events


def _tag(word: str) -> Tag:
    key, equals, value = word.partition("=")
    if not equals or not key:
        raise InputError(f"{word!r}: a tag is written KEY=VALUE, and '-KEY' (behind --) takes one back")
    return infer_tag(key, value)
