"""Files in GraphQL: what is known of one, and pages of those that match."""

from functools import partial

import strawberry
from sqlalchemy import Connection

from api.context import Info
from api.schema.answering import answer
from api.schema.naming import asked_name
from api.schema.paging import PageInfo, require_page
from api.schema.resolving import resolved
from api.schema.scalars import Long, Time
from api.schema.vocabulary import UNKNOWN_WORD, Vocabulary
from projections.answers import files as answers
from projections.answers.runs import RunRef
from projections.keys import text_key
from projections.search.cursors import FileKey
from projections.search.details import FoundReplica, FoundTag, Level
from projections.search.files import FilePage, FoundFile, count_files, files_of_keys, find_files
from projections.search.filter import Filter


@strawberry.enum(description="What is known of a file's integrity.")
class ChecksumState(Vocabulary):
    """The states of a file's checksum."""

    VERIFIED = strawberry.enum_value("verified", description="Held against its sha256 and found the same.")
    COMPUTED = strawberry.enum_value(
        "computed", description="A sha256 is known; nobody has held it against one."
    )
    UNVERIFIED = strawberry.enum_value("unverified", description="No sha256 is known.")
    CORRUPT = strawberry.enum_value("corrupt", description="Held against its sha256 and found different.")
    UNKNOWN = UNKNOWN_WORD


@strawberry.enum(description="What a file is to its workflow.")
class FileRole(Vocabulary):
    """The roles of files."""

    INPUT = strawberry.enum_value("input", description="Nobody in the workflow makes it.")
    INTERMEDIATE = strawberry.enum_value("intermediate", description="Made and read.")
    OUTPUT = strawberry.enum_value("output", description="Made, and read by nobody.")
    UNKNOWN = UNKNOWN_WORD


strawberry.enum(
    Level,
    name="TagLevel",
    description="Whose tag it is: the file's own, of the task or job that made it, or of its run's workflow.",
)


