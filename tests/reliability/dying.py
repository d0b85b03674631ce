"""A gateway that dies at a named point: `python -m tests.reliability.dying CONFIG POINT [ARGUMENTS]`.

With arguments, JSON, it calls the service `run`; without, it takes over what another one left. Each
point that a job comes to is a line of stdout; at POINT the process kills itself, as `kill -9` does.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from gateway.engine import start_engine
from gateway.execution.points import Point
from gateway.project.load import load_project
from gateway.tools.running import Asking

PATIENCE = 20.0


async def main(config: str, last: str, arguments: str = "") -> None:
    """Run until the point is reached; one that is not is a fault, after a while."""

    def reached(point: Point, job_id: str) -> None:
        sys.stdout.write(f"{point} {job_id}\n")
        sys.stdout.flush()
        if point == last:
            os.kill(os.getpid(), signal.SIGKILL)

    loaded = load_project(Path(config), os.environ)
    assert loaded.project is not None, loaded.findings
    engine = await start_engine(loaded.project, reached=reached)
    engine.publish(loaded.project.services)
    if arguments:
        await engine.calls.call("run", json.loads(arguments), Asking())
    await asyncio.sleep(PATIENCE)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
