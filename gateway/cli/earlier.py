"""The tools' documents as they were: in a git revision, or in another folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from gateway.errors import GatewayError
from gateway.graph.json_value import Json, as_object
from gateway.project.schema_files import TOOLS_FOLDER

__all__ = ["earlier_documents"]


def earlier_documents(root: Path, reference: str) -> dict[str, Mapping[str, Json]]:
    """Return service → tool document.

    Args:
        root: The project's folder.
        reference: A folder of tool documents, or else a git revision in which they are committed.

    Raises:
        GatewayError: It is neither.
    """
    folder = Path(reference)
    if folder.is_dir():
        texts = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.json"))}
    else:
        texts = _committed(root, reference)
    documents = {name: as_object(json.loads(text)) for name, text in texts.items()}
    return {name: document for name, document in documents.items() if document is not None}


def _committed(root: Path, revision: str) -> dict[str, str]:
    # `./` makes git read paths from the folder it runs in, wherever the repository begins.
    listed = _git(root, revision, "ls-tree", "--name-only", revision, f"./{TOOLS_FOLDER}/")
    names = [line for line in listed.splitlines() if line.endswith(".json")]
    return {Path(name).stem: _git(root, revision, "show", f"{revision}:./{name}") for name in names}


def _git(root: Path, revision: str, *words: str) -> str:
    git = shutil.which("git")
    if git is None or revision.startswith("-"):
        raise _unknown(revision)
    done = subprocess.run(  # noqa: S603 - no shell, and a revision cannot be an option
        [git, *words], cwd=root, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise _unknown(revision)
    return done.stdout


def _unknown(reference: str) -> GatewayError:
    return GatewayError(
        f"{reference!r} is neither a folder nor a git revision that holds this project",
        code="reference-unknown",
        found=reference,
        mend="Name a commit, branch or tag such as `main`, or a folder of tool documents.",
    )
