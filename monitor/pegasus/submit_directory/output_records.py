"""The records that come of a job's output once it is over: invocations, files, machine, checks of files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from monitor.pegasus.records import Record
from monitor.pegasus.submit_directory.instances import JobInstance
from monitor.pegasus.submit_directory.invocations import Told as Invocation
from monitor.pegasus.submit_directory.invocations import (
    composite_host,
    host,
    of_cluster_task,
    of_log,
    of_record,
)
from monitor.pegasus.submit_directory.job_output import JobOutput
from monitor.pegasus.submit_directory.kickstart import MOST_OUTPUT, KickstartRecord
from monitor.pegasus.submit_directory.scribe import Scribe, microseconds, moment, seconds
from monitor.pegasus.submit_directory.task_output import Message, Told, cut, quoted, split_messages


@dataclass(slots=True)
class _Check:
    """The sum of one kind of check over a job: how many files, how many wrong, how long (microseconds)."""

    count: int = 0
    succeeded: int = 0
    failed: int = 0
    duration: int = 0


@dataclass(slots=True)
class Outcome:
    """What a job's files say of one attempt.

    ``output`` is None where there is no output file. ``described`` holds, by LFN, the attributes of files
    that the job's ``.meta`` tells and no record, or one that was cut off in them; ``lacks_files``: no
    ``.meta`` could tell them. ``task_texts`` holds, for each record, what the task wrote to its two streams,
    messages taken out.
    """

    output: JobOutput | None
    errors: Told
    tasks_input: Path | None = None
    described: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lacks_files: bool = False
    task_texts: list[tuple[Told, Told]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.messages.extend(self.errors.messages)
        for record in self.records:
            texts = split_messages(record.stdout or ""), split_messages(record.stderr or "")
            self.task_texts.append(texts)
            self.messages.extend(message for told in texts for message in told.messages)

    @property
    def records(self) -> Sequence[KickstartRecord]:
        """The kickstart records of the attempt."""
        return self.output.records if self.output is not None else ()

    @property
    def is_silent(self) -> bool:
        """Whether no file speaks of an invocation."""
        return self.output is None or self.output.is_silent

    def may_lack_files(self, instance: JobInstance) -> bool:
        """Whether files may have been made that no record tells. Only then ``.meta`` is opened: for most jobs
        it says again what their records say, and one file more for each costs time."""
        return len(self.records) < instance.submit_file.records_expected or not all(
            record.outputs() and record.cut_in is None for record in self.records
        )

    def made(self, record: KickstartRecord) -> Mapping[str, Mapping[str, str]]:
        """The files that one of the records tells as made, without those that are left to ``.meta``."""
        return {lfn: values for lfn, values in record.outputs().items() if lfn not in self.described}

    def ends(self) -> dict[str, str | None]:
        """What the files add to the end of the attempt."""
        first = self.records[0].values if self.records else {}
        summary = (self.output.summary if self.output is not None else None) or {}
        start = moment(summary.get("start"))
        return {
            "site": first.get("resource"),
            "user": first.get("user"),
            "work_dir": first.get("cwd"),
            "cluster.start": seconds(start) if start is not None else None,
            "cluster.dur": summary.get("duration"),
        }

    def texts(self) -> dict[str, str | None]:
        """What tasks and tools wrote, as the end of a failed attempt shows it."""
        return {
            "stdout.text": cut(self._stdout()) or None,
            "stderr.text": cut(quoted(self.errors.text)) or None,
        }

    def _stdout(self) -> str:
        if self.is_silent:
            plain = split_messages(self.output.plain).text if self.output is not None else ""
            return quoted(f"#@ 1 stdout\n{plain}") if plain else ""
        parts: list[str] = []
        for number, (record, (out, err)) in enumerate(
            zip(self.records, self.task_texts, strict=True), start=1
        ):
            if record.stdout is not None:
                parts.append(f"#@ {number} stdout\n{out.text}\n")
            if record.stderr is not None:
                parts.append(f"#@ {number} stderr\n {err.text}\n")
        return quoted("".join(parts)[:MOST_OUTPUT])


def records_of(
    scribe: Scribe,
    instance: JobInstance,
    outcome: Outcome,
    time: int,
    *,
    is_subdag: bool,
    submit_host: str | None,
) -> Iterator[Record]:
    """Everything an attempt's files say of it; ``time`` is when its end was noticed."""
    checks: dict[tuple[str, str], _Check] = {}
    if outcome.is_silent:
        yield from _invoked(scribe, instance, 1, of_log(instance, is_subdag=is_subdag))
        if is_subdag and submit_host is not None:
            yield scribe.of(
                instance,
                "job_inst.host.info",
                time,
                {"hostname": submit_host, "ip": "unknown", "site": instance.site},
            )
    elif outcome.records:
        for number, record in enumerate(outcome.records, start=1):
            yield from _invoked(scribe, instance, number, of_record(record, instance))
            files = outcome.made(record)
            yield from _files_made(scribe, instance, files, time)
            _count_computed(
                checks, [values.get("checksum_timing") for values in files.values() if "sha256" in values]
            )
            yield scribe.of(instance, "job_inst.host.info", time, host(record))
    else:
        yield from _cluster_tasks(scribe, instance, outcome)
    yield from _files_described(scribe, instance, outcome.described, time)
    _count_computed(
        checks,
        [said.get("checksum.timing") for said in outcome.described.values() if "checksum.value" in said],
    )
    _count_messages(checks, outcome)
    yield from _checks_told(scribe, instance, checks, time)
    yield from _files_checked(scribe, instance, outcome, time)
    yield from _transfers(scribe, instance, outcome, time)


