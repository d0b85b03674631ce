"""The tools that the MCP conformance suite asks for by name, behind the server as it is shipped.

`python -m tests.conformance.fixtures` serves them over HTTP on a free port and prints the URL.
What this gateway has no notion of (prompts, elicitation, sampling, `test://` resources) is not here.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace

from typing_extensions import override

from gateway.graph.json_value import Json, JsonObject
from gateway.jobs.job import Failure, Job, OutputText, Progress
from gateway.server.http import HttpAccess, serve_http
from gateway.services.settings import GatewaySettings, HttpSettings
from gateway.tools.answer import Answer, InlineImage
from gateway.tools.running import Asking
from gateway.tools.tool import ToolTable
from tests.server.memory_gateway import PNG, MemoryGateway, table, tool

__all__ = ["Fixtures"]

ANYTHING: JsonObject = {"type": "object"}

SCHEMA_2020_12: JsonObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}

SERVICES = ("slow_compute", "failing_job", "test_tool_with_progress")

AT_ONCE = (
    "greet",
    "test_simple_text",
    "test_image_content",
    "test_error_handling",
    "test_logging_tool",
    "json_schema_2020_12_tool",
)


class Fixtures(MemoryGateway):
    """Services whose jobs end by themselves, and tools that answer at once."""

    def __init__(self) -> None:
        super().__init__()
        services = table(SERVICES)
        at_once = {name: tool(name, output=ANYTHING) for name in AT_ONCE}
        named = at_once["json_schema_2020_12_tool"]
        at_once["json_schema_2020_12_tool"] = replace(named, input_schema=SCHEMA_2020_12)
        self._shown = ToolTable({**at_once, **services.tools}, services.services)

    @property
    @override
    def table(self) -> ToolTable:
        return self._shown

    @override
    async def call(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Answer:
        match name:
            case "greet":
                return Answer(f"Hello, {arguments.get('name')}!", {})
            case "test_simple_text" | "test_logging_tool" | "json_schema_2020_12_tool":
                return Answer("This is a simple text response for testing.", {})
            case "test_image_content":
                return Answer("A picture.", {}, (InlineImage(PNG, "image/png", "a"),))
            case "test_error_handling":
                raise ValueError(name)
            case _:
                return await super().call(name, arguments, asking)

    @override
    async def start(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Job:
        arguments = {"seconds": 0.2, **arguments}
        job = Job(f"job-{len(self.works)}", name, asking.caller, arguments, 1.0)
        self.add(job)
        task: asyncio.Task[object] = asyncio.ensure_future(self._work(job))
        self.waits.add(task)
        return job

    async def _work(self, job: Job) -> None:
        """Go through a job in three steps, over as many seconds as were asked for."""
        work = self.works[job.id]
        seconds = job.arguments["seconds"]
        pause = seconds / 3 if isinstance(seconds, int | float) else 0.1
        for step in (1, 50, 100):
            await asyncio.sleep(pause)
            if work.job.finished:
                return
            self.move(work, Progress(step, 100, "3", "KSampler"))
        if job.service == "failing_job":
            self.finish(work, failure=Failure("node-failed", "It always fails."))
        else:
            self.finish(work, OutputText("result", 0, "9", str(job.arguments.get("label"))))


async def main() -> None:
    """Serve until a signal says stop."""
    settings = GatewaySettings(http=HttpSettings(port=0))
    await serve_http(Fixtures(), settings, HttpAccess({}), _tell)


def _tell(url: str) -> None:
    sys.stdout.write(url + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
