"""A gateway that the soak can kill: `python -m benchmarks.soak_gateway CONFIG`.

Each line of stdin is a call, `{"n": 1, "tool": "draw", "arguments": {…}}`; each line of stdout its
answer. At the end of stdin it ends as `gateway serve` does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from gateway.front import open_front
from gateway.tools.running import Asking, Running


async def _serve(running: Running, line: bytes) -> None:
    asked: dict[str, Any] = json.loads(line)
    answer = await running.call(asked["tool"], asked["arguments"], Asking())
    told = {"n": asked["n"], "failed": answer.failed, "answer": answer.structured}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def main(config: Path) -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    front = open_front(config, os.environ, lambda _: None)
    running = await front.running()
    serving: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        task = asyncio.create_task(_serve(running, line))
        serving.add(task)
        task.add_done_callback(serving.discard)
    await front.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
