"""Jobs: one call of a transformation, or a workflow inside a workflow."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePath
from typing import NamedTuple, Self, Unpack

from hoofprint.errors import DuplicateError, WorkflowError, WrongTypeError
from hoofprint.files import File, as_file
from hoofprint.hooks import Hooked
from hoofprint.names import check_job_id, check_text, check_version
from hoofprint.planner_options import PlannerOptions, planner_words
from hoofprint.transformation_catalog import Transformation
from hoofprint.written import WrittenWorkflow

Argument = File | str | int | float | PurePath


class Link(Enum):
    """What a job does with a file."""

    INPUT = "input"
    OUTPUT = "output"
    INOUT = "inout"
    CHECKPOINT = "checkpoint"


class Handling(NamedTuple):
    """How a job's file is linked and moved; None leaves a matter to the planner."""

    link: Link
    stage_out: bool | None = None
    register_replica: bool | None = None
    optional: bool = False
    bypass_staging: bool = False
    for_planning: bool = False


_ARGUMENTS = (File, str, int, float, PurePath)
_PLAIN_INPUT = Handling(Link.INPUT)
_PLAIN_OUTPUT = Handling(Link.OUTPUT, stage_out=True, register_replica=True)


class AbstractJob(Hooked):
    """What all jobs have: arguments, files, standard streams, profiles, metadata and hooks."""

    __slots__ = ("_id", "args", "node_label", "stderr", "stdin", "stdout", "uses")

    def __init__(self, _id: str | None = None, node_label: str | None = None) -> None:
        super().__init__()
        self._id = None if _id is None else check_job_id(_id)
        self.node_label = None if node_label is None else check_text(node_label, "node label")
        self.args: list[Argument] = []
        self.uses: dict[File, Handling] = {}
        self.stdin: File | None = None
        self.stdout: File | None = None
        self.stderr: File | None = None

    @property
    def id(self) -> str | None:
        """The job's id in its workflow; None until it has one."""
        return self._id

    def add_args(self, *args: Argument) -> Self:
        """Add arguments; a File stands for its LFN. The planner joins them with blanks."""
        given: tuple[object, ...] = args
        for argument in given:
            if isinstance(argument, bool) or not isinstance(argument, _ARGUMENTS):
                raise WrongTypeError(f"argument of {self}", argument, "a File, a string, a number or a path")
        self.args.extend(args)
        return self

    def add_inputs(
        self, *input_files: File | str, bypass_staging: bool = False, for_planning: bool = False
    ) -> Self:
        """Add files that the job reads.

        `bypass_staging`: fetch straight from where the file lies, past the staging site.
        `for_planning`: the planner needs the file too.
        """
        handling = _PLAIN_INPUT
        if bypass_staging or for_planning:
            handling = Handling(Link.INPUT, bypass_staging=bypass_staging, for_planning=for_planning)
        return self._use(input_files, handling)

    def add_outputs(
        self,
        *output_files: File | str,
        stage_out: bool = True,
        register_replica: bool = True,
        optional: bool = False,
    ) -> Self:
        """Add files that the job writes.

        `stage_out`: bring them to the output site. `register_replica`: enter them into the output replica
        catalog. `optional`: their absence is no failure.
        """
        handling = _PLAIN_OUTPUT
        if optional or not (stage_out and register_replica):
            handling = Handling(Link.OUTPUT, stage_out, register_replica, optional=optional)
        return self._use(output_files, handling)

    def add_inouts(self, *files: File | str, stage_out: bool = True, register_replica: bool = True) -> Self:
        """Add files that the job reads and changes in place."""
        return self._use(files, Handling(Link.INOUT, stage_out, register_replica))

    def add_checkpoint(
        self, checkpoint_file: File | str, stage_out: bool = True, register_replica: bool = True
    ) -> Self:
        """Add a file that the job resumes from if it is there, and writes as it goes."""
        return self._use((checkpoint_file,), Handling(Link.CHECKPOINT, stage_out, register_replica))

    def set_stdin(self, file: File | str) -> Self:
        """Feed a file to standard input; it becomes an input of the job."""
        self._refuse_second("stdin", self.stdin)
        stream = as_file(file, f"stdin of {self}")
        self.add_inputs(stream)
        self.stdin = stream
        return self

    def set_stdout(self, file: File | str, stage_out: bool = True, register_replica: bool = True) -> Self:
        """Write standard output to a file; it becomes an output of the job."""
        self._refuse_second("stdout", self.stdout)
        stream = as_file(file, f"stdout of {self}")
        self.add_outputs(stream, stage_out=stage_out, register_replica=register_replica)
        self.stdout = stream
        return self

    def set_stderr(self, file: File | str, stage_out: bool = True, register_replica: bool = True) -> Self:
        """Write standard error to a file; it becomes an output of the job."""
        self._refuse_second("stderr", self.stderr)
        stream = as_file(file, f"stderr of {self}")
        self.add_outputs(stream, stage_out=stage_out, register_replica=register_replica)
        self.stderr = stream
        return self

    def get_inputs(self) -> set[File]:
        """Return the files that the job reads, those it changes in place included."""
        return {file for file, how in self.uses.items() if how.link in (Link.INPUT, Link.INOUT)}

    def get_outputs(self) -> set[File]:
        """Return the files that the job writes, those it changes in place included."""
        return {file for file, how in self.uses.items() if how.link in (Link.OUTPUT, Link.INOUT)}

    def get_stdin(self) -> File | None:
        """Return the file fed to standard input, if there is one."""
        return self.stdin

    def get_stdout(self) -> File | None:
        """Return the file that takes standard output, if there is one."""
        return self.stdout

    def get_stderr(self) -> File | None:
        """Return the file that takes standard error, if there is one."""
        return self.stderr

    def _use(self, files: tuple[File | str, ...], handling: Handling) -> Self:
        for given in files:
            file = given if isinstance(given, File) else as_file(given, f"{handling.link.value} of {self}")
            known = len(self.uses)
            present = self.uses.setdefault(file, handling)
            if len(self.uses) == known:
                raise DuplicateError(
                    f"file {file.lfn!r} is already an {present.link.value} file of {self};"
                    " a job names each file once"
                )
        return self

    def _refuse_second(self, stream: str, present: File | None) -> None:
        if present is not None:
            raise DuplicateError(f"{stream} of {self} is already {present.lfn!r}")


