"""Workflows that a ComfyUI keeps, asked for over HTTP."""

from __future__ import annotations

import json

import pytest

from gateway.comfy.saved import saved_workflow
from gateway.errors import BackendError, BackendUnreachable, GatewayError
from gateway.services.model import BackendDeclaration
from gateway.simulator.server import Simulator
from tests.comfy.canned import answer, canned

KEPT = '{"nodes": []}'


async def test_what_the_user_saved_is_had_with_or_without_its_ending() -> None:
    async with Simulator() as simulator:
        folder = simulator.root / "user/workflows/oils"
        folder.mkdir(parents=True)
        (folder / "portrait.json").write_text(KEPT, encoding="utf-8")
        backend = BackendDeclaration("studio", simulator.url)
        assert await saved_workflow(backend, "oils/portrait") == KEPT
        assert await saved_workflow(backend, "oils/portrait.json") == KEPT
        with pytest.raises(GatewayError) as missing:
            await saved_workflow(backend, "oils/potrait")
        assert missing.value.code == "workflow-not-kept"
        assert missing.value.mend == "Did you mean oils/portrait?"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("flux schnell", "/templates/flux%20schnell.json"),
        ("pack/upscale", "/api/workflow_templates/pack/upscale.json"),
    ],
)
async def test_a_template_is_had_by_its_name(name: str, path: str) -> None:
    async with canned(
        lambda line: answer("200 OK" if path in line else "404 Not Found", KEPT.encode())
    ) as server:
        assert await saved_workflow(server.declared(), name) == KEPT


async def test_what_there_is_is_told_when_the_name_is_wrong() -> None:
    index = [{"templates": [{"name": "default"}, {"name": f"t{each}"}]} for each in range(9)]

    def respond(line: str) -> bytes:
        if "/templates/index.json" in line:
            return answer("200 OK", json.dumps(index).encode(), "application/json")
        return answer("404 Not Found")

    async with canned(respond) as server:
        with pytest.raises(GatewayError) as missing:
            await saved_workflow(server.declared(), "zzz")
    assert missing.value.mend.startswith("It has: default, t0, default, t1")
    assert missing.value.mend.endswith(" ….")


@pytest.mark.parametrize("listing", [b"<html>", b"[" * 100_000, b"{}", b"[1, {}]"])
async def test_an_odd_list_is_none(listing: bytes) -> None:
    async with canned(
        lambda line: answer("200 OK" if "?dir" in line else "404 Not Found", listing)
    ) as server:
        with pytest.raises(GatewayError) as missing:
            await saved_workflow(server.declared(), "zzz")
    assert missing.value.mend.startswith(("Save the workflow", "It has"))


async def test_a_backend_that_is_down_or_wants_credentials_is_told_as_such() -> None:
    with pytest.raises(BackendUnreachable):
        await saved_workflow(BackendDeclaration("studio", "http://127.0.0.1:1"), "x")
    async with canned(answer("401 Unauthorized")) as server:
        with pytest.raises(BackendError):
            await saved_workflow(server.declared(), "x")
