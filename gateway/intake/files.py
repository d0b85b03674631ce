"""The pictures, films and sounds that a workflow reads, and what each of them is for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.intake.drafts import Drafts
from gateway.intake.entry import ParameterEntry
from gateway.intake.names import slug
from gateway.intake.wiring import SHOWS, Wiring, last_part
from gateway.services.bound import BoundWidget
from gateway.services.model import ParameterType, Required
from gateway.services.values import FILE_TYPES
from gateway.services.widget_types import derived_type

__all__ = ["draft_files", "is_read"]

_ROLE = re.compile(r"[a-z_]+_(?:image|frame|video|audio)")
_PICTURES = re.compile(r"image|frame|pixels|video")


def draft_files(wiring: Wiring, drafts: Drafts) -> None:
    """Add a parameter for each widget that names a file which is uploaded."""
    found = list(_found(wiring))
    for widget, kind in found:
        is_one = [other for _, other in found].count(kind) == 1
        usual = _usual_name(wiring, widget.node_id, kind, is_one=is_one)
        masked = _masked(wiring, widget.node_id, kind)
        described = f"The {usual.replace('_', ' ')} to use{masked}."
        draft = ParameterEntry("", type=kind, supply=Required(), description=described)
        own = slug(last_part(widget.widget))
        names = [wiring.own_title(widget.node_id), usual, "" if own in FILE_TYPES else own]
        drafts.add(names, [widget], draft)


def _found(wiring: Wiring) -> Iterator[tuple[BoundWidget, ParameterType]]:
    for node_id, node in wiring.prompt.items():
        for widget in wiring.widgets(node_id):
            kind = derived_type(widget)
            if kind in FILE_TYPES and is_read(widget):
                yield widget, "mask" if kind == "image" and "Mask" in node.class_type else kind


def is_read(widget: BoundWidget) -> bool:
    """Tell whether a file's name is one that a node reads, not the one that it gives to a new file."""
    return not (widget.widget.startswith("filename") or widget.class_type.startswith("Save"))


def _masked(wiring: Wiring, node_id: str, kind: str) -> str:
    """Return what there is to say of a picture whose mask is used as well, its second output."""
    node = wiring.prompt[node_id]
    is_used = node.class_type == "LoadImage" and 1 in wiring.slots_used(node_id)
    return "; what is transparent in it is the mask" if kind == "image" and is_used else ""


def _usual_name(wiring: Wiring, node_id: str, kind: str, *, is_one: bool) -> str:
    if kind == "file":
        return "model_file" if "3D" in wiring.prompt[node_id].class_type else "file"
    uses = {use for use in _uses(wiring, node_id) if SHOWS.search(use[0]) is None}
    if kind == "image" and uses and all("ControlNet" in class_type for class_type, _ in uses):
        return "control_image"
    # Of several, an input of its own says what each is for: first_frame, style_image.
    roles = set[str]() if is_one else {name for _, name in uses}
    role = roles.pop() if len(roles) == 1 else ""
    return slug(role) if _ROLE.fullmatch(role) else kind


def _uses(wiring: Wiring, node_id: str) -> Iterator[tuple[str, str]]:
    """Yield (class, input) of what takes a file's content, itself or as a picture that is made of it."""
    rest, seen = [node_id], {node_id}
    while rest:
        for other, name in wiring.consumers(rest.pop()):
            plain = last_part(name)
            class_type = wiring.prompt[other].class_type
            if (
                _PICTURES.search(plain) is None
                or not _makes_picture(wiring, other)
                or _ROLE.fullmatch(plain)
            ):
                yield class_type, plain
            elif other not in seen:
                seen.add(other)
                rest.append(other)


def _makes_picture(wiring: Wiring, node_id: str) -> bool:
    """Tell whether a node makes a picture of the one that it is given."""
    definition = wiring.definitions.get(wiring.prompt[node_id].class_type)
    return definition is not None and "IMAGE" in definition.outputs
