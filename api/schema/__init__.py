"""The GraphQL schema. ``python -m api.schema`` writes it to ``api/schema.graphql``."""

import strawberry
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection, ParserCache
from strawberry.types import ExecutionContext

from api.limits import Limits
from api.schema.knowledge import Mutation
from api.schema.lineage import LineageFile, LineageTask
from api.schema.query import Query
from api.schema.scalars import CONFIG

_PARSED_DOCUMENTS = 256


class _Schema(strawberry.Schema):
    """A schema that leaves it to the endpoint which errors are worth a line in the log."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: most errors are the caller's."""


def build_schema(*, introspection: bool = True) -> strawberry.Schema:
    """The schema with its limits; without ``introspection`` nobody can read it from the server."""
    hidden = [] if introspection else [DisableIntrospection]
    return _Schema(
        query=Query,
        mutation=Mutation,
        types=[LineageFile, LineageTask],
        config=CONFIG,
        extensions=[Limits, lambda: ParserCache(maxsize=_PARSED_DOCUMENTS), *hidden],
    )
