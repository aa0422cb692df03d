"""The files that a DAX job uses, as version 2 and version 3 write them."""

import sys

from planner.abstract import Use
from planner.catalogs import NO_METADATA, Transformation
from planner.formats.dax_catalogs import DaxCatalogs
from planner.formats.problems import Problems
from planner.formats.sizes import parse_size
from planner.formats.xml_document import Element, read_boolean
from planner.formats.xml_profiles import read_metadata
from planner.lfn import InvalidLfnError, check_lfn

_LINKS = frozenset({"input", "output", "inout", "checkpoint", "none"})
_TRANSFERS = {"true": "true", "1": "true", "false": "false", "0": "false", "optional": "optional"}
_OPPOSITES = {"true": "false", "false": "true", "optional": "optional"}


class DaxUses:
    """Reads uses; equal ones become one object. A use's own replicas go to the document's catalog."""

    def __init__(self, problems: Problems, catalogs: DaxCatalogs) -> None:
        self._problems = problems
        self._catalogs = catalogs
        self._uses: dict[tuple[tuple[str, str], ...], Use] = {}

    def read(self, element: Element, label: str) -> Use:
        """Return what a ``<uses>`` says; ``label`` begins the messages about it."""
        if element.content:
            return self._new_use(element, label)
        key = tuple(element.attributes.items())
        known = self._uses.get(key)
        if known is None:
            before = len(self._problems)
            known = self._new_use(element, label)
            if len(self._problems) == before:
                self._uses[key] = known
        return known

    def _new_use(self, element: Element, label: str) -> Use:
        name = "file" if "file" in element.attributes else "name"
        lfn = read_lfn(element, name, self._problems, label) or ""
        label = f"{label}file {lfn}: "
        executable = self._boolean(element, "executable", element.get("type") == "executable", label)
        temporary = self._boolean(element, "isTemporary", False, label)
        transfer = self._transfer(element, label)
        use = Use(
            lfn=str(Transformation(lfn, element.get("namespace"), element.get("version")))
            if executable
            else lfn,
            link=self._link(element, label),
            stage_out=transfer != "false" and not temporary,
            register=self._registers(element, label) and not temporary,
            optional=self._boolean(element, "optional", False, label) or transfer == "optional",
            executable=executable,
            size=parse_size(element.get("size")),
            metadata=read_metadata(element) or NO_METADATA,
            namespace=element.get("namespace"),
            version=element.get("version"),
        )
        if use.reads and element.first("pfn"):
            self._catalogs.add_file(element, lfn)
        return use

    def _link(self, element: Element, label: str) -> str:
        link = element.get("link", "none").strip().lower()
        if link not in _LINKS:
            self._problems.add(element.line, f'{label}"link" is "{link}"{self._problems.hint(link, _LINKS)}')
        return sys.intern(link)

    def _transfer(self, element: Element, label: str) -> str:
        """Return true, false or optional; version 2.0 told the opposite, as ``dontTransfer``."""
        attribute = "dontTransfer" if "dontTransfer" in element.attributes else "transfer"
        written = element.get(attribute, "false" if attribute == "dontTransfer" else "true")
        transfer = _TRANSFERS.get(written.strip().lower())
        if transfer is None:
            self._problems.add(
                element.line, f'{label}"{attribute}" is "{written}"; true, false or optional is wanted'
            )
            return "true"
        return _OPPOSITES[transfer] if attribute == "dontTransfer" else transfer

    def _registers(self, element: Element, label: str) -> bool:
        if "dontRegister" in element.attributes:
            return not self._boolean(element, "dontRegister", False, label)
        return self._boolean(element, "register", True, label)

    def _boolean(self, element: Element, attribute: str, default: bool, label: str) -> bool:
        return read_boolean(element, attribute, default, self._problems, label)


def read_lfn(element: Element, attribute: str, problems: Problems, label: str) -> str | None:
    """Return the safe logical file name in an attribute; None where there is none, or none that is safe."""
    written = element.attributes.get(attribute)
    if written is None:
        problems.add(element.line, f'{label}<{element.tag}> has no "{attribute}"')
        return None
    try:
        return check_lfn(sys.intern(written.strip()))
    except InvalidLfnError as error:
        problems.add(element.line, f"{label}{error}")
        return None
