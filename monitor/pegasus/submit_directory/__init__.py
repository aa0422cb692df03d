"""A submit directory as Pegasus leaves it: what a monitor reads there, live or years later."""

from monitor.pegasus.submit_directory.archived import is_packed
from monitor.pegasus.submit_directory.braindump import is_submit_directory
from monitor.pegasus.submit_directory.following import Following
from monitor.pegasus.submit_directory.reading_beside import submit_directory
from monitor.pegasus.submit_directory.source import SubmitDirectory

__all__ = ["Following", "SubmitDirectory", "is_packed", "is_submit_directory", "submit_directory"]
