"""One call's arguments as those of several jobs: which, in which order, with which seeds, and how many."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import count as counting

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ArgumentError, Place
from gateway.graph.json_value import Json
from gateway.services.arguments import Accepted
from gateway.services.batch import accept_all
from gateway.services.batch_rules import batch_faults, of_count
from gateway.services.bound import BoundService
from gateway.services.model import Defaulted, Drawn, GraphFile, Limits, Parameter, Required
from tests.services.building import LIST, PLACE, bound, parameter
from tests.services.test_arguments import GRAPH
from tests.services.test_bind_parameters import SIZES

COUNT = of_count(Parameter("count", PLACE, batch="count"))
PARAMETERS = (
    parameter(
        "prompt", "6.text", supply=Required(), batch="values", template="{{ prompt }}, {{ style }}"
    ),
    parameter("style", supply=Defaulted("oil"), batch="values"),
    parameter("seed", "3.seed", supply=Drawn(), batch="values"),
    parameter("steps", "3.steps", limits=Limits(maximum=50), batch="values"),
    parameter("size", choice_map=SIZES, supply=Defaulted("square"), batch="values"),
    parameter("image", "7.image", supply=GraphFile(), batch="values"),
    parameter("cfg", "3.cfg"),
    COUNT,
)
DRAW = bound(*PARAMETERS, prompt=GRAPH)


def take(service: BoundService = DRAW, /, **arguments: Json) -> tuple[Accepted, ...]:
    """Accept a call; the numbers from 0 on are drawn."""
    numbers = counting()
    return accept_all(service, {"prompt": "a cat", **arguments}, lambda _low, _high: next(numbers))


def refused(service: BoundService = DRAW, /, **arguments: Json) -> dict[str, str]:
    with pytest.raises(ArgumentError) as caught:
        take(service, **arguments)
    return {each.pointer: each.message for each in caught.value.faults}


def told(jobs: tuple[Accepted, ...], *names: str) -> list[tuple[Json, ...]]:
    return [tuple(each.arguments.get(name) for name in names) for each in jobs]


def test_a_call_without_lists_is_one_job() -> None:
    (job,) = take(count=1)
    assert dict(job.arguments) == {"prompt": "a cat", "style": "oil", "seed": 0, "size": "square"}
    assert len(take(prompt=["a dog"])) == 1
    assert told(take(prompt=["a dog"]), "prompt") == [("a dog",)]


def test_what_is_declared_first_varies_slowest_and_the_count_fastest() -> None:
    jobs = take(style=["oil", "ink"], prompt=["a cat", "a dog"], count=2)
    assert told(jobs, "prompt", "style") == [
        ("a cat", "oil"),
        ("a cat", "oil"),
        ("a cat", "ink"),
        ("a cat", "ink"),
        ("a dog", "oil"),
        ("a dog", "oil"),
        ("a dog", "ink"),
        ("a dog", "ink"),
    ]


def test_jobs_that_differ_in_a_value_only_have_the_same_seed() -> None:
    seeds = [each.seeds["seed"] for each in take(style=["oil", "ink"], count=2)]
    assert seeds[0] == seeds[2]
    assert seeds[1] == seeds[3]
    assert seeds[0] != seeds[1]


def test_a_given_seed_is_that_of_all_and_those_of_a_list_are_each_their_own() -> None:
    assert told(take(style=["oil", "ink"], seed=9), "seed") == [(9,), (9,)]
    assert told(take(style=["oil", "ink"], seed=[9, 8]), "seed") == [(9,), (8,), (9,), (8,)]


def test_a_seed_of_minus_one_within_a_list_is_drawn_each_time() -> None:
    seeds = [each.seeds["seed"] for each in take(seed=[-1, 900, -1])]
    assert seeds[1] == 900
    assert seeds[0] != seeds[2]


def test_labels_and_files_may_be_lists_too() -> None:
    jobs = take(size=["square", "wide"], image=["a.png", "b.png"])
    assert told(jobs, "size", "image") == [
        ("square", "a.png"),
        ("square", "b.png"),
        ("wide", "a.png"),
        ("wide", "b.png"),
    ]
    assert [dict(each.files) for each in jobs[:2]] == [{"image": "a.png"}, {"image": "b.png"}]


def test_what_a_value_is_read_as_is_told_with_its_own_job() -> None:
    first, second = take(steps=["8", 12])
    assert (first.arguments["steps"], second.arguments["steps"]) == (8, 12)
    assert first.warnings
    assert not second.warnings


def test_every_fault_of_every_value_is_told_with_its_place_and_once() -> None:
    assert refused(
        steps=[8, 51, "many"], size=["round", "square"], cfg="high", prompt=["a", "b"]
    ) == {
        "/steps/1": "must be an integer from 1 to 50, found 51",
        "/steps/2": 'must be an integer from 1 to 50, found "many"',
        "/size/0": refused(size="round")["/size"],
        "/cfg": refused(cfg="high")["/cfg"],
    }


@pytest.mark.parametrize(
    ("arguments", "pointers"),
    [
        ({"style": []}, ["/style"]),
        ({"style": ["oil", "oil"]}, ["/style/1"]),
        ({"steps": [8, "8"]}, ["/steps/1"]),
        ({"image": ["a.png", ""]}, ["/image/1"]),
        ({"style": ["oil", None]}, ["/style/1"]),
        ({"prompt": ["a", None]}, ["/prompt/1"]),
        ({"seed": [None, 3]}, ["/seed/0"]),
        ({"count": 0}, ["/count"]),
        ({"count": [1, 2]}, ["/count"]),
        ({"count": 2, "seed": 7}, ["/count"]),
        ({"count": 2, "seed": [7, -1]}, ["/count"]),
        ({"cfg": [1, 2]}, ["/cfg"]),
        ({"styles": ["oil"]}, ["/styles"]),
        ({"style": [["oil"]]}, ["/style/0"]),
    ],
)
def test_what_would_be_no_batch_or_the_same_job_twice_is_refused(
    arguments: Mapping[str, Json], pointers: list[str]
) -> None:
    assert list(refused(DRAW, **arguments)) == pointers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"style": []}, "must have one value at least, or be a single one"),
        ({"style": ["oil", "oil"]}, "is the same as value 0: each makes a job"),
        ({"steps": [8, 9, "8"]}, "is the same as value 0: each makes a job"),
        ({"style": ["oil", None]}, "must be text, found null"),
        ({"count": 2, "seed": 7},
         "with `seed` given, all variations would be the same: leave it out, or the count"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_in_words(arguments: Mapping[str, Json], message: str) -> None:
    assert list(refused(DRAW, **arguments).values()) == [message]


def test_values_after_one_that_is_wrong_are_looked_at() -> None:
    assert list(refused(style=["oil", None, "oil"], seed=[-1, 3, 3])) == [
        "/style/1",
        "/style/2",
        "/seed/2",
    ]


def test_a_call_may_start_as_many_jobs_as_the_limit() -> None:
    assert len(take(steps=[*range(1, 9)], count=2)) == 16
    assert refused(steps=[*range(1, 10)], count=2) == {
        "/steps": "9 steps × 2 count is 18 jobs; one call starts at most 16"
    }
    with pytest.raises(ArgumentError) as caught:
        take(count=17)
    assert caught.value.mend == "Give fewer values, or make several calls."


def test_without_a_count_there_is_one_variation() -> None:
    assert (COUNT.type, COUNT.supply, COUNT.limits.minimum) == ("integer", Defaulted(1), 1)
    three = of_count(Parameter("count", PLACE, supply=Defaulted(3), batch="count"))
    assert three.supply == Defaulted(3)
    service = bound(parameter("seed", "3.seed", supply=Drawn()), three, prompt=GRAPH)
    assert len(accept_all(service, {}, lambda low, _: low)) == 3
    plain = bound(parameter("style", supply=Defaulted("oil"), batch="values"), prompt=GRAPH)
    assert len(accept_all(plain, {"style": ["oil", "ink"]}, lambda low, _: low)) == 2


def test_a_count_may_be_as_large_as_the_limit_and_no_larger() -> None:
    count = parameter("count", supply=Defaulted(15), limits=Limits(maximum=16), batch="count")
    service = bound(parameter("seed", "3.seed", supply=Drawn()), of_count(count), prompt=GRAPH)

    def faults(limit: int) -> list[tuple[str, Place | None]]:
        declared = replace(service.service, batch_limit=limit)
        found = batch_faults(declared, service.parameters)
        return [(each.message.partition(",")[0], each.place) for each in found]

    assert faults(16) == []
    assert faults(15) == [("`maximum` is 16", PLACE)]
    assert faults(14) == [("`default` is 15", PLACE), ("`maximum` is 16", PLACE)]


def test_a_list_is_refused_where_the_author_did_not_allow_it() -> None:
    plain = bound(parameter("prompt", "6.text"), prompt=GRAPH)
    assert list(refused(plain, prompt=["a", "b"])) == ["/prompt"]


def test_too_many_jobs_are_refused_with_the_numbers() -> None:
    steps: Json = [*range(1, 7)]
    assert refused(steps=steps, count=3) == {
        "/steps": "6 steps × 3 count is 18 jobs; one call starts at most 16"
    }
    assert refused(count=10**18) == {
        "/count": f"{10**18} jobs; one call starts at most 16",
    }
    with pytest.raises(ArgumentError) as caught:
        take(count=17)
    assert caught.value.code == "batch-too-large"


def test_a_huge_list_is_refused_before_its_values_are_looked_at() -> None:
    values: list[Json] = [LIST] * 1_000_000
    assert refused(style=values) == {"/style": "1000000 jobs; one call starts at most 16"}
    names = ("prompt", "style", "seed", "steps", "size", "image")
    assert len(refused(DRAW, **dict.fromkeys(names, values))) == 1


def test_jobs_that_would_hold_too_much_text_are_refused_before_it_is_looked_at() -> None:
    long = "ä" * 4_000_001
    said = "16,000,004 characters of text together; those of one call hold at most 16,000,000"
    assert refused(prompt=long, steps=[1, 2, 3, 4]) == {"/prompt": f"4 jobs would hold {said}"}
    assert refused(prompt=[long, "b"], steps=[1, 2, 3, 4]) == {
        "/prompt": f"8 jobs would hold {said.replace('4 c', '8 c')}"
    }
    deep: Json = {"a": [{"b": long}]}
    assert list(refused(cfg=deep, steps=[1, 2, 3, 4])) == ["/cfg"]
    with pytest.raises(ArgumentError) as caught:
        take(image="ä" * 9_000_000, count=2)
    assert caught.value.code == "batch-too-large"


def test_a_file_within_its_argument_is_no_text_that_jobs_hold() -> None:
    assert len(take(image="data:image/png;base64," + "A" * 9_000_000, count=2)) == 2


def test_a_value_that_only_a_template_refuses_is_told_with_its_place() -> None:
    service = bound(
        parameter("prompt", "6.text", batch="values", template="{{ 1 / (prompt | length - 2) }}"),
        prompt=GRAPH,
    )
    with pytest.raises(ArgumentError) as caught:
        take(service, prompt=["abc", "ab"])
    assert caught.value.code == "template-failed"
    assert [each.pointer for each in caught.value.faults] == ["/prompt/1"]


def test_an_argument_may_be_called_as_python_calls_its_own() -> None:
    service = bound(parameter("self", "6.text", batch="values"), prompt=GRAPH)
    assert len(accept_all(service, {"self": ["a", "b"]}, lambda low, _: low)) == 2


LISTS = st.lists(st.integers(1, 50), min_size=1, max_size=20, unique=True)


@given(
    steps=LISTS,
    styles=st.lists(st.text("abc", min_size=1), min_size=1, max_size=20, unique=True),
    count=st.integers(1, 20),
)
def test_a_call_makes_each_combination_once_in_order_or_is_refused(
    steps: list[int], styles: list[str], count: int
) -> None:
    arguments: dict[str, Json] = {"steps": [*steps], "style": [*styles], "count": count}
    if math.prod((len(steps), len(styles), count)) > 16:
        assert len(refused(DRAW, **arguments)) == 1
        return
    jobs = take(DRAW, **arguments)
    wanted = [(style, step) for style in styles for step in steps for _ in range(count)]
    assert told(jobs, "style", "steps") == wanted
    seeds = [each.seeds["seed"] for each in jobs]
    turns = [seeds[at : at + count] for at in range(0, len(seeds), count)]
    assert all(each == turns[0] for each in turns)
    assert len(set(turns[0])) == count
    texts = {json.dumps(dict(each.arguments), sort_keys=True) for each in jobs}
    assert len(texts) == len(jobs)
    assert all("count" not in each.arguments for each in jobs)
