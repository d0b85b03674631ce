"""The ComfyUI under measurement: a simulator in a process of its own, or the one at COMFYUI_URL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Backend", "closed_port", "fresh_backend", "gateway_command"]


@dataclass(frozen=True, slots=True)
class Backend:
    """A running ComfyUI; `pid` and `folder` are known of a simulator only."""

    url: str
    pid: int | None = None
    folder: Path | None = None

    @property
    def simulated(self) -> bool:
        """Whether it has the nodes that pause, fail and write large files."""
        return self.pid is not None

    def die(self) -> None:
        """End it at once, as a crash does."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)


def gateway_command(*words: str) -> list[str]:
    """Return the command line of a gateway command, of the same Python as this."""
    return [str(Path(sys.executable).parent / "gateway"), *words]


@contextmanager
def fresh_backend() -> Generator[Backend]:
    """Start a simulator with empty folders; with COMFYUI_URL set, that ComfyUI as it is."""
    given = os.environ.get("COMFYUI_URL")
    if given:
        yield Backend(given.rstrip("/"))
        return
    folder = Path(tempfile.mkdtemp(prefix="bench-comfyui-"))
    command = gateway_command("simulate", "--port", "0", "--folder", str(folder))
    # The simulator offers the models of the project it stands in; it shall stand in none.
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder)  # noqa: S603
    try:
        yield Backend(_told_url(started), started.pid, folder)
    finally:
        started.kill()
        started.wait()
        if started.stderr is not None:
            started.stderr.close()
        shutil.rmtree(folder, ignore_errors=True)


def closed_port() -> str:
    """Return a URL where nothing listens: the discard port, which is not served."""
    return "http://127.0.0.1:9"


def _told_url(started: subprocess.Popen[str]) -> str:
    """Wait for the line that says where it listens."""
    told: list[str] = []
    for line in started.stderr or ():
        told.append(line)
        if "http://" in line:
            return "http://" + line.partition("http://")[2].split()[0].rstrip("/")
    raise RuntimeError("the simulator did not start:\n" + "".join(told))
