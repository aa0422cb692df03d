"""The distinct values of an indexed column, found by hopping from one to the next."""

from sqlalchemy import ColumnElement, Connection, func, select


def distinct_texts(
    connection: Connection, column: ColumnElement[str], *conditions: ColumnElement[bool], limit: int = 1000
) -> list[str]:
    """Up to ``limit`` distinct values, in byte order, of the rows that meet the conditions.

    One index descent a value, however many rows carry it; neither database finds this plan for DISTINCT.
    """
    first = select(func.min(column).label("value")).where(*conditions)
    found = first.cte("found", recursive=True)
    following = select(func.min(column)).where(column > found.c.value, *conditions)
    found = found.union_all(
        select(following.scalar_subquery().label("value")).where(found.c.value.is_not(None))
    )
    listed = select(found.c.value).where(found.c.value.is_not(None)).limit(limit)
    return list(connection.scalars(listed))
