"""Every error of the gateway, and the finding: one thing `gateway validate` has to say.

Each error says who mends it:

    GatewayError
      DeclarationError         the author of services.yaml mends; carries every finding
      ArgumentError            the caller mends; lists every wrong argument by JSON pointer
        InputRefused           a file the caller named may not or cannot be read
        JobNotFound            no such job, or not this caller's
      BackendError             whoever runs ComfyUI mends
        BackendUnreachable     no answer at all: nothing listens, time ran out, the line broke
        BackendRefused         it answered no: credentials, a proxy, a limit
        BackendAnsweredOddly   it answered what no ComfyUI answers: HTML, a 500, broken JSON
      RunError                 depends on the run
        PromptRejected         ComfyUI's validation refused the graph
        NodeFailed             a node raised while running
        RunInterrupted         stopped from outside this gateway
        RunTimedOut            the service's timeout or queue_timeout passed
        RunLost                every attempt's backend forgot it or died
        OutputMissing          the run ended well, and a file it named is gone

A code is stable, kebab-case, and has a heading in docs/errors.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

__all__ = [
    "ArgumentError",
    "ArgumentFault",
    "BackendAnsweredOddly",
    "BackendError",
    "BackendRefused",
    "BackendUnreachable",
    "DeclarationError",
    "Finding",
    "GatewayError",
    "InputRefused",
    "JobNotFound",
    "NodeFailed",
    "NodeFault",
    "NodeFaults",
    "OutputMissing",
    "Place",
    "PromptRejected",
    "RunError",
    "RunInterrupted",
    "RunLost",
    "RunTimedOut",
    "Severity",
]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `gateway validate` has to say.

    `message` is the whole sentence for people; `found` is what stood there and `mend` what to do,
    both already part of it where that reads well.
    """

    code: str
    message: str
    place: Place | None = None
    severity: Severity = "error"
    service: str | None = None
    parameter: str | None = None
    found: str | None = None
    mend: str | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """Return the shape that `gateway validate --format json` prints."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "column": self.place.column if self.place else None,
            "service": self.service,
            "parameter": self.parameter,
            "found": self.found,
            "mend": self.mend,
            "message": self.message,
        }


class GatewayError(Exception):
    """Something went wrong, and `mend` says what to do about it.

    Attributes:
        code: Stable kebab-case name of the kind of error.
        message: One sentence for people.
        where: A place in a file, a service and parameter, or a node id and class_type.
        found: What was there.
        mend: What to do.
    """

    default_code: ClassVar[str] = "gateway-error"

    def __init__(
        self, message: str, *, code: str = "", where: str = "", found: str = "", mend: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.message = message
        self.where = where
        self.found = found
        self.mend = mend

    def __str__(self) -> str:
        if not self.mend:
            return self.message
        stop = "" if self.message.endswith((".", "!", "?", "…")) else "."
        return f"{self.message}{stop} {self.mend}"


class DeclarationError(GatewayError):
    """The declaration cannot be used; `findings` holds every fault in it."""

    default_code = "declaration-invalid"

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = [finding for finding in findings if finding.severity == "error"]
        first = errors[0].message if errors else "the declaration is invalid"
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(first + more, mend="Run `gateway validate` to see every finding.")
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class ArgumentFault:
    """One wrong argument.

    Attributes:
        pointer: JSON pointer into the arguments, such as `/steps`.
        message: What is wrong there and what would be right.
    """

    pointer: str
    message: str


class ArgumentError(GatewayError):
    """The caller's arguments are wrong; `faults` lists every one."""

    default_code = "arguments-invalid"

    def __init__(self, faults: Sequence[ArgumentFault], *, code: str = "", mend: str = "") -> None:
        message = "; ".join(f"{fault.pointer or '/'}: {fault.message}" for fault in faults)
        super().__init__(
            message,
            code=code,
            where=", ".join(fault.pointer or "/" for fault in faults),
            mend=mend or "Correct the arguments and call again.",
        )
        self.faults = tuple(faults)


class InputRefused(ArgumentError):
    """A file the caller named may not or cannot be read."""

    default_code = "input-refused"


class JobNotFound(ArgumentError):
    """No such job, or not this caller's; the two are not told apart."""

    default_code = "job-not-found"

    def __init__(self, job_id: str, mend: str = "") -> None:
        super().__init__(
            [ArgumentFault("/job_id", self.sentence(job_id))],
            mend=mend or "Call list_jobs to see which there are.",
        )

    @staticmethod
    def sentence(job_id: str) -> str:
        """Return what is said of a job that is not there; a long id is cut."""
        return f"there is no job {job_id[:64]!r}, or it is no longer kept"


class BackendError(GatewayError):
    """A ComfyUI did not do its part; `where` is the backend's name."""

    default_code = "backend-error"

    @property
    def reason(self) -> str:
        """The message, for a sentence that has named the backend already."""
        return self.message.removeprefix(f"Backend {self.where}: ")


class BackendUnreachable(BackendError):
    """No answer at all."""

    default_code = "backend-unreachable"


class BackendRefused(BackendError):
    """It answered no: credentials, a proxy, a limit."""

    default_code = "backend-refused"


class BackendAnsweredOddly(BackendError):
    """It answered what no ComfyUI answers."""

    default_code = "backend-answered-oddly"


class RunError(GatewayError):
    """A run did not end well."""

    default_code = "run-failed"


@dataclass(frozen=True, slots=True)
class NodeFault:
    """What ComfyUI says is wrong with one input of one node, before running it.

    Attributes:
        type: ComfyUI's error type, such as `value_not_in_list`.
        message: ComfyUI's sentence.
        details: ComfyUI's details, with server paths taken out.
        input_name: The input it speaks of, or empty.
    """

    type: str
    message: str
    details: str = ""
    input_name: str = ""


@dataclass(frozen=True, slots=True)
class NodeFaults:
    """Every fault of one node of a rejected prompt."""

    class_type: str
    faults: tuple[NodeFault, ...] = field(default=())


class PromptRejected(RunError):
    """ComfyUI's validation refused the graph, or a part of it."""

    default_code = "prompt-rejected"

    def __init__(
        self, message: str, *, node_errors: Mapping[str, NodeFaults], **named: Any
    ) -> None:
        super().__init__(message, **named)
        self.node_errors = dict(node_errors)


class NodeFailed(RunError):
    """A node raised while running; `where` is its id and class_type."""

    default_code = "node-failed"


class RunInterrupted(RunError):
    """The run was stopped from outside this gateway."""

    default_code = "run-interrupted"


class RunTimedOut(RunError):
    """The service's timeout or queue_timeout passed."""

    default_code = "run-timed-out"


class RunLost(RunError):
    """Every attempt's backend forgot it or died."""

    default_code = "run-lost"


class OutputMissing(RunError):
    """The run ended well, and a file it named is gone."""

    default_code = "output-missing"
