"""The forms that statistics come in, and where each goes: one stream, or a file a table."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection

from eventlog.errors import InputError
from hoofprint.app.output import json_text
from hoofprint.app.statistics.document import document_of
from hoofprint.app.statistics.question import Question
from hoofprint.app.statistics.sheets import csv_sheets, text_sheets
from hoofprint.app.statistics.writing import write_csv, write_text


class Format(StrEnum):
    """How statistics are written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


def write_to(stream: TextIO, connection: Connection, question: Question, form: Format) -> None:
    """Write everything that is asked for into one stream."""
    if form is Format.JSON:
        stream.write(json_text(document_of(connection, question)) + "\n")
        return
    sheets = csv_sheets if form is Format.CSV else text_sheets
    for number, sheet in enumerate(sheets(connection, question)):
        if number:
            stream.write("\n")
        if form is Format.CSV:
            stream.write(f"# {sheet.name}.csv\n")
            write_csv(stream, sheet)
        else:
            write_text(stream, sheet, with_legend=False)


def write_files(folder: Path, connection: Connection, question: Question, form: Format) -> Iterator[Path]:
    """Write a file a table into a folder, made where it is missing; yields each path when it is there.

    Files of these names are replaced. Raises InputError where the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield from _written(folder, connection, question, form)
    except OSError as error:
        raise InputError(f"cannot write statistics to {folder}: {error.strerror}") from error


def _written(folder: Path, connection: Connection, question: Question, form: Format) -> Iterator[Path]:
    if form is Format.JSON:
        path = folder / "statistics.json"
        path.write_text(json_text(document_of(connection, question)) + "\n", encoding="utf-8")
        yield path
        return
    sheets, write, ending = (
        (csv_sheets, write_csv, "csv") if form is Format.CSV else (text_sheets, write_text, "txt")
    )
    for sheet in sheets(connection, question):
        path = folder / f"{sheet.name}.{ending}"
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            write(stream, sheet)
        yield path
