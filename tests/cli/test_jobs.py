"""`gateway jobs`: looking at what a project keeps, and acting on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from gateway.cli.jobs_shown import job_lines, job_table, statistics_table
from gateway.jobs.job import Failure, Job, OutputFile, OutputText, Run
from gateway.jobs.statistics import Counted, Sample, Tally, statistics_of
from gateway.simulator.server import Simulator
from gateway.tools.job_record import Places
from tests.cli.conftest import Ran, simulated

pytestmark = pytest.mark.timeout(60)

Gateway = Callable[..., Ran]
PATIENCE = 20.0


def called(gateway: Gateway, *words: str) -> dict[str, Any]:
    """Call the service and return its record."""
    return dict(json.loads(gateway("call", "portrait", "prompt=a fox", *words, "--json").out))


def listed(gateway: Gateway, *words: str) -> list[dict[str, Any]]:
    """Return the jobs that are listed."""
    return list(json.loads(gateway("jobs", "list", "--json", *words).out)["jobs"])


@pytest.mark.usefixtures("project")
def test_where_nothing_ran_there_is_nothing(gateway: Gateway) -> None:
    assert gateway("jobs", "list").out == "0 jobs.\n"
    assert json.loads(gateway("jobs", "list", "--json").out) == {"total": 0, "jobs": []}
    assert gateway("jobs", "stats").out == "0 jobs.\n"
    assert gateway("jobs", "clean").out == "0 jobs went.\n"
    for verb in ("show", "cancel", "rerun"):
        ran = gateway("jobs", verb, "nobody")
        assert (ran.status, ran.out) == (1, "")
        assert "there is no job 'nobody'" in ran.err
        assert "gateway jobs list" in ran.err


@pytest.mark.usefixtures("simulator")
def test_jobs_are_listed_and_shown(gateway: Gateway, project: Path) -> None:
    record = called(gateway, "steps=2", "seed=7")
    ran = gateway("jobs", "list")
    heading, row, total = ran.out.splitlines()
    assert heading.split() == ["job", "service", "status", "ran", "created"]
    assert row.split()[:3] == [record["job_id"], "portrait", "completed"]
    assert total == "1 job."
    assert listed(gateway)[0]["caller"] == "local"
    assert listed(gateway, "--status", "failed") == listed(gateway, "--service", "other") == []
    shown = gateway("jobs", "show", record["job_id"]).out
    assert "on studio, after" in shown
    assert "argument   seed=7\n" in shown
    path = shown.split("image: ")[1].strip()
    assert Path(path).is_relative_to(project / ".gateway/outputs")
    as_json = json.loads(gateway("jobs", "show", record["job_id"], "--json").out)
    assert as_json == {**record, "caller": "local"}
    wrong = gateway("jobs", "list", "--status", "done")
    assert (wrong.status, "pending, running" in wrong.err) == (2, True)


@pytest.mark.usefixtures("simulator")
def test_a_job_runs_again_and_its_outputs_are_copied(gateway: Gateway, project: Path) -> None:
    old = called(gateway, "steps=2", "seed=7")
    again = gateway("jobs", "rerun", old["job_id"], "steps=3", "-o", "out")
    assert again.status == 0
    assert again.out.startswith(f"portrait of job {old['job_id']} again, with same seed 7.\n")
    assert len(list((project / "out").iterdir())) == 1
    record = json.loads(gateway("jobs", "rerun", old["job_id"], "seed=null", "--json").out)
    assert record["rerun_of"] == old["job_id"]
    assert record["other_seeds"].keys() == {"seed"}
    wrong = gateway("jobs", "rerun", old["job_id"], "stps=3")
    assert (wrong.status, "Did you mean steps?" in wrong.err) == (2, True)
    assert len(listed(gateway)) == 3
    services = project / "services.yaml"
    services.write_text(services.read_text().replace("  portrait:", "  other:"))
    gone = gateway("jobs", "rerun", old["job_id"])
    assert (gone.status, "(service-changed)" in gone.err) == (1, True)


@pytest.mark.usefixtures("simulator")
def test_finished_jobs_and_their_files_go_when_told(gateway: Gateway, project: Path) -> None:
    ids = [called(gateway, "steps=1")["job_id"] for _ in range(2)]
    assert gateway("jobs", "clean").out == "0 jobs went.\n"
    assert gateway("jobs", "clean", "--older-than", "1d").out == "0 jobs went.\n"
    ran = gateway("jobs", "clean", "--older-than", "0s", "--dry-run")
    assert ran.out == "2 jobs would go.\n"
    assert {each.name for each in (project / ".gateway/outputs").iterdir()} == set(ids)
    ran = gateway("jobs", "clean", "--older-than", "0s", "--json")
    assert json.loads(ran.out) == {"jobs": 2, "dry_run": False}
    assert list((project / ".gateway/outputs").iterdir()) == []
    assert listed(gateway) == []
    wrong = gateway("jobs", "clean", "--older-than", "7x")
    assert (wrong.status, "7d, 12h or 30m" in wrong.err) == (2, True)


@pytest.mark.usefixtures("simulator")
def test_the_policy_of_the_project_is_applied(gateway: Gateway, project: Path) -> None:
    ids = [called(gateway, "steps=1")["job_id"] for _ in range(3)]
    services = project / "services.yaml"
    services.write_text(services.read_text() + "jobs: {keep: {count: 1}}\n")
    assert gateway("jobs", "clean", "--dry-run").out == "2 jobs would go.\n"
    assert gateway("jobs", "clean").out == "2 jobs went.\n"
    assert [each["job_id"] for each in listed(gateway)] == [ids[2]]


@pytest.mark.usefixtures("simulator")
def test_statistics_are_of_everybodys_jobs(gateway: Gateway) -> None:
    called(gateway, "steps=1")
    heading, row = gateway("jobs", "stats").out.splitlines()
    assert heading.split() == [
        "service",
        "jobs",
        "active",
        "success",
        "ran",
        "p50",
        "p95",
        "waited",
    ]
    assert row.split()[:4] == ["portrait", "1", "0", "100.0%"]
    record = json.loads(gateway("jobs", "stats", "--hours", "1", "--json").out)
    assert (record["total_jobs"], record["success_rate"]) == (1, 1.0)
    record = json.loads(gateway("jobs", "stats", "--service", "other", "--json").out)
    assert record["total_jobs"] == 0


# --- while another process runs the job ---


@contextmanager
def calling(folder: Path, environment: Mapping[str, str]) -> Generator[subprocess.Popen[str]]:
    """Call the service in a process of its own."""
    words = [sys.executable, "-m", "gateway.cli.main", "call", "portrait", "prompt=x", "steps=50"]
    process = subprocess.Popen(  # noqa: S603 - our own program
        words,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def running(gateway: Gateway) -> str:
    """Wait until a job runs, and return its id."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if jobs := listed(gateway, "--status", "running"):
            return str(jobs[0]["job_id"])
        time.sleep(0.1)
    pytest.fail("no job ever ran")