def composite(outcome: Outcome) -> dict[str, str | None]:
    """What the composite event says beyond the end of the attempt."""
    first = outcome.records[0] if outcome.records else None
    failed = sum(int(entry.get("failed", "0") or 0) for entry in _summaries(outcome))
    return {
        "int_error_count": str(failed + _failed_in_messages(outcome)),
        "hostname": first.values.get("hostname") if first else None,
        **(composite_host(first) if first else {}),
    }


def _invoked(scribe: Scribe, instance: JobInstance, number: int, told: Invocation) -> Iterator[Record]:
    if told.start is None or told.end is None:
        return
    sequence = {"inv.id": str(number)}
    yield scribe.of(instance, "inv.start", told.start, sequence)
    yield scribe.of(instance, "inv.end", told.end, {**sequence, **told.fields})


def _cluster_tasks(scribe: Scribe, instance: JobInstance, outcome: Outcome) -> Iterator[Record]:
    if outcome.output is None or outcome.tasks_input is None or not outcome.output.tasks:
        return
    tasks = outcome.output.tasks
    _take_task_input(tasks, outcome.tasks_input)
    number = 1
    for _, task in sorted(tasks.items()):
        told = of_cluster_task(task)
        if told is not None:
            yield from _invoked(scribe, instance, number, told)
            number += 1


def _take_task_input(tasks: dict[int, dict[str, str]], path: Path) -> None:
    try:
        lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    except OSError:
        return
    commands = 0
    for line in lines:
        words = line.split()
        if line.startswith("#@") and len(words) >= 4 and words[1].isdecimal():
            task = tasks.get(int(words[1]), {})
            task["transformation"], task["derivation"] = words[2], words[3]
        elif words and not line.startswith(("#", "EDGE")):
            commands += 1
            task = tasks.get(commands, {})
            task["name"], _, task["argument-vector"] = line.strip().partition(" ")


def _files_made(
    scribe: Scribe, instance: JobInstance, files: Mapping[str, Mapping[str, str]], time: int
) -> Iterator[Record]:
    for lfn, values in files.items():
        for key, value in _metadata(values):
            yield scribe.say("rc.meta", time, {"lfn.id": lfn, "key": key, "value": value})
        if "sha256" in values:
            timing = microseconds(values.get("checksum_timing"))
            fields = {
                "lfn.id": lfn,
                "pfn": values.get("file_name"),
                "type": "compute",
                "file_type": "output",
                "sha256": values["sha256"],
                "size": values.get("size"),
                "dur": seconds(timing) if timing is not None else None,
                "ok": "True",
            }
            yield scribe.of(instance, "file.checksum", time, fields)


def _files_described(
    scribe: Scribe, instance: JobInstance, described: Mapping[str, Mapping[str, str]], time: int
) -> Iterator[Record]:
    for lfn, attributes in described.items():
        for key, value in attributes.items():
            yield scribe.of(instance, "rc.meta", time, {"lfn.id": lfn, "key": key, "value": value})


