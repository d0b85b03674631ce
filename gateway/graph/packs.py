"""Which node pack brings a class: told by a definition, by the editor's own file, or by ComfyUI-Manager.

Whatever is read here was written by others, so a name of a pack is a few plain characters or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["CORE", "pack_of", "packs_in_editor_workflow", "packs_in_mappings"]

CORE = "comfy-core"
"""What the editor calls the nodes that come with ComfyUI."""

_CUSTOM = "custom_nodes."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/:@()+-]{0,99}")
_DEEPEST = 8


def pack_of(python_module: str) -> str:
    """Return the pack that a definition's `python_module` names; `CORE` for ComfyUI's own, else empty."""
    if python_module.startswith(_CUSTOM):
        return _plain(python_module.removeprefix(_CUSTOM))
    return CORE if python_module.partition(".")[0] in _OWN else ""


_OWN = frozenset({"nodes", "comfy_extras", "comfy_api_nodes"})


def packs_in_editor_workflow(raw: Json) -> Mapping[str, str]:
    """Return class → pack, as the nodes of an editor workflow say it (`cnr_id`, `aux_id`, `ver`)."""
    found: dict[str, str] = {}
    for node in _editor_nodes(raw, _DEEPEST):
        class_type, properties = node.get("type"), as_object(node.get("properties")) or {}
        pack = _plain(properties.get("cnr_id")) or _plain(properties.get("aux_id"))
        version = _plain(properties.get("ver"))
        if isinstance(class_type, str) and pack:
            found.setdefault(class_type, f"{pack} {version[:12]}" if version else pack)
    return found


def packs_in_mappings(raw: Json, class_types: Collection[str]) -> Mapping[str, str]:
    """Return class → pack from ComfyUI-Manager's `customnode/getmappings`.

    Args:
        raw: `{id or URL of a pack: [[class, …], {"title_aux": name, …}]}`.
        class_types: The classes that are looked for.
    """
    found: dict[str, str] = {}
    for source, entry in (as_object(raw) or {}).items():
        parts = as_array(entry) or ()
        names = as_array(parts[0]) if parts else None
        about = (as_object(parts[1]) if len(parts) > 1 else None) or {}
        title, where = _plain(about.get("title_aux")), _plain(source)
        pack = f"{title} ({where})" if title and where and title != where else title or where
        for name in names or ():
            if pack and isinstance(name, str) and name in class_types:
                found.setdefault(name, pack)
    return found


def _editor_nodes(raw: Json, deepest: int) -> Iterator[JsonObject]:
    graph = as_object(raw) or {}
    for each in as_array(graph.get("nodes")) or ():
        if (node := as_object(each)) is not None:
            yield node
    below = as_object(graph.get("definitions")) or {}
    for each in as_array(below.get("subgraphs")) or () if deepest else ():
        yield from _editor_nodes(each, deepest - 1)


def _plain(value: Json) -> str:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""
