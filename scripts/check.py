"""Runs every check that reads the code instead of using it; `make check` calls it.

Each step is a command. They run side by side, longest first; every one is run to its end and
printed with its time, and the exit status is 1 when any of them failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PURE = (
    "errors.py",
    "graph/*",
    "wire/*",
    "services/*",
    "schema/*",
    "intake/*",
    "jobs/*",
    "editor/*",
)
PURE_TESTS = ("errors", "graph", "wire", "services", "schema", "intake", "jobs", "editor")
PROJECTS = sorted(path.parent for path in ROOT.glob("examples/*/services.yaml"))


@dataclass(frozen=True)
class Step:
    """A check: its name, and commands of which each needs the one before."""

    name: str
    commands: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Outcome:
    """How a step ended, after how many seconds, and what it printed."""

    step: Step
    passed: bool
    seconds: float
    output: str


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command line of a program of this environment."""
    return (str(BIN / name), *arguments)


def pure_coverage() -> Step:
    """Return the step that runs the pure packages' own tests and wants every branch of them."""
    folder = tempfile.mkdtemp()
    data = f"--data-file={Path(folder) / 'coverage'}"
    tests = tuple(f"tests/{name}" for name in PURE_TESTS)
    include = ",".join(f"gateway/{pattern}" for pattern in PURE)
    # Traced tests are several times slower; `make test` holds them to their own limit.
    pytest = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=60", *tests)
    return Step(
        "coverage of the pure packages",
        (
            tool("coverage", "run", data, *pytest),
            tool("coverage", "combine", "--quiet", data, folder),
            tool(
                *("coverage", "report", data, f"--include={include}"),
                *("--fail-under=100", "--show-missing", "--skip-covered"),
            ),
        ),
    )


def projects() -> list[Step]:
    """Return the steps that look after the shipped services and the examples."""
    schema = "schemas/services.schema.json"
    files = [str(each.relative_to(ROOT) / "services.yaml") for each in (ROOT, *PROJECTS)]
    return [
        Step(
            "services.yaml against its schema",
            (tool("check-jsonschema", "--schemafile", schema, *files),),
        ),
        Step(
            "schemas/ are fresh",
            tuple(tool("gateway", "schema", "--check", "--config", file) for file in files),
        ),
        Step(
            "services are valid",
            tuple(tool("gateway", "validate", "--config", file) for file in files),
        ),
    ]


def steps() -> list[Step]:
    """Return every step, the longest first."""
    return [
        pure_coverage(),
        Step("types", (tool("basedpyright"),)),
        Step("layers", (tool("lint-imports", "--no-cache"),)),
        Step("unused code", (tool("vulture"),)),
        Step("size, exports", (tool("pytest", "-q", "-p", "no:cacheprovider", "tests/shape"),)),
        *projects(),
        Step("dependencies", (tool("deptry", "."),)),
        Step("docstrings that lie", (tool("python", "scripts/docstrings.py", "gateway"),)),
        Step("docstrings there", (tool("interrogate", "--quiet", "gateway"),)),
        Step("help in the documents", (tool("python", "scripts/commands.py", "--check"),)),
        Step("spelling", (tool("codespell"),)),
        Step("format", (tool("ruff", "format", "--check", "."),)),
        Step("lint", (tool("ruff", "check", "."),)),
    ]


def run(step: Step) -> Outcome:
    """Run a step's commands until one fails."""
    started = time.monotonic()
    printed: list[str] = []
    for command in step.commands:
        done = subprocess.run(  # noqa: S603 - the commands are written above
            command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
        )
        printed.append(done.stdout + done.stderr)
        if done.returncode:
            printed.append(f"`{' '.join(command)}` ended with {done.returncode}\n")
            break
    else:
        return Outcome(step, True, time.monotonic() - started, "")
    return Outcome(step, False, time.monotonic() - started, "".join(printed))


def main() -> int:
    """Run all steps and report them in order; 1 when any failed."""
    started = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        outcomes = list(pool.map(run, steps()))
    for outcome in outcomes:
        mark = "ok    " if outcome.passed else "FAILED"
        sys.stdout.write(f"{mark} {outcome.seconds:6.1f} s  {outcome.step.name}\n")
        sys.stdout.write("".join(f"       {line}\n" for line in outcome.output.splitlines()))
    failed = sum(not outcome.passed for outcome in outcomes)
    sys.stdout.write(
        f"{len(outcomes) - failed} of {len(outcomes)} checks passed "
        f"in {time.monotonic() - started:.0f} s\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
