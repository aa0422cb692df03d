"""Strawberry's decorators with the types that it leaves open."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., object])


def resolved(description: str, *, name: str | None = None) -> Callable[[Resolver], Resolver]:
    """A field that this method answers."""
    field: Any = strawberry.field(description=description, name=name)
    return cast("Callable[[Resolver], Resolver]", field)


def mutating(description: str) -> Callable[[Resolver], Resolver]:
    """A mutation that this method carries out."""
    field: Any = strawberry.mutation(description=description)
    return cast("Callable[[Resolver], Resolver]", field)
