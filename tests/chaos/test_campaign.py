"""All is killed at random moments while events flow; nothing is lost, doubled or left behind afterwards."""

from contextlib import closing
from pathlib import Path

import pytest

from projections.groups import GROUPS
from tests.chaos.campaign import Campaign
from tests.chaos.cast import Cast, Outcome, Place, wage
from tests.chaos.findings import unexpected_words

pytestmark = pytest.mark.crash


def verdict(campaign: Campaign, outcome: Outcome) -> str:
    """What a person needs who has to find out what went wrong."""
    return "\n".join([f"seed {campaign.seed}: {outcome.summary}", *outcome.wrong])


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.usefixtures("kafka_server", "postgres_url")
def test_with_events_on_kafka_and_views_on_postgresql(tmp_path: Path, seed: int, strikes: int) -> None:
    from tests.chaos.services import Broker, Database

    with closing(Broker(tmp_path / "broker")) as broker, closing(Database(tmp_path / "postgres")) as database:
        log = f"kafka://{broker.address}/events?bootstrap.timeout.ms=5000"
        hasty = f"{log}&delivery.timeout.ms=1500"
        place = Place(tmp_path, log, hasty, database.clients_url, database.url, spools=True)
        cast = Cast(place, rebuilt=chosen(seed))
        campaign = Campaign([*cast.actors, broker, database], seed, strikes)
        outcome = wage(place, cast, campaign)
        wrong = [*outcome.wrong, *unexpected_words({"PostgreSQL": database.log}, ("deadlock detected",))]
        print(outcome.summary)
        assert not wrong, verdict(campaign, Outcome(wrong, outcome.summary))


def test_with_events_and_views_in_sqlite_on_one_host(tmp_path: Path, seed: int, strikes: int) -> None:
    place = Place.in_files(tmp_path)
    cast = Cast(place, rebuilt=chosen(seed))
    campaign = Campaign(cast.actors, seed, strikes // 2, pause=0.6)
    outcome = wage(place, cast, campaign)
    print(outcome.summary)
    assert not outcome.wrong, verdict(campaign, outcome)


def chosen(seed: int) -> str:
    """The group of views that is rebuilt."""
    return GROUPS[seed % len(GROUPS)].name
