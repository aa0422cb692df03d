"""A PostgreSQL server that takes connections and says nothing is out of reach, not waited for without end."""

import socket
import time

import pytest

from eventlog.errors import UnavailableError
from projections.store import ViewStore

pytest.importorskip("psycopg")


def test_a_server_that_never_answers_is_out_of_reach_after_the_time_of_its_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        location = f"postgresql+psycopg://ada@127.0.0.1:{silent.getsockname()[1]}/views?connect_timeout=2"
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"is out of reach: connection"):
            ViewStore.open(location)
        assert time.monotonic() - began < 9
