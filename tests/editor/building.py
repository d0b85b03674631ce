"""Build editor workflows by hand: nodes, links, subgraphs with their panels."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.editor.convert import Unconvertible, convert
from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from tests.editor.classes import CLASSES

__all__ = ["ACTIVE", "BYPASSED", "MUTED", "Canvas", "Inputs", "Inside", "inputs_of", "why_refused"]

ACTIVE, MUTED, BYPASSED = 0, 2, 4
_WIDGET_TYPES = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")
Inputs = Mapping[str, Json]
Output = tuple["int | str", int]
"""A node's id and the index of one of its outputs."""


class Canvas:
    """A graph in the making; the root of a workflow, with links as arrays."""

    def __init__(self) -> None:
        self.nodes: dict[int | str, dict[str, Json]] = {}
        self.links: list[tuple[int, int | str, int, int | str, int, str]] = []
        self.fields: dict[str, Json] = {}

    def add(
        self,
        node_id: int | str,
        kind: str,
        values: Json = None,
        *,
        mode: Json = ACTIVE,
        **more: Json,
    ) -> dict[str, Json]:
        """Add a node and return it, to be changed at will."""
        node: dict[str, Json] = {"id": node_id, "type": kind, "mode": mode, "inputs": [], **more}
        if values is not None:
            node["widgets_values"] = values
        self.nodes[node_id] = node
        return node

    def slot(
        self, node_id: int | str, name: str, kind: str = "", widget: bool | None = None
    ) -> int:
        """Return the index of a node's input slot, made when it is not there yet."""
        node = self.nodes[node_id]
        slots = node["inputs"]
        assert isinstance(slots, list)
        for at, each in enumerate(slots):
            if isinstance(each, dict) and each.get("name") == name:
                return at
        kind = kind or _declared(str(node["type"]), name)
        slot: dict[str, Json] = {"name": name, "type": kind, "link": None}
        if kind in _WIDGET_TYPES if widget is None else widget:
            slot["widget"] = {"name": name}
        slots.append(slot)
        return len(slots) - 1

    def join(
        self,
        origin: Output,
        target: int | str,
        name: str,
        kind: str = "",
        widget: bool | None = None,
    ) -> int:
        """Link an output to an input and return the link's id."""
        at = self.slot(target, name, kind, widget)
        link_id = len(self.links) + 1
        slots = self.nodes[target]["inputs"]
        assert isinstance(slots, list)
        slot = slots[at]
        assert isinstance(slot, dict)
        slot["link"] = link_id
        self.links.append((link_id, *origin, target, at, str(slot["type"])))
        return link_id

    def workflow(self, *subgraphs: Inside) -> dict[str, Json]:
        """Return what the editor would save."""
        return {
            "version": 0.4,
            "last_node_id": max((each for each in self.nodes if isinstance(each, int)), default=0),
            "nodes": list[Json](self.nodes.values()),
            "links": [list[Json](each) for each in self.links],
            **(
                {"definitions": {"subgraphs": [each.definition() for each in subgraphs]}}
                if subgraphs
                else {}
            ),
            **self.fields,
        }


class Inside(Canvas):
    """A subgraph in the making, with links as objects and a panel of inputs and one of outputs."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.inputs: list[dict[str, Json]] = []
        self.outputs: list[dict[str, Json]] = []

    def takes(self, name: str, *targets: tuple[int | str, str], kind: str = "") -> None:
        """Add an input that feeds slots inside."""
        links = [self.join((-10, len(self.inputs)), *target, kind) for target in targets]
        self.inputs.append({"name": name, "type": kind or "*", "linkIds": list[Json](links)})

    def gives(self, name: str, origin: int | str, slot: int = 0, kind: str = "*") -> None:
        """Add an output that an output inside, or the panel of inputs (-10), makes."""
        link_id = len(self.links) + 1
        self.links.append((link_id, origin, slot, -20, len(self.outputs), kind))
        self.outputs.append({"name": name, "type": kind, "linkIds": [link_id]})

    def definition(self) -> dict[str, Json]:
        """Return its entry in `definitions.subgraphs`."""
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
        return {
            "id": self.key,
            "name": f"Subgraph {self.key}",
            "inputs": list[Json](self.inputs),
            "outputs": list[Json](self.outputs),
            "nodes": list[Json](self.nodes.values()),
            "links": [dict[str, Json](zip(keys, each, strict=True)) for each in self.links],
            **self.fields,
        }


def inputs_of(workflow: Json, classes: JsonObject = CLASSES) -> dict[str, Inputs]:
    """Convert a workflow and return the inputs of its nodes by id."""
    return {key: node.inputs for key, node in convert(workflow, classes).prompt.items()}


def why_refused(workflow: Json, classes: JsonObject = CLASSES) -> list[tuple[str, str]]:
    """Return code and message of every reason why a workflow is not converted."""
    try:
        prompt = convert(workflow, classes).prompt
    except Unconvertible as refused:
        return [(each.code, each.message) for each in refused.faults]
    raise AssertionError(f"it was converted: {prompt}")


def _declared(class_type: str, name: str) -> str:
    entry = as_object(CLASSES.get(class_type)) or {}
    sections = as_object(entry.get("input")) or {}
    for section in ("required", "optional"):
        spec = as_array((as_object(sections.get(section)) or {}).get(name))
        if spec:
            return spec[0] if isinstance(spec[0], str) else "COMBO"
    return "*"
