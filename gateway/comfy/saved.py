"""Workflows that a ComfyUI keeps for its editor: those its user saved, and its templates.

Source: ComfyUI app/user_manager.py (`/userdata`), app/custom_node_manager.py (`/workflow_templates`),
server.py (`/templates`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

from gateway.comfy.answers import Answer, unwanted
from gateway.comfy.http import Http
from gateway.errors import GatewayError
from gateway.graph.json_value import as_array, as_object
from gateway.services.closest import closest
from gateway.services.model import BackendDeclaration
from gateway.wire.clean import clean_line
from gateway.wire.narrow import text_of

__all__ = ["saved_workflow"]

_LISTED = 8


async def saved_workflow(backend: BackendDeclaration, name: str) -> str:
    """Return the JSON of a workflow that a ComfyUI keeps.

    Args:
        backend: Which ComfyUI.
        name: Of a saved workflow, with `/` for folders, or of a template; with or without `.json`.

    Raises:
        BackendError: It does not answer, or not as a ComfyUI.
        GatewayError: `workflow-not-kept`: it has neither.
    """
    http = Http(backend)
    stem = name.removesuffix(".json")
    try:
        for path in (
            f"/userdata/{quote(f'workflows/{stem}.json', safe='')}",
            f"/templates/{quote(stem, safe='')}.json",
            *_of_a_pack(stem),
        ):
            answer = await http.ask(path)
            if answer.status == 200:
                return answer.body.decode("utf-8-sig", "replace")
            if answer.status not in {400, 403, 404}:
                raise unwanted(backend, answer)
        kept = [each async for each in _kept(http)]
    finally:
        await http.close()
    raise _not_kept(backend, stem, kept)


def _of_a_pack(stem: str) -> Iterator[str]:
    """Yield the path of a template that a node pack brings: `pack/name`."""
    pack, slash, name = stem.partition("/")
    if slash:
        yield f"/api/workflow_templates/{quote(pack, safe='')}/{quote(name, safe='')}.json"


async def _kept(http: Http) -> AsyncIterator[str]:
    """Yield the names of what there is; a route that this ComfyUI does not have has nothing."""
    for path in ("/userdata?dir=workflows&recurse=true", "/templates/index.json"):
        answer = await http.ask(path)
        for each in _names(answer) if answer.status == 200 else ():
            yield each.removesuffix(".json")


def _names(answer: Answer) -> Iterator[str]:
    try:
        entries = as_array(json.loads(answer.body)) or ()
    except (ValueError, RecursionError):
        return
    for entry in entries:
        fields = as_object(entry)
        if fields is None:
            yield text_of(entry)
        for template in as_array((fields or {}).get("templates")) or ():
            yield text_of((as_object(template) or {}).get("name"))


def _not_kept(backend: BackendDeclaration, name: str, kept: list[str]) -> GatewayError:
    near = closest(name, kept)
    if near:
        mend = f"Did you mean {near}?"
    elif kept:
        mend = f"It has: {', '.join(kept[:_LISTED])}{' …' if len(kept) > _LISTED else ''}."
    else:
        mend = "Save the workflow in its editor first, or give the file itself."
    return GatewayError(
        f"backend {backend.name} has no saved workflow and no template {name!r}",
        code="workflow-not-kept",
        where=backend.name,
        mend=clean_line(mend, 600),
    )
