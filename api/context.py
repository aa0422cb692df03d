"""What resolvers of one request share: who asks, the views, the log, and batched loading."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import strawberry
from strawberry.dataloader import DataLoader

from api.errors import ForbiddenError
from api.limits import Meter
from api.reading import Reader
from api.standing import Standing
from api.tokens import Access, Scope
from api.writing import Writer
from projections.answers.runs import Progress, RunRef, progress_of_runs
from projections.search.details import FoundReplica, FoundTag, replicas_of, tags_of
from projections.search.files import FoundFile
from projections.search.scope import known_namespaces


@dataclass
class RequestContext:
    """One request; ``namespace`` is meant where none is named, ``operation_name`` is to be run."""

    access: Access
    reader: Reader
    writer: Writer
    meter: Meter
    standing: Callable[[], Standing]
    namespace: str
    operation_name: str | None = None
    namespaces_known: tuple[str, ...] | None = None
    tags: DataLoader[FoundFile, tuple[FoundTag, ...]] = field(init=False)
    replicas: DataLoader[FoundFile, tuple[FoundReplica, ...]] = field(init=False)
    progress: DataLoader[RunRef, Progress] = field(init=False)

    def __post_init__(self) -> None:
        self.tags = DataLoader(load_fn=self._load_tags)
        self.replicas = DataLoader(load_fn=self._load_replicas)
        self.progress = DataLoader(load_fn=self._load_progress)

    def require(self, scope: Scope) -> None:
        """Raise ForbiddenError unless the caller has this scope."""
        if not self.access.may(scope):
            raise ForbiddenError(self.access.lacking(scope))

    async def namespaces(self) -> tuple[str, ...]:
        """The namespaces within the caller's borders."""
        if self.access.namespaces is not None:
            return self.access.namespaces
        if self.namespaces_known is None:
            self.namespaces_known = tuple(await self.reader.ask("data", known_namespaces))
        return self.namespaces_known

    async def _load_tags(self, files: Sequence[FoundFile]) -> list[tuple[FoundTag, ...]]:
        found = await self.reader.ask("data", partial(tags_of, files=files))
        return [found.get(file.key, ()) for file in files]

    async def _load_replicas(self, files: Sequence[FoundFile]) -> list[tuple[FoundReplica, ...]]:
        keys = [file.key for file in files]
        found = await self.reader.ask("data", partial(replicas_of, keys=keys))
        return [found.get(key, ()) for key in keys]

    async def _load_progress(self, runs: Sequence[RunRef]) -> list[Progress]:
        found = await self.reader.ask("runs", partial(progress_of_runs, runs=runs))
        return [found[run.key] for run in runs]


Info: TypeAlias = strawberry.Info[RequestContext, None]
