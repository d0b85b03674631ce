"""How jobs went, as an answer."""

from __future__ import annotations

from gateway.graph.json_value import Json
from gateway.jobs.statistics import Figures, Period, Statistics, Times
from gateway.tools.answer import Answer
from gateway.tools.job_record import time_text

__all__ = ["statistics_answer", "statistics_record"]

_SERVICES_TOLD = 20


def statistics_answer(statistics: Statistics, period: Period) -> Answer:
    """Return the answer of `get_job_statistics`: all together, then each service."""
    since = f" since {time_text(period.since)}" if period.since is not None else ""
    lines = [f"{_line(statistics.whole)}{since}."]
    told = list(statistics.services.items())[:_SERVICES_TOLD]
    lines += [f"- {name}: {_line(figures)}" for name, figures in told]
    if len(statistics.services) > len(told):
        lines.append(f"- … and {len(statistics.services) - len(told)} more")
    return Answer("\n".join(lines), statistics_record(statistics, period))


def statistics_record(statistics: Statistics, period: Period) -> dict[str, Json]:
    """Return the figures as JSON; rates are shares of 1, times are seconds."""
    return {
        "service": period.service,
        "since": time_text(period.since),
        **_record(statistics.whole),
        "workflow_counts": {name: each.total for name, each in statistics.services.items()},
        "services": {name: _record(each) for name, each in statistics.services.items()},
    }


def _record(figures: Figures) -> dict[str, Json]:
    rate = figures.success_rate
    return {
        "total_jobs": figures.total,
        "active_jobs": figures.active,
        "status_counts": {str(status): count for status, count in figures.counts.items()},
        "success_rate": None if rate is None else round(rate, 4),
        **_times("duration", figures.running),
        **_times("queue", figures.waiting),
    }


def _times(what: str, times: Times | None) -> dict[str, Json]:
    return {
        f"average_{what}_seconds": None if times is None else round(times.average, 3),
        f"p50_{what}_seconds": None if times is None else round(times.p50, 3),
        f"p95_{what}_seconds": None if times is None else round(times.p95, 3),
    }


def _line(figures: Figures) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in figures.counts.items())
    noun = "job" if figures.total == 1 else "jobs"
    text = f"{figures.total} {noun} ({counts})" if counts else "no jobs"
    if figures.success_rate is not None:
        text += f", {figures.success_rate:.1%} successful"
    if figures.running is not None:
        text += f"; ran {_told(figures.running)}"
    if figures.waiting is not None:
        text += f"; waited {_told(figures.waiting)}"
    return text


def _told(times: Times) -> str:
    return f"{times.average:.1f} s on average (p50 {times.p50:.1f}, p95 {times.p95:.1f})"
