"""Bringing a database to the newest schema, one version at a time, each step in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert, inspect, select, text, update

from gateway.database.tables import METADATA, SCHEMA, VERSION
from gateway.errors import GatewayError
from gateway.graph.json_value import as_array, as_object

__all__ = ["bring_up_to_date"]

_CHUNK = 2000


def _tell_backends_keys_and_versions(connection: Connection) -> None:
    """1 → 2: the columns `backend`, `key`, `graph_hash`, `service_version`."""
    for column in (
        "backend TEXT NOT NULL DEFAULT ''",
        "key TEXT",
        "graph_hash VARCHAR(64) NOT NULL DEFAULT ''",
        "service_version VARCHAR(64) NOT NULL DEFAULT ''",
    ):
        connection.execute(text(f"ALTER TABLE gateway_jobs ADD COLUMN {column}"))
    connection.execute(text("CREATE UNIQUE INDEX gateway_jobs_keys ON gateway_jobs (caller, key)"))
    page = text("SELECT id, record FROM gateway_jobs WHERE id > :last ORDER BY id LIMIT :chunk")
    last = ""
    while rows := connection.execute(page, {"last": last, "chunk": _CHUNK}).all():
        last = rows[-1].id
        told = [{"id": each.id, "backend": _last_backend(each.record)} for each in rows]
        put = text("UPDATE gateway_jobs SET backend = :backend WHERE id = :id")
        connection.execute(put, told)


def _last_backend(record: str) -> str:
    try:
        job = as_object(json.loads(record)) or {}
    except ValueError:
        return ""  # whoever asks for this job is told that it cannot be read
    runs = as_array(job.get("runs")) or ()
    backend = (as_object(runs[-1]) or {}).get("backend") if runs else None
    return backend if isinstance(backend, str) else ""


def _index_the_history(connection: Connection) -> None:
    """2 → 3: the index that statistics are read from."""
    columns = "caller, created_at, service, status, started_at, completed_at"
    connection.execute(text(f"CREATE INDEX gateway_jobs_history ON gateway_jobs ({columns})"))


def _add_deliveries(connection: Connection) -> None:
    """3 → 4: the table `gateway_webhooks`."""
    connection.execute(
        text(
            "CREATE TABLE gateway_webhooks (job_id VARCHAR(64) NOT NULL PRIMARY KEY,"
            " service TEXT NOT NULL, status VARCHAR(16) NOT NULL, attempts INTEGER NOT NULL,"
            " due_at DOUBLE PRECISION NOT NULL, last_error TEXT NOT NULL)"
        )
    )
    connection.execute(
        text("CREATE INDEX gateway_webhooks_due ON gateway_webhooks (status, service, due_at)")
    )


def _keep_drained_backends(connection: Connection) -> None:
    """4 → 5: the table `gateway_backends`."""
    connection.execute(
        text(
            "CREATE TABLE gateway_backends (name VARCHAR(64) NOT NULL PRIMARY KEY,"
            " drained_at DOUBLE PRECISION NOT NULL)"
        )
    )


_STEPS: Mapping[int, Callable[[Connection], None]] = {
    1: _tell_backends_keys_and_versions,
    2: _index_the_history,
    3: _add_deliveries,
    4: _keep_drained_backends,
}
"""Version → what makes the next one of it, in words that do not change with the newest tables."""


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
