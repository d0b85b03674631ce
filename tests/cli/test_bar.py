"""Progress on stderr: a line per step, or one moving line on a terminal."""

from __future__ import annotations

import os
import pty
from contextlib import redirect_stderr, suppress

import pytest

from gateway.cli.bar import ProgressLine, describe
from gateway.jobs.job import Job, Progress

RUNNING = Job("1", "draw", "local", {}, 0.0, status="running")


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (Job("1", "draw", "local", {}, 0.0), "waiting"),
        (Job("1", "draw", "local", {}, 0.0, progress=Progress(queue_position=0)), "waiting"),
        (
            Job("1", "draw", "local", {}, 0.0, progress=Progress(queue_position=3)),
            "waiting, 3 before it",
        ),
        (RUNNING, "running"),
        (
            Job(
                "1", "draw", "local", {}, 0.0, status="running", progress=Progress(title="Sampler")
            ),
            "Sampler",
        ),
        (
            Job("1", "draw", "local", {}, 0.0, progress=Progress(title="x", note="studio is gone")),
            "studio is gone",
        ),
    ],
)
def test_a_job_is_told_in_a_few_words(job: Job, told: str) -> None:
    assert describe(job) == told


def test_elsewhere_each_new_step_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLine("draw") as line:
        line.show("waiting")
        line.show("waiting")
        line.show("Sampler", 1, 20)
        line.show("Sampler", 2, 20)
    captured = capsys.readouterr()
    assert captured.err == "draw: waiting\ndraw: Sampler\n"
    assert captured.out == ""


def test_on_a_terminal_one_line_moves_and_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setenv("TERM", "xterm")
        with redirect_stderr(terminal), ProgressLine("draw") as line:
            line.show("Sampler [/x]", 5, 20)
    # A terminal hands over its output piece by piece; once the other end is closed, reading ends.
    shown = b""
    with suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    text = shown.decode()
    assert "draw: Sampler [/x]" in text
    assert "\x1b[2K" in text
