"""Every command with its one sentence, in the order people meet them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["COMMANDS"]

COMMANDS: Mapping[str, str] = {
    "demo": "See a tool work: a simulated ComfyUI, a real MCP client, one picture.",
    "add": "Make a service of any workflow: a file, a picture that ComfyUI made, a URL.",
    "inspect": "Show what a workflow is made of: nodes, inputs, outputs, models, a diagram.",
    "validate": "Check services.yaml and the workflows it names.",
    "schema": "Write the tools' schemas to schemas/, or compare them.",
    "definitions": "Pin node definitions, so that everything works offline.",
    "migrate": "Bring in services from other gateways, web front ends and marked workflows.",
    "convert": "Turn workflows as the editor saves them into API format, as the editor would.",
    "tools": "Show the tools that clients will see.",
    "explain": "Show what a call would do, without running it.",
    "call": "Call a service and save what it made.",
    "serve": "Serve the tools to MCP clients.",
    "worker": "Take a cluster's jobs for some of its backends.",
    "backends": "Show the ComfyUIs and how they are; drain one, or resume it.",
    "jobs": "Look at jobs, stop them, run them again, let old ones go.",
    "simulate": "Run a simulated ComfyUI, no GPU needed.",
    "test": "Run every service's examples on a simulated ComfyUI.",
}