def _metadata(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in ("user", "size", "ctime"):
        if name in values:
            yield name, values[name]
    if "sha256" in values:
        yield "checksum.type", "sha256"
        yield "checksum.value", values["sha256"]
        if "checksum_timing" in values:
            yield "checksum.timing", _float_text(values["checksum_timing"])


def _float_text(text: str) -> str:
    """A number as the reference writes it after reading it: 0.00 is 0.0, 0.030 is 0.03."""
    try:
        return str(float(text)) if "." in text else text
    except ValueError:
        return text


def _count_computed(checks: dict[tuple[str, str], _Check], timings: Iterable[str | None]) -> None:
    """Adds the checksums of which it is known how long computing them took."""
    known = [microseconds(timing) or 0 for timing in timings if timing is not None]
    if known:
        check = checks.setdefault(("compute", "output"), _Check())
        check.count += len(known)
        check.duration += sum(known)


def _summaries(outcome: Outcome) -> list[dict[str, str]]:
    return outcome.output.section("integrity_summary") if outcome.output is not None else []


def _integrity_messages(outcome: Outcome) -> Iterator[Mapping[str, object]]:
    for message in outcome.messages:
        payload = message.get("payload")
        if message.get("monitoring_event") == "int.metric" and isinstance(payload, list):
            yield from (cast(Message, part) for part in payload if isinstance(part, dict))


def _failed_in_messages(outcome: Outcome) -> int:
    return sum(_whole(part.get("failed")) for part in _integrity_messages(outcome))


def _count_messages(checks: dict[tuple[str, str], _Check], outcome: Outcome) -> None:
    for entry in _summaries(outcome):
        _add(checks.setdefault(("check", "input"), _Check()), entry)
    for part in _integrity_messages(outcome):
        kind = str(part.get("event", "check")), str(part.get("file_type", "input"))
        _add(checks.setdefault(kind, _Check()), part)


def _add(check: _Check, said: Mapping[str, object]) -> None:
    check.count += _whole(said.get("count"))
    check.succeeded += _whole(said.get("succeeded"))
    check.failed += _whole(said.get("failed"))
    check.duration += microseconds(str(said.get("duration", "0"))) or 0


def _whole(value: object) -> int:
    text = str(value)
    return int(text) if text.isdecimal() else 0


def _checks_told(
    scribe: Scribe, instance: JobInstance, checks: Mapping[tuple[str, str], _Check], time: int
) -> Iterator[Record]:
    for (kind, file_type), check in checks.items():
        fields = {
            "type": kind,
            "file_type": file_type,
            "count": str(check.count or check.succeeded + check.failed),
            "duration": seconds(check.duration),
        }
        yield scribe.of(instance, "int.metric", time, fields)
        if check.failed:
            yield scribe.of(instance, "job_inst.tag", time, {"name": "int.error", "count": str(check.failed)})


def _files_checked(scribe: Scribe, instance: JobInstance, outcome: Outcome, time: int) -> Iterator[Record]:
    if outcome.output is None:
        return
    for entry in outcome.output.section("integrity_verification_attempts"):
        if "lfn" not in entry:
            continue
        fields = {
            "lfn.id": entry["lfn"],
            "pfn": entry.get("pfn"),
            "type": "check",
            "file_type": "input",
            "sha256": entry.get("sha256"),
            "expected": entry.get("expected_sha256"),
            "ok": entry.get("success", "True"),
        }
        yield scribe.of(instance, "file.checksum", time, fields)


def _transfers(scribe: Scribe, instance: JobInstance, outcome: Outcome, time: int) -> Iterator[Record]:
    if outcome.output is None:
        return
    for entry in outcome.output.section("transfer_attempts"):
        source = entry.get("src_url")
        if source is None or "dst_url" not in entry:
            continue
        fields = {
            "lfn.id": entry.get("lfn") or source.rpartition("/")[2],
            "source": source,
            "destination": entry["dst_url"],
            "source_site": entry.get("src_label"),
            "destination_site": entry.get("dst_label"),
            "protocol": source.partition(":")[0],
            "size": entry.get("bytes") or entry.get("size"),
            "dur": entry.get("duration"),
            "tries": entry.get("tries") or "1",
            "ok": entry.get("success", "True"),
            "message": entry.get("error") or entry.get("message"),
        }
        yield scribe.of(instance, "file.transfer", _end_of_transfer(entry, time), fields)


def _end_of_transfer(entry: Mapping[str, str], time: int) -> int:
    """When a transfer ended (``start`` is ISO or epoch seconds); ``time`` where it does not say."""
    start = moment(entry.get("start")) or microseconds(entry.get("start"))
    return time if start is None else start + (microseconds(entry.get("duration")) or 0)
