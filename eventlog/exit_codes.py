"""Exit codes out of wait statuses, by the rule of Pegasus' databases."""

NOTHING_RAN = -128


def regular_exit(raw: int) -> int:
    """The exit code of a raw wait status: minus the signal where one ended it, -128 where nothing ran."""
    if raw < 0:
        return NOTHING_RAN
    return -(raw & 0x7F) if raw & 0x7F else raw >> 8
