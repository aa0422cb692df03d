"""The system fields: what is known of every file without anybody tagging it."""

from enum import StrEnum

from projections.search.values import ValueType


class Field(StrEnum):
    """A system field; the value is its name in the text form."""

    LFN = "lfn"
    SIZE = "size"
    SHA256 = "sha256"
    CHECKSUM = "checksum"
    ROLE = "role"
    CREATED = "created"
    SITE = "site"
    PROTOCOL = "protocol"
    JOB = "job"
    TASK = "task"
    TRANSFORMATION = "transformation"
    RUN = "run"
    WORKFLOW = "workflow"
    USER = "user"
    NAMESPACE = "namespace"

    @property
    def type(self) -> ValueType:
        """The type that its values have."""
        return _TYPES.get(self, ValueType.STRING)


_TYPES = {Field.SIZE: ValueType.NUMBER, Field.CREATED: ValueType.TIME}
_BY_NAME = {field.value: field for field in Field}


def field_named(name: str) -> Field | None:
    """The system field of this name; names are exact, so that ``Size`` is free for a tag."""
    return _BY_NAME.get(name)
