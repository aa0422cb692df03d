"""Transformation catalogs as text.

``tr namespace::name:version { site X { pfn "…" … } }`` and ``cont name { image "…" … }``, on any number
of lines.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from eventlog.errors import InputError
from planner.catalogs import Container, Executable, TransformationCatalog, TransformationEntry
from planner.formats.problems import Problems, one_line
from planner.formats.profiles import PROFILE_NAMESPACES, gather_profiles, parse_transformation
from planner.formats.source import Source
from planner.formats.text_tokens import Token, tokenize
from planner.formats.transformation_entries import TransformationEntries
from planner.formats.variables import expand_text

# The older words are those of Pegasus 3.
_EXECUTABLE_KINDS = {"installed": "installed", "stageable": "stageable", "static_binary": "stageable"}
_CONTAINER_KINDS = {"docker": "docker", "singularity": "singularity", "shifter": "shifter"}
_SITE_WORDS = frozenset({"pfn", "arch", "os", "osrelease", "osversion", "type", "container"})
_CONTAINER_WORDS = frozenset({"type", "image", "image_site", "mount", "dockerfile"})
_PAIR_WORDS = frozenset({"profile", "metadata"})


@dataclass(slots=True)
class _Block:
    """What stands between two braces; ``line`` is where its name stands."""

    name: str
    line: int
    values: dict[str, list[str]] = field(default_factory=dict)
    profiles: list[tuple[str, str, str]] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)

    def value(self, word: str) -> str:
        return self.values.get(word, [""])[-1]


def read_text_transformations(source: Source, environment: Mapping[str, str]) -> TransformationCatalog:
    """Return the catalog; ``${NAME}`` is filled in from ``environment``. Raises InputError."""
    problems = Problems(source.name)
    catalog = _TextReader(source, environment, problems).read()
    problems.raise_any()
    return catalog


class _TextReader:
    """A reader that looks one token ahead; what breaks the structure ends it, the rest is collected."""

    def __init__(self, source: Source, environment: Mapping[str, str], problems: Problems) -> None:
        self._file = source.name
        self._environment = environment
        self._problems = problems
        self._tokens = tokenize(source.text(), source.name)
        self._ahead = next(self._tokens)
        self._entries = TransformationEntries()

    def read(self) -> TransformationCatalog:
        readers: dict[str, Callable[[], None]] = {"tr": self._transformation, "cont": self._container}
        while self._ahead.kind != "end":
            reader = readers.get(self._ahead.text.lower())
            if reader is None or self._ahead.kind != "word":
                self._refuse(f'{self._ahead} stands where "tr" or "cont" is wanted')
            self._take()
            reader()
        return self._entries.catalog(self._file)

    def _transformation(self) -> None:
        block = self._open_block("a transformation's name")
        sites: list[_Block] = []
        while not self._closes():
            if self._at("site"):
                self._take()
                sites.append(self._site())
            else:
                self._attribute(block, frozenset({"site"}))
        if not sites:
            self._problems.add(
                block.line, f"transformation {block.name}: there is no site; at least one is wanted"
            )
        self._entries.add(
            TransformationEntry(
                parse_transformation(block.name),
                tuple(self._executable(block.name, site) for site in sites),
                profiles=gather_profiles(block.profiles),
                metadata=block.metadata,
            )
        )

    def _site(self) -> _Block:
        block = self._open_block("a site's name")
        while not self._closes():
            self._attribute(block, _SITE_WORDS)
        return block

    def _executable(self, transformation: str, site: _Block) -> Executable:
        label = f"transformation {transformation}: site {site.name}"
        if not site.value("pfn"):
            self._problems.add(site.line, f'{label}: "pfn" is missing')
        return Executable(
            site=site.name,
            pfn=site.value("pfn"),
            kind=self._kind(site, _EXECUTABLE_KINDS, "installed", label),
            arch=site.value("arch"),
            os=site.value("os").lower(),
            os_release=site.value("osrelease"),
            os_version=site.value("osversion"),
            container=site.value("container") or None,
            profiles=gather_profiles(site.profiles),
            metadata=site.metadata,
        )

    def _container(self) -> None:
        block = self._open_block("a container's name")
        while not self._closes():
            self._attribute(block, _CONTAINER_WORDS)
        label = f"container {block.name}"
        if not block.value("image"):
            self._problems.add(block.line, f'{label}: "image" is missing')
        container = Container(
            name=block.name,
            kind=self._kind(block, _CONTAINER_KINDS, "docker", label),
            image=block.value("image"),
            image_site=block.value("image_site"),
            mounts=tuple(block.values.get("mount", ())),
            profiles=gather_profiles(block.profiles),
        )
        if not self._entries.add_container(container):
            self._problems.add(block.line, f"{label}: this container is given twice")

    def _kind(self, block: _Block, kinds: Mapping[str, str], default: str, label: str) -> str:
        written = block.value("type")
        kind = kinds.get(written.lower()) if written else default
        if kind is None:
            self._problems.add(
                block.line, f'{label}: "type" is "{written}"{self._problems.hint(written.lower(), kinds)}'
            )
        return kind or default

    def _attribute(self, block: _Block, words: frozenset[str]) -> None:
        token = self._take()
        word = token.text.lower()
        if token.kind != "word" or word not in words | _PAIR_WORDS:
            self._refuse(f"{token} is unknown here{self._problems.hint(word, words | _PAIR_WORDS)}", token)
        if word == "profile":
            self._profile(block)
        elif word == "metadata":
            key = self._value("a metadata key")
            block.metadata[key] = self._value(f'the value of metadata "{key}"')
        else:
            block.values.setdefault(word, []).append(self._value(f'the value of "{word}"'))

    def _profile(self, block: _Block) -> None:
        token = self._ahead
        written = self._value("a profile's namespace").lower()
        key = self._value("a profile's key")
        value = self._value(f'the value of profile "{key}"')
        namespace = PROFILE_NAMESPACES.get(written)
        if namespace:
            block.profiles.append((namespace, key, value))
        else:
            hint = self._problems.hint(written, PROFILE_NAMESPACES)
            self._problems.add(token.line, f'unknown profile namespace "{written}"{hint}')

    def _open_block(self, what: str) -> _Block:
        line = self._ahead.line
        name = self._value(what)
        if not name:
            self._refuse(f"{what} is empty")
        brace = self._take()
        if brace.kind != "brace" or brace.text != "{":
            self._refuse(f'{brace} stands where "{{" is wanted after {name}', brace)
        return _Block(name, line)

    def _closes(self) -> bool:
        if self._ahead.kind == "end":
            self._refuse('"}" is missing at the end of the file')
        if self._ahead.kind != "brace" or self._ahead.text != "}":
            return False
        self._take()
        return True

    def _at(self, word: str) -> bool:
        return self._ahead.kind == "word" and self._ahead.text.lower() == word

    def _value(self, what: str) -> str:
        token = self._take()
        if token.kind not in ("word", "quoted"):
            self._refuse(f"{token} stands where {what} is wanted", token)
        return expand_text(
            token.text, self._environment, lambda reason: self._problems.add(token.line, reason)
        )

    def _take(self) -> Token:
        token = self._ahead
        if token.kind != "end":
            self._ahead = next(self._tokens)
        return token

    def _refuse(self, reason: str, token: Token | None = None) -> NoReturn:
        raise InputError(f"{self._file}:{(token or self._ahead).line}: {one_line(reason)}")
