"""What a ComfyUI tells about itself: nodes, models, features, memory. Knows no queue."""

from __future__ import annotations

import sys
from pathlib import PurePath

from gateway.graph.json_value import Json
from gateway.simulator.exchange import Asked, Reply, Routes, empty, json_reply
from gateway.simulator.machine import Machine
from gateway.simulator.replacing import replacement_list

__all__ = ["system_routes"]

_GIB = 1024**3
_MODIFIED = 1_760_000_000.0


async def _object_info(_: Asked, machine: Machine) -> Reply:
    return json_reply({name: machine.document(name) for name in machine.nodes})


async def _object_info_of(asked: Asked, machine: Machine) -> Reply:
    name = asked.captured[0]
    return json_reply({name: machine.document(name)} if name in machine.nodes else {})


async def _system_stats(_: Asked, machine: Machine) -> Reply:
    modern = machine.settings.modern
    system: dict[str, Json] = {
        "os": "linux" if modern else "posix",
        "ram_total": 16 * _GIB,
        "ram_free": 8 * _GIB,
        "comfyui_version": machine.settings.version,
        "required_frontend_version": "0.0.0",
        "installed_templates_version": "0.0.0",
        "required_templates_version": "0.0.0",
        "python_version": sys.version,
        "pytorch_version": "simulated",
        "embedded_python": False,
        "argv": ["main.py", "--simulated"],
    }
    if modern:
        system["deploy_environment"] = "local-git"
    device: dict[str, Json] = {
        "name": "simulated",
        "type": "cpu",
        "index": 0,
        "vram_total": 8 * _GIB,
        "vram_free": 6 * _GIB,
        "torch_vram_total": 2 * _GIB,
        "torch_vram_free": 1 * _GIB,
    }
    return json_reply({"system": system, "devices": [device]})


async def _features(_: Asked, machine: Machine) -> Reply:
    return json_reply(machine.features())


async def _models(_: Asked, machine: Machine) -> Reply:
    return json_reply(list(machine.settings.models))


async def _models_in(asked: Asked, machine: Machine) -> Reply:
    folder = asked.captured[0]
    if folder not in machine.settings.models:
        return empty(404)
    return json_reply(list(machine.settings.models[folder]))


async def _model_folders(_: Asked, machine: Machine) -> Reply:
    extensions: list[Json] = [".ckpt", ".pt", ".pth", ".safetensors"]
    listed: list[Json] = [
        {"name": folder, "folders": [f"/simulated/{folder}"], "extensions": extensions}
        for folder in machine.settings.models
    ]
    return json_reply(listed)


async def _model_files(asked: Asked, machine: Machine) -> Reply:
    folder = asked.captured[0]
    if folder not in machine.settings.models:
        return empty(404)
    listed: list[Json] = [
        {"name": name, "pathIndex": 0, "modified": _MODIFIED, "created": _MODIFIED, "size": 1}
        for name in machine.settings.models[folder]
    ]
    return json_reply(listed)


async def _metadata(asked: Asked, machine: Machine) -> Reply:
    name = asked.query.get("filename", "")
    if name not in machine.settings.models.get(asked.captured[0], ()):
        return empty(404)
    return json_reply({"modelspec.title": name, "note": "simulated"})


async def _embeddings(_: Asked, machine: Machine) -> Reply:
    names = machine.settings.models.get("embeddings", ())
    return json_reply([PurePath(name).stem for name in names])


async def _empty_list(_: Asked, machine: Machine) -> Reply:  # noqa: ARG001 - every route takes both
    return json_reply([])


async def _empty_object(_: Asked, machine: Machine) -> Reply:  # noqa: ARG001 - every route takes both
    return json_reply({})


async def _replacements(_: Asked, machine: Machine) -> Reply:  # noqa: ARG001 - every route takes both
    return json_reply(replacement_list())


async def _nothing(_: Asked, machine: Machine) -> Reply:  # noqa: ARG001 - every route takes both
    return json_reply(None)


async def _users(_: Asked, machine: Machine) -> Reply:  # noqa: ARG001 - every route takes both
    return json_reply({"storage": "server", "migrated": True})


async def _files(asked: Asked, machine: Machine) -> Reply:
    kind = asked.captured[0]
    if machine.folders.of(kind) is None:
        return json_reply({"error": "Invalid directory type"}, 400)
    return json_reply([f"{name} [{kind}]" for name in machine.folders.names(kind)])


async def _assets_off(_: Asked, machine: Machine) -> Reply:  # noqa: ARG001 - every route takes both
    said = "Assets system is disabled. Start the server with --enable-assets to use this feature."
    error: dict[str, Json] = {"code": "SERVICE_DISABLED", "message": said, "details": {}}
    return json_reply({"error": error}, 503)


def system_routes(is_modern: bool) -> Routes:
    """Return the routes of this module."""
    modern: Routes = {
        "GET /global_subgraphs": _empty_object,
        "GET /node_replacements": _replacements,
        "GET /api/assets": _assets_off,
        "GET /api/tags": _assets_off,
        "GET /api/assets/seed/status": _assets_off,
    }
    return {
        "GET /object_info": _object_info,
        "GET /object_info/{}": _object_info_of,
        "GET /system_stats": _system_stats,
        "GET /features": _features,
        "GET /models": _models,
        "GET /models/{}": _models_in,
        "GET /experiment/models": _model_folders,
        "GET /experiment/models/{}": _model_files,
        "GET /view_metadata/{}": _metadata,
        "GET /embeddings": _embeddings,
        "GET /extensions": _empty_list,
        "GET /workflow_templates": _empty_object,
        "GET /i18n": _empty_object,
        "GET /settings": _empty_object,
        "GET /settings/{}": _nothing,
        "GET /users": _users,
        "GET /internal/files/{}": _files,
        **(modern if is_modern else {}),
    }
