"""Life of a simulator: in this process, as a program, with TLS; its folders and its port."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import sys
from pathlib import Path

import httpx2 as httpx
import pytest
import trustme
import websockets

from gateway.simulator.faults import Calm
from gateway.simulator.listener import Listener
from gateway.simulator.server import Simulator
from gateway.simulator.settings import Settings, Tls, is_modern
from tests.simulator.talking import PATIENCE, SMALLEST, at, talking

PROGRAM = """
from gateway.simulator.process import Address
from gateway.simulator.server import run_simulator
from gateway.simulator.settings import Settings
run_simulator(Settings(), Address(), None, lambda url: print(url, flush=True))
"""


async def test_a_temporary_folder_is_removed_at_the_end() -> None:
    async with talking(Simulator()) as talker:
        root = talker.simulator.root
        async with talker.listen() as ear:
            await talker.run(SMALLEST, ear)
        assert list((root / "output").iterdir())
    assert not root.exists()


async def test_a_given_folder_stays_and_only_its_temp_is_wiped(tmp_path: Path) -> None:
    (tmp_path / "temp").mkdir()
    (tmp_path / "temp" / "old.png").write_bytes(b"x")
    async with talking(Simulator(folder=tmp_path)) as talker:
        assert not (tmp_path / "temp" / "old.png").exists()
        async with talker.listen() as ear:
            await talker.run(SMALLEST, ear)
    assert (tmp_path / "output" / "t_00001_.png").exists()


async def test_the_port_is_free_again_afterwards() -> None:
    async with Simulator() as first:
        port = first.port
    async with talking(Simulator(port=port)) as talker:
        assert talker.simulator.port == port
        assert (await talker.get("/prompt")).status_code == 200


async def test_a_taken_port_is_said_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            async with Simulator(port=taken.getsockname()[1]):
                pass


async def test_stopping_closes_sockets_without_a_close_frame() -> None:
    simulator = Simulator()
    async with simulator:
        url = simulator.url.replace("http", "ws") + "/ws"
        listening = await websockets.connect(url, close_timeout=0.1)
        await listening.recv()
    async with asyncio.timeout(PATIENCE):
        await listening.wait_closed()
    assert listening.close_code == 1006


async def test_a_busy_caller_does_not_stall_it() -> None:
    async with Simulator() as simulator:
        # The caller's loop stands still meanwhile; the simulator has a thread of its own.
        with httpx.Client() as blocking:
            assert blocking.get(f"{simulator.url}/prompt").status_code == 200
        simulator.order(Calm())


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


async def test_tls_is_served_with_the_given_certificate(
    authority: trustme.CA, tmp_path: Path
) -> None:
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    root = authority.cert_pem.bytes().decode()
    context = ssl.create_default_context(cadata=root)
    async with Simulator(tls=Tls(str(certificate), str(key))) as simulator:
        assert simulator.url.startswith("https://")
        async with httpx.AsyncClient(verify=context) as http:
            assert (await http.get(f"{simulator.url}/prompt")).status_code == 200
        socket_url = simulator.url.replace("https", "wss") + "/ws"
        async with websockets.connect(socket_url, ssl=context, close_timeout=0.1) as listening:
            assert await listening.recv()
        async with httpx.AsyncClient() as plain:
            with pytest.raises(httpx.TransportError):
                await plain.get(f"http://127.0.0.1:{simulator.port}/prompt")


@pytest.mark.servers
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
async def test_as_a_program_it_tells_its_url_takes_orders_and_ends_quietly(
    ending: signal.Signals,
) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert program.stdout is not None
        url = (await program.stdout.readline()).decode().strip()
        async with httpx.AsyncClient(base_url=url) as http:
            assert (await http.get("/prompt")).status_code == 200
            order = {"kind": "AnswerWith", "path": "/queue", "status": 502}
            assert (await http.post("/simulator/faults", json=order)).status_code == 200
            assert (await http.get("/queue")).status_code == 502
            counted = (await http.get("/simulator/counters")).json()
            assert at(counted, "requests", "GET /queue") == 1
    finally:
        program.send_signal(ending)
        async with asyncio.timeout(PATIENCE):
            _, complaints = await program.communicate()
    assert (program.returncode, complaints) == (0, b"")


@pytest.mark.parametrize(
    ("version", "modern"), [("0.3.64", False), ("0.4.0", True), ("0.33.0", True), ("1.0", True)]
)
def test_versions_from_0_4_on_are_modern(version: str, modern: bool) -> None:
    assert is_modern(version) is modern
    assert Settings(version=version).modern is modern


async def test_nobody_else_gets_the_port_while_it_is_closed() -> None:
    listener = Listener("127.0.0.1", 0, deflate=False, tls=None)
    await listener.open()
    listener.close()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", listener.port))
    await listener.open()
    await listener.stop()
