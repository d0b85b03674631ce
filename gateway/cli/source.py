"""What `gateway add` and `gateway inspect` are given: a file, a URL, or a workflow that a ComfyUI keeps."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO, cast

import typer

from gateway.comfy.saved import saved_workflow
from gateway.errors import GatewayError
from gateway.fetch.guarded import Network
from gateway.fetch.web import Web
from gateway.intake.sources import Source, source_in_json, source_in_texts
from gateway.media.container import Broken
from gateway.media.embedded import NoContainer, embedded_texts
from gateway.services.model import BackendDeclaration, Declaration

__all__ = ["DefinitionsFile", "FromBackend", "Given", "read_given"]

FromBackend = Annotated[
    str | None,
    typer.Option(
        "--from-backend",
        metavar="NAME",
        help="SOURCE is a workflow saved in this backend's editor, or one of its templates.",
        show_default=False,
    ),
]
DefinitionsFile = Annotated[
    Path | None,
    typer.Option(
        "--definitions",
        metavar="FILE",
        help="Node definitions, as ComfyUI answers to /object_info (.json or .json.gz).  "
        "[default: a backend's, else the pinned ones]",
        show_default=False,
    ),
]

_MOST_JSON = 32 << 20
_IN_MEMORY = 8 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """A workflow, and what it is called where it comes from."""

    source: Source
    stem: str


def read_given(given: str, declaration: Declaration, from_backend: str | None) -> Given:
    """Read the workflow that a person named.

    Raises:
        GatewayError: It cannot be had, or holds no workflow.
    """
    if from_backend is not None:
        backend = _named(from_backend, declaration.backends)
        text = asyncio.run(saved_workflow(backend, given))
        return Given(source_in_json(text), PurePosixPath(given.removesuffix(".json")).name)
    if given.startswith(("http://", "https://")):
        return asyncio.run(_fetched(given, declaration))
    path = Path(given).expanduser()
    try:
        with path.open("rb") as file:
            return Given(_source(file), path.stem)
    except (OSError, ValueError) as error:  # a name with a null character
        reason = error.strerror if isinstance(error, OSError) else None
        raise GatewayError(
            f"{given}: {(reason or 'it cannot be read').lower()}",
            code="source-unreadable",
            mend="Check the path, and who may read it.",
        ) from error


async def _fetched(url: str, declaration: Declaration) -> Given:
    reference = await Web(declaration.gateway.input_urls, Network()).open(url)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        async for chunk in reference.chunks:
            file.write(chunk)
        file.seek(0)
        return Given(_source(cast("BinaryIO", file)), PurePosixPath(reference.filename).stem)


def _source(file: BinaryIO) -> Source:
    try:
        kind, texts = embedded_texts(file)
        return source_in_texts(kind, texts)
    except NoContainer:
        file.seek(0)
        return source_in_json(_text(file.read(_MOST_JSON + 1)))
    except Broken as broken:
        raise GatewayError(
            f"this file cannot be read: {broken}",
            code="source-unreadable",
            mend="Use the file as ComfyUI saved it, or the workflow's own file.",
        ) from broken


def _text(raw: bytes) -> str:
    if len(raw) > _MOST_JSON:
        raise GatewayError(
            f"this file is larger than {_MOST_JSON >> 20} MiB, which no workflow is",
            code="source-unreadable",
            mend="Is it the right one?",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GatewayError(
            "this is neither JSON nor a picture, film or sound that can hold a workflow",
            code="source-unreadable",
            mend="Give a workflow's .json file, or a PNG, WebP, JPEG, MP4, WebM, FLAC, Ogg or MP3 "
            "that ComfyUI saved.",
        ) from error


def _named(name: str, backends: tuple[BackendDeclaration, ...]) -> BackendDeclaration:
    for each in backends:
        if each.name == name:
            return each
    raise GatewayError(
        f"there is no backend {name!r}",
        code="wrong-use",
        mend=f"There are: {', '.join(each.name for each in backends)}.",
    )
