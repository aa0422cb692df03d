"""Where the files of a workflow's jobs lie, and reading them."""

import os
from pathlib import Path
from posixpath import dirname

from monitor.pegasus.submit_directory.braindump import Braindump
from monitor.pegasus.submit_directory.dag import Dag
from monitor.pegasus.submit_directory.instances import JobInstance
from monitor.pegasus.submit_directory.job_metadata import read_job_metadata
from monitor.pegasus.submit_directory.job_output import JobOutput, Report, read_job_output
from monitor.pegasus.submit_directory.output_records import Outcome
from monitor.pegasus.submit_directory.submit_file import SubmitFile, read_submit_file
from monitor.pegasus.submit_directory.task_output import Told, read_error_file

_PRE_LOG = "-Dpegasus.log.*="


class JobFiles:
    """The files of one workflow's jobs, in its submit directory as it lies now."""

    def __init__(self, dump: Braindump, dag: Dag, report: Report) -> None:
        self._dump = dump
        self._dag = dag
        self._report = report
        self._folders: dict[str, str] = {}
        self._untold: set[str] = set()

    def submit_path(self, job: str) -> Path | None:
        """Where the job's submit file has to be, None where it has none."""
        name = self._dag.submit_file(job)
        return None if name is None else self._dump.here(name)

    def submit_file(self, job: str) -> SubmitFile:
        """What the job's submit file says; nothing where there is none."""
        path = self.submit_path(job)
        if path is None:
            return SubmitFile(stdout=f"{job}.out", stderr=f"{job}.err") if self._dag.is_pmc else SubmitFile()
        try:
            return read_submit_file(path)
        except OSError as error:
            if job not in self._untold:
                self._untold.add(job)
                self._report(f"{path}: {error.strerror or error}: site and arguments of {job} are not known")
            return SubmitFile()

    def planned_name(self, path: str | None) -> str | None:
        """A job's file by its name below the submit directory, or its whole path where it lies elsewhere."""
        return None if path is None else self._dump.inside(path) or path

    def outcome(self, instance: JobInstance) -> Outcome:
        """What the attempt left in its output and error files."""
        if self._dag.is_subdag(instance.job):
            return Outcome(None, Told())
        outcome = Outcome(
            self._read(self._rotated(instance, ".out")),
            read_error_file(self._rotated(instance, ".err")),
            self.input_file(instance),
        )
        if instance.main_exit == 0 and not instance.post_exit and outcome.may_lack_files(instance):
            self._take_metadata(instance, outcome)
        return outcome

    def pre_script_output(self, instance: JobInstance) -> JobOutput | None:
        """What a planner that ran as a PRE script wrote, where the DAG says where."""
        log = self._pre_script_log(instance)
        path = self._dump.here(log) if log is not None else None
        return self._read(path) if path is not None and os.path.isfile(path) else None

    def output_file(self, instance: JobInstance) -> Path | None:
        """Where the attempt's output has to be, None where it has none."""
        has_output = not self._dag.is_subdag(instance.job) and instance.submit_file.dagman_log is None
        return self._rotated(instance, ".out") if has_output else None

    def input_file(self, instance: JobInstance) -> Path:
        """Where the job's list of transfers, replicas or tasks would be."""
        return Path(f"{self._folder(instance.job)}/{instance.job}.in")

    def output_names(self, instance: JobInstance, outcome: Outcome) -> dict[str, str | None]:
        """The names of the attempt's output and error files, as an event has them."""
        has_own = (self._is_rotated(instance) and outcome.tasks_input is not None) or outcome.records
        ending = f".{instance.output_number:03}" if has_own else ""
        told = instance.submit_file
        names = {"stdout.file": self.planned_name(told.stdout), "stderr.file": self.planned_name(told.stderr)}
        said: dict[str, str | None]
        said = {key: f"{name}{ending}" if name else "" for key, name in names.items()}
        log = self._pre_script_log(instance) if instance.pre_exit else None
        return said if log is None else {**said, "stdout.file": log}

    def _pre_script_log(self, instance: JobInstance) -> str | None:
        """Where a planner that runs as a PRE script writes, by its planned path."""
        script = self._dag.pre_script(instance.job)
        words = script.arguments.split() if script is not None else []
        named = next((word[len(_PRE_LOG) :] for word in words if word.startswith(_PRE_LOG)), None)
        return None if named is None else f"{named}.{instance.output_number:03}"

    def _take_metadata(self, instance: JobInstance, outcome: Outcome) -> None:
        """Take from ``<job>.meta`` the files that no record of the attempt tells whole."""
        later = self._numbered(instance, ".out", instance.output_number + 1)
        if self._is_rotated(instance) and os.path.exists(later):
            # Each attempt that succeeds writes it anew: it speaks of a later one.
            return
        path = Path(f"{self._folder(instance.job)}/{instance.job}.meta")
        described = read_job_metadata(path, self._report)
        if described is None:
            outcome.lacks_files = instance.submit_file.dagman_log is None
            return
        told = {lfn for record in outcome.records for lfn in record.outputs() if lfn != record.cut_in}
        outcome.described = {lfn: said for lfn, said in described.items() if lfn not in told}

    @staticmethod
    def no_text() -> Told:
        """What was written where nothing was."""
        return Told()

    def _read(self, path: Path) -> JobOutput | None:
        try:
            return read_job_output(path, self._report)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._report(f"{path}: {error.strerror or error}: what the job left is not known")
            return None

    def _is_rotated(self, instance: JobInstance) -> bool:
        return self._dag.has_post_script(instance.job) or self._dag.is_pmc

    def _rotated(self, instance: JobInstance, suffix: str) -> Path:
        return self._numbered(instance, suffix, instance.output_number)

    def _numbered(self, instance: JobInstance, suffix: str, attempt: int) -> Path:
        number = f".{attempt:03}" if self._is_rotated(instance) else ""
        return Path(f"{self._folder(instance.job)}/{instance.job}{suffix}{number}")

    def _folder(self, job: str) -> str:
        # Text, not a Path, and remembered: it is asked several times for each of a hundred thousand jobs.
        name = self._dag.submit_file(job)
        if name is None:
            return str(self._dump.directory)
        planned = dirname(name)
        folder = self._folders.get(planned)
        if folder is None:
            folder = self._folders[planned] = str(self._dump.here(name).parent)
        return folder
