"""The arguments of the built-in tools, read into values; every fault is told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, cast, get_args

from gateway.errors import ArgumentError, ArgumentFault
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.jobs.job import JobStatus
from gateway.services.closest import closest
from gateway.tools.builtin import LEAST_HOURS, LONGEST_WAIT, MOST_HOURS, MOST_LISTED

__all__ = [
    "BuiltinCall",
    "HealthCheck",
    "History",
    "JobCancel",
    "JobList",
    "JobRerun",
    "JobResult",
    "JobState",
    "read_arguments",
]

_STATUSES: tuple[str, ...] = get_args(JobStatus)


@dataclass(frozen=True, slots=True)
class JobState:
    """`query_job_status`."""

    job_id: str
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class JobResult:
    """`get_job_result`."""

    job_id: str


@dataclass(frozen=True, slots=True)
class JobCancel:
    """`cancel_job`."""

    job_id: str


@dataclass(frozen=True, slots=True)
class JobList:
    """`list_jobs`."""

    service: str | None
    status: JobStatus | None
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class JobRerun:
    """`rerun_job`."""

    job_id: str
    overrides: JsonObject


@dataclass(frozen=True, slots=True)
class History:
    """`get_job_statistics`; `since` in seconds since the epoch, or `hours` back from now."""

    service: str | None
    since: float | None
    hours: float | None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """`comfyui_health_check`."""


BuiltinCall: TypeAlias = (
    JobState | JobResult | JobCancel | JobList | JobRerun | History | HealthCheck
)


class _Reader:
    """Reads arguments one by one and remembers what was wrong."""

    def __init__(self, arguments: Mapping[str, Json]) -> None:
        self._arguments = {name: value for name, value in arguments.items() if value is not None}
        self._asked: list[str] = []
        self._faults: list[ArgumentFault] = []

    def text(self, name: str) -> str:
        value = self._take(name)
        if isinstance(value, str) and value:
            return value
        self._fault(name, "must be a text" if value is not None else "is required")
        return ""

    def optional(self, name: str, valid: tuple[str, ...] = ()) -> str | None:
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, str) and (not valid or value in valid):
            return value
        self._fault(name, f"must be one of {', '.join(valid)}" if valid else "must be a text")
        return None

    def number(self, name: str, default: float, low: float, high: float) -> float:
        value = self._take(name)
        if value is None:
            return default
        if isinstance(value, str):
            value = _as_number(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._fault(name, f"must be a number from {low:g} to {high:g}")
        return default

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        value = self.number(name, default, low, high)
        if value != int(value):
            self._fault(name, "must be a whole number")
        return int(value)

    def mapping(self, name: str) -> JsonObject:
        value = self._take(name)
        found = as_object(value)
        if found is None and value is not None:
            self._fault(name, "must be an object: argument → value")
        return found or {}

    def moment(self, name: str) -> float | None:
        value = self._take(name)
        found = _as_moment(value) if isinstance(value, str) else None
        if found is None and value is not None:
            self._fault(name, "must be a date or a date and time, as 2026-01-31T12:00:00Z")
        return found

    def span(self, name: str, low: float, high: float, instead_of: str) -> float | None:
        if self._arguments.get(name) is None:
            self._asked.append(name)
            return None
        if instead_of in self._arguments:
            self._fault(name, f"says the same as {instead_of}: give one of the two")
        return self.number(name, high, low, high)

    def finish(self) -> None:
        """Refuse unknown names, and raise if anything was wrong."""
        for name in self._arguments.keys() - set(self._asked):
            near = closest(name, self._asked)
            valid = ", ".join(self._asked) or "none"
            hint = f"; did you mean {near}?" if near else f"; valid: {valid}"
            self._fault(name, f"is not an argument of this tool{hint}")
        if self._faults:
            raise ArgumentError(self._faults)

    def _take(self, name: str) -> Json:
        self._asked.append(name)
        return self._arguments.get(name)

    def _fault(self, name: str, message: str) -> None:
        self._faults.append(ArgumentFault(f"/{name}", message))


def read_arguments(name: str, arguments: Mapping[str, Json]) -> BuiltinCall:
    """Read the arguments of a built-in tool.

    Raises:
        ArgumentError: They are wrong; every fault is listed.
        KeyError: There is no such tool.
    """
    readers: dict[str, Callable[[_Reader], BuiltinCall]] = {
        "query_job_status": lambda read: JobState(
            read.text("job_id"), read.number("wait_seconds", 0, 0, LONGEST_WAIT)
        ),
        "get_job_result": lambda read: JobResult(read.text("job_id")),
        "cancel_job": lambda read: JobCancel(read.text("job_id")),
        "list_jobs": lambda read: JobList(
            read.optional("service"),
            cast("JobStatus | None", read.optional("status", _STATUSES)),
            read.whole("limit", 20, 1, MOST_LISTED),
            read.whole("offset", 0, 0, 2**31),
        ),
        "rerun_job": lambda read: JobRerun(read.text("job_id"), read.mapping("overrides")),
        "get_job_statistics": lambda read: History(
            read.optional("service"),
            read.moment("since"),
            read.span("hours", LEAST_HOURS, MOST_HOURS, instead_of="since"),
        ),
        "comfyui_health_check": lambda _: HealthCheck(),
    }
    reader = _Reader(arguments)
    call = readers[name](reader)
    reader.finish()
    return call


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _as_moment(text: str) -> float | None:
    """Return a date, or a date and time, in seconds since the epoch; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
