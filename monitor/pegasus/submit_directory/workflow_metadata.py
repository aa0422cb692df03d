"""``<workflow>.metadata``: what the planner noted of the workflow as a whole, as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from eventlog.errors import InputError
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import Braindump
from monitor.pegasus.submit_directory.json_file import encodable, read_json

_RIGHT = 'must be a mapping with {"workflow_uuid": text, "wf_metadata": {name: text}}'


def workflow_metadata(dump: Braindump, reports: Reports) -> Mapping[str, str]:
    """The workflow's own metadata; what cannot be read, or speaks of another run, is reported in a line."""
    path = workflow_metadata_path(dump)
    try:
        said = read_json(path, _RIGHT)
    except FileNotFoundError:
        return {}
    except InputError as error:
        reports.unreadable(str(error))
        return {}
    noted = _noted(said)
    if noted is None:
        reports.unreadable(f"{path}: no such mapping: {_RIGHT}")
        return {}
    run, metadata = noted
    if run != dump.run:
        reports.unreadable(f"{path}: left out: it speaks of another run than {dump.run}")
        return {}
    return metadata


def workflow_metadata_path(dump: Braindump) -> Path:
    """Where it would be: beside the .dag."""
    return dump.directory / f"{Path(dump.dag).stem}.metadata"


def _noted(said: object) -> tuple[str, Mapping[str, str]] | None:
    if not isinstance(said, dict):
        return None
    named = cast(dict[str, object], said)
    run, metadata = named.get("workflow_uuid"), named.get("wf_metadata")
    if not isinstance(run, str) or not isinstance(metadata, dict):
        return None
    texts = {encodable(key): encodable(value) for key, value in metadata.items() if isinstance(value, str)}
    return (run, texts) if len(texts) == len(metadata) else None
