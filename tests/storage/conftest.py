"""A real S3 server, started when the first test asks for it; a bucket of its own for each test; a door to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import obstore
import psutil
import pytest
from obstore.store import S3Store

from gateway.services.bucket import Bucket

ACCESS_KEY = "the-name-of-a-key"
SECRET_KEY = "a-secret-that-nobody-may-see"  # noqa: S105 (of the server below alone)
_NUMBERS = itertools.count(1)
_KEYS = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
_RIGHTS = ["Admin", "Read", "Write", "List", "Tagging"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="session")
def s3_server() -> Iterator[int]:
    """Return the port of a running server on the loopback."""
    with tempfile.TemporaryDirectory(prefix="s3-", ignore_cleanup_errors=True) as folder:
        config = Path(folder, "keys.json")
        identity = {"name": "gateway", "credentials": _KEYS, "actions": _RIGHTS}
        config.write_text(json.dumps({"identities": [identity]}))
        ports = {
            name: free_port()
            for name in ("master", "volume", "filer", "s3")
            for name in (name, f"{name}.grpc")
        }
        log = Path(folder, "log")
        server = _started([*_command(folder, str(config)), *_ports(ports)], log)
        try:
            _wait_for(server, ports["s3"], log)
            yield ports["s3"]
        finally:
            server.kill()  # asked politely, it takes 15 s to end
            _wait_for_the_end(server)


def _wait_for_the_end(server: psutil.Process) -> None:
    until = time.monotonic() + 3  # this counts as the last test's time, whichever that is
    while time.monotonic() < until and server.is_running():
        with contextlib.suppress(psutil.NoSuchProcess):
            if server.status() == psutil.STATUS_ZOMBIE:
                return
        time.sleep(0.01)


def _started(command: list[str], log: Path) -> psutil.Process:
    """Start a program that is no child of this process: other tests look at those."""
    script = 'log=$1; shift; "$@" >"$log" 2>&1 & echo $!'
    told = subprocess.run(  # noqa: S603 (a program of the tests' own, all of it written here)
        ["/bin/sh", "-c", script, "sh", str(log), *command],
        stdout=subprocess.PIPE,
        cwd=log.parent,
        check=True,
    )
    return psutil.Process(int(told.stdout))


def _command(folder: str, config: str) -> list[str]:
    return [
        str(Path(sysconfig.get_path("scripts"), "weed")),
        "-logtostderr=true",
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false",
        "-volume.max=0",
        "-filer",
        f"-filer.localSocket={folder}/filer.sock",
        "-s3",
        f"-s3.config={config}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
        f"-s3.localSocket={folder}/s3.sock",
    ]


def _ports(ports: dict[str, int]) -> list[str]:
    return [
        f"-{name.replace('.grpc', '.port.grpc') if '.' in name else f'{name}.port'}={port}"
        for name, port in ports.items()
    ]


def _wait_for(server: psutil.Process, port: int, log: Path) -> None:
    until = time.monotonic() + 50
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            if not server.is_running() or time.monotonic() > until:
                raise AssertionError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.1)


def store_of(bucket: Bucket) -> S3Store:
    """Return a store of the tests' own, to look at what is in a bucket."""
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        config={
            "endpoint": bucket.endpoint,
            "region": "us-east-1",
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
        },
        client_options={"allow_http": True},
    )


def keys_in(bucket: Bucket) -> list[str]:
    pages = obstore.list(store_of(bucket))  # pyright: ignore[reportUnknownMemberType]
    return sorted(entry["path"] for page in pages for entry in page)


def _put(url: str) -> None:
    request = urllib.request.Request(url, method="PUT")  # noqa: S310 (of the server above)
    with urllib.request.urlopen(request):  # noqa: S310
        pass


@pytest.fixture
def bucket(s3_server: int) -> Bucket:
    """Return a new bucket, with a prefix."""
    made = Bucket(
        f"s3://things{next(_NUMBERS)}-{os.getpid()}/a/prefix",
        endpoint=f"http://127.0.0.1:{s3_server}",
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
    )
    whole = store_of(Bucket(f"s3://{made.name}", endpoint=made.endpoint))
    url = obstore.sign(whole, "PUT", "", timedelta(minutes=5))
    until = time.monotonic() + 30
    while True:
        try:
            _put(url)
            obstore.put(whole, "there", b"")
        except (urllib.error.URLError, obstore.exceptions.BaseError):
            # The server answers a moment before its volumes take anything.
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            obstore.delete(whole, "there")
            return made


class Door:
    """A way to the server that can be shut: nothing listens there then."""

    def __init__(self, beyond: int) -> None:
        self.port = free_port()
        self._beyond = beyond
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Let none through, and break those there are."""
        if self._server is not None:
            self._server.close()
            for line in self._lines:
                line.close()
            await self._server.wait_closed()
            await asyncio.gather(*self._carrying)
            self._server = None

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._beyond)
        self._lines |= {writer, here}
        try:
            await asyncio.gather(_pipe(reader, here), _pipe(there, writer))
        finally:
            self._lines -= {writer, here}
            here.close()
            writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(64 * 1024):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def door(s3_server: int) -> AsyncIterator[Door]:
    """Return an open door to the server."""
    way = Door(s3_server)
    await way.open()
    yield way
    await way.shut()
