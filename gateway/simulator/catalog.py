"""Every node class of one version, by class_type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.simulator import (
    nodes_audio,
    nodes_batches,
    nodes_images,
    nodes_inputs,
    nodes_latents,
    nodes_loading,
    nodes_sampling,
    nodes_saving,
    nodes_simulated,
    nodes_text,
    nodes_video,
)
from gateway.simulator.node import NodeClass

__all__ = ["node_classes"]

_MODULES = (
    nodes_audio,
    nodes_batches,
    nodes_images,
    nodes_inputs,
    nodes_latents,
    nodes_loading,
    nodes_sampling,
    nodes_saving,
    nodes_simulated,
    nodes_text,
    nodes_video,
)


def node_classes(is_modern: bool) -> Mapping[str, NodeClass]:
    """Return class_type → class, as that version has it."""
    classes = (node for module in _MODULES for node in module.nodes())
    return {
        node.face.class_type: node
        if is_modern or node.old is None
        else replace(node, face=node.old)
        for node in classes
        if is_modern or not node.only_modern
    }
