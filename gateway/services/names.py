"""What names in services.yaml look like."""

from __future__ import annotations

from gateway.services.scalar_shapes import Form

__all__ = ["BUILT_IN_TOOLS", "NAME", "SERVICE_NAME"]

BUILT_IN_TOOLS = (
    "query_job_status",
    "get_job_result",
    "list_jobs",
    "cancel_job",
    "comfyui_health_check",
    "get_job_statistics",
    "rerun_job",
)
"""Tools that every gateway has; no service may take their names."""

_PATTERN = r"[a-z][a-z0-9_]*"
_SAYS = "a name of small letters, digits and _, at most 40, with a letter first"
_MEND = "Write it like text_to_image."

NAME = Form(_PATTERN, _SAYS, code="name-invalid", mend=_MEND, longest=40)
SERVICE_NAME = Form(
    _PATTERN, _SAYS, code="name-invalid", mend=_MEND, longest=40, reserved=BUILT_IN_TOOLS
)
