"""Random calls, cancels and faults against several ComfyUIs, then the proof that nothing was lost or done twice.

Usage: python benchmarks/soak.py [--seconds N] [--seed N] [--store URL] [--write]

Three simulated ComfyUIs lose answers, sockets and their memory; of three gateways on one project two
are killed again and again. Exit status 1 when anything does not hold. `--write` puts the table into
docs/reliability.md.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import random
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.marked import with_block
from benchmarks.soak_proof import Finding, grown, proof, what_is_left
from gateway.graph.json_value import as_object
from gateway.simulator.faults import (
    AnswerWith,
    Calm,
    Die,
    DropSockets,
    Fault,
    Forget,
    LoseAnswer,
    Refuse,
    Stall,
)
from gateway.simulator.server import Simulator

__all__ = ["Soak", "as_lines", "soak"]

_ROOT = Path(__file__).resolve().parent.parent
_PAGE = _ROOT / "docs" / "reliability.md"
_SIMULATORS = 3
_GATEWAYS = 3
_CALLERS = 3
_SETTLES_WITHIN = 120.0
_FAULTS: Sequence[Fault] = (
    DropSockets(),
    DropSockets(when="run-start"),
    Die(0.5),
    Refuse(0.5),
    Forget(),
    LoseAnswer(),
    AnswerWith("/prompt"),
    AnswerWith("/view"),
    Stall("/prompt", 0.3),
)


@dataclass(slots=True)
class _Gateway:
    """A gateway's process, and the calls that wait for its answers."""

    process: asyncio.subprocess.Process
    waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(
        default_factory=dict[int, "asyncio.Future[dict[str, Any]]"]
    )

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a tool; a ConnectionError: the gateway died, and nobody knows what it had done."""
        number = len(self.waiting)
        answer = self.waiting[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"n": number, "tool": tool, "arguments": arguments})
        if self.process.stdin is None or self.process.returncode is not None:
            raise ConnectionError
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()
        return await answer

    async def listen(self) -> None:
        """Hand over answers until the process ends."""
        while self.process.stdout is not None and (line := await self.process.stdout.readline()):
            told: dict[str, Any] = json.loads(line)
            self.waiting[told["n"]].set_result(told)
        await self.process.wait()
        for each in self.waiting.values():
            if not each.done():
                each.set_exception(ConnectionError())
                each.exception()


@dataclass(slots=True)
class Soak:
    """One soak: where it takes place, and what has happened so far.

    Attributes:
        told: Ids of jobs whose callers were told that they were taken on.
        sizes: MiB of the gateway that is never killed.
        did: What was done to gateways and ComfyUIs, counted.
    """

    config: Path
    chance: random.Random
    simulators: Sequence[Simulator]
    gateways: list[_Gateway] = field(default_factory=list[_Gateway])
    told: list[str] = field(default_factory=list[str])
    sizes: list[float] = field(default_factory=list[float])
    did: Counter[str] = field(default_factory=Counter[str])
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, seconds: float) -> None:
        """Do it for so long, then let everything come to its end."""
        async with asyncio.TaskGroup() as group:
            for place in range(_GATEWAYS):
                self.gateways.append(await self._start())
                group.create_task(self._keep(place))
            for number in range(_GATEWAYS * _CALLERS):
                group.create_task(self._call_on(number % _GATEWAYS))
            group.create_task(self._weigh())
            group.create_task(self._harm())
            await asyncio.sleep(seconds)
            self.over.set()
            for each in self.simulators:
                each.order(Calm())
            await self._settled()
            for gateway in self.gateways:
                if gateway.process.stdin is not None:
                    gateway.process.stdin.close()

    async def _start(self) -> _Gateway:
        words = ("-m", "benchmarks.soak_gateway", str(self.config))
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=pipe, stdout=pipe, cwd=_ROOT, limit=2**24
        )
        return _Gateway(process)

    async def _keep(self, place: int) -> None:
        """Listen to a gateway, and start the next one in the place of one that was killed."""
        while True:
            await self.gateways[place].listen()
            if self.over.is_set():
                return
            self.gateways[place] = await self._start()

    async def _call_on(self, place: int) -> None:
        while not self.over.is_set():
            with suppress(ConnectionError):
                await self._call_once(self.gateways[place])
            await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def _call_once(self, gateway: _Gateway) -> None:
        service = self.chance.choices(("draw", "fail", "hurry"), (8, 1, 1))[0]
        seconds = self.chance.choice((0.0, 0.02, 0.1, 0.3))
        arguments: dict[str, Any] = {"image": _picture(self.chance), "seconds": seconds}
        if service == "hurry":
            arguments["seconds"] = 3.0
        told = await gateway.call(service, arguments)
        job_id = told["answer"].get("job_id")
        if job_id is None:
            self.did[f"calls refused: {told['answer']['error']['code']}"] += 1
            return
        self.told.append(job_id)
        if self.chance.random() < 0.1:
            await asyncio.sleep(self.chance.uniform(0, 0.3))
            other = self.chance.choice(self.gateways)  # whoever has the job, any may be asked
            await other.call("cancel_job", {"job_id": job_id})
            self.did["cancels"] += 1

    async def _harm(self) -> None:
        while not self.over.is_set():
            await asyncio.sleep(self.chance.uniform(0.3, 1.2))
            if self.over.is_set():
                return
            # The first harm is always a gateway's death, so that the shortest soak has one.
            if not self.did["gateways killed"] or self.chance.random() < 0.3:
                process = self.gateways[self.chance.randrange(1, _GATEWAYS)].process
                with suppress(ProcessLookupError):
                    process.kill()
                self.did["gateways killed"] += 1
            else:
                fault = self.chance.choice(_FAULTS)
                self.chance.choice(self.simulators).order(fault)
                self.did[f"ComfyUI: {type(fault).__name__}"] += 1

    async def _weigh(self) -> None:
        process = psutil.Process(self.gateways[0].process.pid)
        while not self.over.is_set():
            self.sizes.append(process.memory_info().rss / 2**20)
            await asyncio.sleep(0.5)

    async def _settled(self) -> None:
        """Wait until no job is unfinished, asked of the gateway that is never killed."""
        async with asyncio.timeout(_SETTLES_WITHIN):
            while True:
                counts = [
                    (await self.gateways[0].call("list_jobs", {"status": status}))["answer"]
                    for status in ("pending", "running")
                ]
                if not any(each["total"] for each in counts):
                    return
                await asyncio.sleep(0.3)


def _port() -> int:
    """Return a free port that no outgoing connection takes while a ComfyUI is away from it."""
    while True:
        port = random.SystemRandom().randrange(20_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _picture(chance: random.Random) -> str:
    held = io.BytesIO()
    Image.new("RGB", (16, 16), (chance.randrange(64), 0, 0)).save(held, "PNG")
    return f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}"


def _node(class_type: str, /, **inputs: object) -> dict[str, object]:
    return {"class_type": class_type, "inputs": inputs}


def _write(root: Path, urls: Sequence[str], store: str) -> Path:
    graph: dict[str, object] = {
        "1": _node("LoadImage", image="example.png"),
        "2": _node("SimulatedSleep", image=["1", 0], seconds=0.1, ticks=5),
        "3": _node("SaveImage", images=["2", 0], filename_prefix="late"),
        "4": _node("SaveImage", images=["1", 0], filename_prefix="early"),
    }
    failing = {
        **graph,
        "2": _node("SimulatedError", image=["1", 0], message="on purpose", kind="ValueError"),
    }
    seconds = {"node": "2", "widget": "seconds"}
    image = {"node": "1", "widget": "image", "type": "image", "required": True}
    service = {"wait": "0s", "parameters": {"image": image, "seconds": seconds}}
    untargeted = {"image": image, "seconds": {"type": "number", "default": 0}}
    document = {
        "version": 1,
        "backends": {f"comfy_{n}": {"url": url, "slots": 2} for n, url in enumerate(urls)},
        "gateway": {"backend_grace": "10s"},
        "jobs": {
            "store": store,
            "attempts": 10,
            "lease": "2s",
            "keep": {"age": "none", "count": 10**6},
        },
        "services": {
            "draw": {"workflow": "draw.json", **service},
            "hurry": {"workflow": "draw.json", **service, "timeout": "500ms"},
            "fail": {"workflow": "fail.json", **service, "parameters": untargeted},
        },
    }
    (root / "workflows").mkdir()
    (root / "workflows" / "draw.json").write_text(json.dumps(graph), encoding="utf-8")
    (root / "workflows" / "fail.json").write_text(json.dumps(failing), encoding="utf-8")
    config = root / "services.yaml"
    config.write_text(json.dumps(document), encoding="utf-8")
    return config


async def soak(seconds: float, seed: int, store: str) -> tuple[Soak, list[Finding]]:
    """Soak for so long, and prove."""
    async with AsyncExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        simulators = [
            await stack.enter_async_context(Simulator(port=_port())) for _ in range(_SIMULATORS)
        ]
        config = _write(root, [each.url for each in simulators], store)
        soaked = Soak(config, random.Random(seed), simulators)  # noqa: S311 (not for secrets)
        await soaked.run(seconds)
        posted: Counter[str] = Counter()
        for each in simulators:
            posted.update(as_object(each.counters()["prompts"]) or {})
        left = await what_is_left(root, store, soaked.told, posted)
        return soaked, [*proof(left), grown(soaked.sizes)]


def as_lines(soaked: Soak, findings: Sequence[Finding], seconds: float) -> list[str]:
    """Return the outcome as a table of Markdown."""
    did = ", ".join(f"{count} × {what}" for what, count in sorted(soaked.did.items()))
    return [
        f"{seconds:g} s, {_GATEWAYS} gateways, {_SIMULATORS} ComfyUIs: {did}.",
        "",
        "| to prove | found | holds |",
        "| --- | --- | --- |",
        *(f"| {each.what} | {each.found} | {'yes' if each.good else 'NO'} |" for each in findings),
    ]


def main() -> int:
    """Soak, print, and tell whether everything holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--store", default=".gateway/jobs.db", help="what jobs.store says")
    parser.add_argument("--write", action="store_true", help=f"into {_PAGE.name}")
    given = parser.parse_args()
    soaked, findings = asyncio.run(soak(given.seconds, given.seed, given.store))
    lines = as_lines(soaked, findings, given.seconds)
    print("\n".join([*lines, "", f"seed {given.seed}"]))
    if given.write:
        page = _PAGE.read_text(encoding="utf-8")
        _PAGE.write_text(with_block(page, "soak", "\n".join(lines)), encoding="utf-8")
    return 0 if all(each.good for each in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
