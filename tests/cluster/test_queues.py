"""Which queue a job waits in, and who serves it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cluster.queues import own_queue, priority_of, queue_of, queues_of
from gateway.jobs.placement import Candidate
from gateway.services.model import AnyBackend, BackendChoice, LabelledBackend, NamedBackend
from tests.services.building import PLACE

BACKENDS = (
    Candidate("attic", frozenset({"sdxl"})),
    Candidate("studio", frozenset({"sdxl", "video"})),
    Candidate("cellar", frozenset()),
)
EVERYWHERE = frozenset({"attic", "studio", "cellar"})


@pytest.mark.parametrize(
    ("choice", "fitting", "queue"),
    [
        (AnyBackend(), EVERYWHERE, "any"),
        (NamedBackend("attic", PLACE), {"attic"}, "backend.attic"),
        (LabelledBackend(frozenset({"sdxl"}), PLACE), {"attic", "studio"}, "labels.sdxl"),
        (LabelledBackend(frozenset({"video", "sdxl"}), PLACE), {"studio"}, "labels.sdxl+video"),
        # A file that only one of them has.
        (AnyBackend(), {"studio", "cellar"}, "backend.cellar"),
        (LabelledBackend(frozenset({"sdxl"}), PLACE), {"studio"}, "backend.studio"),
    ],
)
def test_a_job_waits_where_those_that_fit_look(
    choice: BackendChoice, fitting: set[str], queue: str
) -> None:
    assert queue_of(choice, fitting, BACKENDS) == queue


@given(st.frozensets(st.sampled_from("abcdef"), max_size=6), st.data())
def test_a_worker_serves_every_set_of_its_labels(
    labels: frozenset[str], data: st.DataObject
) -> None:
    wanted = data.draw(st.frozensets(st.sampled_from(sorted(labels)) if labels else st.nothing()))
    me = Candidate("me", labels)
    queue = queue_of(LabelledBackend(wanted, PLACE), {"me"}, [me]) if wanted else "any"
    assert queue in queues_of("me", labels)
    assert own_queue("me") in queues_of("me", labels)


@given(st.text(min_size=1, max_size=60), st.lists(st.text(min_size=1, max_size=60), max_size=4))
def test_a_queues_name_fits_the_channel_that_tells_of_it(backend: str, labels: list[str]) -> None:
    # PostgreSQL takes names of 63 bytes, and procrastinate begins them with 23 of its own.
    assert all(
        len(each.encode("utf-8", "surrogatepass")) <= 40 for each in queues_of(backend, labels)
    )


def test_long_names_stay_different() -> None:
    names = ["attic" * 8, "attic" * 7 + "cellar"]
    assert own_queue(names[0]) != own_queue(names[1])
    assert not set(queues_of(names[0], [])[1:]) & set(queues_of(names[1], [])[1:])


def test_priority_goes_before_place_and_place_before_age() -> None:
    assert priority_of(1, 99_999_999) > priority_of(0, 0) > priority_of(0, 1)
    assert priority_of(0, 7) == priority_of(0, 7)
    # They fit PostgreSQL's integer.
    assert priority_of(-100, 10**9) >= -(2**31)
    assert priority_of(100, 0) < 2**31
