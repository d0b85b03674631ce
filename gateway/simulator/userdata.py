"""/userdata: the files the editor keeps for its user, such as saved workflows. Knows no queue."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.graph.json_value import Json
from gateway.simulator.exchange import Asked, Reply, Routes, empty, json_reply, text_reply
from gateway.simulator.machine import Machine
from gateway.simulator.view import file_reply

__all__ = ["userdata_routes"]


def _root(machine: Machine) -> Path:
    return machine.folders.root / "user"


def _path(machine: Machine, name: str) -> Path | None:
    """Return the path of a user's file, or None for one outside."""
    path = Path(os.path.normpath(_root(machine) / name))
    return path if path.is_relative_to(_root(machine)) else None


def _facts(path: Path, base: Path) -> dict[str, Json]:
    stat = path.stat()
    return {
        "path": path.relative_to(base).as_posix(),
        "size": stat.st_size,
        "modified": int(stat.st_mtime * 1000),
        "created": int(stat.st_ctime * 1000),
    }


async def _list(asked: Asked, machine: Machine) -> Reply:
    query = asked.query
    if not query.get("dir"):
        return text_reply("Directory not provided", 400)
    folder = _path(machine, query["dir"])
    if folder is None:
        return text_reply("Invalid directory", 403)
    return _listing(folder, query.get("recurse") == "true", _form(query))


def _form(query: Mapping[str, str]) -> str:
    if query.get("full_info") == "true":
        return "full"
    return "split" if query.get("split") == "true" else "plain"


def _listing(folder: Path, is_deep: bool, form: str) -> Reply:
    if not folder.is_dir():
        return text_reply("Directory not found", 404)
    found = folder.rglob("*") if is_deep else folder.glob("*")
    paths = sorted(path for path in found if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in paths]
    match form:
        case "full":
            return json_reply([_facts(path, folder) for path in paths])
        case "split":
            return json_reply([[name, *name.split("/")] for name in names])
        case _:
            return json_reply(list(names))


async def _list_v2(asked: Asked, machine: Machine) -> Reply:
    folder = _path(machine, asked.query.get("path", ""))
    if folder is None:
        return text_reply("Invalid path requested", 400)
    return _listing_v2(folder, _root(machine))


def _listing_v2(folder: Path, root: Path) -> Reply:
    if not folder.is_dir():
        return text_reply("Requested path not found", 404)
    return json_reply([_entry(path, root) for path in sorted(folder.rglob("*"))])


def _entry(path: Path, root: Path) -> dict[str, Json]:
    entry: dict[str, Json] = {"name": path.name, "path": path.relative_to(root).as_posix()}
    if path.is_dir():
        return {**entry, "type": "directory"}
    stat = path.stat()
    return {**entry, "type": "file", "size": stat.st_size, "modified": stat.st_mtime}


async def _read(asked: Asked, machine: Machine) -> Reply:
    path = _path(machine, asked.captured[0])
    if path is None:
        return empty(403)
    return file_reply(asked, path, "attachment") if path.is_file() else empty(404)


async def _write(asked: Asked, machine: Machine) -> Reply:
    path = _path(machine, asked.captured[0])
    body = await asked.body()
    if path is None:
        return empty(403)
    if asked.query.get("overwrite") == "false" and path.exists():
        return text_reply("File already exists", 409)
    _put(path, body)
    return _told(asked, path, _root(machine))


def _put(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def _told(asked: Asked, path: Path, root: Path) -> Reply:
    if asked.query.get("full_info") == "true":
        return json_reply(_facts(path, root))
    return json_reply(path.relative_to(root).as_posix())


async def _remove(asked: Asked, machine: Machine) -> Reply:
    path = _path(machine, asked.captured[0])
    if path is None:
        return empty(403)
    if not path.is_file():
        return empty(404)
    path.unlink()
    return empty(204)


async def _move(asked: Asked, machine: Machine) -> Reply:
    source, target = (_path(machine, name) for name in asked.captured)
    if source is None or target is None:
        return empty(403)
    if not source.is_file():
        return empty(404)
    if asked.query.get("overwrite") == "false" and target.exists():
        return text_reply("File already exists", 409)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    return _told(asked, target, _root(machine))


def userdata_routes() -> Routes:
    """Return the routes of this module."""
    return {
        "GET /userdata": _list,
        "GET /v2/userdata": _list_v2,
        "GET /userdata/{}": _read,
        "POST /userdata/{}": _write,
        "DELETE /userdata/{}": _remove,
        "POST /userdata/{}/move/{}": _move,
    }
