"""How many strikes a campaign has, and from which seed."""

import os
import random

import pytest

SOAK = bool(os.environ.get("HOOFPRINT_SOAK"))


@pytest.fixture
def seed() -> int:
    """The seed of a campaign: ``HOOFPRINT_CHAOS_SEED``, or another one each time; it is printed."""
    chosen = int(os.environ.get("HOOFPRINT_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"HOOFPRINT_CHAOS_SEED={chosen} gives the same strikes again")
    return chosen


@pytest.fixture
def strikes() -> int:
    """How many strikes: a few dozen, a thousand when soaking, or ``HOOFPRINT_CHAOS_STRIKES``."""
    return int(os.environ.get("HOOFPRINT_CHAOS_STRIKES", "0")) or (1000 if SOAK else 36)
