"""Nodes for plain values, text, latents as files and 3D."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gateway.graph.json_value import Json
from gateway.simulator.containers import glb_file, latent_file
from gateway.simulator.node import Call, NodeClass, Result, ui_files
from gateway.simulator.saving import save_bytes
from gateway.simulator.spec import (
    EMPTY,
    PICTURE_META,
    Face,
    autogrow,
    boolean,
    choice,
    integer,
    link,
    number,
    text,
)
from gateway.simulator.values import Mesh

__all__ = ["nodes"]

_I64 = 2**63 - 1
_FILES_3D = [
    "GLB",
    "GLTF",
    "OBJ",
    "FBX",
    "STL",
    "USDZ",
    "PLY",
    "SPLAT",
    "SPZ",
    "KSPLAT",
    "SPLAT_ANY",
    "POINT_CLOUD_ANY",
]
_MESHES = ",".join(["MESH", *(f"FILE_3D_{name}" for name in _FILES_3D), "FILE_3D"])
_PREVIEWED = (
    "STRING,FILE_3D_GLB,FILE_3D_GLTF,FILE_3D_FBX,FILE_3D_OBJ,FILE_3D_STL,FILE_3D_USDZ,FILE_3D"
)
_LETTERS: tuple[str, ...] = tuple("abcdefghijklmnopqrstuvwxyz")


def _same(call: Call) -> Result:
    return Result((call.inputs["value"],))


def _preview(call: Call) -> Result:
    shown = str(call.inputs.get("source"))
    return Result((shown,), {"text": [shown]})


def _save_text(call: Call) -> Result:
    content = call.text("text")
    ending = f".{call.text('format', 'txt')}"
    path, subfolder = save_bytes(call, call.text("filename_prefix"), ending, content.encode())
    return Result((content,), {"text": [content], **ui_files("files", [path], subfolder, "output")})


def _format(call: Call) -> Result:
    values = {
        name.removeprefix("values."): value
        for name, value in call.inputs.items()
        if name.startswith("values.")
    }
    return Result((call.text("f_string").format(**values),))


def _concatenate(call: Call) -> Result:
    return Result((call.text("delimiter").join((call.text("string_a"), call.text("string_b"))),))


def _save_latent(call: Call) -> Result:
    latent = call.latent("samples")
    prefix = call.text("filename_prefix")
    path, subfolder = save_bytes(call, prefix, "_.latent", latent_file(latent))
    return Result((latent,), ui_files("latents", [path], subfolder, "output"))


def _save_glb(call: Call) -> Result:
    mesh = call.inputs["mesh"]
    content = glb_file(mesh if isinstance(mesh, Mesh) else Mesh())
    path, subfolder = save_bytes(call, call.text("filename_prefix"), "_.glb", content)
    return Result((), ui_files("3d", [path], subfolder, "output"))


def _preview_3d(call: Call) -> Result:
    return Result((), {"result": [call.text("model_file"), None, None]})


def _make_mesh(call: Call) -> Result:
    return Result((Mesh(call.number("size", 1.0)),))


def _primitive(class_type: str, kind: str, spec: Sequence[Json], title: str) -> NodeClass:
    face = Face(class_type, {"value": spec}, (kind,), title=title, category="utils/primitive")
    return NodeClass(face, _same)


def _primitives() -> tuple[NodeClass, ...]:
    new_int = integer(-_I64, _I64, more={"control_after_generate": "fixed"})
    old_int = integer(-_I64, _I64, more={"control_after_generate": True})
    new_float, old_float = number(-_I64, _I64, step=0.1), number(-_I64, _I64)

    def face(class_type: str, kind: str, spec: Sequence[Json]) -> Face:
        return Face(class_type, {"value": spec}, (kind,), category="utils/primitive")

    return (
        _primitive("PrimitiveString", "STRING", text(multiline=False), "Text"),
        _primitive("PrimitiveStringMultiline", "STRING", text(multiline=True), "Text (Multiline)"),
        _primitive("PrimitiveBoolean", "BOOLEAN", boolean(), "Boolean"),
        NodeClass(
            face("PrimitiveInt", "INT", new_int), _same, old=face("PrimitiveInt", "INT", old_int)
        ),
        NodeClass(
            face("PrimitiveFloat", "FLOAT", new_float),
            _same,
            old=face("PrimitiveFloat", "FLOAT", old_float),
        ),
    )


def _preview_face(is_modern: bool) -> Face:
    return Face(
        "PreviewAny",
        {"source": link("*")},
        ("STRING",) if is_modern else (),
        title="Preview as Text",
        category="utils",
        output_node=True,
    )


def _save_text_face() -> Face:
    formats: list[Json] = ["txt", "csv", "md", "json"]
    return Face(
        "SaveText",
        {
            "text": text(multiline=False, more={"forceInput": True}),
            "filename_prefix": text("ComfyUI", False),
            "format": choice(formats, {"default": "txt"}),
        },
        ("STRING",),
        output_names=("text",),
        title="Save Text",
        category="text",
        hidden=PICTURE_META,
        is_new_style=True,
        output_node=True,
    )


def _texts() -> tuple[NodeClass, ...]:
    values = autogrow("value", link("*"), {"names": list(_LETTERS), "min": 0})
    filled = Face(
        "StringFormat",
        {"values": values, "f_string": text("{a}", True)},
        ("STRING",),
        title="Format Text",
        category="text",
    )
    joined = Face(
        "StringConcatenate",
        {
            "string_a": text(multiline=True),
            "string_b": text(multiline=True),
            "delimiter": text("", False),
        },
        ("STRING",),
        title="Concatenate Text",
        category="text",
    )
    return (
        NodeClass(_save_text_face(), _save_text, only_modern=True),
        NodeClass(filled, _format, only_modern=True),
        NodeClass(joined, _concatenate),
        NodeClass(_preview_face(True), _preview, old=_preview_face(False)),
    )


def _latent_face(is_modern: bool) -> Face:
    return Face(
        "SaveLatent",
        {"samples": link("LATENT"), "filename_prefix": text("latents/ComfyUI")},
        ("LATENT",) if is_modern else (),
        output_names=("samples",) if is_modern else (),
        title="Save Latent",
        category="latent",
        hidden=PICTURE_META,
        output_node=True,
    )


def _glb_face(is_modern: bool) -> Face:
    prefix = text("3d/ComfyUI", False) if is_modern else text("mesh/ComfyUI")
    mesh = link(_MESHES) if is_modern else link("MESH")
    return Face(
        "SaveGLB",
        {"mesh": mesh, "filename_prefix": prefix},
        title="Save 3D Model",
        category="3d",
        hidden=PICTURE_META,
        is_new_style=is_modern,
        output_node=True,
    )


def _preview_3d_face(is_modern: bool) -> Face:
    aside: Mapping[str, Json] = {"advanced": True} if is_modern else EMPTY
    camera: dict[str, Sequence[Json]] = {"camera_info": ["LOAD3D_CAMERA", aside]}
    ground: dict[str, Sequence[Json]] = {"bg_image": ["IMAGE", aside]} if is_modern else {}
    plain = text("", False)
    wide: Mapping[str, Json] = {"default": "", "multiline": False, "widgetType": "STRING"}
    return Face(
        "Preview3D",
        {"model_file": [_PREVIEWED, wide] if is_modern else plain},
        (),
        {**camera, **ground},
        title="Preview 3D",
        category="3d",
        hidden=PICTURE_META if is_modern else (),
        is_new_style=True,
        output_node=True,
        experimental=True,
    )


def _run_as(run: Callable[[Call], Result], make: Callable[[bool], Face]) -> NodeClass:
    return NodeClass(make(True), run, old=make(False))


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    mesh = Face("SimulatedMesh", {"size": number(0.1, 10.0, 1.0)}, ("MESH",))
    return (
        *_primitives(),
        *_texts(),
        _run_as(_save_latent, _latent_face),
        _run_as(_save_glb, _glb_face),
        _run_as(_preview_3d, _preview_3d_face),
        NodeClass(mesh, _make_mesh),
    )
