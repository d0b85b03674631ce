"""How jobs get on, from the worker that runs one to every front end that watches it: PostgreSQL's NOTIFY.

News are a help, never the truth: whoever watches a job looks at its row as well, seldom while news
come in and often while they do not (a lost connection, a pooler that keeps notifications back).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import cast

import psycopg

from gateway.errors import GatewayError
from gateway.execution.ledger import Ledger
from gateway.graph.json_value import Json, as_array, as_object
from gateway.jobs.job import Job, JobStatus
from gateway.jobs.stored import progress_of

__all__ = ["News"]

_CHANNEL = "gateway_news"
_BATCH = 0.1
_PAYLOAD = 7_500
"""Bytes; PostgreSQL takes less than 8,000 in one notification."""

_OFTEN = 0.25
_SELDOM = 5.0
_CALL_EVERY = 10.0
_HEARD_WITHIN = 3.0
_PAUSE = 0.5


class News:
    """Tells what this process's jobs do, and hears of the others'.

    Args:
        url: The database.
        ledger: Whose changes are told, and whose watchers hear.
    """

    def __init__(self, url: str, ledger: Ledger) -> None:
        self._url = url
        self._ledger = ledger
        self._newest: dict[str, Job] = {}
        self._waiting = asyncio.Event()
        self._answered = asyncio.Event()
        self._call = ""
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Begin to tell and to hear."""
        self._ledger.told = self._take
        for work in (self._tell_for_ever, self._hear_for_ever):
            self._tasks.append(asyncio.create_task(work()))

    async def close(self) -> None:
        """Stop; what was not told yet is told first, if that takes no time."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._ledger.look_every = _OFTEN

    # --- telling ---

    def _take(self, job: Job) -> None:
        self._newest[job.id] = job
        self._waiting.set()

    async def _tell_for_ever(self) -> None:
        while True:
            with suppress(psycopg.Error, OSError):
                async with await self._connect() as connection:
                    while True:
                        await self._waiting.wait()
                        self._waiting.clear()
                        newest, self._newest = self._newest, {}
                        for payload in _payloads(newest.values()):
                            await _notify(connection, payload)
                        if not any(job.finished for job in self._newest.values()):
                            await asyncio.sleep(_BATCH)
            await asyncio.sleep(_PAUSE)

    # --- hearing ---

    async def _hear_for_ever(self) -> None:
        while True:
            with suppress(psycopg.Error, OSError):
                async with await self._connect() as connection:
                    await connection.execute(f"LISTEN {_CHANNEL}")
                    for job in self._ledger.watched():  # what was told meanwhile was not heard
                        with suppress(GatewayError):
                            await self._ledger.look_again(job)
                    calling = asyncio.create_task(self._call_for_ever())
                    try:
                        async for each in connection.notifies():
                            await self._hear(each.payload)
                    finally:
                        calling.cancel()
            self._ledger.look_every = _OFTEN
            await asyncio.sleep(_PAUSE)

    async def _call_for_ever(self) -> None:
        """Call ourselves now and then: only who hears himself hears the others."""
        async with await self._connect() as connection:
            while True:
                self._call = secrets.token_hex(8)
                self._answered.clear()
                with suppress(TimeoutError, psycopg.Error):
                    await _notify(connection, json.dumps(self._call))
                    async with asyncio.timeout(_HEARD_WITHIN):
                        await self._answered.wait()
                self._ledger.look_every = _SELDOM if self._answered.is_set() else _OFTEN
                await asyncio.sleep(_CALL_EVERY if self._answered.is_set() else _PAUSE)

    async def _hear(self, payload: str) -> None:
        try:
            told = cast("Json", json.loads(payload))
        except ValueError:
            return  # somebody else's
        if told == self._call:
            self._answered.set()
        for each in as_array(told) or ():
            news = as_object(each) or {}
            job_id, status = news.get("id"), news.get("status")
            if isinstance(job_id, str) and isinstance(status, str):
                progress = progress_of(news.get("progress"))
                self._ledger.hear(job_id, cast("JobStatus", status), progress)
                await self._look_at(job_id, status)

    async def _look_at(self, job_id: str, status: str) -> None:
        """Read a job's row when the news is that it is over."""
        for job in self._ledger.watched():
            if job.id == job_id and status not in {"pending", "running"}:
                with suppress(GatewayError):
                    await self._ledger.look_again(job)

    async def _connect(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=5, prepare_threshold=None
        )


async def _notify(connection: psycopg.AsyncConnection, payload: str) -> None:
    await connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, payload))


def _payloads(jobs: Iterable[Job]) -> Iterator[str]:
    """Pack what is new of these jobs into as few notifications as hold it."""
    packed: list[str] = []
    size = 2
    for job in jobs:
        news = json.dumps(_news(job), separators=(",", ":"))
        if packed and size + len(news) + 1 > _PAYLOAD:
            yield f"[{','.join(packed)}]"
            packed, size = [], 2
        packed.append(news)
        size += len(news) + 1
    if packed:
        yield f"[{','.join(packed)}]"


def _news(job: Job) -> Json:
    news: dict[str, Json] = {"id": job.id, "status": job.status}
    if not job.finished:
        progress = {**asdict(job.progress), "cached_nodes": list(job.progress.cached_nodes)}
        if (
            len(json.dumps(progress)) < _PAYLOAD // 2
        ):  # a graph of a thousand cached nodes is no news
            news["progress"] = progress
    return news
