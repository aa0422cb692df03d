"""Writes a run as a stampede event file, line by line as Pegasus' monitor writes its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from benchmarks.genome_run import LABEL, PLANNED, SUBMIT_HOST, USER, GenomeJob, GenomeRun

_PEGASUSLITE = (
    "%0A".join(
        (
            "2023-11-14 22:13:21: PegasusLite: version 5.0.8",
            "2023-11-14 22:13:21: Executing on host node17.example.org IP=10.1.0.17",
            "",
            "########################[Pegasus Lite] Setting up workdir ########################",
            "2023-11-14 22:13:21: Not creating a new work directory as it is set already",
            "##############[Pegasus Lite] Figuring out the worker package to use ##############",
            "2023-11-14 22:13:21: The job contained a Pegasus worker package",
            "######################[Pegasus Lite] Executing the user task ######################",
            "PegasusLite: exitcode 0",
        )
    )
    + "%0A"
)
_MACHINE = (
    "cpu_count=24 cpu_speed=2500 cpu_vendor=GenuineIntel "
    'cpu_model="Intel(R) Xeon(R) CPU E5-2620 0 @ 2.00GHz" '
    "ram=65653728 system=linux release=4.18.0-425.10.1.el8_7.x86_64 machine=x86_64 req_cpus=1 req_gpus=0"
)
_POST = "/usr/bin/pegasus-exitcode"


def write_event_file(run: GenomeRun, path: Path) -> int:
    """Write the run as a .bp; returns how many lines that were."""
    lines = 0
    with path.open("w", encoding="utf-8") as file:
        for line in _lines(run):
            file.write(line)
            lines += 1
    return lines


def write_static_part(run: GenomeRun, path: Path) -> None:
    """Write what the planner writes beforehand: the .static.bp."""
    with path.open("w", encoding="utf-8") as file:
        for line in _static(run, ""):
            file.write(line.replace("event=stampede.", "event=").replace(" level=Info", ""))


def _lines(run: GenomeRun) -> Iterator[str]:
    repeated = (
        f" root.xwf.id={run.run} dax={run.directory}/workflow.yml dag={LABEL}-0.dag wf.ts={PLANNED} "
        f"submit.dir={run.directory} pegasus.version=5.0.8 submit.hostname={SUBMIT_HOST} wf.user={USER}\n"
    )
    yield _event(
        run,
        PLANNED,
        "wf.plan",
        f"dax.label={LABEL} dax.version=5.0.4 dax.index=0 dax.file={run.directory}/workflow.yml "
        f"dag.file.name={LABEL}-0.dag submit.hostname={SUBMIT_HOST} submit.dir={run.directory} "
        f'argv="--conf pegasus.properties --sites condorpool workflow.yml" user={USER} planner.version=5.0.8',
        repeated,
    )
    yield _event(run, PLANNED, "static.start", "", repeated)
    yield from _static(run, repeated)
    yield _event(run, PLANNED, "static.end", "", repeated)
    yield _event(run, PLANNED + 5, "xwf.start", "reason=None restart_count=0", repeated)
    last = PLANNED
    for job in run.jobs():
        yield from _job_lines(run, job, repeated)
        last = max(last, job.terminated)
    yield _event(run, last + 10, "xwf.end", "reason=None restart_count=0 status=0", repeated)


def _static(run: GenomeRun, repeated: str) -> Iterator[str]:
    end = repeated or "\n"
    for job in run.jobs():
        yield _event(
            run,
            PLANNED,
            "task.info",
            f"task.id={job.task} type=1 type_desc=compute transformation={job.transformation} "
            f'argv="{job.argv}"',
            end,
        )
    for job in run.jobs():
        yield _event(
            run,
            PLANNED,
            "job.info",
            f"job.id={job.name} submit_file={job.folder}/{job.name}.sub type=1 type_desc=compute clustered=0 "
            f"max_retries=1 task_count=1 executable={run.directory}/{job.folder}/{job.name}.sh",
            end,
        )
        yield _event(run, PLANNED, "wf.map.task_job", f"job.id={job.name} task.id={job.task}", end)
        for parent in job.parents:
            child = f"parent.job.id={parent} child.job.id={job.name}"
            yield _event(run, PLANNED, "job.edge", child, end)
            tasks = f"parent.task.id={parent.rpartition('_')[2]} child.task.id={job.task}"
            yield _event(run, PLANNED, "task.edge", tasks, end)


def _job_lines(run: GenomeRun, job: GenomeJob, repeated: str) -> Iterator[str]:
    who = f"job.id={job.name} job_inst.id={job.number}"
    scheduled = f"sched.id={job.number + 100}.0"
    started, ended = job.started, job.terminated

    def line(time: int, event: str, fields: str) -> str:
        return _event(run, time, event, f"{who} {fields}".rstrip(), repeated)

    yield line(job.submitted, "job_inst.submit.start", f"js.id=1 reason=None {scheduled} site=condorpool")
    yield line(job.submitted, "job_inst.submit.end", f"js.id=1 reason=None {scheduled} status=0")
    output = f"{job.folder}/{job.name}"
    files = f"stdout.file={output}.out stderr.file={output}.err"
    yield line(started, "job_inst.main.start", f"js.id=2 {files} {scheduled}")
    yield line(ended, "job_inst.main.term", f"js.id=3 reason=None {scheduled} status=0")
    yield line(ended + 3, "job_inst.post.start", f"js.id=5 reason=None {scheduled}")
    yield line(ended + 4, "job_inst.post.term", f"js.id=6 reason=None {scheduled}")
    yield line(started, "inv.start", "inv.id=1")
    yield line(ended, "inv.end", _invocation(job))
    for key, value in _file_metadata(job).items():
        said = f"lfn.id={job.outputs[0]} key={key} value={value}"
        yield _event(run, ended + 4, "rc.meta", said, repeated)
    host = f"hostname=node{job.number % 64}.example.org ip=10.1.0.{job.number % 64} site=condorpool"
    yield line(ended + 4, "job_inst.host.info", f"{host} uname=linux-4.18.0-425.10.1.el8_7.x86_64-x86_64")
    yield line(ended + 4, "int.metric", "type=check file_type=input count=2 duration=0.0410")
    yield line(ended + 4, "int.metric", "type=compute file_type=output count=1 duration=0.012")
    end = (
        f"js.id=4 site=condorpool user={USER} local.dur={ended - started} multiplier_factor=1 exitcode=0 "
        f"{scheduled} status=0 work_dir=/scratch/dir_{job.number} stdout.file={output}.out.000 "
        f'stderr.file={output}.err.000 stdout.text="#@ 1 stdout%0Adone%0A" stderr.text="{_PEGASUSLITE}"'
    )
    yield line(ended + 3, "job_inst.main.end", end)
    # the one event of which more stands behind what all of them repeat
    composite = f"{repeated.rstrip()} {_summary(job)}\n"
    yield _event(run, ended + 3, "job_inst.composite", f"{who} {end}", composite)
    yield line(ended + 3, "inv.start", "inv.id=-2")
    yield line(ended + 4, "inv.end", _post_script(job))
    yield line(ended + 5, "job_inst.post.end", f"js.id=7 reason=None {scheduled} status=0 exitcode=0")


def _invocation(job: GenomeJob) -> str:
    return (
        f"inv.id=1 transformation={job.transformation} task.id={job.task} start_time={job.started + 1} "
        f"dur={job.duration:.6f} remote_cpu_time={job.cpu_time:.6f} "
        f"avg_cpu={job.cpu_time / job.duration:.6f} maxrss={job.maxrss} exitcode=0 "
        f'executable=/opt/1000genome/bin/{job.transformation} argv="{job.argv}"'
    )


def _summary(job: GenomeJob) -> str:
    """What a job's composite event tells besides its end."""
    host = f"node{job.number % 64}.example.org"
    return (
        f"int_error_count=0 hostname={host} jobtype=compute {_MACHINE} "
        f"invocations=\"[{{'transformation': '{job.transformation}', 'exitcode': 0, "
        f"'duration': {job.duration:.3f}, 'user': '{USER}', 'hostname': '{host}', 'hostaddr': "
        f"'10.1.0.{job.number % 64}', 'maxrss': {job.maxrss}, 'tot_ip_size_mb': 0.25, "
        f"'tot_op_size_mb': 0.94}}]\" wf={LABEL}"
    )


def _post_script(job: GenomeJob) -> str:
    return (
        f"inv.id=-2 transformation=dagman::post start_time={job.terminated + 3} dur=1 remote_cpu_time=1 "
        f'exitcode=0 executable={_POST} argv=" -r $RETURN -s PegasusLite:+exitcode+0 -l {LABEL}.exitcode.log '
        f'-M {LABEL}.cache.meta ./{job.folder}/{job.name}.out"'
    )


def _file_metadata(job: GenomeJob) -> dict[str, str]:
    return {
        "user": USER,
        "size": str(job.maxrss * 17),
        "ctime": f"{_iso(job.terminated)[:19]}+00:00",
        "checksum.type": "sha256",
        "checksum.value": sha256(job.outputs[0].encode()).hexdigest(),
        "checksum.timing": "0.012",
    }


def _event(run: GenomeRun, time: int, event: str, fields: str, end: str) -> str:
    blank = " " if fields else ""
    return f"ts={_iso(time)} event=stampede.{event} level=Info xwf.id={run.run}{blank}{fields}{end}"


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
