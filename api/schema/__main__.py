"""Writes the schema's SDL beside this package."""

import sys
from pathlib import Path

from api.schema import build_schema

SDL = Path(__file__).parent.parent / "schema.graphql"


def main() -> None:
    """Write ``api/schema.graphql``."""
    SDL.write_text(build_schema().as_str() + "\n", encoding="utf-8")
    sys.stdout.write(f"{SDL}\n")


if __name__ == "__main__":
    main()
