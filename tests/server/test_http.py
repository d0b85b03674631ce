"""The HTTP door: who comes in, what is refused and how, health, and files."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from mcp import Client, MCPError

from gateway import __version__
from gateway.errors import GatewayError
from gateway.server.http import HttpAccess, http_app, serve_http
from gateway.services.settings import GatewaySettings, HttpSettings
from tests.server.doors import ERAS, LEGACY, SETTINGS, behind_http, client_with_key
from tests.server.memory_gateway import PNG, MemoryGateway, until
from tests.server.test_departures import initialize, legacy_session

pytestmark = pytest.mark.timeout(20)

EVERY = "0.0.0.0"  # noqa: S104 - what is tested is that it is refused without a key

KEYS = {"ann": "key-of-ann", "bob": "key-of-bob"}

both_eras = pytest.mark.parametrize("mode", ERAS)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=4) as client:
        yield client


def told(answer: httpx.Response) -> str:
    """Return the code of a refusal."""
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["id"] is None
    assert body["error"]["data"]["mend"] in body["error"]["message"]
    return str(body["error"]["data"]["code"])


# --- who comes in ---


async def test_dns_rebinding_is_refused_with_421(http: httpx.AsyncClient) -> None:
    async with behind_http() as behind:
        headers = {"host": "evil.example"}
        answers = [
            await http.post(behind.url, json=initialize(), headers=headers),
            await http.get(f"{behind.site}/readyz", headers=headers),
            await http.get(f"{behind.site}/files/x/y", headers=headers),
        ]
    assert [(each.status_code, told(each)) for each in answers] == [(421, "host-not-allowed")] * 3


async def test_pages_of_other_sites_are_refused_with_403(http: httpx.AsyncClient) -> None:
    async with behind_http() as behind:
        headers = {"origin": "https://evil.example"}
        answer = await http.post(behind.url, json=initialize(), headers=headers)
        local = {"origin": "http://localhost:3000", "accept": "application/json, text/event-stream"}
        good = await http.post(behind.url, json=initialize(), headers=local)
    assert (answer.status_code, told(answer)) == (403, "origin-not-allowed")
    assert good.status_code == 200
    assert "access-control-allow-origin" not in good.headers


async def test_allowed_hosts_come_in(http: httpx.AsyncClient) -> None:
    settings = GatewaySettings(http=HttpSettings(port=0, allowed_hosts=("mcp.example.com",)))
    async with behind_http(settings=settings) as behind:
        answer = await http.get(f"{behind.site}/readyz", headers={"host": "mcp.example.com"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic a2V5LW9mLWFubg=="},
        {"authorization": "Bearer"},
        {"x-api-key": "key-of-an"},
        {"x-api-key": "key-of-ann, key-of-bob"},
    ],
)
async def test_without_a_known_key_nothing_is_answered(
    headers: dict[str, str], http: httpx.AsyncClient
) -> None:
    async with behind_http(KEYS) as behind:
        answers = [
            await http.post(behind.url, json=initialize(), headers=headers),
            await http.get(behind.url, headers=headers),
            await http.delete(behind.url, headers=headers),
            await http.get(f"{behind.site}/readyz", headers=headers),
            await http.get(f"{behind.site}/nowhere", headers=headers),
        ]
    assert {(each.status_code, told(each)) for each in answers} == {(401, "api-key-needed")}
    for each in answers:
        assert each.headers["www-authenticate"].startswith('Bearer realm="comfyui-gateway"')
        assert "resource_metadata" not in each.headers["www-authenticate"]


@both_eras
async def test_a_known_key_comes_in_and_is_the_caller(mode: str) -> None:
    async with (
        behind_http(KEYS) as behind,
        client_with_key(behind.url, "key-of-bob", mode) as client,
    ):
        await client.call_tool("quick", {})
    [asking] = behind.gateway.askings
    assert (asking.caller, asking.local) == ("bob", False)


async def test_a_key_may_come_as_x_api_key(http: httpx.AsyncClient) -> None:
    async with behind_http(KEYS) as behind:
        answer = await http.get(f"{behind.site}/readyz", headers={"X-API-Key": "key-of-ann"})
    assert answer.status_code == 200


@both_eras
async def test_without_keys_the_caller_is_local_but_no_path_is_read_or_shown(mode: str) -> None:
    async with behind_http() as behind, Client(behind.url, mode=mode) as client:
        result = await client.call_tool("quick", {})
    [asking] = behind.gateway.askings
    assert (asking.caller, asking.local) == ("local", False)
    assert "path" not in result.structured_content["outputs"][0]


@both_eras
async def test_keys_do_not_see_each_others_jobs_and_files(mode: str) -> None:
    async with (
        behind_http(KEYS) as behind,
        client_with_key(behind.url, "key-of-ann", mode) as ann,
        client_with_key(behind.url, "key-of-bob", mode) as bob,
    ):
        made = (await ann.call_tool("quick", {})).structured_content
        seen = (await bob.call_tool("list_jobs", {})).structured_content
        status = await bob.call_tool("query_job_status", {"job_id": made["job_id"]})
        for uri in (f"comfyui://jobs/{made['job_id']}", made["outputs"][0]["uri"]):
            assert (await ann.read_resource(uri)).contents
            with pytest.raises(MCPError, match="not found"):
                await bob.read_resource(uri)
    assert seen == {"total": 0, "jobs": []}
    assert status.is_error
    assert status.structured_content["error"]["code"] == "job-not-found"


async def test_a_session_of_one_key_is_not_there_for_another(http: httpx.AsyncClient) -> None:
    async with behind_http(KEYS) as behind:
        http.headers["x-api-key"] = "key-of-ann"
        session = await legacy_session(http, behind.url)
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        stolen = {**session, "x-api-key": "key-of-bob"}
        other = await http.post(behind.url, json=ping, headers=stolen)
        ended = await http.delete(behind.url, headers=stolen)
        own = await http.post(behind.url, json=ping, headers=session)
    assert (other.status_code, ended.status_code, own.status_code) == (404, 404, 200)


# --- what is refused for its size ---


async def test_a_body_that_is_too_large_is_413_and_says_what_to_do(http: httpx.AsyncClient) -> None:
    settings = GatewaySettings(http=HttpSettings(port=0, max_body=1000))

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    async with behind_http(settings=settings) as behind:
        declared = await http.post(behind.url, content=b"x" * 1001)
        streamed = await http.post(behind.url, content=chunks())
        modern = await http.post(
            behind.url, content=chunks(), headers={"mcp-protocol-version": "2026-07-28"}
        )
        good = await http.post(
            behind.url,
            json=initialize(),
            headers={"accept": "application/json, text/event-stream"},
        )
    refused = [declared, streamed, modern]
    assert [(each.status_code, told(each)) for each in refused] == [(413, "body-too-large")] * 3
    assert "max_body" in declared.json()["error"]["message"]
    assert good.status_code == 200


@both_eras
async def test_a_file_of_a_gigabyte_is_refused_as_a_resource_with_its_url(mode: str) -> None:
    async with behind_http() as behind, Client(behind.url, mode=mode) as client:
        job = (await client.call_tool("quick", {})).structured_content["job_id"]
        work = behind.gateway.works[job]
        large = behind.gateway.file("film.mp4", "video/mp4", b"", size=2**30)
        work.job = replace(work.job, outputs=(large,))
        with pytest.raises(MCPError) as raised:
            await client.read_resource(f"comfyui://jobs/{job}/outputs/0")
    error = raised.value.error
    assert error.code == -31001
    assert error.data["code"] == "resource-too-large"
    assert error.data["size_bytes"] == 2**30
    assert error.data["url"].startswith(behind.site + "/files/")
    assert error.data["url"] in error.message


# --- health ---


async def test_healthz_is_open_and_readyz_tells_of_the_backends(http: httpx.AsyncClient) -> None:
    async with behind_http(KEYS) as behind:
        key = {"x-api-key": "key-of-ann"}
        health = await http.get(f"{behind.site}/healthz", headers={"host": "10.0.0.7"})
        ready = await http.get(f"{behind.site}/readyz", headers=key)
        behind.gateway.is_ready = False
        unready = await http.get(f"{behind.site}/readyz", headers=key)
    assert (health.status_code, health.json()) == (200, {"status": "ok", "version": __version__})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert (unready.status_code, unready.json()) == (503, {"status": "no backend answers"})


# --- files ---


async def links_of(behind: Any, key: str = "") -> list[str]:
    """Make a job with outputs, and return their links."""
    if key:
        async with client_with_key(behind.url, key) as client:
            made = await client.call_tool("quick", {})
    else:
        async with Client(behind.url) as client:
            made = await client.call_tool("quick", {})
    return [str(each["url"]) for each in made.structured_content["outputs"]]


async def test_a_link_needs_no_key_and_gives_the_file(http: httpx.AsyncClient) -> None:
    async with behind_http(KEYS) as behind:
        image, note, drawing = await links_of(behind, "key-of-ann")
        answers = [await http.get(each) for each in (image, note, drawing)]
        head = await http.head(image)
    assert [(each.status_code, each.content) for each in answers] == [
        (200, PNG),
        (200, b"a lighthouse"),
        (200, b"<svg/>"),
    ]
    assert image.endswith("/a%20b.png")
    assert answers[0].headers["content-type"] == "image/png"
    assert answers[0].headers["content-disposition"] == "inline; filename*=UTF-8''a%20b.png"
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(PNG))
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("a.html", "text/html"),
        ("a.svg", "image/svg+xml"),
        ("a.js", "text/javascript"),
        ("a.xml", "application/xml"),
        ("a.xhtml", "application/xhtml+xml"),
        ("a.pdf", "application/pdf"),
        ("a.bin", "application/octet-stream"),
        ("a.png", "image/png\r\nset-cookie: a=b"),
    ],
)
async def test_what_could_run_is_a_download(
    name: str, mime_type: str, http: httpx.AsyncClient
) -> None:
    async with behind_http() as behind:
        [image, *_] = await links_of(behind)
        work = behind.gateway.only
        file = behind.gateway.file(name, mime_type, b"x")
        work.job = replace(work.job, outputs=(file,))
        answer = await http.get(image)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, None),
        ("bytes=-5", 206, len(PNG) - 5, None),
        ("bytes=-999999", 206, 0, None),
        ("bytes=10-999999", 206, 10, None),
        ("bytes=5-2", 200, 0, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("items=0-1", 200, 0, None),
    ],
)
async def test_a_part_of_a_file_can_be_asked_for(
    asked: str, status: int, start: int, end: int | None, http: httpx.AsyncClient
) -> None:
    async with behind_http() as behind:
        [image, *_] = await links_of(behind)
        answer = await http.get(image, headers={"range": asked})
    assert (answer.status_code, answer.content) == (status, PNG[start:end])
    last = start + len(answer.content) - 1
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{last}/{len(PNG)}"
    else:
        assert "content-range" not in answer.headers


@pytest.mark.parametrize("asked", [f"bytes={len(PNG)}-", "bytes=-0", "bytes=999999-1000000"])
async def test_a_part_that_is_not_there_is_416(asked: str, http: httpx.AsyncClient) -> None:
    async with behind_http() as behind:
        [image, *_] = await links_of(behind)
        answer = await http.get(image, headers={"range": asked})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{len(PNG)}"


async def test_a_file_whose_store_is_away_is_503(http: httpx.AsyncClient) -> None:
    async with behind_http(KEYS) as behind:
        image, *_ = await links_of(behind, "key-of-ann")
        behind.gateway.trouble = GatewayError("The bucket is out of reach.", code="storage-away")
        answer = await http.get(image)
    assert (answer.status_code, answer.text) == (
        503,
        "The bucket is out of reach. Try again later.\n",
    )


async def test_whatever_is_wrong_with_a_link_is_404(http: httpx.AsyncClient) -> None:
    async with behind_http(KEYS) as behind:
        [image, note, drawing] = await links_of(behind, "key-of-ann")
        token = urlsplit(image).path.split("/")[2]
        payload, _, signature = token.partition(".")
        behind.gateway.files.clear()
        behind.gateway.only.job = replace(behind.gateway.only.job, outputs=())
        wrong = [
            f"{behind.site}/files/{payload}.{signature[::-1]}/a.png",
            f"{behind.site}/files/{payload}/a.png",
            f"{behind.site}/files/nonsense/a.png",
            f"{behind.site}/files/..%2f..%2fetc/passwd",
            f"{behind.site}/files/",
            image,
            note,
            drawing,
        ]
        answers = [await http.get(each) for each in wrong]
    assert [each.status_code for each in answers] == [404] * len(wrong)


# --- starting and stopping ---


@pytest.mark.parametrize("host", [EVERY, "::"])
async def test_no_other_address_is_listened_on_without_a_key(host: str) -> None:
    settings = GatewaySettings(http=HttpSettings(host=host, port=0))
    with pytest.raises(GatewayError) as raised:
        await serve_http(MemoryGateway(), settings, HttpAccess({}))
    assert raised.value.code == "http-bind-needs-key"


async def test_with_a_key_every_address_can_be_listened_on(http: httpx.AsyncClient) -> None:
    settings = GatewaySettings(http=HttpSettings(host=EVERY, port=0))
    async with behind_http(KEYS, settings) as behind:
        port = urlsplit(behind.url).port
        answer = await http.get(f"http://127.0.0.1:{port}/healthz")
    assert answer.status_code == 200


async def test_a_port_in_use_is_told_with_the_mend() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = GatewaySettings(http=HttpSettings(port=port))
        with pytest.raises(GatewayError) as raised:
            await serve_http(MemoryGateway(), settings, HttpAccess({}))
    assert (raised.value.code, raised.value.found) == ("http-port-in-use", str(port))
    assert f"--port {port + 1}" in raised.value.mend


async def test_an_address_that_is_not_ours_is_told_with_the_mend() -> None:
    settings = GatewaySettings(http=HttpSettings(host="192.0.2.1", port=0))
    with pytest.raises(GatewayError) as raised:
        await serve_http(MemoryGateway(), settings, HttpAccess(KEYS))
    assert raised.value.code == "http-bind-failed"


async def test_the_app_can_be_run_by_any_server() -> None:
    app = http_app(MemoryGateway(), SETTINGS, {})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("path", ["/mcp", "/tools/mcp"])
async def test_mcp_is_answered_at_the_configured_path(path: str) -> None:
    settings = GatewaySettings(http=HttpSettings(port=0, path=path))
    async with behind_http(settings=settings) as behind, Client(behind.url) as client:
        assert urlsplit(behind.url).path == path
        assert (await client.list_tools()).tools


async def test_a_signal_stops_the_server_and_whoever_started_it_goes_on(tmp_path: Path) -> None:
    program = (
        "import asyncio\n"
        "from gateway.server.http import HttpAccess, serve_http\n"
        "from gateway.services.settings import GatewaySettings, HttpSettings\n"
        "from tests.server.memory_gateway import MemoryGateway\n"
        "settings = GatewaySettings(http=HttpSettings(port=0))\n"
        "told = lambda url: print(url, flush=True)\n"
        "asyncio.run(serve_http(MemoryGateway(), settings, HttpAccess({}), told))\n"
        "print('went on')\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    async with asyncio.timeout(10):
        url = (await process.stdout.readline()).decode().strip()
        async with Client(url, mode=LEGACY) as client:
            await client.list_tools()
            process.send_signal(signal.SIGTERM)
            rest, errors = await process.communicate()
    assert rest == b"went on\n"
    assert process.returncode == 0
    assert b"Traceback" not in errors


async def test_a_peer_that_has_ended_its_session_is_forgotten(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    async with behind_http() as behind:
        session = await legacy_session(http, behind.url)
        await http.delete(behind.url, headers=session)
        with caplog.at_level(logging.ERROR):
            await behind.gateway.publish("restyle")
    assert caplog.text == ""


@both_eras
async def test_many_calls_at_once_are_all_answered(mode: str) -> None:
    async with behind_http() as behind, Client(behind.url, mode=mode) as client:
        calls = [asyncio.create_task(client.call_tool("paint", {})) for _ in range(20)]
        await until(lambda: len(behind.gateway.works) == 20)
        for work in behind.gateway.works.values():
            behind.gateway.finish(work)
        answers = await asyncio.gather(*calls)
    assert len({each.structured_content["job_id"] for each in answers}) == 20
