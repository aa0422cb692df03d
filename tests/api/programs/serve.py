"""Serves a log and its views, in the folder named, until told to stop."""

import argparse
import sys
import threading
from pathlib import Path

from api.server import build_app, serve
from api.settings import ServerSettings
from eventlog.sqlite import SqliteLog
from projections.projector import Projector
from projections.store import ViewStore


def main(folder: Path, token_file: Path | None, as_of: str | None) -> None:
    """Serve on a free port."""
    log, store = SqliteLog.open(folder / "log.db"), ViewStore.open(folder / "views")

    def follow(stop: threading.Event) -> None:
        projector = Projector(log, store)
        while not stop.wait(0.05):
            projector.catch_up()
        sys.stdout.write("folding ended\n")

    settings = ServerSettings(port=0, follow=follow, token_file=token_file, as_of=as_of)
    serve(build_app(log, store, settings), "127.0.0.1", 0)
    store.close()
    log.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path)
    options.add_argument("--token-file", type=Path)
    options.add_argument("--as-of")
    main(**vars(options.parse_args()))
