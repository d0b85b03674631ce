"""Making a job's prompt ready for one attempt: inputs uploaded, widgets set, a folder of its own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime

from gateway.editor.texts import resolve_texts
from gateway.graph.dynamic_text import resolve_dates, resolve_dynamic_text
from gateway.graph.json_value import Json
from gateway.graph.patch import patch
from gateway.graph.prompt import Prompt, to_json
from gateway.jobs.backend import Backend, Upload
from gateway.jobs.files import InputStore
from gateway.jobs.job import Job
from gateway.services.arrange import arranged
from gateway.services.bound import BoundService, WidgetKey
from gateway.services.changes import changes_of

__all__ = ["SALT", "prompt_for", "upload_inputs"]

_FOLDER = "gateway"
SALT = "gateway_run"
"""An input no node knows: ComfyUI ignores its value, but its cache does not (execution.py)."""


async def upload_inputs(job: Job, backend: Backend, inputs: InputStore) -> dict[str, str]:
    """Send a job's files to a backend; return parameter → the text its widget takes.

    Raises:
        BackendError: The backend did not take a file.
    """
    sent: dict[str, str] = {}
    for each in job.inputs:
        opened = await inputs.open(each.digest)
        upload = Upload(
            f"{each.digest[:16]}-{each.filename}", each.mime_type, opened.size, subfolder=_FOLDER
        )
        sent[each.parameter] = await backend.upload(upload, opened.chunks)
    return sent


def prompt_for(
    bound: BoundService,
    job: Job,
    files: Mapping[str, str],
    *,
    prompt_id: str,
    again: frozenset[str] = frozenset(),
) -> dict[str, Json]:
    """Return the graph to submit, in the form of `POST /prompt`.

    Its shape comes first, then its widgets: what is set is set in every node of a repeated chain.
    Save nodes get a folder of the run's own, so that outputs can be told apart and are not answered
    from a cache whose files may be gone; `again` names nodes that must not be cached for other reasons.
    """
    bound = arranged(bound, job.arguments)
    changes: dict[WidgetKey, Json] = changes_of(bound, job.arguments, files)
    now = datetime.now().astimezone()
    choose = random.Random(_drawn_by(job)).randrange  # noqa: S311 (not for secrets)
    folder = f"{_FOLDER}/{prompt_id}"
    salts: dict[WidgetKey, Json] = {(node_id, SALT): prompt_id for node_id in again}
    if bound.texts is not None:
        resolved = resolve_texts(bound.texts, patch(bound.prompt, changes), choose, now)
        return to_json(patch(resolved, {**_foldered(bound, resolved, folder), **salts}))
    for key, prefix in bound.prefixes.items():
        changes[key] = f"{folder}/{resolve_dates(prefix, now)}"
    for node_id, widget in sorted(bound.dynamic_texts):
        text = changes.get((node_id, widget), bound.prompt[node_id].inputs.get(widget))
        if isinstance(text, str):
            changes[node_id, widget] = resolve_dynamic_text(text, choose)
    return to_json(patch(bound.prompt, {**changes, **salts}))


def _drawn_by(job: Job) -> str:
    """Return what a job's choices in dynamic texts come of: the same ones on its next attempt.

    Jobs of a batch that have the same seeds choose the same: what is seen is the doing of what differs.
    """
    return job.id if job.batch is None else f"{job.batch.id} {sorted(job.seeds.items())}"


def _foldered(bound: BoundService, prompt: Prompt, folder: str) -> dict[WidgetKey, Json]:
    """Return the prefixes within the run's folder; what a text put in does not lead out of it."""
    changes: dict[WidgetKey, Json] = {}
    for (node_id, widget), written in bound.prefixes.items():
        resolved = str(prompt[node_id].inputs[widget])
        parts = (
            "__" if part == ".." and resolved != written else part for part in resolved.split("/")
        )
        changes[node_id, widget] = f"{folder}/{'/'.join(parts)}"
    return changes
