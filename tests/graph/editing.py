"""Small node classes for tests of graphs that change their shape."""

from __future__ import annotations

from gateway.graph.definitions import (
    Autogrow,
    BooleanWidget,
    Combo,
    Definition,
    Definitions,
    DynamicCombo,
    InputDefinition,
    InputKind,
    IntegerWidget,
    NumberWidget,
    OpaqueWidget,
    Socket,
    TextWidget,
    UnionWidget,
)

__all__ = ["CLASSES", "defined"]


def defined(
    class_type: str,
    outputs: str = "",
    *,
    output_node: bool = False,
    optional: tuple[str, ...] = (),
    **inputs: InputKind | str,
) -> Definition:
    """Return a class: output types in one text, and inputs, of which a text is a socket's type."""
    return Definition(
        class_type,
        {
            name: InputDefinition(
                name,
                Socket(kind) if isinstance(kind, str) else kind,
                required=name not in optional,
            )
            for name, kind in inputs.items()
        },
        outputs=tuple(outputs.split()),
        output_node=output_node,
    )


def _by_name(*classes: Definition) -> Definitions:
    return {each.class_type: each for each in classes}


CLASSES: Definitions = _by_name(
    defined("Load", "IMAGE MASK", file=TextWidget()),
    defined("Model", "MODEL CLIP VAE"),
    defined("Lora", "MODEL CLIP", name=TextWidget(), model="MODEL", clip="CLIP"),
    defined("Blur", "IMAGE", radius=IntegerWidget(), image="IMAGE"),
    defined("Mix", "IMAGE", one="IMAGE", two="IMAGE", mask="MASK", optional=("mask",)),
    defined("Split", "IMAGE MASK", image="IMAGE"),
    defined("Encode", "LATENT", pixels="IMAGE", vae="VAE"),
    defined("Sample", "LATENT", model="MODEL", latent="LATENT", steps=IntegerWidget()),
    defined("Decode", "IMAGE", samples="LATENT", vae="VAE"),
    defined("Any", "*", input="*"),
    defined("Matched", "COMFY_MATCHTYPE_V3", value=UnionWidget((IntegerWidget(), NumberWidget()))),
    defined("Number", "INT FLOAT", value=IntegerWidget(), start="FLOAT,INT"),
    defined("Save", "IMAGE", output_node=True, images="IMAGE"),
    defined(
        "Wide",
        "IMAGE",
        text=TextWidget(),
        flag=BooleanWidget(),
        kind=Combo(("a",)),
        color=OpaqueWidget("COLOR"),
        image="IMAGE",
        mode=DynamicCombo(
            {"deep": {"depth": InputDefinition("depth", IntegerWidget())}, "flat": {}}
        ),
        images=Autogrow(InputDefinition("image", Socket("IMAGE")), prefix="image", minimum=1),
        named=Autogrow(InputDefinition("value", NumberWidget()), names=("a", "b"), minimum=1),
    ),
)
