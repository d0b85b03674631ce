"""From a job to an answer: a short text, small previews within a budget, links, the whole record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.execution.collect import PreviewShelf
from gateway.execution.executor import Executor
from gateway.graph.json_value import Json
from gateway.jobs.files import OutputStore, Preview
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

__all__ = ["JobAnswers", "link_of", "rerun_answer", "told_output", "warning_of_unsent"]

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
        places = await self.places(job, asking)
        unsent = tuple(warning_of_unsent(job, places))
        failed = job.status != "completed"
        answer = Answer(
            text=_failed_text(job) if failed else _text(job, places, unsent),
            structured=finished_record(job, places, unsent) | await self._told(job),
            images=await self.images([job.outputs]),
            links=_links(job, places),
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

    async def places(self, job: Job, asking: Asking) -> Places:
        """Return where whoever asks can have each file now; links of buckets are made anew each time."""
        paths: dict[int, str] = {}
        urls: dict[int, str] = {}
        unsent: set[int] = set()
        for number, file in enumerate(job.outputs):
            if not isinstance(file, OutputFile) or not file.key:
                continue
            path = self.outputs.path(file.key)
            if path is not None and asking.local:
                paths[number] = path
            link = await self.outputs.link(file.key, doubtful=bool(file.unsent))
            if link is None and file.unsent:
                unsent.add(number)
            if link is not None:
                urls[number] = link
            elif asking.url is not None and (path is not None or not file.unsent):
                urls[number] = asking.url(job, number)
        return Places(paths, urls, frozenset(unsent))

    async def images(self, of: Sequence[Sequence[Output]]) -> tuple[InlineImage, ...]:
        """Return previews of pictures within the budget; each group has its share, and what is over."""
        images: list[InlineImage] = []
        left = self.budget * 3 // 4
        groups = [found for each in of if (found := _pictures(each))]
        for number, pictures in enumerate(groups):
            share = left // (len(groups) - number)
            made = await self._within(pictures, share)
            left -= sum(len(each.data) for each in made)
            images += made
        return tuple(images)

    async def _within(self, pictures: Sequence[OutputFile], left: int) -> list[InlineImage]:
        images: list[InlineImage] = []
        for number, picture in enumerate(pictures):
            share = left // (len(pictures) - number)
            data = await self._preview(picture, share)
            if data is not None:
                left -= len(data)
                images.append(InlineImage(data, "image/webp", picture.filename))
        return images

    async def _preview(self, picture: OutputFile, most: int) -> bytes | None:
        if most < _SMALLEST_PREVIEW:
            return None
        preview = self.previews.kept(picture.key) or await self._made_again(picture.key)
        if preview is None or len(preview.data) <= most:
            return preview.data if preview is not None else None
        return await self.previews.shrink(preview.data, most)

    async def _made_again(self, key: str) -> Preview | None:
        async with self.outputs.lend(key) as path:
            return None if path is None else await self.previews.preview(key, path)


def _text(job: Job, places: Places, unsent: Sequence[str]) -> str:
    lines = [_summary(job)]
    lines.extend(
        f"- {each.name}: {told_output(each, number, places)}"
        for number, each in enumerate(job.outputs[:_LINKS_SHOWN])
    )
    if len(job.outputs) > _LINKS_SHOWN:
        lines.append(f"- … and {len(job.outputs) - _LINKS_SHOWN} more")
    lines.extend(f"Note: {warning}" for warning in (*job.warnings, *unsent))
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


def warning_of_unsent(job: Job, places: Places) -> Iterator[str]:
    """Yield a warning for each file that is still not in its bucket."""
    for number, file in enumerate(job.outputs):
        if isinstance(file, OutputFile) and number in places.unsent:
            where = places.paths.get(number) or (
                f".gateway/outputs/{file.key} of the gateway that ran the job"
            )
            yield (
                f"{file.filename} is kept at {where} for now, and goes to its bucket later: "
                f"{file.unsent}"
            )


def told_output(output: Output, number: int, places: Places) -> str:
    """Return what a text says of an output and where it is; its number counts from 0."""
    match output:
        case OutputText(text=text):
            return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
        case OutputFile(missing=missing) if missing:
            return f"missing: {missing}"
        case OutputFile():
            size = f", {output.width}×{output.height}" if output.width else ""
            temp = ", a preview" if output.type == "temp" else ""
            where = places.paths.get(number) or places.urls.get(number, "")
            return f"{output.filename} ({output.mime_type}{size}{temp}) {where}".rstrip()


def _links(job: Job, places: Places) -> tuple[FileLink, ...]:
    numbered = enumerate(job.outputs[:_LINKS_SHOWN])
    found = (link_of(job, number, each, places) for number, each in numbered)
    return tuple(each for each in found if each is not None)


def link_of(job: Job, number: int, output: Output, places: Places) -> FileLink | None:
    """Return the link to an output, by its place in the job's list from 0; None when it is no file."""
    if not isinstance(output, OutputFile) or not output.key:
        return None
    return FileLink(
        uri=places.urls.get(number) or output_uri(job.id, number),
        name=output.filename,
        title=f"{output.name} {output.index}" if output.index else output.name,
        mime_type=output.mime_type,
        size=output.size_bytes,
    )


def _pictures(outputs: Sequence[Output]) -> list[OutputFile]:
    return [
        each
        for each in outputs
        if isinstance(each, OutputFile) and each.key and each.mime_type.startswith("image/")
    ]


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
