"""`gateway test`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.bar import ProgressLine
from gateway.cli.given import FILE_TYPES
from gateway.cli.models import models_for
from gateway.cli.opening import Config, open_project
from gateway.cli.running import finish, running_engine
from gateway.engine import Engine
from gateway.errors import GatewayError
from gateway.graph.json_value import Json
from gateway.jobs.job import Job, Output, OutputFile
from gateway.project.load import Project
from gateway.services.bound import BoundService
from gateway.services.closest import closest
from gateway.services.model import Required
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking

__all__ = ["register"]


@dataclass(frozen=True, slots=True)
class _Case:
    """One example of a service; `number` counts from 1, of `count`."""

    bound: BoundService
    arguments: Mapping[str, Json]
    number: int
    count: int

    @property
    def title(self) -> str:
        counted = f" {self.number}/{self.count}" if self.count > 1 else ""
        return f"{self.bound.name}{counted}"


@dataclass(frozen=True, slots=True)
class _Verdict:
    """How an example went: what is wrong with it, or '' and what it made."""

    case: _Case
    seconds: float
    fault: str = ""
    made: str = ""


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("test", help=sentence)(_test)


def _test(
    service: Annotated[
        str | None, typer.Argument(metavar="SERVICE", help="Only this one.", show_default=False)
    ] = None,
    config: Config = None,
    version: Annotated[
        str,
        typer.Option("--version", help="The ComfyUI to play: 0.33.0, or 0.3.64 for an old one."),
    ] = "0.33.0",
) -> None:
    project = open_project(config)
    chosen = _chosen(project.services, service)
    cases = [case for bound in chosen for case in _cases(bound, project.root)]
    verdicts = asyncio.run(_run_all(project, cases, version))
    failed = sum(bool(each.fault) for each in verdicts)
    for bound in chosen:
        if not any(case.bound is bound for case in cases):
            sys.stdout.write(f"skip {bound.name}: it has no examples, and needs arguments\n")
    sys.stdout.write(f"{len(verdicts) - failed} of {len(verdicts)} examples passed\n")
    if failed:
        raise typer.Exit(1)


def _chosen(services: Sequence[BoundService], name: str | None) -> Sequence[BoundService]:
    chosen = [each for each in services if name in (None, each.name)]
    if chosen or name is None:
        return chosen
    names = [each.name for each in services]
    near = closest(name, names)
    raise GatewayError(
        f"there is no service {name!r}",
        code="wrong-use",
        mend=f"Did you mean {near}?" if near else f"There are: {', '.join(names)}.",
    )


def _cases(bound: BoundService, root: Path) -> Iterator[_Case]:
    """Yield a service's examples; one without arguments when it has none and needs none."""
    given: list[Mapping[str, Json]] = [each.arguments for each in bound.service.examples]
    supplies = (each.parameter.supply for each in bound.parameters)
    if not given and not any(isinstance(each, Required) for each in supplies):
        given = [{}]
    for number, arguments in enumerate(given, 1):
        yield _Case(bound, _with_paths(bound, arguments, root), number, len(given))


def _with_paths(bound: BoundService, arguments: Mapping[str, Json], root: Path) -> dict[str, Json]:
    """Return the arguments with paths of files as meant from the project's folder."""
    files = {each.name for each in bound.parameters if each.type in FILE_TYPES}
    return {
        name: str(root / value)
        if name in files and isinstance(value, str) and (root / value).is_file()
        else value
        for name, value in arguments.items()
    }


async def _run_all(project: Project, cases: Sequence[_Case], version: str) -> list[_Verdict]:
    models = models_for(project.services, version)
    with tempfile.TemporaryDirectory(prefix="gateway-test-") as folder:
        async with Simulator(version=version, models=models) as simulator:
            on_it = _on_simulator(project, simulator.url, folder)
            async with running_engine(on_it) as engine:
                return [await _run(engine, case) for case in cases]


def _on_simulator(project: Project, url: str, folder: str) -> Project:
    """Return the project with every backend played by the simulator, and files in `folder`."""
    declaration = project.declaration
    backends = tuple(
        replace(each, url=url, headers={}, tls_verify=True, tls_ca=None)
        for each in declaration.backends
    )
    gateway = replace(declaration.gateway, input_folders=(str(project.root),))
    changed = replace(
        declaration,
        backends=backends,
        gateway=gateway,
        inputs=str(Path(folder) / "inputs"),
        outputs=str(Path(folder) / "outputs"),
        jobs=replace(declaration.jobs, store=str(Path(folder) / "jobs.db"), dispatch="process"),
    )
    # Nobody outside is told of jobs that only try the service out.
    services = tuple(
        replace(each, service=replace(each.service, webhook=None)) for each in project.services
    )
    return replace(project, root=Path(folder), declaration=changed, services=services)


async def _run(engine: Engine, case: _Case) -> _Verdict:
    started = time.monotonic()
    try:
        with ProgressLine(case.title) as line:
            asking = Asking(report=line.show_job if sys.stderr.isatty() else None)
            job = await finish(engine, case.bound.name, case.arguments, asking)
        verdict = _judge(case, job, time.monotonic() - started)
    except GatewayError as error:
        verdict = _Verdict(case, time.monotonic() - started, fault=str(error))
    _tell(verdict)
    return verdict


def _judge(case: _Case, job: Job, seconds: float) -> _Verdict:
    if job.status != "completed":
        failure = job.failure
        fault = f"{failure.message} {failure.mend}".strip() if failure else job.status
        return _Verdict(case, seconds, fault=fault)
    named = [each.name for each in job.outputs]
    absent = [each.name for each in case.bound.outputs if each.name not in named]
    if absent:
        return _Verdict(case, seconds, fault=f"it left no output {', '.join(absent)}")
    if not named:
        return _Verdict(case, seconds, fault="it left nothing")
    return _Verdict(case, seconds, made=", ".join(_told(each) for each in job.outputs))


def _told(output: Output) -> str:
    if not isinstance(output, OutputFile):
        return f"{output.name} (text)"
    size = f" {output.width}×{output.height}" if output.width else ""
    return f"{output.name} ({output.mime_type}{size})"


def _tell(verdict: _Verdict) -> None:
    mark = "FAIL" if verdict.fault else "ok  "
    text = verdict.fault or verdict.made
    sys.stdout.write(f"{mark} {verdict.case.title}  {verdict.seconds:.1f} s  {text}\n")
    sys.stdout.flush()
