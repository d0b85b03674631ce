"""The waiting line: priority, place in line, age; lanes never hide each other."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.line import PASSED_AT_MOST, Line, Slots, Waiting, choose_backend

ONE = frozenset({"one"})
BOTH = frozenset({"one", "two"})


def waiting(job_id: str, *, models: str = "", since: float = 0.0, **named: Any) -> Waiting:
    """Return a job in line; `named` are further fields of it."""
    fields: dict[str, Any] = {"urgency": 0, "place": 0, "fitting": ONE, **named}
    return Waiting(job_id=job_id, since=since, models=frozenset(models.split()), **fields)


def served(line: Line, open_backends: set[str]) -> list[str]:
    order: list[str] = []
    while (each := line.next_for(open_backends)) is not None:
        line.remove(each.job_id)
        order.append(each.job_id)
    return order


def test_a_higher_priority_goes_first_then_the_caller_with_fewer_jobs_then_age() -> None:
    line = Line()
    line.add(waiting("late", since=2.0))
    line.add(waiting("early", since=1.0))
    line.add(waiting("my second", place=1, since=0.0))
    line.add(waiting("urgent", urgency=-5, place=9, since=9.0))
    assert served(line, {"one"}) == ["urgent", "early", "late", "my second"]


def test_a_hundred_jobs_of_one_caller_do_not_starve_another_callers_one() -> None:
    line = Line()
    for number in range(100):
        line.add(waiting(f"mine {number}", place=number, since=float(number)))
    line.add(waiting("yours", place=0, since=1000.0))
    assert served(line, {"one"}).index("yours") == 1


def test_a_job_whose_backend_is_busy_hides_nobody() -> None:
    line = Line()
    line.add(waiting("for two only", urgency=-9, fitting=frozenset({"two"})))
    line.add(waiting("for one"))
    first = line.next_for({"one"})
    assert first is not None
    assert first.job_id == "for one"


def test_a_job_taken_out_of_the_middle_is_never_served() -> None:
    line = Line()
    for name in ("a", "b", "c"):
        line.add(waiting(name))
    removed = line.remove("b")
    assert removed is not None
    assert line.remove("b") is None
    assert len(line) == 2
    assert served(line, {"one"}) == ["a", "c"]
    assert line.next_for({"one"}) is None


def test_a_job_put_back_in_line_is_served_once() -> None:
    line = Line()
    line.add(waiting("a"))
    line.remove("a")
    line.add(waiting("a", since=5.0))
    assert served(line, {"one"}) == ["a"]


def test_the_position_counts_those_before_it_that_want_the_same_backends() -> None:
    line = Line()
    line.add(waiting("first", since=1.0, fitting=BOTH))
    line.add(waiting("elsewhere", since=0.0, fitting=frozenset({"two"})))
    line.add(waiting("second", since=2.0, fitting=ONE))
    assert line.position("second") == 1
    assert line.position("nobody") is None
    assert [each.job_id for each in line] == ["elsewhere", "first", "second"]


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3), st.integers(0, 9)), max_size=40))
def test_the_order_of_service_is_the_sorted_order(keys: list[tuple[int, int, int]]) -> None:
    line = Line()
    everybody = [
        waiting(f"{number:03}", urgency=urgency, place=place, since=float(since))
        for number, (urgency, place, since) in enumerate(keys)
    ]
    for each in everybody:
        line.add(each)
    assert served(line, {"one"}) == [each.job_id for each in sorted(everybody)]


def placed(line: Line, slots: dict[str, Slots], **loaded: str) -> tuple[str, str] | None:
    """Place the next job; `loaded` are the models of a backend, in one word each."""
    found = line.place(slots, {name: frozenset(each.split()) for name, each in loaded.items()})
    return (found.waiting.job_id, found.backend) if found is not None else None


def test_the_least_busy_backend_is_chosen_and_the_first_declared_of_equals() -> None:
    slots = {"one": Slots(4, 2), "two": Slots(2, 0), "three": Slots(2, 0), "full": Slots(1, 1)}

    def chosen(*names: str) -> str | None:
        return choose_backend(waiting("a", fitting=frozenset(names)), slots, {})

    assert chosen("one", "two", "three", "full") == "two"
    assert chosen("one", "full") == "one"
    assert chosen("full") is None
    assert Slots(3, 1).free == 2


# --- models that are loaded ---


def test_the_backend_that_has_most_of_the_models_is_chosen_though_it_is_busier() -> None:
    job = waiting("a", fitting=BOTH, models="xl lora")
    slots = {"one": Slots(4, 3), "two": Slots(4, 0)}
    some, more = frozenset({"xl"}), frozenset({"xl", "lora", "vae"})
    assert choose_backend(job, slots, {"one": more, "two": some}) == "one"
    assert choose_backend(job, slots, {"one": some}) == "one"
    assert choose_backend(job, {"two": Slots(4, 0)}, {"one": more}) == "two"


def test_where_none_has_them_one_with_nothing_loaded_is_chosen() -> None:
    job = waiting("a", fitting=BOTH, models="xl")
    slots = {"one": Slots(1), "two": Slots(1)}
    assert choose_backend(job, slots, {"one": frozenset({"flux"})}) == "two"


def test_a_job_whose_models_are_loaded_goes_before_one_that_would_load_its_own() -> None:
    line = Line()
    line.add(waiting("cold", models="flux"))
    line.add(waiting("half", since=1.0, models="xl lora"))
    line.add(waiting("warm", since=2.0, models="xl"))
    slots = {"one": Slots(1)}
    assert placed(line, slots, one="xl vae") == ("warm", "one")
    assert placed(line, slots, one="xl vae") == ("cold", "one")
    assert placed(line, slots, one="flux") == ("half", "one")
    assert placed(line, slots) is None


def test_nobody_is_passed_over_for_a_lower_priority_or_by_one_without_models() -> None:
    line = Line()
    line.add(waiting("cold", models="flux"))
    line.add(waiting("no models", since=1.0))
    line.add(waiting("less urgent", urgency=1, models="xl"))
    assert placed(line, {"one": Slots(1)}, one="xl") == ("cold", "one")


def test_a_job_from_far_behind_or_for_another_backend_does_not_go_first() -> None:
    line = Line()
    for number in range(9):
        line.add(waiting(f"cold {number}", since=float(number), models="flux"))
    line.add(waiting("far behind", since=99.0, models="xl"))
    line.add(waiting("elsewhere", models="xl", fitting=frozenset({"two"})))
    assert placed(line, {"one": Slots(1)}, one="xl") == ("cold 0", "one")


def test_the_head_goes_to_another_free_backend_rather_than_being_passed_over() -> None:
    line = Line()
    line.add(waiting("cold", models="flux", fitting=BOTH))
    line.add(waiting("warm", since=1.0, models="xl", fitting=BOTH))
    slots = {"one": Slots(1), "two": Slots(1)}
    assert placed(line, slots, one="xl") == ("cold", "two")
    assert placed(line, {"one": Slots(1)}, one="xl") == ("warm", "one")


def test_what_left_the_line_is_not_counted_among_those_before() -> None:
    line = Line()
    line.add(waiting("cold", models="flux"))
    for number in range(20):
        line.add(waiting(f"gone {number}", since=1.0, models="flux"))
        line.remove(f"gone {number}")
    line.add(waiting("warm", since=2.0, models="xl"))
    assert placed(line, {"one": Slots(1)}, one="xl") == ("warm", "one")


def test_who_was_passed_over_often_enough_is_served_next() -> None:
    line = Line()
    line.add(waiting("cold", models="flux"))
    for number in range(9):
        line.add(waiting(f"warm {number}", since=1.0 + number, models="xl"))
    order = [placed(line, {"one": Slots(1)}, one="xl") for _ in range(PASSED_AT_MOST + 1)]
    assert order[-1] == ("cold", "one")
    assert len({each for each in order if each is not None}) == PASSED_AT_MOST + 1


JOBS = st.tuples(
    st.sampled_from([0, 0, 0, 1]),
    st.integers(0, 2),
    st.sampled_from(["", "xl", "flux", "xl lora"]),
    st.sampled_from([ONE, BOTH, frozenset({"two"})]),
)
STEPS = st.lists(
    st.one_of(
        JOBS, st.tuples(st.sampled_from(["one", "two"]), st.sampled_from(["xl", "flux", ""]))
    ),
    max_size=60,
)


@given(STEPS)
def test_nobody_is_passed_over_more_often_than_the_limit(
    steps: list[tuple[int, int, str, frozenset[str]] | tuple[str, str]],
) -> None:
    line = Line()
    loaded = {"one": frozenset[str](), "two": frozenset[str]()}
    passed: Counter[str] = Counter()
    for number, step in enumerate(steps):
        if len(step) == 4:
            urgency, place, models, fitting = step
            line.add(
                Waiting(urgency, place, number, f"{number}", fitting, frozenset(models.split()))
            )
            continue
        name, models = step
        loaded[name] = frozenset(models.split())
        before = list(line)
        found = line.place({name: Slots(1)}, loaded)
        could = [each for each in before if name in each.fitting]
        assert (found is None) == (not could)
        if found is not None:
            assert found.waiting in could
            passed.update(each.job_id for each in could if each < found.waiting)
            assert all(each.urgency >= found.waiting.urgency for each in could)
    assert max(passed.values(), default=0) <= PASSED_AT_MOST


@given(STEPS)
def test_everybody_is_served_in_the_end(
    steps: list[tuple[int, int, str, frozenset[str]] | tuple[str, str]],
) -> None:
    line = Line()
    jobs = [each for each in steps if len(each) == 4]
    for number, (urgency, place, models, fitting) in enumerate(jobs):
        line.add(Waiting(urgency, place, number, f"{number}", fitting, frozenset(models.split())))
    slots = {"one": Slots(1), "two": Slots(1)}
    served: list[str] = []
    while (each := placed(line, slots, one="xl", two="flux")) is not None:
        served.append(each[0])
    assert sorted(served) == sorted(f"{number}" for number in range(len(jobs)))
