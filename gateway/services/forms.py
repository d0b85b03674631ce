"""Whether text has the form that it must have: names, URLs, files, headers."""

from __future__ import annotations

import re

from gateway.services.findings import Findings
from gateway.services.scalar_shapes import Form
from gateway.services.tree import Located, ScalarNode, written

__all__ = ["check_form", "has_form"]


def check_form(text: str, form: Form, at: Located, findings: Findings) -> bool:
    """Report text that is not of its form, or taken; tell whether it is fine."""
    if not _fits(text, form):
        findings.add(
            at,
            code=form.code,
            message=f"this must be {form.says}",
            found=written(ScalarNode(text, text, at.line, at.column)),
            mend=form.mend,
        )
        return False
    if text in form.reserved:
        findings.add(
            at,
            code="name-reserved",
            message=f"{text} is a tool that every gateway has",
            found=text,
            mend="Take another name.",
        )
        return False
    return True


def has_form(text: str, form: Form, node: ScalarNode, findings: Findings) -> bool:
    """Check the text of a scalar; what a variable put there is not told."""
    if not node.origin:
        return check_form(text, form, node, findings)
    if _fits(text, form) and text not in form.reserved:
        return True
    findings.add(
        node,
        code="variable-value",
        message=f"what the variable holds must be {form.says}",
        found=written(node),
        mend=f"Set it to {form.says}.",
    )
    return False


def _fits(text: str, form: Form) -> bool:
    is_short = form.longest is None or len(text) <= form.longest
    return is_short and re.fullmatch(form.pattern, text) is not None
