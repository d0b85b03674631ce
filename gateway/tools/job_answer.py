"""From a job to an answer: a short text, small previews within a budget, links, the whole record."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.execution.collect import PreviewShelf
from gateway.execution.executor import Executor
from gateway.graph.json_value import Json
from gateway.jobs.files import OutputStore
from gateway.jobs.job import Job, Output, OutputFile, OutputText
from gateway.tools.answer import Answer, FileLink, InlineImage
from gateway.tools.job_record import (
    Places,
    finished_record,
    handle_record,
    output_uri,
    status_record,
    webhook_record,
)
from gateway.tools.running import Asking

__all__ = ["JobAnswers", "rerun_answer"]

_LONGEST_TEXT = 2000
_SMALLEST_PREVIEW = 2048
_LINKS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class JobAnswers:
    """Makes answers of jobs; `budget` is bytes of base64 for all previews of one answer."""

    executor: Executor
    outputs: OutputStore
    previews: PreviewShelf
    budget: int

    async def result(self, job: Job, asking: Asking) -> Answer:
        """Return what a finished job answers, or the handle of one that goes on."""
        if not job.finished:
            record = handle_record(job, await self._expected(job))
            return Answer(
                f"{job.service} is {job.status}: job {job.id}. {record['message']}", record
            )
        record = finished_record(job, self._places(job, asking)) | await self._told(job)
        failed = job.status != "completed"
        answer = Answer(
            text=_failed_text(job) if failed else self._text(job, asking),
            structured=record,
            images=await self._images(job),
            links=_links(job, asking),
            failed=failed,
        )
        await self.executor.ledger.kept(job.id)
        return answer

    async def status(self, job: Job) -> Answer:
        """Return what `query_job_status` answers."""
        record = status_record(job)
        if not job.finished:
            expected = await self._expected(job)
            if expected is not None:
                record["expected_ms"] = round(expected * 1000)
        await self.executor.ledger.kept(job.id)
        return Answer(_status_text(job), record | await self._told(job))

    async def _told(self, job: Job) -> dict[str, Json]:
        """Return what a record says of its webhook: nothing when the end is told to nobody."""
        if job.status not in job.tells:
            return {}
        delivery = await self.executor.ledger.delivery(job)
        return {} if delivery is None else {"webhook": webhook_record(delivery)}

    async def _expected(self, job: Job) -> float | None:
        expectations = self.executor.expectations
        await expectations.know(job.service)
        return expectations.seconds(job)

    def _places(self, job: Job, asking: Asking) -> Places:
        make = asking.url
        return Places(
            path=lambda file: self.outputs.path(file.key) if asking.local else None,
            url=None if make is None else lambda number: make(job, number),
        )

    async def _images(self, job: Job) -> tuple[InlineImage, ...]:
        pictures = [
            each
            for each in job.outputs
            if isinstance(each, OutputFile) and each.key and each.mime_type.startswith("image/")
        ]
        images: list[InlineImage] = []
        left = self.budget * 3 // 4
        for number, picture in enumerate(pictures):
            share = left // (len(pictures) - number)
            data = await self._preview(picture, share)
            if data is not None:
                left -= len(data)
                images.append(InlineImage(data, "image/webp", picture.filename))
        return tuple(images)

    async def _preview(self, picture: OutputFile, most: int) -> bytes | None:
        path = self.outputs.path(picture.key)
        if path is None or most < _SMALLEST_PREVIEW:
            return None
        preview = await self.previews.preview(picture.key, path)
        if preview is None or len(preview.data) <= most:
            return preview.data if preview is not None else None
        return await self.previews.shrink(preview.data, most)

    def _text(self, job: Job, asking: Asking) -> str:
        lines = [_summary(job)]
        places = self._places(job, asking)
        lines.extend(
            f"- {each.name}: {_told(each, number, places)}"
            for number, each in enumerate(job.outputs[:_LINKS_SHOWN])
        )
        if len(job.outputs) > _LINKS_SHOWN:
            lines.append(f"- … and {len(job.outputs) - _LINKS_SHOWN} more")
        lines.extend(f"Note: {warning}" for warning in job.warnings)
        return "\n".join(lines)


def rerun_answer(answer: Answer, old: Job, job: Job) -> Answer:
    """Return the answer of a job that did `old` again, with what became of the seeds."""
    same = {name: value for name, value in job.seeds.items() if old.seeds.get(name) == value}
    other = {name: value for name, value in job.seeds.items() if name not in same}
    told = [f"same {name} {value}" for name, value in same.items()]
    told += [f"other {name} {value}" for name, value in other.items()]
    text = f"{job.service} of job {old.id} again{', with ' if told else ''}{', '.join(told)}."
    seeds: dict[str, Json] = {"same_seeds": dict(same), "other_seeds": dict(other)}
    structured = {**answer.structured, "rerun_of": old.id, **seeds}
    return replace(answer, text=f"{text}\n{answer.text}", structured=structured)


def _told(output: Output, number: int, places: Places) -> str:
    match output:
        case OutputText(text=text):
            return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
        case OutputFile(missing=missing) if missing:
            return f"missing: {missing}"
        case OutputFile():
            size = f", {output.width}×{output.height}" if output.width else ""
            temp = ", a preview" if output.type == "temp" else ""
            where = places.path(output) or (places.url(number) if places.url else "")
            return f"{output.filename} ({output.mime_type}{size}{temp}) {where}".rstrip()


def _links(job: Job, asking: Asking) -> tuple[FileLink, ...]:
    return tuple(
        FileLink(
            uri=asking.url(job, number) if asking.url else output_uri(job.id, number),
            name=each.filename,
            title=f"{each.name} {each.index}" if each.index else each.name,
            mime_type=each.mime_type,
            size=each.size_bytes,
        )
        for number, each in enumerate(job.outputs[:_LINKS_SHOWN])
        if isinstance(each, OutputFile) and each.key
    )


def _summary(job: Job) -> str:
    took = ""
    if job.started_at is not None and job.completed_at is not None:
        took = f" in {max(job.completed_at - job.started_at, 0):.1f} s"
    count = len(job.outputs)
    made = {0: "nothing to return", 1: "1 output"}.get(count, f"{count} outputs")
    seeds = "".join(f", {name} {value}" for name, value in job.seeds.items())
    return f"{job.service}: {made}{took}{seeds} (job {job.id})."


def _failed_text(job: Job) -> str:
    failure = job.failure
    if failure is None:
        return f"{job.service}: {job.status} (job {job.id})."
    kept = f" {len(job.outputs)} outputs were kept." if job.outputs else ""
    return f"{failure.message} {failure.mend}{kept} (job {job.id}, {job.status})"


def _status_text(job: Job) -> str:
    progress = job.progress
    if job.failure is not None:
        return _failed_text(job)
    if job.finished:
        return f"{job.service}: {job.status}. Call get_job_result with job_id {job.id}."
    doing = ""
    if progress.queue_position is not None:
        doing = f", {progress.queue_position} before it"
    elif progress.title:
        doing = f", {progress.title} {progress.current:g}/{progress.maximum:g}"
    if progress.left:
        doing += f", {progress.left}"
    note = f" ({progress.note})" if progress.note else ""
    return f"{job.service}: {job.status}{doing}{note}."
