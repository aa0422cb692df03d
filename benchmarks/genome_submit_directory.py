"""Writes a run as a submit directory, file by file as Pegasus' planner, DAGMan and kickstart leave it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from benchmarks.genome_event_file import write_static_part
from benchmarks.genome_run import LABEL, PLANNED, SUBMIT_HOST, USER, GenomeJob, GenomeRun

_BRAINDUMP = """user: "{user}"
grid_dn: null
submit_hostname: "{host}"
root_wf_uuid: "{run}"
wf_uuid: "{run}"
dax: "{directory}/workflow.yml"
dax_label: "{label}"
dax_index: "0"
dax_version: "5.0.4"
pegasus_wf_name: "{label}-0"
timestamp: "{stamp}"
basedir: "/home/{user}/workflows"
submit_dir: "{directory}"
planner: "/usr/bin/pegasus-plan"
planner_version: "5.0.8"
planner_arguments: "\\"--conf pegasus.properties --sites condorpool workflow.yml \\""
jsd: "jobstate.log"
rundir: "run0001"
bindir: "/usr/bin"
uses_pmc: "false"
properties: "pegasus.properties"
condor_log: "{label}-0.log"
dag: "{label}-0.dag"
type: "dag"
notify: "{label}-0.notify"
"""
_SUBMIT_FILE = """universe = vanilla
environment = "PEGASUS_WF_UUID={run} PEGASUS_DAG_JOB_ID={job.name} PEGASUS_SITE=condorpool"
executable = {directory}/{job.folder}/{job.name}.sh
output = {directory}/{job.folder}/{job.name}.out
error = {directory}/{job.folder}/{job.name}.err
+pegasus_wf_uuid = "{run}"
+pegasus_wf_xformation = "{job.transformation}"
+pegasus_wf_dax_job_id = "{job.task}"
+pegasus_wf_dag_job_id = "{job.name}"
+pegasus_job_class = 1
+pegasus_site = "condorpool"
+pegasus_cores = 1
+pegasus_cluster_size = 1
queue
"""
_RECORD = """- invocation: True
  version: 3.0
  start: {start}
  duration: {total:.3f}
  transformation: "{job.transformation}"
  derivation: "{job.task}"
  resource: "condorpool"
  wf-label: "{label}"
  wf-stamp: "2023-11-14T22:13:20+00:00"
  interface: eth0
  hostaddr: 10.1.0.{node}
  hostname: node{node}.example.org
  pid: {pid}
  uid: 8073
  user: {user}
  gid: 1018
  group: genome
  umask: 0o0022
  mainjob:
    start: {start}
    duration: {job.duration:.3f}
    pid: {pid}
    usage:
      utime: {utime:.3f}
      stime: {stime:.3f}
      maxrss: {job.maxrss}
      minflt: 150
      majflt: 0
      nswap: 0
      inblock: 16
      outblock: 8
      msgsnd: 0
      msgrcv: 0
      nsignals: 0
      nvcsw: 4
      nivcsw: 2
    status:
      raw: 0
      regular_exitcode: 0
    executable:
      file_name: /opt/1000genome/bin/{job.transformation}
      mode: 0o100755
      size: 143232
    argument_vector:
{arguments}
    procs:
  jobids:
    condor: {cluster}.0
  cwd: /scratch/dir_{job.number}
  usage:
    utime: 0.016
    stime: 0.066
    maxrss: 2544
  machine:
    page-size: 4096
    uname_system: linux
    uname_nodename: node{node}.example.org
    uname_release: 4.18.0-425.10.1.el8_7.x86_64
    uname_machine: x86_64
    ram_total: 65653728
    ram_free: 21190060
    cpu_count: 24
    cpu_speed: 2500
    cpu_vendor: GenuineIntel
    cpu_model: Intel(R) Xeon(R) CPU E5-2620 0 @ 2.00GHz
    load_min1: 0.72
  files:
    {output}:
      lfn: "{output}"
      file_name: /scratch/dir_{job.number}/{output}
      mode: 0o100644
      size: {size}
      mtime: {end}
      ctime: {end}
      uid: 8073
      user: {user}
      gid: 1018
      group: genome
      output: True
      sha256: {sha256}
      checksum_timing: 0.012
    stdout:
      temporary_name: /scratch/dir_{job.number}/ks.out
      descriptor: 3
      mode: 0o100600
      size: 5
      user: {user}
      data_truncated: false
      data: |
        done
