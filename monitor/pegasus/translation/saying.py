"""What a record, or the end of its source, makes us say."""

from collections.abc import Iterable

from monitor.attempt import Stated

Said = Iterable[Stated]
"""Facts and their times in the order in which they are to be told; mostly none."""
