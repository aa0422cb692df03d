"""What a reading command or a server answers from: the views of now, or as they were."""

from dataclasses import dataclass
from datetime import UTC, datetime

from eventlog.errors import InputError
from eventlog.log import EventLog
from hoofprint.app.fold_progress import showing_fold
from hoofprint.app.house import House
from hoofprint.app.moment import parse_moment
from hoofprint.app.output import error_console
from projections.answers.runs import resolve_run, root_of
from projections.as_of import views_of_the_past
from projections.past import Moment, PastLog
from projections.store import ViewStore


@dataclass(frozen=True, slots=True)
class Past:
    """How everything stood: a log that takes no events, its views, and the moment in words for people."""

    log: EventLog
    views: ViewStore
    told: str


def views_as_of(house: House, moment: str | None, *, run: str | None = None) -> ViewStore:
    """The views with everything folded, or, for a moment, as they were then, folded anew for this command.

    ``run`` is the one run that is asked about, as a person calls it: where that can only be one, nothing
    but its workflow tree's events are read. Raises what ``parse_moment`` and ``resolve_run`` raise.
    """
    if moment is None:
        return house.folded()
    then, _ = _said(house, moment)
    return _folded(house, then, _key(house, run))


def past_as_of(house: House, moment: str, *, run: str | None = None) -> Past:
    """Log and views as they stood at a moment, the views folded anew.

    ``run`` and what is raised are those of ``views_as_of``.
    """
    then, told = _said(house, moment)
    return Past(PastLog(house.log, then), _folded(house, then, _key(house, run)), told)


def _said(house: House, text: str) -> tuple[Moment, str]:
    """The moment that is meant, and how it was understood; stderr tells that, too."""
    then, told = parse_moment(text, head=house.log.head(), now=datetime.now(UTC))
    error_console().print(f"as of {told}", soft_wrap=True)
    return then, told


def _folded(house: House, then: Moment, key: str | None) -> ViewStore:
    with showing_fold() as progress:
        return house.keep(views_of_the_past(house.log, then, key=key, progress=progress))


def _key(house: House, reference: str | None) -> str | None:
    """The key of the events of a run's tree; None where then another run may have been called so."""
    if reference in (None, "latest"):
        return None
    with house.folded().reading("runs") as connection:
        try:
            run = resolve_run(connection, reference)
        except InputError:
            # the beginning of several ids now, of one perhaps then
            return None
        is_named_by_id = run.run.startswith(reference)
        return root_of(connection, run) if is_named_by_id else None
