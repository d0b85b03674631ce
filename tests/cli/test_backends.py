"""`gateway backends`: how they are, draining and resuming, with gateways at work and without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from gateway.front import open_front
from gateway.graph.json_value import JsonObject
from gateway.project.environment import read_environment
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.cli.conftest import Ran

Gateway = Callable[..., Ran]

pytestmark = pytest.mark.timeout(40)


@pytest.fixture
def two(project: Path, simulator: Simulator) -> Simulator:
    """Return the simulator that is one of the project's two backends; the other one is not there."""
    path = project / "services.yaml"
    text = path.read_text("utf-8").replace(
        "\nservices:",
        '\n  attic: {url: "http://127.0.0.1:1", slots: 4, labels: [sdxl, big]}\nservices:',
    )
    path.write_text(text, encoding="utf-8")
    return simulator


@pytest.fixture
async def slow() -> AsyncGenerator[Simulator]:
    """Yield a simulated ComfyUI that takes its time."""
    async with Simulator(step_seconds=0.1) as simulator:
        yield simulator


def shown(gateway: Gateway, *words: str) -> dict[str, JsonObject]:
    """Return what `--json` tells, by name."""
    ran = gateway("backends", *words, "--json")
    assert ran.status == 0, ran.err
    return {each["name"]: each for each in json.loads(ran.out)["backends"]}


@pytest.mark.usefixtures("two")
def test_every_backend_is_shown_and_one_that_is_not_there_says_why(gateway: Gateway) -> None:
    ran = gateway("backends")
    assert ran.status == 0
    heading, studio, attic, *beneath = ran.out.splitlines()
    assert heading.split() == [
        "backend",
        "state",
        "queue",
        "slots",
        "ComfyUI",
        "memory",
        "free",
        "latency",
    ]
    assert studio.startswith("studio   ready        0      0 of 2  0.33.0   6.0 of 8.0 GiB ")
    assert studio.rstrip().endswith(" ms")
    assert attic.split() == ["attic", "unreachable", "0", "of", "4"]
    (said,) = [each for each in beneath if each]
    assert said.startswith("attic: nothing listens at http://127.0.0.1:1.")


@pytest.mark.usefixtures("two")
def test_programs_get_the_same_as_json(gateway: Gateway) -> None:
    found = shown(gateway)
    assert list(found) == ["studio", "attic"]
    studio, attic = found["studio"], found["attic"]
    assert isinstance(studio["latency_ms"], float)
    assert studio == {
        "latency_ms": studio["latency_ms"],
        "name": "studio",
        "state": "ready",
        "reachable": True,
        "error": "",
        "queue_remaining": 0,
        "runs": 0,
        "slots": 2,
        "labels": [],
        "version": "0.33.0",
        "device": "simulated",
        "vram_total": 8 * 2**30,
        "vram_free": 6 * 2**30,
        "models": [],
    }
    assert (attic["state"], attic["labels"], attic["version"]) == (
        "unreachable",
        ["big", "sdxl"],
        None,
    )
    assert "nothing listens" in str(attic["error"])
    assert list(shown(gateway, "list", "attic")) == ["attic"]


@pytest.mark.usefixtures("simulator")
def test_what_the_last_job_loaded_is_shown(gateway: Gateway, project: Path) -> None:
    graph = json.loads((project / "workflows/text_to_image.json").read_text("utf-8"))
    model = graph["4"]["inputs"]["ckpt_name"]
    assert gateway("call", "portrait", "prompt=a fox", "steps=1").status == 0
    assert shown(gateway)["studio"]["models"] == [model]
    assert f"\nstudio: {model} loaded\n" in gateway("backends").out


@pytest.mark.usefixtures("project")
def test_a_backend_is_drained_and_resumed_though_no_gateway_runs_and_it_is_away(
    gateway: Gateway,
) -> None:
    ran = gateway("backends", "drain", "studio")
    assert (ran.status, ran.out) == (
        0,
        "studio takes no new jobs until `gateway backends resume studio`. Nothing runs there.\n",
    )
    assert shown(gateway)["studio"]["state"] == "drained"
    assert shown(gateway, "drain", "studio")["studio"]["state"] == "drained"
    ran = gateway("backends", "resume", "studio")
    assert (ran.status, ran.out) == (0, "studio takes jobs again.\n")
    assert shown(gateway)["studio"]["state"] == "unreachable"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("drain", "studi"), "there is no backend 'studi' (wrong-use)\n  Did you mean studio?"),
        (("drain", "x"), "there is no backend 'x' (wrong-use)\n  There are: studio."),
        (("list", "x"), "there is no backend 'x' (wrong-use)\n  There are: studio."),
        (("drain",), "drain which backend? (wrong-use)\n  There are: studio."),
        (("resume",), "resume which backend? (wrong-use)\n  There are: studio."),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_backend_that_is_not_declared_is_wrong_use(
    gateway: Gateway, words: tuple[str, ...], said: str
) -> None:
    ran = gateway("backends", *words)
    assert ran.status == 2
    assert said in ran.err


async def test_a_gateway_at_work_hears_of_it_and_the_command_sees_its_runs(
    gateway: Gateway, project: Path, slow: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYUI_URL", slow.url)
    front = open_front(project / "services.yaml", read_environment(), lambda _: None)
    running = await front.running()

    async def command(*words: str) -> JsonObject:
        return (await asyncio.to_thread(shown, gateway, *words))["studio"]

    async def health() -> str:
        return (await running.call("comfyui_health_check", {}, Asking())).text

    try:
        job = await running.start("portrait", {"prompt": "a fox", "steps": 50}, Asking())
        while (await running.job(job.id, "local")).status == "pending":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert (await command("drain", "studio"))["state"] == "draining"
        async with asyncio.timeout(10):
            while "takes no new jobs" not in await health():  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.05)
        late = await running.start("portrait", {"prompt": "a dog", "steps": 1}, Asking())
        assert (await running.wait(job.id, Asking(), 20)).status == "completed"
        async with asyncio.timeout(10):
            while (await command())["state"] != "drained":
                pass
        assert not (await running.job(late.id, "local")).runs
        assert (await command("resume", "studio"))["state"] == "ready"
        assert (await running.wait(late.id, Asking(), 20)).status == "completed"
    finally:
        await front.close()