class Job(AbstractJob):
    """One call of a transformation, given by name or as a Transformation."""

    __slots__ = ("namespace", "transformation", "version")

    def __init__(
        self,
        transformation: str | Transformation,
        _id: str | None = None,
        node_label: str | None = None,
        namespace: str | None = None,
        version: str | None = None,
    ) -> None:
        if isinstance(transformation, Transformation):
            self.transformation = transformation.name
            self.namespace, self.version = transformation.namespace, transformation.version
        else:
            self.transformation = check_text(transformation, "transformation of a job")
            self.namespace = (
                None if namespace is None else check_text(namespace, f"namespace of {transformation!r}")
            )
            self.version = (
                None if version is None else check_version(version, f"transformation {transformation!r}")
            )
        super().__init__(_id, node_label)

    def __repr__(self) -> str:
        return f"job {self._id or '(no id yet)'} ({self.transformation})"


class SubWorkflow(AbstractJob):
    """A workflow that runs as one job of another.

    `file` is an abstract workflow, as its LFN or as a Workflow that is written beside the outer one; with
    `is_planned` it is the LFN of a DAG file that needs no planning.
    """

    __slots__ = ("_has_planner_args", "file", "is_planned")

    def __init__(
        self,
        file: str | File | WrittenWorkflow,
        is_planned: bool = False,
        _id: str | None = None,
        node_label: str | None = None,
    ) -> None:
        super().__init__(_id, node_label)
        self.is_planned = is_planned
        self._has_planner_args = False
        self.file: File | WrittenWorkflow
        if isinstance(file, WrittenWorkflow):
            self.file = file
        else:
            self.file = File(as_file(file, "file of a sub-workflow").lfn, for_planning=True)
            self.add_inputs(self.file)

    @property
    def type(self) -> str:
        """The kind of job, as the workflow file names it."""
        return "condorWorkflow" if self.is_planned else "pegasusWorkflow"

    @property
    def lfn(self) -> str:
        """The LFN of the workflow file. Raises WorkflowError for a Workflow while the job has no id."""
        if isinstance(self.file, File):
            return self.file.lfn
        if self._id is None:
            raise WorkflowError(
                f"sub-workflow of {self.file.name!r} has no id yet; add it to a workflow first"
            )
        return f"{self.file.name}_{self._id}.yml"

    def read_own_file(self) -> None:
        """Make the file of an inner Workflow an input, once the job has its id."""
        file = File(self.lfn, for_planning=True)
        if file not in self.uses:
            self.add_inputs(file)

    def add_planner_args(self, **options: Unpack[PlannerOptions]) -> Self:
        """Say, once, how the inner workflow is planned: `add_planner_args(sites=["local"], cleanup="none")`.

        Any other name is a property: `add_planner_args(**{"pegasus.mode": "development"})`.
        """
        if self.is_planned:
            raise WorkflowError(f"{self} is planned already; planner options go to is_planned=False")
        if self._has_planner_args:
            raise DuplicateError(f"{self} has its planner options already; give all of them in one call")
        self._has_planner_args = True
        return self.add_args(*planner_words(options))

    def __repr__(self) -> str:
        return f"sub-workflow {self._id or '(no id yet)'}"


AnyJob = Job | SubWorkflow
JOB_TYPES = (Job, SubWorkflow)
