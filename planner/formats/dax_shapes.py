"""The elements of DAX 2.0 to 3.6, with their attributes: the union of all versions.

Source: the schemas dax-2.0.xsd to dax-3.6.xsd. Version 2 says ``file`` where version 3 says ``name``.
"""

from planner.formats.xml_document import ElementShape
from planner.formats.xml_profiles import INVOKE, METADATA, PROFILE

_IDENTITY = frozenset({"namespace", "name", "version"})
_SYSTEM = frozenset({"arch", "os", "osrelease", "osversion", "glibc"})
_STDIO = ElementShape(frozenset({"name", "file", "link", "varname"}))
_JOB = frozenset(
    {"id", "node-label", "level", "runtime", "compound", "file", "dv-namespace", "dv-name", "dv-version"}
)
_JOB_PARTS = frozenset({"argument", "metadata", "profile", "stdin", "stdout", "stderr", "uses", "invoke"})
_USE = _IDENTITY | frozenset(
    {
        *("file", "link", "optional", "register", "transfer", "size", "executable"),
        *("type", "dontRegister", "dontTransfer", "isTemporary", "temporaryHint"),
    }
)
_ROOT = frozenset({"version", "name", "index", "count", "jobCount", "fileCount", "childCount"})

DAX_SHAPES = {
    "adag": ElementShape(_ROOT, required=("name",)),
    "filename": ElementShape(frozenset({"file", "link", "optional"}), required=("file",)),
    "file": ElementShape(
        frozenset({"name", "link", "optional"}), ("name",), frozenset({"metadata", "profile", "pfn"})
    ),
    "executable": ElementShape(
        _IDENTITY | _SYSTEM | {"installed"}, ("name",), frozenset({"metadata", "profile", "pfn", "invoke"})
    ),
    "transformation": ElementShape(_IDENTITY, ("name",), frozenset({"metadata", "uses", "invoke"})),
    "job": ElementShape(_JOB | _IDENTITY, ("id", "name"), _JOB_PARTS),
    "dax": ElementShape(_JOB | _IDENTITY, ("id", "file"), _JOB_PARTS),
    "dag": ElementShape(_JOB | _IDENTITY, ("id", "file"), _JOB_PARTS),
    "argument": ElementShape(children=frozenset({"file", "filename"})),
    "stdin": _STDIO,
    "stdout": _STDIO,
    "stderr": _STDIO,
    "uses": ElementShape(_USE, children=frozenset({"metadata", "pfn"})),
    "child": ElementShape(frozenset({"ref"}), ("ref",), frozenset({"parent"})),
    "parent": ElementShape(frozenset({"ref", "edge-label"}), ("ref",)),
    "pfn": ElementShape(frozenset({"url", "site"}), ("url",), frozenset({"profile"})),
    "profile": PROFILE,
    "metadata": METADATA,
    "invoke": INVOKE,
}
