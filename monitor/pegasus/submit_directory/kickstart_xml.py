"""Kickstart's XML invocation records, versions 1.10 to 2.3, read piece by piece.

Names and shapes follow the schemas iv-1.10 to iv-2.3; what they say comes out under the YAML records' names.
"""

from xml.sax import SAXException, handler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from eventlog.errors import InputError
from monitor.pegasus.submit_directory.kickstart import MOST_OUTPUT, KickstartRecord

_INVOCATION = (
    "start",
    "duration",
    "transformation",
    "derivation",
    "resource",
    "hostaddr",
    "hostname",
    "user",
)
_PHASES = frozenset(("setup", "prejob", "mainjob", "postjob", "cleanup"))
_USAGE = ("utime", "stime", "maxrss", "minflt", "majflt", "nswap", "inblock", "outblock", "nvcsw", "nivcsw")
_UNAME = {"system": "uname_system", "release": "uname_release", "machine": "uname_machine"}
_CPU = {"count": "cpu_count", "speed": "cpu_speed", "vendor": "cpu_vendor"}
_FILE = ("size", "mtime", "ctime", "user")


class _Handler(handler.ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.record = KickstartRecord(is_xml=True)
        self._path: list[str] = []
        self._text: list[str] = []
        self._left = 0
        self._stat, self._lfn = "", ""

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        self._path.append(name)
        self._text, self._left = [], MOST_OUTPUT
        said = {key: str(attrs.getValue(key)) for key in attrs.getNames()}
        phase = next((each for each in self._path if each in _PHASES), None)
        if name == "invocation":
            self._keep("", said, _INVOCATION)
        elif phase == "mainjob":
            self._of_the_task(name, said)
        elif phase is None:
            self._of_the_host(name, said)

    def endElement(self, name: str) -> None:
        text = "".join(self._text)
        if name == "data" and self._stat == "stdout":
            self.record.stdout = text
        elif name == "data" and self._stat == "stderr":
            self.record.stderr = text
        elif name == "cwd" and text.strip():
            self.record.values["cwd"] = text.strip()
        elif name == "cpu" and text.strip():
            self.record.values["machine.cpu_model"] = text.strip()
        elif name == "arg" and self._in_task():
            self.record.arguments.append(text)
        elif name == "statcall":
            self._stat = self._lfn = ""
        self._path.pop()
        self._text = []

    def characters(self, content: str) -> None:
        if self._left > 0:
            self._text.append(content[: self._left])
            self._left -= len(content)

    def _in_task(self) -> bool:
        return "mainjob" in self._path

    def _of_the_task(self, name: str, said: dict[str, str]) -> None:
        if name == "mainjob":
            self._keep("mainjob.", said, ("start", "duration"))
        elif name == "usage":
            self._keep("mainjob.usage.", said, _USAGE)
        elif name == "status":
            self._keep("mainjob.status.", said, ("raw",))
        elif name == "signalled":
            self._keep("mainjob.status.signalled_", said, ("signal",))
        elif name == "file" and "name" in said:
            self.record.values["mainjob.executable.file_name"] = said["name"]

    def _of_the_host(self, name: str, said: dict[str, str]) -> None:
        if name == "uname":
            self._rename("machine.", said, _UNAME)
        elif name == "ram" and "total" in said:
            self.record.values["machine.ram_bytes"] = said["total"]
        elif name == "cpu":
            self._rename("machine.", said, _CPU)
        elif name == "statcall":
            self._stat, self._lfn = said.get("id", ""), said.get("lfn", "")
        elif name == "statinfo" and self._stat == "final" and self._lfn:
            self._file().update({key: said[key] for key in _FILE if key in said})
        elif name == "checksum" and self._stat == "final" and self._lfn and said.get("type") == "sha256":
            self._file().update(sha256=said.get("value", ""), checksum_timing=said.get("timing", "0"))

    def _file(self) -> dict[str, str]:
        return self.record.files.setdefault(self._lfn, {"output": "True"})

    def _keep(self, prefix: str, said: dict[str, str], names: tuple[str, ...]) -> None:
        self.record.values.update({f"{prefix}{name}": said[name] for name in names if name in said})

    def _rename(self, prefix: str, said: dict[str, str], names: dict[str, str]) -> None:
        self.record.values.update(
            {f"{prefix}{new}": said[name] for name, new in names.items() if name in said}
        )


class XmlReader:
    """Takes the text of one record in pieces of any size; ``end`` gives the record.

    Document types and entities are refused: a record has none, and they can grow without bound.
    """

    def __init__(self) -> None:
        self._handler = _Handler()
        self._parser = DefusedExpatParser(forbid_dtd=True)
        self._parser.setContentHandler(self._handler)

    def take(self, piece: str) -> None:
        """Raises ``InputError`` for what is no XML, and for document types and entities."""
        try:
            self._parser.feed(piece)
        except DefusedXmlException:
            raise InputError("no kickstart record: its XML declares a document type or entities") from None
        except SAXException as error:
            raise InputError(f"no XML: {_words(error)}") from None

    def end(self) -> KickstartRecord:
        """Raises ``InputError`` where the record is cut off."""
        try:
            self._parser.close()
        except SAXException as error:
            raise InputError(f"no XML: {_words(error)}") from None
        return self._handler.record


def _words(error: SAXException) -> str:
    return error.getMessage().splitlines()[0]
