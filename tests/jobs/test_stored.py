"""Jobs as JSON and back."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.jobs.job import (
    Failure,
    InputFile,
    Job,
    JobStatus,
    NodeSpan,
    OutputFile,
    OutputText,
    Progress,
    Run,
)
from gateway.jobs.stored import RecordFault, job_of, record_of

NAMES = st.text(max_size=8)
TIMES = st.floats(0, 4e9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
MAYBE = st.none() | TIMES
OUTPUTS = st.builds(OutputText, NAMES, st.integers(0, 9), NAMES, NAMES) | st.builds(
    OutputFile,
    name=NAMES,
    index=st.integers(0, 9),
    node_id=NAMES,
    kind=st.sampled_from(["image", "text", "video"]),
    type=NAMES,
    mime_type=NAMES,
    filename=NAMES,
    size_bytes=st.integers(0, 2**62),
    key=NAMES,
    width=st.none() | st.integers(1, 9),
    height=st.none() | st.integers(1, 9),
    missing=NAMES,
)
JOBS = st.builds(
    Job,
    id=NAMES,
    service=NAMES,
    caller=NAMES,
    arguments=st.dictionaries(NAMES, JSON, max_size=4),
    created_at=TIMES,
    status=st.sampled_from(get_args(JobStatus)),
    priority=st.integers(-100, 100),
    seeds=st.dictionaries(NAMES, st.integers(-(2**63), 2**64), max_size=2),
    inputs=st.lists(
        st.builds(InputFile, NAMES, NAMES, NAMES, NAMES, st.integers(0, 2**40)), max_size=2
    ).map(tuple),
    runs=st.lists(
        st.builds(Run, st.integers(1, 9), NAMES, NAMES, TIMES, MAYBE, MAYBE, NAMES, NAMES),
        max_size=2,
    ).map(tuple),
    started_at=MAYBE,
    completed_at=MAYBE,
    progress=st.builds(
        Progress,
        TIMES,
        TIMES,
        st.none() | NAMES,
        NAMES,
        st.lists(NAMES, max_size=2).map(tuple),
        st.none() | st.integers(0, 9),
        NAMES,
        TIMES,
    ),
    spans=st.lists(st.builds(NodeSpan, NAMES, NAMES, st.booleans(), MAYBE, MAYBE), max_size=2).map(
        tuple
    ),
    outputs=st.lists(OUTPUTS, max_size=3).map(tuple),
    failure=st.none()
    | st.builds(
        Failure, NAMES, NAMES, NAMES, NAMES, NAMES, st.dictionaries(NAMES, JSON, max_size=2)
    ),
    warnings=st.lists(NAMES, max_size=2).map(tuple),
    graph_hash=NAMES,
    service_version=NAMES,
    key=NAMES,
)


@given(JOBS)
def test_a_job_comes_back_as_it_was(job: Job) -> None:
    assert job_of(json.loads(json.dumps(record_of(job)))) == job


def test_a_record_of_an_older_gateway_has_the_defaults() -> None:
    least: Json = {"id": "a", "service": "s", "caller": "c", "arguments": {}, "created_at": 1.0}
    assert job_of(least) == Job("a", "s", "c", {}, 1.0)


def test_what_a_newer_gateway_added_is_left_out() -> None:
    record = record_of(Job("a", "s", "c", {}, 1.0, runs=(Run(1, "studio", "p", 2.0),)))
    runs: Json = [
        {"attempt": 1, "backend": "studio", "prompt_id": "p", "submitted_at": 2.0, "x": 1}
    ]
    assert job_of({**record, "mood": "good", "runs": runs}) == job_of(record)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "it is no object"),
        ([], "it is no object"),
        ({}, "a Job lacks id, service, caller, arguments, created_at"),
        ({"id": "a"}, "a Job lacks service, caller, arguments, created_at"),
        ({"runs": [{"attempt": 1}]}, "a Run lacks backend, prompt_id, submitted_at"),
        ({"outputs": ["x"]}, "a OutputText lacks name, index, node_id, text"),
        ({"outputs": [{"key": "k"}]}, "a OutputFile lacks name, index, node_id, kind"),
    ],
)
def test_what_is_no_job_is_told(record: Json, said: str) -> None:
    with pytest.raises(RecordFault, match=said):
        job_of(record)
