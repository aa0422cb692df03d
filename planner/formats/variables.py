"""``${NAME}`` in catalogs, filled in from an environment."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from planner.formats.problems import Path, Problems
from planner.formats.yaml_nodes import Node, Section
from planner.unicode_text import is_utf8

_variable = re.compile(r"(\\?)\$\{([^${}]*)\}")


def expand_text(text: str, environment: Mapping[str, str], refuse: Callable[[str], None]) -> str:
    r"""Return ``text`` with its variables replaced; ``refuse`` is told of each one that is unset or no text.

    ``\${NAME}`` stands for ``${NAME}`` itself; a value is taken as it is, variables in it are not looked at.
    """
    if "${" not in text:
        return text

    def value_of(match: re.Match[str]) -> str:
        escaped, name = match.groups()
        if escaped:
            return match[0][1:]
        value = environment.get(name)
        if value is None:
            refuse(f"variable ${{{name}}} is not set in the environment{_nearly(name, environment)}")
            return match[0]
        if not is_utf8(value):
            refuse(f"variable ${{{name}}} is not UTF-8 in the environment")
        return value

    return _variable.sub(value_of, text)


def _nearly(name: str, environment: Mapping[str, str]) -> str:
    near = get_close_matches(name, environment, n=1, cutoff=0.8)
    return f"; did you mean ${{{near[0]}}}?" if near else ""


def tree_expander(environment: Mapping[str, str]) -> Callable[[Node, Problems], Node]:
    """Return a function that replaces variables in every value of a document, extensions left out."""

    def expand(node: Node, problems: Problems, path: Path = ()) -> Node:
        if isinstance(node, str):
            return expand_text(node, environment, lambda reason: problems.add(path, reason))
        if isinstance(node, list):
            return [expand(item, problems, (*path, position)) for position, item in enumerate(node)]
        if isinstance(node, Section):
            return _expand_section(node, lambda key, value: expand(value, problems, (*path, key)))
        return None

    return expand


def _expand_section(section: Section, expand: Callable[[str, Node], Node]) -> Section:
    expanded = Section(section.line)
    for key, value in section.items():
        expanded[key] = value if key.startswith("x-") else expand(key, value)
    return expanded
