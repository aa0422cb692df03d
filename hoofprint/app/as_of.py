"""What a reading command or a server answers from: the views of now, or as they were."""

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


def views_as_of(house: House, moment: str | None, *, run: str | None = None) -> ViewStore:
    """The views with everything folded, or, for a moment, as they were then, folded anew for this command.

    ``run`` is the one run that is asked about, as a person calls it: where that can only be one, nothing
    but its workflow tree's events are read. Raises what ``parse_moment`` and ``resolve_run`` raise.
    """
    if moment is None:
        return house.folded()
    return _folded(house, _said(house, moment), _key(house, run))


def log_and_views_as_of(house: House, moment: str, *, run: str | None = None) -> tuple[EventLog, ViewStore]:
    """The log as it stood at a moment, which takes no events, and its views, folded anew.

    ``run`` and what is raised are those of ``views_as_of``.
    """
    then = _said(house, moment)
    return PastLog(house.log, then), _folded(house, then, _key(house, run))


def _said(house: House, text: str) -> Moment:
    """The moment that is meant; how it was understood goes to stderr."""
    then, told = parse_moment(text, head=house.log.head(), now=datetime.now(UTC))
    error_console().print(f"as of {told}", soft_wrap=True)
    return then


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
