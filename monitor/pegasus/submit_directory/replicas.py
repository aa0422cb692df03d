"""``<workflow>.replicas.db``: the output replica catalog in a submit directory (Pegasus' JDBCRC)."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import Braindump
from monitor.pegasus.submit_directory.planned import planned_time
from monitor.pegasus.submit_directory.registrations import Replica

_QUERY = """
SELECT l.lfn, p.pfn, p.site,
       max(CASE WHEN m.key = 'size' THEN m.value END),
       max(CASE WHEN m.key = 'checksum.value' THEN m.value END)
FROM rc_lfn l JOIN rc_pfn p ON p.lfn_id = l.lfn_id LEFT JOIN rc_meta m ON m.lfn_id = l.lfn_id
GROUP BY l.lfn, p.pfn, p.site ORDER BY l.lfn, p.pfn, p.site
"""


def stored_replicas(dump: Braindump, told: Collection[Replica], reports: Reports) -> Iterator[Record]:
    """``file.replica`` of what is registered there and was not ``told``; of what is no catalog, a line."""
    for path in sorted(dump.directory.glob("*.replicas.db")):
        try:
            rows = _rows(path)
        except sqlite3.Error as error:
            reports.unreadable(f"{path}: no replica catalog of Pegasus: {error}")
            continue
        for lfn, pfn, site, size, sha256 in rows:
            if (lfn, pfn, site) in told:
                continue
            fields = {"lfn.id": lfn, "pfn": pfn, "site": site, "size": size, "sha256": sha256}
            known = {name: value for name, value in fields.items() if value is not None}
            yield Record("file.replica", planned_time(dump), dump.run, dump.root, known, str(path))


def _rows(path: Path) -> list[tuple[str, str, str | None, str | None, str | None]]:
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        return connection.execute(_QUERY).fetchall()
