"""The order: what one attempt of one job has to do, read from JSON and checked before anything starts."""

import json
from typing import Dict, NamedTuple, Optional, Tuple

from worker.errors import OrderError, WorkerError
from worker.fields import Fields
from worker.places import leaves_its_directory, path_of, scheme_of

ORDER_VERSION = 1


class Replica(NamedTuple):
    """One place a file lies at, or shall lie at."""

    site: str
    url: str


class Transfer(NamedTuple):
    """One file to bring to its destination from the first of its sources (best first) that works.

    `sha256` and `size` are what is expected, None when nobody knows. `role` is `input` or `output`. An
    `optional` file that is nowhere, and that nobody is known to have made, is left out.
    """

    lfn: str
    sources: Tuple[Replica, ...]
    destination: Replica
    sha256: Optional[str]
    size: Optional[int]
    link: bool
    executable: bool
    optional: bool
    role: str


class Verification(NamedTuple):
    """A file that must be intact before a task starts; without a digest it must only be there."""

    lfn: str
    path: str
    sha256: Optional[str]
    size: Optional[int]


class Task(NamedTuple):
    """One program to run; `argv` is without argv[0], `timeout` in seconds."""

    id: str
    transformation: str
    executable: str
    argv: Tuple[str, ...]
    stdin: Optional[str]
    stdout: Optional[str]
    stderr: Optional[str]
    environment: Dict[str, str]
    timeout: Optional[float]


class Output(NamedTuple):
    """A file the tasks must leave behind, unless it is optional."""

    lfn: str
    path: str
    optional: bool


class Removal(NamedTuple):
    """A file, or with `recursive` a directory, that is no longer needed."""

    lfn: Optional[str]
    site: str
    url: str
    recursive: bool


class Registration(NamedTuple):
    """A replica to be made known; an `optional` one only if it is there."""

    lfn: str
    site: str
    url: str
    optional: bool


class Order(NamedTuple):
    """Everything one attempt of one job has to do, in the order of its phases.

    `transformation` is what the job is called where no task of it ran.
    """

    run: str
    workflow: str
    planned: Optional[str]
    job: str
    kind: str
    transformation: Optional[str]
    attempt: int
    site: str
    directory: str
    record: str
    facts: str
    lock: Optional[str]
    make_directories: Tuple[Replica, ...]
    stage_in: Tuple[Transfer, ...]
    verify: Tuple[Verification, ...]
    tasks: Tuple[Task, ...]
    outputs: Tuple[Output, ...]
    stage_out: Tuple[Transfer, ...]
    removals: Tuple[Removal, ...]
    register: Tuple[Registration, ...]
    threads: int
    tries: int
    grace: float


def _url(fields: Fields) -> str:
    url = fields.text("url")
    try:
        if scheme_of(url) == "file":
            path_of(url)
    except WorkerError as error:
        raise OrderError("%s: %s" % (fields.place("url"), error)) from None
    return url


def _replica(value: object, place: str) -> Replica:
    fields = Fields(value, place)
    replica = Replica(fields.text("site"), _url(fields))
    fields.done()
    return replica


def _source(value: object, place: str) -> Replica:
    fields = Fields(value, place)
    fields.optional_whole("priority", least=-(2**63))
    source = Replica(fields.text("site"), _url(fields))
    fields.done()
    return source


def _role(fields: Fields) -> str:
    role = fields.text("role")
    if role not in ("input", "output"):
        raise OrderError("%s: expected input or output, found %r" % (fields.place("role"), role))
    return role


def _transfer(value: object, place: str) -> Transfer:
    fields = Fields(value, place)
    sources = fields.each("sources", _source)
    if not sources:
        raise OrderError("%s: a transfer needs at least one source" % fields.place("sources"))
    destination = fields.nested("destination")
    transfer = Transfer(
        lfn=fields.text("lfn"),
        sources=sources,
        destination=Replica(destination.text("site"), _url(destination)),
        sha256=fields.optional_sha256("sha256"),
        size=fields.optional_whole("size"),
        link=fields.flag("link"),
        executable=fields.flag("executable"),
        optional=fields.flag("optional"),
        role=_role(fields),
    )
    destination.done()
    fields.done()
    return transfer


def _verification(value: object, place: str) -> Verification:
    fields = Fields(value, place)
    verification = Verification(
        fields.text("lfn"),
        fields.path("path"),
        fields.optional_sha256("sha256"),
        fields.optional_whole("size"),
    )
    fields.done()
    return verification


def _environment(fields: Fields) -> Dict[str, str]:
    environment = fields.text_map("environment")
    for name in environment:
        if not name or "=" in name:
            raise OrderError("%s: %r is no name of a variable" % (fields.place("environment"), name))
    return environment


def _task(value: object, place: str) -> Task:
    fields = Fields(value, place)
    task = Task(
        id=fields.text("id"),
        transformation=fields.text("transformation"),
        executable=fields.path("executable"),
        argv=fields.texts("argv"),
        stdin=fields.optional_path("stdin"),
        stdout=fields.optional_path("stdout"),
        stderr=fields.optional_path("stderr"),
        environment=_environment(fields),
        timeout=fields.optional_number("timeout"),
    )
    fields.done()
    return task


def _output(value: object, place: str) -> Output:
    fields = Fields(value, place)
    output = Output(fields.text("lfn"), fields.path("path"), fields.flag("optional"))
    fields.done()
    return output


def _removal(value: object, place: str) -> Removal:
    fields = Fields(value, place)
    removal = Removal(
        fields.optional_text("lfn"), fields.text("site"), _url(fields), fields.flag("recursive")
    )
    if scheme_of(removal.url) == "file" and leaves_its_directory(path_of(removal.url)):
        raise OrderError("%s: a removal must not climb up with '..'" % fields.place("url"))
    fields.done()
    return removal


def _registration(value: object, place: str) -> Registration:
    fields = Fields(value, place)
    registration = Registration(
        fields.text("lfn"), fields.text("site"), _url(fields), fields.flag("optional")
    )
    fields.done()
    return registration


def _order(fields: Fields) -> Order:
    version = fields.whole("version")
    if version != ORDER_VERSION:
        raise OrderError(
            "version: this worker understands orders of version %d, found %d" % (ORDER_VERSION, version)
        )
    transfer = fields.nested("transfer")
    order = Order(
        run=fields.text("run"),
        workflow=fields.optional_text("workflow") or "",
        planned=fields.optional_text("planned"),
        job=fields.text("job"),
        kind=fields.text("kind"),
        transformation=fields.optional_text("transformation"),
        attempt=fields.whole("attempt", least=1),
        site=fields.text("site"),
        directory=fields.absolute_path("directory"),
        record=fields.absolute_path("record"),
        facts=fields.absolute_path("facts"),
        lock=fields.absolute_path("lock") if fields.optional_text("lock") else None,
        make_directories=fields.each("make_directories", _replica),
        stage_in=fields.each("stage_in", _transfer),
        verify=fields.each("verify", _verification),
        tasks=fields.each("tasks", _task),
        outputs=fields.each("outputs", _output),
        stage_out=fields.each("stage_out", _transfer),
        removals=fields.each("removals", _removal),
        register=fields.each("register", _registration),
        threads=transfer.whole("threads", default=8, least=1),
        tries=transfer.whole("tries", default=3, least=1),
        grace=fields.optional_number("grace") or 10.0,
    )
    transfer.done()
    fields.done()
    return order


def parse_order(text: str) -> Order:
    """Read an order from its JSON text; raises OrderError with the place and what would be right."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OrderError("the order is no JSON: %s" % error) from None
    return _order(Fields(value, ""))
