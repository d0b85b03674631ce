"""Bringing a database to the newest schema, one version at a time, each step in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert, inspect, select, update

from gateway.database.tables import METADATA, SCHEMA, VERSION
from gateway.errors import GatewayError

__all__ = ["bring_up_to_date"]

_STEPS: Mapping[int, Callable[[Connection], None]] = {}
"""Version → what makes the next one of it."""


def bring_up_to_date(connection: Connection, place: str) -> None:
    """Make the tables, or bring older ones to the newest schema; runs within a transaction.

    Args:
        connection: To the database.
        place: What the database is called to people.

    Raises:
        GatewayError: The tables are newer than this program.
    """
    if not inspect(connection).has_table(SCHEMA.name):
        METADATA.create_all(connection)
        connection.execute(insert(SCHEMA).values(version=VERSION))
        return
    version = connection.execute(select(SCHEMA.c.version)).scalar_one()
    if version > VERSION:
        raise GatewayError(
            f"The jobs in {place} were written by a newer gateway.",
            code="store-newer",
            where=place,
            found=f"schema {version}; this one knows {VERSION}",
            mend="Update the gateway, or keep its jobs elsewhere (`jobs.store`).",
        )
    while version < VERSION:
        _STEPS[version](connection)
        version += 1
        connection.execute(update(SCHEMA).values(version=version))
