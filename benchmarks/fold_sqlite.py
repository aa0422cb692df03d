"""fold-sqlite: log -> all views in SQLite, in events a second, decoding included, one process.

python -m benchmarks.fold_sqlite [--events N] [--folder FOLDER]

The bars: 20,000 events a second at 10 million events, and 60 % of the first million's rate in the last.
"""

import tempfile
from pathlib import Path

from benchmarks.fold import fold_options, measure
from projections.store import ViewStore


def main() -> None:
    """Measure and print."""
    parser = fold_options("Folding into SQLite.")
    parser.add_argument("--folder", type=Path, help="where the views lie while they are measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hoofprint-fold-", dir=options.folder) as folder:
        store = ViewStore.open(folder)
        measure("fold-sqlite", store, options.events, holds_at=0.6, synchronous="NORMAL")
        store.close()


if __name__ == "__main__":
    main()
