"""A finished run of 1000genome's shape: jobs with their files, parents and times, the same for the same size.

For each chromosome: many ``individuals`` share its lines out, ``individuals_merge`` joins their outputs,
``sifting`` reads its annotations, and
``mutation_overlap`` and ``frequency`` compare both for each population.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

CHROMOSOMES = 10
POPULATIONS = ("ALL", "AFR", "AMR", "EAS", "EUR", "GBR", "SAS")
LABEL = "1000genome"
USER = "genome"
SUBMIT_HOST = "submit.example.org"
PLANNED = 1_700_000_000
SLOTS = 500

_PER_CHROMOSOME = 2 + 2 * len(POPULATIONS)


@dataclass(frozen=True, slots=True)
class GenomeJob:
    """One job that ran once; times are seconds since the epoch, ``duration`` is what its process took."""

    number: int
    task: str
    transformation: str
    argv: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parents: tuple[str, ...]
    submitted: int
    started: int
    terminated: int
    duration: float
    cpu_time: float
    maxrss: int

    @property
    def name(self) -> str:
        """The job's name in the executable workflow."""
        return f"{self.transformation}_{self.task}"

    @property
    def folder(self) -> str:
        """Where its files lie within the submit directory."""
        return f"{self.number // 1000 // 256:02X}/{self.number // 1000 % 256:02X}"


@dataclass(frozen=True, slots=True)
class GenomeRun:
    """A run of about ``size`` jobs."""

    size: int

    @property
    def run(self) -> str:
        """The run's id."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{LABEL}/{self.size}"))

    @property
    def directory(self) -> str:
        """Where the run says that its submit directory is."""
        return f"/home/{USER}/workflows/{LABEL}/run0001"

    def jobs(self) -> Iterator[GenomeJob]:
        """Every job, parents before children, in the order of submission."""
        chance = random.Random(self.size)
        for number, (task, kind, argv, inputs, outputs, parents) in enumerate(_tasks(self.size), start=1):
            submitted = PLANNED + 10 + number * 30 // SLOTS
            started = submitted + chance.randint(1, 5)
            duration = round(chance.uniform(20, 90), 3)
            yield GenomeJob(
                number=number,
                task=task,
                transformation=kind,
                argv=argv,
                inputs=inputs,
                outputs=outputs,
                parents=parents,
                submitted=submitted,
                started=started,
                terminated=started + int(duration) + 2,
                duration=duration,
                cpu_time=round(duration * chance.uniform(0.7, 0.99), 3),
                maxrss=chance.randint(20_000, 900_000),
            )


_Task = tuple[str, str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _tasks(size: int) -> Iterator[_Task]:
    shares = max(1, size // CHROMOSOMES - _PER_CHROMOSOME)
    number = 0

    def named(kind: str, argv: str, inputs: tuple[str, ...], output: str, parents: tuple[str, ...]) -> _Task:
        nonlocal number
        number += 1
        return f"ID{number:07d}", kind, argv, inputs, (output,), parents

    for chromosome in range(1, CHROMOSOMES + 1):
        source, parts, makers = f"ALL.chr{chromosome}.250000.vcf", [], []
        for share in range(shares):
            first = share * 250
            made = f"chr{chromosome}n-{first}-{first + 250}.tar.gz"
            argv = f"{source} {chromosome} {first} {first + 250} 250000"
            task = named("individuals", argv, (source, "columns.txt"), made, ())
            yield task
            parts.append(made)
            makers.append(f"individuals_{task[0]}")
        merged, sifted = f"chr{chromosome}n.tar.gz", f"sifted.SIFT.chr{chromosome}.txt"
        merge = named(
            "individuals_merge", f"{chromosome} {len(parts)} parts", tuple(parts), merged, tuple(makers)
        )
        annotation = f"ALL.chr{chromosome}.annotation.vcf"
        sift = named("sifting", f"{annotation} {chromosome}", (annotation,), sifted, ())
        yield merge
        yield sift
        parents = (f"individuals_merge_{merge[0]}", f"sifting_{sift[0]}")
        for population in POPULATIONS:
            argv = f"-c {chromosome} -pop {population}"
            inputs = (merged, sifted, population, "columns.txt")
            for kind, suffix in (("mutation_overlap", ""), ("frequency", "-freq")):
                yield named(kind, argv, inputs, f"chr{chromosome}-{population}{suffix}.tar.gz", parents)
