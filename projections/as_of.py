"""Views as they were: folded anew, up to a moment, into a store that is thrown away."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from eventlog.errors import LogError
from eventlog.log import EventLog, Position
from projections.past import Moment, PastLog
from projections.projector import Progress, Projector
from projections.store import ViewStore
from projections.temporary import temporary_store


@contextmanager
def views_of_the_past(
    log: EventLog,
    moment: Moment,
    *,
    key: str | None = None,
    folder: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[ViewStore]:
    """The views as a fold of the log up to a moment gives them, in a store that is removed at the end.

    With ``key`` they tell about that workflow tree alone, and only its events are read. Events that cannot be
    folded are left out, however many: the live views say which. Raises LogError where the log has lost its
    beginning, otherwise what ``Projector.catch_up`` raises.
    """
    past = PastLog(log, moment, key=key)
    if not Position().reaches(past.earliest()):
        raise LogError(
            f"the log begins at {past.earliest()}, what was before cannot be folded: name its archive "
            "(HOOFPRINT_ARCHIVE)"
        )
    with temporary_store("as-of", folder) as store:
        Projector(past, store, max_dead_letters=sys.maxsize).catch_up(progress)
        yield store
