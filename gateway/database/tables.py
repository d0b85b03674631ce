"""The tables of the newest schema, and what indexes are for. Knows no connections."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, MetaData, String, Table, Text

__all__ = [
    "BACKENDS",
    "DELIVERIES",
    "JOBS",
    "JOB_INPUTS",
    "METADATA",
    "OWNERS",
    "SCHEMA",
    "VERSION",
]

VERSION = 5
"""Of the newest schema; `migrations` tells how to come to it from each older one."""

METADATA = MetaData()

SCHEMA = Table(
    "gateway_schema",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
)
"""One row: the version that the other tables have."""

JOBS = Table(
    "gateway_jobs",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("caller", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("completed_at", Double),
    # The gateway that runs it, '' once it is finished: who finds that one gone adopts the job.
    Column("owner", String(64), nullable=False),
    # What somebody else than its owner asked to stop it for, or ''.
    Column("stop", Text, nullable=False),
    # Of its newest run, '' before the first.
    Column("backend", Text, nullable=False, server_default=""),
    # What the caller gave, or nothing: a caller's key is one job.
    Column("key", Text),
    Column("graph_hash", String(64), nullable=False, server_default=""),
    Column("service_version", String(64), nullable=False, server_default=""),
    # The whole job as JSON; the columns before are what is looked for.
    Column("record", Text, nullable=False),
    Index("gateway_jobs_newest", "created_at", "id"),
    Index("gateway_jobs_callers", "caller", "status"),
    Index("gateway_jobs_finished", "service", "status", "completed_at"),
    Index("gateway_jobs_ended", "completed_at"),
    Index("gateway_jobs_owners", "owner"),
    Index("gateway_jobs_keys", "caller", "key", unique=True),
    # Has all that statistics ask for: the rows themselves are large.
    Index(
        "gateway_jobs_history",
        *("caller", "created_at", "service", "status", "started_at", "completed_at"),
    ),
)

OWNERS = Table(
    "gateway_owners",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("seen_at", Double, nullable=False),
)
"""When each gateway last said that it is there, on a server; a file's owners hold locks instead."""

JOB_INPUTS = Table(
    "gateway_job_inputs",
    METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Index("gateway_job_inputs_digests", "digest"),
)
"""Which input files a job needs; a file that no job needs goes."""

DELIVERIES = Table(
    "gateway_webhooks",
    METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("service", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    # When it may be claimed, by the database's clock: whoever claims it sets it to the lease's end.
    Column("due_at", Double, nullable=False),
    Column("last_error", Text, nullable=False),
    Index("gateway_webhooks_due", "status", "service", "due_at"),
)
"""The ends of jobs that webhooks are told of. Neither their URLs nor their secrets are kept."""

BACKENDS = Table(
    "gateway_backends",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("drained_at", Double, nullable=False),
)
"""Backends that take no new runs, and since when: every gateway here looks, and no restart forgets."""
