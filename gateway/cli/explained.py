"""What a call would do, as people and programs read it. Knows no backends and no stores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from gateway.cli.explaining import Explained, Upload
from gateway.graph.comparison import Change
from gateway.graph.json_value import Json
from gateway.graph.naming import node_named
from gateway.graph.patch import unwrapped
from gateway.graph.prompt import Node
from gateway.jobs.batch import varied_of
from gateway.services.durations import write_duration
from gateway.wire.clean import clean_text

__all__ = [
    "backend_table",
    "call_record",
    "change_table",
    "lines_above",
    "lines_below",
    "lines_of_others",
    "where_to",
]

_LONGEST = 120


def call_record(jobs: Sequence[Explained]) -> dict[str, Json]:
    """Return what a call would do as JSON: its first job in full, and each job of several in short.

    Times are seconds, null where nobody knows or there is no limit.
    """
    record = _record(jobs[0])
    if len(jobs) > 1:
        record["runs"] = all(each.runs for each in jobs)
        record["jobs"] = [_short_record(each) for each in jobs]
    return record


def _short_record(explained: Explained) -> dict[str, Json]:
    foresight = explained.foresight
    return {
        "runs": explained.runs,
        "arguments": dict(explained.accepted.arguments),
        "seeds": dict(explained.accepted.seeds),
        "backend": foresight.backend,
        "because": foresight.because,
        "refused": list(explained.refused),
    }


def _record(explained: Explained) -> dict[str, Json]:
    service, foresight = explained.bound.service, explained.foresight
    return {
        "service": service.name,
        "runs": explained.runs,
        "arguments": dict(explained.accepted.arguments),
        "seeds": dict(explained.accepted.seeds),
        "warnings": list(explained.accepted.warnings),
        "uploads": [
            {"parameter": each.parameter, "filename": each.filename, "size_bytes": each.size}
            for each in explained.uploads
        ],
        "changes": [_change_record(each, explained) for each in explained.changes],
        "backend": foresight.backend,
        "because": foresight.because,
        "backends": [
            {
                "name": name,
                "reason": reason,
                "refuses": list(explained.objections.get(name, ())),
                "expected_seconds": explained.expected.get(name),
            }
            for name, reason in foresight.reasons.items()
        ],
        "models": list[Json](sorted(foresight.models)),
        "paid_nodes": list(explained.paid),
        "timeout_seconds": service.timeout,
        "queue_timeout_seconds": service.queue_timeout,
        "wait_seconds": service.wait,
    }


def where_to(explained: Explained) -> str:
    """Return where it would run and why, or why not."""
    foresight = explained.foresight
    where = f"would run on {foresight.backend}" if foresight.backend else "would not run now"
    if explained.refused:
        where = f"would be placed on {foresight.backend} and refused there"
    return f"{where}: {foresight.because}"


def change_table(explained: Explained) -> Table:
    """Return a line for each input that would hold something else."""
    table = _table("node", "input", "in the graph", "in this call", "from")
    last = ""
    for each in explained.changes:
        named = node_named(each.node_id, Node(each.class_type, {}, each.title))
        table.add_row(
            _text("" if named == last else named),
            _text(each.input_name or "(the node)"),
            _text(_held(each.before, is_there=each.was_there, whole=not each.input_name)),
            _text(_held(each.after, is_there=each.is_there, whole=not each.input_name)),
            _text(explained.origins.get((each.node_id, each.input_name), "")),
        )
        last = named
    return table


def backend_table(explained: Explained) -> Table:
    """Return a line for each backend: what it would do, and how long it should take."""
    table = _table("backend", "", "why", "expected")
    for name, reason in explained.foresight.reasons.items():
        seconds = explained.expected.get(name)
        refuses = bool(explained.objections.get(name))
        here = "runs it" if name == explained.foresight.backend else ""
        table.add_row(
            Text(name),
            Text("refuses it", style="red") if refuses else Text(here, style="green"),
            _text(reason),
            Text("" if seconds is None else _about(seconds)),
        )
    return table


def lines_above(explained: Explained) -> Iterator[str]:
    """Yield what a call is made of, before the graph is shown."""
    for name, value in explained.accepted.arguments.items():
        drawn = " (drawn)" if name in explained.drawn else ""
        yield f"argument  {name}={_short(value)}{drawn}"
    for each in explained.uploads:
        yield f"upload    {_sent(each)}"
    for warning in explained.accepted.warnings:
        yield f"warning   {warning}"


def lines_below(explained: Explained) -> Iterator[str]:
    """Yield what is to be known beside the tables."""
    service = explained.bound.service
    for name, refused in explained.objections.items():
        for each in refused:
            yield clean_text(f"refused   on {name}: {each}", None)
    for node in explained.paid:
        yield clean_text(f"price     node {node} calls a paid partner service", None)
    if explained.foresight.models:
        yield f"models    {', '.join(sorted(explained.foresight.models))}"
    line = "as long as it takes" if service.queue_timeout is None else _limit(service.queue_timeout)
    run = "as long as it takes" if service.timeout is None else _limit(service.timeout)
    yield f"limits    waits in line {line}, runs {run}"
    wait = "at the end" if service.wait is None else f"after {write_duration(service.wait)} at most"
    yield f"answer    {wait}; a job that is not done by then goes on"


def lines_of_others(jobs: Sequence[Explained]) -> Iterator[str]:
    """Yield what is other in each job of several, with why it would not run as the first would."""
    first = jobs[0]
    made = [each.job for each in jobs]
    names = [*varied_of(made)]
    for number, each in enumerate(jobs[1:], 2):
        arguments = each.accepted.arguments
        varied = ", ".join(f"{name}={_short(arguments.get(name))}" for name in names)
        yield f"job {number:<6}{varied}"
        if each.foresight.backend != first.foresight.backend or each.refused != first.refused:
            yield f"          {where_to(each)}"
        for refused in each.refused if each.refused != first.refused else ():
            yield clean_text(f"refused   on {each.foresight.backend}: {refused}", None)


def _change_record(change: Change, explained: Explained) -> dict[str, Json]:
    return {
        "node_id": change.node_id,
        "class_type": change.class_type,
        "title": change.title,
        "input": change.input_name or None,
        "was_there": change.was_there,
        "is_there": change.is_there,
        "before": change.before,
        "after": change.after,
        "from": explained.origins.get((change.node_id, change.input_name), ""),
    }


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _text(text: str) -> Text:
    return Text(clean_text(text, None))


def _held(value: Json, *, is_there: bool, whole: bool) -> str:
    if whole:
        return "there" if is_there else "not there"
    return _short(unwrapped(value)) if is_there else "-"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _sent(upload: Upload) -> str:
    if upload.size is None:
        return f"{upload.parameter}: {upload.filename}, once it is fetched"
    return f"{upload.parameter}: {upload.filename}, {_size(upload.size)}"


def _size(size: int) -> str:
    for unit, length in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= length:
            return f"{size / length:.1f} {unit}"
    return f"{size} bytes"


def _limit(seconds: float) -> str:
    return f"{write_duration(seconds)} at most"


def _about(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
