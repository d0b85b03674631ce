"""Finding and stopping one prompt, on servers with the jobs API and on those without.

Source: ComfyUI server.py: `/api/jobs/{id}` (0.4 and later), `/queue`, `/history/{id}`, `/interrupt`.
"""

from __future__ import annotations

from gateway.comfy.answers import Answer, is_html, is_unrouted, json_of, odd, unwanted
from gateway.comfy.http import Http
from gateway.graph.json_value import JsonObject, as_object
from gateway.jobs.backend import Finished, Pending, Running, Unknown, Whereabouts
from gateway.services.model import BackendDeclaration
from gateway.wire.history import HistoryEntry
from gateway.wire.history_entry import JobRecord, parse_history, parse_job
from gateway.wire.queue import AtWork, InLine, QueuePlace, place_in_queue, position_among_jobs
from gateway.wire.requests import (
    JOBS_IN_LINE,
    cancel_path,
    history_path,
    interrupt_body,
    job_path,
    queue_delete_body,
)

__all__ = ["Finder"]


class Finder:
    """Asks one ComfyUI after prompts; remembers whether it has the jobs API."""

    def __init__(self, backend: BackendDeclaration, http: Http) -> None:
        self._backend = backend
        self._http = http
        self._without_jobs = False

    def forget_version(self) -> None:
        """Look again whether the server has the jobs API."""
        self._without_jobs = False

    async def whereabouts(self, prompt_id: str) -> Whereabouts:
        """Tell where a prompt is."""
        if not self._without_jobs:
            answer = await self._http.ask(job_path(prompt_id))
            if not is_unrouted(answer):
                return await self._from_job(prompt_id, answer)
            self._without_jobs = True
        match await self._place(prompt_id):
            case AtWork():
                return Running()
            case InLine(position):
                return Pending(position)
            case None:
                # Asked after the queue: a prompt only ever moves from there to the history.
                entry = await self._history(prompt_id)
                return Finished(entry) if entry is not None else Unknown()

    async def cancel(self, prompt_id: str) -> None:
        """Stop exactly this prompt."""
        if not self._without_jobs:
            answer = await self._http.tell(cancel_path(prompt_id), {})
            if not is_unrouted(answer):
                self._object(answer)
                return
            self._without_jobs = True
        if isinstance(await self._place(prompt_id), InLine):
            self._check(await self._http.tell("/queue", queue_delete_body(prompt_id)))
        # It may have begun meanwhile. Versions that do not know `prompt_id` here stop whatever runs,
        # so nothing is sent unless ours was seen running.
        if isinstance(await self._place(prompt_id), AtWork):
            self._check(await self._http.tell("/interrupt", interrupt_body(prompt_id)))

    async def _from_job(self, prompt_id: str, answer: Answer) -> Whereabouts:
        if answer.status == 404 and not is_html(answer):
            return Unknown()
        record = parse_job(self._object(answer))
        if record is None:
            raise odd(self._backend, answer)
        if record.stage == "running":
            return Running()
        if record.entry is None:
            return Pending(await self._position(prompt_id, record))
        # The jobs API rewrites some outputs; the history has them as the nodes left them.
        return Finished(await self._history(prompt_id) or record.entry)

    async def _position(self, prompt_id: str, record: JobRecord) -> int:
        jobs = self._object(await self._http.ask(JOBS_IN_LINE))
        return position_among_jobs(prompt_id, record.priority, jobs)

    async def _place(self, prompt_id: str) -> QueuePlace | None:
        return place_in_queue(prompt_id, self._object(await self._http.ask("/queue")))

    async def _history(self, prompt_id: str) -> HistoryEntry | None:
        return parse_history(prompt_id, self._object(await self._http.ask(history_path(prompt_id))))

    def _object(self, answer: Answer) -> JsonObject:
        self._check(answer)
        found = as_object(json_of(self._backend, answer))
        if found is None:
            raise odd(self._backend, answer)
        return found

    def _check(self, answer: Answer) -> None:
        if answer.status != 200:
            raise unwanted(self._backend, answer)
