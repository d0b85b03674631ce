"""A cluster behind a pooler that keeps notifications back, with its connections cut, and behind nginx."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from mcp import Client
from sqlalchemy.engine import make_url

from gateway.jobs.job import Job
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.dispatch.deployment import Deployment, opened_front, write_deployment
from tests.dispatch.relays import Relay
from tests.docs.documents import blocks

pytestmark = pytest.mark.timeout(90)


@asynccontextmanager
async def cluster_behind(relay: Relay, database: str, folder: Path) -> AsyncGenerator[Deployment]:
    """Run a front end and a worker that reach their database through a relay."""
    url = make_url(database).set(host="127.0.0.1", port=relay.port)
    url = url.set(query={"sslmode": "disable", "gssencmode": "disable"})
    environment = {"GATEWAY_DATABASE_URL": url.render_as_string(hide_password=False)}
    async with Simulator() as simulator:
        config = write_deployment(folder, dict.fromkeys("ab", simulator.url), "cluster")
        async with (
            opened_front(config, environment) as front,
            opened_front(config, environment, "ab"),
        ):
            yield Deployment(config, environment, (front, front), {"a": simulator})


def socket_of(database: str) -> Path:
    """Return the server's socket file."""
    folder = make_url(database).query["host"]
    assert isinstance(folder, str)
    return Path(folder) / ".s.PGSQL.5432"


async def test_without_notifications_jobs_run_by_polling(tmp_path: Path, new_database: str) -> None:
    async with (
        Relay(socket_of(new_database), deaf=True) as relay,
        cluster_behind(relay, new_database, tmp_path) as cluster,
    ):
        job = await cluster.start("on_a", 0.2)
        assert (await cluster.ended(job)).status == "completed"
        long = await cluster.start("on_a", 30)
        await cluster.running(long)
        assert (await cluster.fronts[0].cancel(long.id, "local")).status == "cancelled"
        assert relay.kept_back > 0


async def test_news_come_again_after_every_connection_was_cut(
    tmp_path: Path, new_database: str
) -> None:
    async with (
        Relay(socket_of(new_database), deaf=False) as relay,
        cluster_behind(relay, new_database, tmp_path) as cluster,
    ):
        assert (await cluster.ended(await cluster.start("on_a"))).status == "completed"
        under_way = await cluster.start("on_a", 2)
        await cluster.running(under_way)
        assert relay.cut() > 3
        seen: list[float] = []

        async def report(job: Job) -> None:
            seen.append(job.progress.current)

        done = await cluster.fronts[0].wait(under_way.id, Asking(report=report), 30)
        assert (done.status, len(done.runs)) == ("completed", 1)
        after = await cluster.start("on_a", 1.5)
        seen.clear()
        assert (await cluster.fronts[0].wait(after.id, Asking(report=report), 30)).finished
        assert len(set(seen)) > 2
        assert cluster.posted() == 3


# --- nginx ---


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, each another one."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


async def listening(port: int) -> None:
    """Wait until somebody listens on a port."""
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def nginx_file(folder: Path, listen: int, fronts: list[int]) -> Path:
    """Write the document's own configuration with these ports, and return its path."""
    [block] = blocks("nginx")
    text = block.text.replace("listen 80;", f"listen 127.0.0.1:{listen};")
    for port in fronts:
        text = re.sub(r"server 10[.0-9]+:8080;", f"server 127.0.0.1:{port};", text, count=1)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
    file = folder / "nginx.conf"
    file.write_text(f"{head}http {{\naccess_log off;\n{paths}{text}}}\n", encoding="utf-8")
    return file


@asynccontextmanager
async def program(*words: str, **environment: str) -> AsyncGenerator[None]:
    """Run a program until the end."""
    process = await asyncio.create_subprocess_exec(*words, env=environment)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it may have died of itself
            process.kill()
        await process.wait()


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_both_kinds_of_clients_work_through_nginx(
    tmp_path: Path, new_database: str, era: str
) -> None:
    *ports, listen = free_ports(3)
    command = (sys.executable, "-m", "gateway.cli.main", "serve", "--transport", "http")
    async with Simulator() as simulator:
        config = write_deployment(tmp_path, dict.fromkeys("ab", simulator.url), "cluster")
        nginx = str(shutil.which("nginx"))
        ways = ("--config", str(config), "--port")
        async with (
            program(*command, *ways, str(ports[0]), GATEWAY_DATABASE_URL=new_database),
            program(
                *command,
                *ways,
                str(ports[1]),
                "--backends",
                "all",
                GATEWAY_DATABASE_URL=new_database,
            ),
            program(nginx, "-p", str(tmp_path), "-c", str(nginx_file(tmp_path, listen, ports))),
        ):
            for port in (*ports, listen):
                await listening(port)
            heard: list[float] = []

            async def on_progress(
                progress: float, total: float | None, message: str | None
            ) -> None:
                heard.append(progress)

            mode = "legacy" if era == "legacy" else "auto"
            async with Client(f"http://127.0.0.1:{listen}/mcp", mode=mode) as client:
                begun = await client.call_tool("run", {"seconds": 1})
                assert begun.structured_content is not None
                job_id = begun.structured_content["job_id"]
                waited = await client.call_tool(
                    "query_job_status",
                    {"job_id": job_id, "wait_seconds": 30},
                    progress_callback=on_progress,
                )
                assert waited.structured_content is not None
                assert waited.structured_content["status"] == "completed"
    assert heard
