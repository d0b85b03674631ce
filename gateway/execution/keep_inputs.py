"""Taking a caller's files in: copied at once into the gateway's own store, whatever they refer to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.errors import ArgumentFault, InputRefused, JobNotFound
from gateway.execution.batches import batch_of
from gateway.execution.ledger import Ledger
from gateway.execution.sheets import Sheets
from gateway.jobs.batch import Batch
from gateway.jobs.files import InputStore, OutputStore, Reference, References
from gateway.jobs.job import InputFile, OutputFile
from gateway.jobs.names import safe_name

__all__ = ["InputKeeper", "Sender"]

_OUTPUT_URI = re.compile(r"comfyui://jobs/([^/]+)/outputs/(\d+)")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a call or a file; `local`: on this machine, so that paths count.

    Attributes:
        key: Their idempotency key for the call, or empty.
    """

    caller: str
    local: bool
    key: str = ""


@dataclass(frozen=True, slots=True)
class InputKeeper:
    """Opens references and keeps what they lead to; `max_size` is bytes."""

    references: References
    inputs: InputStore
    outputs: OutputStore
    ledger: Ledger
    sheets: Sheets
    max_size: int

    async def keep(self, files: Mapping[str, str], sender: Sender) -> tuple[InputFile, ...]:
        """Keep every file; parameter → reference.

        Raises:
            InputRefused: One or more of them may not or cannot be read; every fault is listed.
        """
        kept = await asyncio.gather(
            *(self._keep(name, reference, sender) for name, reference in files.items()),
            return_exceptions=True,
        )
        faults: list[ArgumentFault] = []
        inputs: list[InputFile] = []
        for each in kept:
            match each:
                case InputFile():
                    inputs.append(each)
                case InputRefused(faults=more):
                    faults.extend(more)
                case BaseException():
                    raise each
        if faults:
            raise InputRefused(faults)
        return tuple(inputs)

    async def check(self, inputs: Iterable[InputFile]) -> None:
        """See to it that files that were kept for an earlier job are still there.

        Raises:
            InputRefused: One or more of them are gone.
        """
        gone: list[ArgumentFault] = []
        for each in inputs:
            try:
                await self.inputs.open(each.digest)
            except KeyError:
                said = f"the file {each.filename} is not kept any more; give it again"
                gone.append(ArgumentFault(f"/overrides/{each.parameter}", said))
        if gone:
            raise InputRefused(gone)

    async def _keep(self, parameter: str, reference: str, sender: Sender) -> InputFile:
        try:
            opened = await self._open(reference, sender)
            kept = await self.inputs.keep(opened.chunks, self.max_size)
        except InputRefused as refused:
            raise InputRefused(
                [ArgumentFault(f"/{parameter}", fault.message) for fault in refused.faults],
                code=refused.code,
            ) from refused
        return InputFile(
            parameter, kept.digest, safe_name(opened.filename), opened.mime_type, kept.size
        )

    async def _open(self, reference: str, sender: Sender) -> Reference:
        output = _OUTPUT_URI.fullmatch(reference)
        if output is None:
            return await self.references.open(reference, local=sender.local)
        return await self._open_output(output[1], int(output[2]), sender)

    async def _open_output(self, job_id: str, index: int, sender: Sender) -> Reference:
        job = await self.ledger.get(job_id) or await batch_of(self.ledger, job_id)
        if job is None or job.caller != sender.caller:
            raise InputRefused([ArgumentFault("", JobNotFound.sentence(job_id))])
        if isinstance(job, Batch):
            job = await self.sheets.on(job)
        if index >= len(job.outputs):
            raise InputRefused(
                [ArgumentFault("", f"job {job_id} has {len(job.outputs)} outputs, counted from 0")]
            )
        file = job.outputs[index]
        if not isinstance(file, OutputFile) or not file.key:
            why = "is no file" if isinstance(file, OutputFile) else "is a text and no file"
            raise InputRefused([ArgumentFault("", f"output {index} of job {job_id} {why}")])
        try:
            opened = await self.outputs.open(file.key)
        except KeyError:
            raise InputRefused(
                [ArgumentFault("", f"output {index} of job {job_id} is gone")]
            ) from None
        return Reference(file.filename, file.mime_type, opened.chunks)