@strawberry.enum(description="The type of a tag's value.")
class TagType(Vocabulary):
    """The types of tags."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    UNKNOWN = UNKNOWN_WORD


@strawberry.enum(description="What was tagged.")
class TagTarget(Vocabulary):
    """The things that bear tags."""

    FILE = "file"
    TASK = "task"
    JOB = "job"
    RUN = "run"
    WORKFLOW = "workflow"
    UNKNOWN = UNKNOWN_WORD


@strawberry.type
class Tag:
    """A key with its typed value."""

    key: str
    type: TagType
    text: str = strawberry.field(description="The value as it was written.")
    number: float | None = strawberry.field(description="A number's value; 0 or 1 for a boolean.")
    time: Time | None
    level: Level
    target: TagTarget
    actor: str = strawberry.field(description="Who said so.")
    origin: str = strawberry.field(description="Where it was said: workflow, job, user, import …")
    said_at: Time

    @classmethod
    def of(cls, tag: FoundTag) -> "Tag":
        """The tag as an answer."""
        is_time = tag.type == TagType.TIME.value
        return answer(
            cls,
            tag,
            number=None if is_time else tag.number,
            time=int(tag.number) if is_time and tag.number is not None else None,
        )


@strawberry.type
class Replica:
    """Where a file lies."""

    site: str
    pfn: str = strawberry.field(description="The physical file name: a path or an address.")
    size: Long | None
    sha256: str | None
    registered_at: Time

    @classmethod
    def of(cls, replica: FoundReplica) -> "Replica":
        """The replica as an answer."""
        return answer(cls, replica)


@strawberry.type
class File:
    """A file, named by namespace, run and LFN."""

    found: strawberry.Private[FoundFile]
    namespace: str
    run: str | None = strawberry.field(
        description="The run that it belongs to; null for one that no run made."
    )
    lfn: str
    workflow: str | None
    role: FileRole | None = strawberry.field(description="Null where nobody told.")
    size: Long | None = strawberry.field(description="In bytes.")
    sha256: str | None
    checksum_state: ChecksumState
    created: Time | None = strawberry.field(description="When its contents were last recorded.")
    task: str | None = strawberry.field(description="The task that made it.")
    job: str | None = strawberry.field(description="The job that carried the task out.")
    transformation: str | None = strawberry.field(description="What the task ran.")

    @classmethod
    def of(cls, found: FoundFile) -> "File":
        """The file as an answer."""
        return answer(cls, found, found=found, checksum_state=ChecksumState(found.checksum))

    @resolved("Its own tags, then its task's, job's, run's and workflow's.")
    async def tags(self, info: Info) -> list[Tag]:
        """The tags, loaded for all files of the answer at once."""
        return [Tag.of(tag) for tag in await info.context.tags.load(self.found)]

    @resolved("Where it lies now.")
    async def replicas(self, info: Info) -> list[Replica]:
        """The replicas, loaded for all files of the answer at once."""
        return [Replica.of(replica) for replica in await info.context.replicas.load(self.found)]


@strawberry.type(description="A task of a file's run, and the job that carries it out.")
class TaskRef:
    """Who made or reads a file."""

    task: str
    transformation: str
    job: str | None = strawberry.field(description="Null where the task was pruned.")


@strawberry.enum(description="Why a task was pruned.")
class ReuseRule(Vocabulary):
    """The rules of reuse."""

    EXISTS = strawberry.enum_value("exists", description="All its outputs exist or are not asked for.")
    UNNEEDED = strawberry.enum_value("unneeded", description="All who would read its outputs were pruned.")
    UNKNOWN = UNKNOWN_WORD


@strawberry.type(description="Where a file comes from that was not made again.")
class ReuseOrigin:
    """The origin of a reused file."""

    from_run: str | None = strawberry.field(description="Null for a file from a catalog.")
    rule: ReuseRule
    pfn: str
    site: str
    reason: str


@strawberry.type(description="A file with who made it, who reads it, and where it was taken from.")
class FileDetail(File):
    """A file, as it is looked at alone."""

    producer: TaskRef | None
    consumers: list[TaskRef]
    reused: ReuseOrigin | None


@strawberry.type
class FileEdge:
    """A file within a page."""

    cursor: str
    node: File


@strawberry.type
class FileConnection:
    """A page of files."""

    page: strawberry.Private[FilePage]
    where: strawberry.Private[Filter]
    edges: list[FileEdge]
    page_info: PageInfo
    hints: list[str] = strawberry.field(
        description="On an empty page: what in the filter was probably meant otherwise."
    )

    @classmethod
    def of(cls, page: FilePage, where: Filter) -> "FileConnection":
        """The page as an answer."""
        return cls(
            page=page,
            where=where,
            edges=[FileEdge(cursor=file.cursor, node=File.of(file)) for file in page.files],
            page_info=PageInfo(has_next_page=page.has_next, end_cursor=page.end_cursor),
            hints=list(page.hints),
        )

    @resolved("How many match; counted only when asked for, and up to 10000.")
    async def total_count(self, info: Info) -> int:
        """The number of matches."""
        namespaces = await info.context.namespaces()
        counted = await info.context.reader.ask(
            "data", partial(count_files, where=self.where, namespaces=namespaces)
        )
        return counted.files


async def page_of_files(info: Info, where: Filter, first: int, after: str | None) -> FileConnection:
    """One page of the files that the caller may see and that match."""
    require_page(first)
    namespaces = await info.context.namespaces()
    page = await info.context.reader.ask(
        "data", partial(find_files, where=where, namespaces=namespaces, first=first, after=after)
    )
    return FileConnection.of(page, where)


async def one_file(info: Info, run: RunRef, lfn: str) -> FileDetail:
    """One file of a run."""
    detail, found = await info.context.reader.ask("data", partial(_one_file, run=run, lfn=asked_name(lfn)))
    return answer(
        FileDetail,
        found,
        found=found,
        checksum_state=ChecksumState(found.checksum),
        producer=None if detail.producer is None else answer(TaskRef, detail.producer),
        consumers=[answer(TaskRef, task) for task in detail.consumers],
        reused=None if detail.reused is None else answer(ReuseOrigin, detail.reused),
    )


def _one_file(connection: Connection, run: RunRef, lfn: str) -> tuple[answers.File, FoundFile]:
    detail = answers.file_of(connection, run, lfn)
    found = files_of_keys(connection, [FileKey(run.key, text_key(lfn))])
    return detail, found[0]
