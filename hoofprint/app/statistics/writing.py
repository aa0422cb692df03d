"""Sheets as text and as CSV, into a stream."""

import csv
from collections.abc import Sequence
from typing import TextIO

from hoofprint.app.output import printable
from hoofprint.app.statistics.rows import Cells
from hoofprint.app.statistics.sheets import Section, Sheet


def write_text(stream: TextIO, sheet: Sheet, *, with_legend: bool = True) -> None:
    """Write one sheet as aligned columns; foreign text is made harmless for a terminal."""
    if with_legend:
        _write_legend(stream, sheet)
    for section in sheet.sections:
        if section.title:
            stream.write(f"\n# {printable(section.title)}\n")
        _write_table(stream, section)
    if sheet.lines:
        stream.write("\n")
    stream.writelines(f"{line}\n" for line in sheet.lines)


def write_csv(stream: TextIO, sheet: Sheet) -> None:
    """Write one sheet as CSV: comments that begin with #, one line of names, rows (RFC 4180 but for CRLF)."""
    _write_legend(stream, sheet)
    writer = csv.writer(stream, lineterminator="\n")
    named: Cells = ()
    for section in sheet.sections:
        names = (*section.key, *(section.csv_columns or section.columns))
        if names != named:
            writer.writerow(names)
            named = names
        writer.writerows((*section.key.values(), *row) for row in section.rows)


def _write_legend(stream: TextIO, sheet: Sheet) -> None:
    stream.writelines(f"# {line}".rstrip() + "\n" for line in sheet.legend.splitlines())


def _write_table(stream: TextIO, section: Section) -> None:
    rows = [[printable(cell) for cell in row] for row in section.rows]
    lines: Sequence[Sequence[str]] = [section.columns, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        stream.write("  ".join(padded).rstrip() + "\n")
