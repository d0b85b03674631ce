"""Databases as older gateways made them: the words they used, kept as they were."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

__all__ = ["make_version_1", "make_version_2", "opened"]

_VERSION_1 = (
    "CREATE TABLE gateway_schema (version INTEGER NOT NULL PRIMARY KEY)",
    (
        "CREATE TABLE gateway_jobs (id VARCHAR(64) NOT NULL PRIMARY KEY, caller TEXT NOT NULL,"
        " service TEXT NOT NULL, status VARCHAR(16) NOT NULL, created_at DOUBLE PRECISION NOT NULL,"
        " started_at DOUBLE PRECISION, completed_at DOUBLE PRECISION, owner VARCHAR(64) NOT NULL,"
        " stop TEXT NOT NULL, record TEXT NOT NULL)"
    ),
    "CREATE INDEX gateway_jobs_newest ON gateway_jobs (created_at, id)",
    "CREATE INDEX gateway_jobs_callers ON gateway_jobs (caller, status)",
    "CREATE INDEX gateway_jobs_finished ON gateway_jobs (service, status, completed_at)",
    "CREATE INDEX gateway_jobs_ended ON gateway_jobs (completed_at)",
    "CREATE INDEX gateway_jobs_owners ON gateway_jobs (owner)",
    (
        "CREATE TABLE gateway_owners (id VARCHAR(64) NOT NULL PRIMARY KEY,"
        " seen_at DOUBLE PRECISION NOT NULL)"
    ),
    (
        "CREATE TABLE gateway_job_inputs (job_id VARCHAR(64) NOT NULL, digest VARCHAR(64) NOT NULL,"
        " PRIMARY KEY (job_id, digest))"
    ),
    "CREATE INDEX gateway_job_inputs_digests ON gateway_job_inputs (digest)",
    "INSERT INTO gateway_schema (version) VALUES (1)",
)

_TO_VERSION_2 = (
    "ALTER TABLE gateway_jobs ADD COLUMN backend TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE gateway_jobs ADD COLUMN key TEXT",
    "ALTER TABLE gateway_jobs ADD COLUMN graph_hash VARCHAR(64) NOT NULL DEFAULT ''",
    "ALTER TABLE gateway_jobs ADD COLUMN service_version VARCHAR(64) NOT NULL DEFAULT ''",
    "CREATE UNIQUE INDEX gateway_jobs_keys ON gateway_jobs (caller, key)",
    "UPDATE gateway_schema SET version = 2",
)
"""What version 2 had that version 1 had not."""


@contextmanager
def opened(url: URL) -> Generator[Connection]:
    """Connect as nobody in particular, in one transaction."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def make_version_1(url: URL, records: Sequence[dict[str, object]]) -> None:
    """Make a database of version 1 with these jobs, each unfinished one owned by `dead`."""
    put = text(
        "INSERT INTO gateway_jobs (id, caller, service, status, created_at, owner, stop, record)"
        " VALUES (:id, :caller, :service, :status, :created_at, :owner, '', :record)"
    )
    with opened(url) as connection:
        for statement in _VERSION_1:
            connection.execute(text(statement))
        for each in records:
            columns = {
                key: each[key] for key in ("id", "caller", "service", "status", "created_at")
            }
            owner = "dead" if each["status"] in {"pending", "running"} else ""
            connection.execute(put, {**columns, "owner": owner, "record": json.dumps(each)})


def make_version_2(url: URL, records: Sequence[dict[str, object]]) -> None:
    """Make a database of version 2 with these jobs, each unfinished one owned by `dead`."""
    make_version_1(url, records)
    put = text("UPDATE gateway_jobs SET backend = :backend, key = :key WHERE id = :id")
    with opened(url) as connection:
        for statement in _TO_VERSION_2:
            connection.execute(text(statement))
        for each in records:
            told = {key: each.get(key) for key in ("id", "key")}
            connection.execute(put, {**told, "backend": each.get("backend", "")})
