"""A ComfyUI as a `Backend`: what the executor asks for, put into ComfyUI's calls and back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from gateway.comfy.answers import Answer, is_html, json_of, odd, unwanted
from gateway.comfy.http import Http
from gateway.comfy.multipart import UploadForm
from gateway.comfy.trouble import timed_out
from gateway.comfy.websocket import ComfySocket
from gateway.comfy.whereabouts import Finder
from gateway.errors import BackendError, OutputMissing
from gateway.graph.json_value import Json, as_object
from gateway.jobs.backend import (
    Accepted,
    Download,
    Following,
    Health,
    Submission,
    Upload,
    Whereabouts,
)
from gateway.services.model import BackendDeclaration
from gateway.wire.narrow import object_of, text_of
from gateway.wire.outputs import FileReference
from gateway.wire.rejection import is_rejection, node_faults_of, parse_rejection
from gateway.wire.requests import definition_path, is_safe, prompt_body, view_path
from gateway.wire.system import parse_queue_remaining, parse_system_stats

__all__ = ["ComfyBackend"]

_HEALTH_WITHIN = 4.5
_CLASSES_ONE_BY_ONE = 40
_AT_ONCE = 8


class ComfyBackend:
    """One ComfyUI; implements `Backend`. Nothing is connected before it is needed.

    Every method raises a `BackendError` when there is no answer, or an odd one.
    """

    def __init__(self, declaration: BackendDeclaration) -> None:
        self._declaration = declaration
        self._http = Http(declaration)
        self._finder = Finder(declaration, self._http)
        # After a reconnection it may be another version.
        self._socket = ComfySocket(declaration, self._http, self._finder.forget_version)

    @property
    def name(self) -> str:
        """The name in services.yaml."""
        return self._declaration.name

    @property
    def labels(self) -> frozenset[str]:
        """Its labels."""
        return self._declaration.labels

    @property
    def slots(self) -> int:
        """How many of our runs it takes at a time."""
        return self._declaration.slots

    def follow(
        self, prompt_id: str, *, previews: bool = False
    ) -> AbstractAsyncContextManager[Following]:
        """Listen for a prompt; entered before it is submitted, left when it is over.

        Args:
            prompt_id: The prompt's id.
            previews: Whether pictures of work under way are wanted too.

        Returns:
            A context; entering it raises `BackendError` when there is no WebSocket to be had.
        """
        return self._socket.follow(prompt_id, previews=previews)

    async def submit(self, submission: Submission) -> Accepted:
        """Queue a prompt, once; never retried here.

        `PromptRejected` is raised when ComfyUI's validation refused it: it is not queued. After a
        `BackendError` it may be queued all the same.
        """
        body = prompt_body(
            submission.prompt_id, self._socket.client_id, submission.prompt, submission.extra_data
        )
        answer = await self._http.post_once("/prompt", body)
        if answer.status == 400:
            refusal = json_of(self._declaration, answer)
            if is_rejection(refusal):
                raise parse_rejection(answer.status, refusal)
        accepted = object_of(self._json(answer))
        prompt_id = text_of(accepted.get("prompt_id"))
        if not prompt_id:
            raise odd(self._declaration, answer)
        return Accepted(prompt_id, node_faults_of(accepted))

    async def whereabouts(self, prompt_id: str) -> Whereabouts:
        """Tell where a prompt is."""
        return await self._finder.whereabouts(prompt_id)

    async def cancel(self, prompt_id: str) -> None:
        """Stop exactly this prompt, queued or running; nothing happens when it is over."""
        await self._finder.cancel(prompt_id)

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> str:
        """Send a file and return the text a widget names it by, such as `gateway/ab12.png`."""
        form = UploadForm(upload, chunks)
        answer = await self._http.send("/upload/image", form.chunks(), form.content_type, form.size)
        kept = object_of(self._json(answer))
        # ComfyUI renames a file when another of its name is there already.
        file = FileReference(
            text_of(kept.get("name")), text_of(kept.get("subfolder")).replace("\\", "/"), "input"
        )
        if not is_safe(file):
            raise odd(self._declaration, answer)
        return f"{file.subfolder}/{file.filename}" if file.subfolder else file.filename

    @asynccontextmanager
    async def download(self, file: FileReference) -> AsyncGenerator[Download]:
        """Open a file that a run left.

        `OutputMissing` is raised when ComfyUI has no such file, or its name leads out of ComfyUI's
        folders: then it is not even asked for.
        """
        if not is_safe(file):
            raise self._missing(file, "its name leads out of ComfyUI's folders")
        async with self._http.open(view_path(file)) as opened:
            if opened.status != 200:
                answer = await opened.read()
                if answer.status in {400, 404} and not is_html(answer):
                    raise self._missing(file, "ComfyUI no longer has it")
                raise unwanted(self._declaration, answer)
            if "text/html" in opened.content_type:
                # ComfyUI sends even HTML files as plain bytes: this is a login page or the like.
                raise odd(self._declaration, await opened.read())
            mime_type = opened.content_type.partition(";")[0].strip()
            yield Download(mime_type or "application/octet-stream", opened.size, opened.chunks())

    async def definitions(self, class_types: frozenset[str] | None = None) -> Mapping[str, Json]:
        """Return raw `/object_info` entries: of these classes, or all."""
        if class_types is None:
            return await self._definitions("/object_info")
        if len(class_types) > _CLASSES_ONE_BY_ONE:
            known = await self._definitions("/object_info")
            return {name: known[name] for name in sorted(class_types) if name in known}
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def definition(name: str) -> Mapping[str, Json]:
            """Ask for one class."""
            async with at_once:
                return await self._definitions(definition_path(name))

        found = await asyncio.gather(*(definition(name) for name in sorted(class_types)))
        return {name: entry for each in found for name, entry in each.items()}

    async def ask_if_there(self, path: str) -> Json:
        """Return what a route answers that not every ComfyUI has; None where it is not."""
        answer = await self._http.ask(path)
        return json_of(self._declaration, answer) if answer.status == 200 else None

    async def health(self) -> Health:
        """Ask how it is; never raises, answers within 5 s."""
        try:
            async with asyncio.timeout(_HEALTH_WITHIN):
                return await self._health()
        except BackendError as error:
            return Health(reachable=False, error=str(error), fault=error)
        except TimeoutError:
            fault = timed_out(self._declaration, _HEALTH_WITHIN)
            said = f"It did not answer in {_HEALTH_WITHIN:g} s."
            return Health(reachable=False, error=said, fault=fault)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._socket.close()
        await self._http.close()

    async def _health(self) -> Health:
        began = time.perf_counter()
        answer = await self._http.ask("/system_stats")
        latency = (time.perf_counter() - began) * 1000
        stats = parse_system_stats(self._json(answer))
        if stats is None:
            raise odd(self._declaration, answer)
        queue = self._json(await self._http.ask("/prompt"))
        return Health(
            reachable=True,
            latency_ms=round(latency, 1),
            version=stats.version,
            queue_remaining=parse_queue_remaining(queue),
            device=stats.device,
            vram_total=stats.vram_total,
            vram_free=stats.vram_free,
        )

    async def _definitions(self, path: str) -> Mapping[str, Json]:
        answer = await self._http.ask(path)
        entries = as_object(self._json(answer))
        if entries is None:
            raise odd(self._declaration, answer)
        return entries

    def _json(self, answer: Answer) -> Json:
        if answer.status != 200:
            raise unwanted(self._declaration, answer)
        return json_of(self._declaration, answer)

    def _missing(self, file: FileReference, why: str) -> OutputMissing:
        name = f"{file.subfolder}/{file.filename}" if file.subfolder else file.filename
        return OutputMissing(
            f"The file {name[:200]!r} ({file.type}) cannot be had from backend {self.name}: {why}.",
            where=self.name,
            found=name[:200],
            mend="Run it again with another seed: ComfyUI answers an unchanged graph from its cache.",
        )
