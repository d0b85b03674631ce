"""The values that cross the seams of the job package."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.jobs.backend import Finished, Health, Submission
from gateway.jobs.files import Preview, StoredFile
from gateway.jobs.store import JobPage, JobQuery
from gateway.wire.history import HistoryEntry, Succeeded


@pytest.mark.parametrize(
    "value",
    [
        Health(reachable=False, error="down"),
        Submission("p", {}, {}),
        Finished(HistoryEntry("p", Succeeded())),
        StoredFile("j/a.png", 3),
        Preview(b"x", "image/webp", 1, 1),
        JobQuery(),
        JobPage(0, ()),
    ],
)
def test_a_value_cannot_be_changed_after_it_was_made(value: object) -> None:
    name = dataclasses.fields(value)[0].name  # pyright: ignore[reportArgumentType]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)


def test_a_query_asks_for_the_newest_twenty_of_everything() -> None:
    assert JobQuery() == JobQuery(caller=None, service=None, status=None, limit=20, offset=0)
