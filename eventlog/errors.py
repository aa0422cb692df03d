"""The rooms' exception tree: every message says what is wrong, where, and what would be right."""


class HoofprintError(Exception):
    """Root of every error that a person is meant to read; ``exit_code`` is the command's."""

    exit_code = 1


class InputError(HoofprintError):
    """A file, option or value given to us is wrong."""

    exit_code = 2


class NotFoundError(HoofprintError):
    """Something that was asked for by name does not exist."""

    exit_code = 3


class UnavailableError(HoofprintError):
    """A service or store that is needed cannot be reached."""

    exit_code = 4


class SchemaError(HoofprintError):
    """A fact does not fit its schema, or a body cannot be decoded: unknown schema, or unfit bytes."""


class RedactedError(HoofprintError):
    """The body of an event was taken away for good: there is nothing to decode."""


class LogError(HoofprintError):
    """The log refused an operation or is damaged."""
