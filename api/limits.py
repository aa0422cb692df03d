"""How much one GraphQL document may ask for, measured before anything is run.

Fragments are measured once each, so that a bomb of nested fragments costs the meter nothing. A field that
takes ``first`` (or a lineage ``budget``) counts what it selects that many times.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_introspection_type,
)
from strawberry.extensions import SchemaExtension

from api.errors import LimitError
from eventlog.errors import InputError

MAX_TOKENS = 2_000
MAX_DEPTH = 12
MAX_INTROSPECTION_DEPTH = 16
MAX_ALIASES = 30
MAX_DIRECTIVES = 60
MAX_COST = 120_000

_MULTIPLIERS = ("first", "budget")
_INTROSPECTION = ("__schema", "__type")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a selection is, with everything below it."""

    depth: int = 0
    cost: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Size") -> "Size":
        """Both selections in one."""
        return Size(
            max(self.depth, other.depth),
            self.cost + other.cost,
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


class Meter:
    """Measures documents against a schema's paged fields; made once for a schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._defaults = dict(_paged_fields(schema._schema))

    def check(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        """Raise LimitError for a document beyond any limit; the message names it and its figure."""
        fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                reading = _Reading(fragments, _given(node, variables), self._defaults)
                _check(reading.selections(node.selection_set), introspects=_introspects(node))


class _Reading:
    """One document, with what its fragments measured."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        defaults: Mapping[str, int],
    ) -> None:
        self._fragments = fragments
        self._variables = variables
        self._defaults = defaults
        # a fragment within itself measures nothing here; validation refuses it
        self._measured: dict[str, Size] = {}

    def selections(self, selected: SelectionSetNode | None) -> Size:
        size = Size()
        for node in selected.selections if selected else ():
            size = size.beside(self._selection(node))
        return size

    def _selection(self, node: SelectionNode) -> Size:
        if isinstance(node, FieldNode):
            inner = self._field(node)
        elif isinstance(node, InlineFragmentNode):
            inner = self.selections(node.selection_set)
        elif isinstance(node, FragmentSpreadNode):
            inner = self._fragment(node.name.value)
        else:
            inner = Size()
        return inner.beside(Size(directives=len(node.directives or ())))

    def _field(self, node: FieldNode) -> Size:
        below = self.selections(node.selection_set)
        return Size(
            depth=below.depth + 1,
            cost=1 + below.cost * self._times(node),
            aliases=below.aliases + (node.alias is not None),
            directives=below.directives,
        )

    def _fragment(self, name: str) -> Size:
        if name not in self._measured:
            self._measured[name] = Size()
            fragment = self._fragments.get(name)
            self._measured[name] = self.selections(fragment.selection_set if fragment else None)
        return self._measured[name]

    def _times(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in _MULTIPLIERS:
                return max(1, self._number(argument.value))
        return self._defaults.get(node.name.value, 1)

    def _number(self, value: object) -> int:
        if isinstance(value, VariableNode):
            value = self._variables.get(value.name.value)
        return _integer(value)


def _given(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of an operation, with the defaults of those that were not passed."""
    defaults = {node.variable.name.value: node.default_value for node in operation.variable_definitions or ()}
    return {**defaults, **variables}


def _integer(value: object) -> int:
    if isinstance(value, IntValueNode):
        # a number of a million digits is refused later; here its length must not cost
        return int(value.value[:12])
    return value if isinstance(value, int) else 1


def _check(size: Size, *, introspects: bool) -> None:
    limits = (
        ("nested", size.depth, MAX_INTROSPECTION_DEPTH if introspects else MAX_DEPTH, "levels deep"),
        ("with", size.aliases, MAX_ALIASES, "aliases"),
        ("with", size.directives, MAX_DIRECTIVES, "directives"),
        ("asking for about", size.cost, MAX_COST, "values; ask for smaller pages"),
    )
    for how, found, limit, what in limits:
        if found > limit:
            raise LimitError(f"the request is too large: {how} {found} {what}; the limit is {limit}")


def _introspects(operation: OperationDefinitionNode) -> bool:
    return all(
        isinstance(node, FieldNode) and node.name.value in _INTROSPECTION
        for node in operation.selection_set.selections
    )


def _paged_fields(schema: GraphQLSchema) -> Iterator[tuple[str, int]]:
    for kind in schema.type_map.values():
        if not isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) or is_introspection_type(kind):
            continue
        for name, field in kind.fields.items():
            for argument in _MULTIPLIERS:
                if argument in field.args:
                    yield name, int(field.args[argument].default_value)


class Limits(SchemaExtension):
    """Refuses documents beyond the limits before they are validated and run."""

    def on_operation(self) -> Iterator[None]:
        """Bound the tokens that are parsed at all."""
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_validate(self) -> Iterator[None]:
        """Measure what was parsed."""
        context = self.execution_context
        if context.graphql_document is not None:
            _require_one_operation(context.graphql_document, context.context.operation_name)
            context.context.meter.check(context.graphql_document, context.variables or {})
        yield


def _require_one_operation(document: DocumentNode, name: str | None) -> None:
    """Where nobody says which of several operations is meant, none is run (not the first)."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        raise InputError(f"the document has {len(operations)} operations: name one in operationName")
