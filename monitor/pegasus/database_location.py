"""What a location must be like to be a database's; known without loading what reads one."""

from pathlib import Path

SQLITE_HEADER = b"SQLite format 3\0"
"""What every SQLite file begins with."""


def looks_like_database(location: str) -> bool:
    """Whether a location is the address of a database, or a file that begins as SQLite's do."""
    if "://" in location and not Path(location).exists():
        return True
    try:
        if not Path(location).is_file():
            return False
        with Path(location).open("rb") as file:
            return file.read(len(SQLITE_HEADER)) == SQLITE_HEADER
    except OSError:
        return False
