"""Where a job would go if it came now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import ArgumentError
from gateway.graph.definitions import Combo, Definitions, InputDefinition
from gateway.graph.json_value import Json
from gateway.jobs.foresight import Foresight, Surroundings, foresee
from gateway.jobs.job import Job
from gateway.jobs.line import Slots
from gateway.jobs.placement import Candidate
from gateway.services.bound import BoundService
from gateway.services.model import LabelledBackend
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import PLACE, bound, parameter

MODEL = "tiny-sd15.safetensors"


def having(*models: str) -> Definitions:
    loader = DEFINITIONS["CheckpointLoaderSimple"]
    combo = InputDefinition("ckpt_name", Combo(models))
    return {**DEFINITIONS, loader.class_type: replace(loader, inputs={"ckpt_name": combo})}


LEFT = Candidate("left", frozenset({"big"}), having(MODEL))
RIGHT = Candidate("right", frozenset({"big"}), having(MODEL, "other.safetensors"))
SMALL = Candidate("small", frozenset())
SERVICE = bound(
    parameter("model", "4.ckpt_name"), backend=LabelledBackend(frozenset({"big"}), PLACE)
)
AROUND = Surroundings(
    (LEFT, RIGHT, SMALL), {"left": Slots(2, 1), "right": Slots(2), "small": Slots(2)}
)


def seen(around: Surroundings, service: BoundService = SERVICE, **arguments: Json) -> Foresight:
    return foresee(service, Job("id", "draw", "local", arguments, 0.0), around)


def test_a_job_goes_to_the_least_busy_backend() -> None:
    assert seen(AROUND) == Foresight(
        "right",
        "least busy of 2",
        {
            "left": "it could run it as well",
            "right": "least busy of 2",
            "small": "the service's `backend` leaves it out",
        },
        frozenset({MODEL}),
    )


def test_a_job_goes_where_its_models_are_loaded() -> None:
    warm = replace(AROUND, loaded={"left": frozenset({MODEL})})
    assert (seen(warm).backend, seen(warm).because) == ("left", f"has {MODEL} loaded")


def test_a_job_goes_where_what_it_chooses_is() -> None:
    found = seen(AROUND, model="other.safetensors")
    assert found.backend == "right"
    assert found.reasons["left"] == "it lacks what the arguments choose"
    with pytest.raises(ArgumentError, match="no backend of this service has 'gone'"):
        seen(AROUND, model="gone")


def test_a_backend_that_takes_no_runs_is_passed_over_and_says_why() -> None:
    found = seen(replace(AROUND, out={"right": "it is drained"}))
    assert (found.backend, found.because) == ("left", "the only one with a free slot")
    assert found.reasons["right"] == "it is drained"


def test_a_job_waits_where_every_slot_is_taken() -> None:
    busy = {**AROUND.slots, "left": Slots(2, 2), "right": Slots(1, 1)}
    found = seen(replace(AROUND, slots=busy))
    assert (found.backend, found.because, found.waits) == (
        None,
        "it would wait for a free slot",
        True,
    )
    assert found.reasons["left"] == "it has no free slot"


def test_a_job_runs_nowhere_when_nobody_takes_runs() -> None:
    found = seen(replace(AROUND, out={"left": "gone", "right": "gone"}))
    assert (found.backend, found.because, found.waits) == (
        None,
        "no backend that may run it takes runs now",
        False,
    )
    nowhere = seen(replace(AROUND, candidates=(SMALL,), slots={"small": Slots(2)}))
    assert (nowhere.because, nowhere.waits) == ("no backend may run it", False)