"""
_STARTED = """** condor_scheduniv_exec.1.0 (CONDOR_DAGMAN) STARTING UP
** $CondorVersion: 10.2.5 2023-02-27 BuildID: 631644 PackageID: 10.2.5-1 $
** PID = 4711
DAGMAN_VERBOSITY setting: 3
Parsing 1 dagfiles
Dag contains {jobs} total jobs
Bootstrapping..."""
_STATUS = """DAG status: 0 (DAG_STATUS_OK)
Of {jobs} nodes total:
 Done     Pre   Queued    Post   Ready   Un-Ready   Failed   Futile
  ===     ===      ===     ===     ===        ===      ===      ===
{done:5d}       0 {queued:8d}       0       0 {left:10d}        0        0
0 job proc(s) currently held"""
_STATUS_EVERY = 20
_LOGGED_AFTER = {"submit": 2, "execute": 2, "end": 3, "post": 1}
"""Seconds between what happens and the line about it."""


def write_submit_directory(run: GenomeRun, folder: Path) -> None:
    """Write the run into a new folder."""
    folder.mkdir(parents=True)
    jobs = list(run.jobs())
    (folder / "braindump.yml").write_text(
        _BRAINDUMP.format(
            user=USER,
            host=SUBMIT_HOST,
            run=run.run,
            directory=run.directory,
            label=LABEL,
            stamp=datetime.fromtimestamp(PLANNED, UTC).strftime("%Y%m%dT%H%M%S+0000"),
        )
    )
    write_static_part(run, folder / f"{LABEL}-0.static.bp")
    _write_lines(folder / "workflow.yml", _workflow(jobs))
    _write_lines(folder / f"{LABEL}-0.dag", _dag(jobs))
    _write_lines(folder / f"{LABEL}-0.dag.dagman.out", _dagman_log(jobs))
    for job in jobs:
        _write_job(run, job, folder)


def _write_lines(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def _workflow(jobs: list[GenomeJob]) -> Iterator[str]:
    yield from ("pegasus: 5.0.4", f"name: {LABEL}", "jobs:")
    for job in jobs:
        yield f"- type: job\n  name: {job.transformation}\n  id: {job.task}"
        yield f"  arguments: [{', '.join(job.argv.split())}]\n  uses:"
        for lfn in job.inputs:
            yield f"  - {{lfn: {lfn}, type: input}}"
        for lfn in job.outputs:
            yield f"  - {{lfn: {lfn}, type: output, stageOut: true, registerReplica: false}}"
    yield "jobDependencies:"
    children: dict[str, list[str]] = {}
    for job in jobs:
        for parent in job.parents:
            children.setdefault(parent.rpartition("_")[2], []).append(job.task)
    for parent, names in children.items():
        yield f"- id: {parent}\n  children: [{', '.join(names)}]"


def _dag(jobs: list[GenomeJob]) -> Iterator[str]:
    for job in jobs:
        yield f"JOB {job.name} {job.folder}/{job.name}.sub"
        yield (
            f"SCRIPT POST {job.name} /usr/bin/pegasus-exitcode -r $RETURN -s PegasusLite:+exitcode+0 "
            f"-l {LABEL}.exitcode.log -M {LABEL}.cache.meta ./{job.folder}/{job.name}.out"
        )
        yield f"RETRY {job.name} 1"
    for job in jobs:
        for parent in job.parents:
            yield f"PARENT {parent} CHILD {job.name}"


def _dagman_log(jobs: list[GenomeJob]) -> Iterator[str]:
    for line in _STARTED.format(jobs=len(jobs)).splitlines():
        yield f"{_local(PLANNED + 5)} {line}"
    seen, last = Counter[str](), PLANNED
    moments = sorted((moment for job in jobs for moment in _moments(job)), key=lambda moment: moment[0])
    for number, (time, kind, lines) in enumerate(moments):
        seen[kind] += 1
        last = time
        for line in lines:
            yield f"{_local(time + _LOGGED_AFTER[kind])} {line}"
        if number % _STATUS_EVERY == 0:
            queued, done = seen["submit"] - seen["post"], seen["post"]
            status = _STATUS.format(jobs=len(jobs), done=done, queued=queued, left=len(jobs) - queued - done)
            for line in status.splitlines():
                yield f"{_local(time + 2)} {line}"
    yield f"{_local(last + 10)} **** condor_scheduniv_exec.1.0 (condor_DAGMAN) pid 4711 EXITING WITH STATUS 0"


def _moments(job: GenomeJob) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    node = f"HTCondor Node {job.name} ({job.number + 100}.0.0)"
    ended, posted = job.terminated, job.terminated + 4
    yield (
        job.submitted,
        "submit",
        (
            f"Submitting HTCondor Node {job.name} job(s)...",
            f"\tassigned HTCondor ID ({job.number + 100}.0.0)",
            f"Event: ULOG_SUBMIT for {node} {{{_local(job.submitted)}}}",
        ),
    )
    yield job.started, "execute", (f"Event: ULOG_EXECUTE for {node} {{{_local(job.started)}}}",)
    yield (
        ended,
        "end",
        (
            f"Event: ULOG_JOB_TERMINATED for {node} {{{_local(ended)}}}",
            f"Node {job.name} job proc ({job.number + 100}.0.0) completed successfully.",
            f"Node {job.name} job completed",
            f"Running POST script of Node {job.name}...",
        ),
    )
    yield (
        posted,
        "post",
        (
            f"Event: ULOG_POST_SCRIPT_TERMINATED for {node} {{{_local(posted)}}}",
            f"POST Script of node {job.name} completed successfully.",
        ),
    )


def _write_job(run: GenomeRun, job: GenomeJob, folder: Path) -> None:
    within = folder / job.folder
    within.mkdir(parents=True, exist_ok=True)
    (within / f"{job.name}.sub").write_text(
        _SUBMIT_FILE.format(run=run.run, job=job, directory=run.directory)
    )
    (within / f"{job.name}.out.000").write_text(_record(job))
    (within / f"{job.name}.err.000").write_text("PegasusLite: version 5.0.8\nPegasusLite: exitcode 0\n")


def _record(job: GenomeJob) -> str:
    [output] = job.outputs
    return _RECORD.format(
        job=job,
        label=LABEL,
        user=USER,
        node=job.number % 64,
        pid=1000 + job.number,
        start=_iso(job.started + 1),
        end=f"{_iso(job.terminated)[:19]}+00:00",
        total=job.duration + 0.2,
        utime=round(job.cpu_time * 0.9, 3),
        stime=job.cpu_time - round(job.cpu_time * 0.9, 3),
        arguments="\n".join(f'      - "{word}"' for word in job.argv.split()),
        cluster=job.number + 100,
        output=output,
        size=job.maxrss * 17,
        sha256=sha256(output.encode()).hexdigest(),
    )


def _local(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%m/%d/%y %H:%M:%S")


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
