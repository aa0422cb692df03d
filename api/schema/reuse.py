"""Look-ups in bulk: which of many LFNs exist already and can be trusted."""

from functools import partial
from itertools import chain

import strawberry
from strawberry.scalars import JSON

from api.context import Info
from api.errors import ForbiddenError, LimitError
from api.schema.naming import require_names
from api.schema.runs import run_named
from projections.answers.reuse import ReusableReplica, reusable
from projections.answers.runs import RunRef

MAX_LFNS = 200_000

_COLUMNS = ("lfn", "run", "site", "pfn", "sha256", "size", "checksum")


@strawberry.type(description="Replicas as a table: 200,000 rows are one value, not a million.")
class ReusableFiles:
    """The replicas that can be trusted."""

    columns: list[str]
    rows: JSON = strawberry.field(description="A list of rows, each a list in the order of `columns`.")


async def reusable_files(
    info: Info, lfns: list[str], from_run: str | None, namespace: str | None
) -> ReusableFiles:
    """The trusted replicas of those LFNs that have any, of one run or of the newest in the namespace."""
    if len(lfns) > MAX_LFNS:
        raise LimitError(f"{len(lfns)} names were asked for; the limit is {MAX_LFNS} a request")
    require_names(chain(lfns, (namespace or "",)))
    run = None if from_run is None else await run_named(info, from_run)
    asking = partial(reusable, lfns=lfns, namespace=_namespace(info, run, namespace), from_run=run)
    found = await info.context.reader.ask_both(asking)
    rows = [_row(replica) for replica in chain.from_iterable(found.values())]
    return ReusableFiles(columns=list(_COLUMNS), rows=JSON(rows))


def _namespace(info: Info, run: RunRef | None, named: str | None) -> str:
    namespace = named or (run.namespace if run else info.context.namespace)
    if not info.context.access.sees(namespace):
        raise ForbiddenError(f"this token does not see namespace {namespace!r}")
    return namespace


def _row(replica: ReusableReplica) -> tuple[str | int | None, ...]:
    return (
        *(replica.lfn, replica.run, replica.site, replica.pfn),
        *(replica.sha256, replica.size, replica.checksum),
    )
