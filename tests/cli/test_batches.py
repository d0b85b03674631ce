"""Calls that make several jobs, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PORTRAIT, Ran

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("simulator")]

Gateway = Callable[..., Ran]

BATCHED = PORTRAIT.replace("widget: text, ", "widget: text, batch: values, ").replace(
    "    outputs:", "      count: {batch: count}\n    outputs:"
)


@pytest.fixture(autouse=True)
def batched(project: Path) -> None:
    """Let the small project's prompt be several."""
    assert "count" in BATCHED
    (project / "services.yaml").write_text(BATCHED, encoding="utf-8")


def test_all_that_a_batch_made_is_saved_in_the_order_of_its_jobs(
    gateway: Gateway, project: Path
) -> None:
    words = ("call", "portrait", "prompt=a fox", "prompt=a dog", "count=2", "steps=2")
    ran = gateway(*words, "-o", "out")
    assert ran.status == 0
    assert "4 of 4 completed (batch " in ran.out
    names = [Path(line.split()[-1]).name for line in ran.out.splitlines() if "saved " in line]
    assert names[0] == "contact-sheet.webp"
    assert [name[:2] for name in names[1:]] == ["1-", "2-", "3-", "4-"]
    gateway(*words, "-o", "out")
    assert len(list((project / "out").iterdir())) == 10


def test_a_batch_is_shown_stopped_and_run_again_by_its_id(gateway: Gateway) -> None:
    words = ("call", "portrait", 'prompt=["a fox", "a dog"]', "steps=2", "seed=7", "--json")
    record: dict[str, Any] = json.loads(gateway(*words).out)
    batch, jobs = record["job_id"], [each["job_id"] for each in record["jobs"]]
    shown = gateway("jobs", "show", batch).out.splitlines()
    assert shown[0] == f"job        {batch}"
    assert shown[-2:] == [
        f'job 1      {jobs[0]}  completed  {{"prompt": "a fox"}}',
        f'job 2      {jobs[1]}  completed  {{"prompt": "a dog"}}',
    ]
    told = json.loads(gateway("jobs", "show", batch, "--json").out)
    assert told["jobs"] == record["jobs"]
    assert told["caller"] == "local"
    stopped = gateway("jobs", "cancel", batch)
    assert stopped.out == f"portrait: completed (job {batch}).\n"
    assert json.loads(gateway("jobs", "cancel", batch, "--json").out)["batch"]["completed"] == 2
    again = json.loads(gateway("jobs", "rerun", batch, "steps=3", "--json").out)
    assert again["rerun_of"] == batch
    assert again["parameters"] == {"steps": 3, "seed": 7}
    assert [each["parameters"] for each in again["jobs"]] == [
        each["parameters"] for each in record["jobs"]
    ]


def test_examples_may_be_batches(gateway: Gateway, project: Path) -> None:
    text = BATCHED.replace(
        "prompt: a lighthouse keeper, steps: 2}", "prompt: [a, b], count: 2, steps: 2}"
    )
    (project / "services.yaml").write_text(text, encoding="utf-8")
    ran = gateway("test")
    assert ran.status == 0
    assert "contact_sheet (image/webp" in ran.out
    assert ran.out.endswith("1 of 1 examples passed\n")