@pytest.fixture
def slow(project: Path) -> Generator[Simulator]:
    """Yield a ComfyUI that takes half a minute for a picture."""
    assert project.is_dir()
    with simulated(Simulator(step_seconds=0.6)) as simulator:
        yield simulator


@pytest.mark.servers
def test_a_job_of_another_process_is_stopped_by_that_one(
    gateway: Gateway, project: Path, slow: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYUI_URL", slow.url)
    with calling(project, {}) as other:
        job_id = running(gateway)
        assert f"job        {job_id}" in gateway("jobs", "show", job_id).out
        assert gateway("jobs", "clean", "--older-than", "0s").out == "0 jobs went.\n"
        ran = gateway("jobs", "cancel", job_id)
        assert (ran.status, ran.out) == (0, f"portrait: cancelled (job {job_id}).\n")
        out, _ = other.communicate(timeout=PATIENCE)
        assert (other.returncode, "cancelled" in out) == (1, True)
    again = gateway("jobs", "cancel", job_id, "--json")
    assert json.loads(again.out)["status"] == "cancelled"


@pytest.mark.servers
def test_a_job_whose_process_was_killed_is_stopped_in_comfyui(
    gateway: Gateway, project: Path, slow: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYUI_URL", slow.url)
    with calling(project, {}) as other:
        job_id = running(gateway)
        other.kill()
        other.wait(PATIENCE)
        ran = gateway("jobs", "cancel", job_id)
    assert (ran.status, ran.out) == (0, f"portrait: cancelled (job {job_id}).\n")
    until = time.monotonic() + PATIENCE
    while json.load(urlopen(f"{slow.url}/queue"))["queue_running"]:  # noqa: S310 - our own
        assert time.monotonic() < until
        time.sleep(0.05)


# --- as people read it ---


def test_everything_that_is_known_of_a_job_is_shown() -> None:
    file = OutputFile("image", 0, "9", "image", "output", "image/png", "a.png", 3, "k")
    missing = OutputFile(
        "late", 0, "9", "image", "output", "image/png", "b.png", 0, "", missing="gone"
    )
    job = Job(
        "job-1",
        "draw",
        "ann",
        {"prompt": "a\nfox " + "x" * 300},
        1000.0,
        "failed",
        runs=(Run(1, "attic", "p", 1001.0), Run(2, "studio", "p", 1002.0)),
        started_at=1002.0,
        completed_at=1302.0,
        outputs=(OutputText("text", 0, "7", "one\ntwo"), file, missing),
        failure=Failure("node-failed", "It broke.", mend="Mend it."),
        warnings=("careful",),
        rerun_of="job-0",
    )
    lines = list(job_lines(job, Places(path=lambda _: None), 1000.0 + 7300))
    assert lines[3].endswith("(2 h ago) by ann")
    assert lines[4:7] == [
        "rerun of   job-0",
        "ran        5 min on studio, after 2.0 s in line",
        "attempts   2, on attic, studio",
    ]
    assert lines[7].startswith('argument   prompt="a\\nfox xxx')
    assert lines[7].endswith("…")
    assert lines[8:] == [
        "output 0   text: one two",
        "output 1   image: a.png",
        "output 2   late: missing: gone",
        "warning    careful",
        "error      It broke. (node-failed)",
        "           Mend it.",
    ]


def test_who_called_is_told_where_several_did() -> None:
    jobs = [Job(f"job-{name}", "draw", name, {}, 0.0) for name in ("ann", "bob")]
    alone, both = job_table(jobs[:1], 1e6), job_table(jobs, 1e6)
    assert len(both.columns) == len(alone.columns) + 1
    assert list(both.columns[4].cells) == ["11 d ago", "11 d ago"]


def test_several_services_have_a_line_for_all_of_them() -> None:
    counted = Counted(
        [Tally("draw", "completed", 1200), Tally("paint", "pending", 1)], [Sample("draw", 1, 400)]
    )
    table = statistics_table(statistics_of([counted]))
    rows = list(zip(*(list(each.cells) for each in table.columns), strict=True))
    assert [str(row[0]) for row in rows] == ["draw", "paint", "all"]
    assert rows[0][1:] == ("1,200", "0", "100.0%", "6 min", "6 min", "6 min", "1.0 s")
    assert rows[1][1:] == ("1", "1", "", "", "", "", "")
