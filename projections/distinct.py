"""The distinct values of an indexed column, found by hopping from one to the next."""

from sqlalchemy import ColumnElement, Connection, func, select


def distinct_texts(
    connection: Connection, column: ColumnElement[str], *conditions: ColumnElement[bool], limit: int = 1000
) -> list[str]:
    """Up to ``limit`` distinct values, in byte order, of the rows that meet the conditions.

    One index descent a value, however many rows carry it; neither database finds this plan for DISTINCT.
    """
    first = select(func.min(column).label("value")).where(*conditions)
    hops = first.cte("hops", recursive=True)
    following = select(func.min(column)).where(column > hops.c.value, *conditions)
    hops = hops.union_all(select(following.scalar_subquery().label("value")).where(hops.c.value.is_not(None)))
    listed = select(hops.c.value).where(hops.c.value.is_not(None)).limit(limit)
    return list(connection.scalars(listed))
