"""The waiting line: priority, place in line, age; lanes never hide each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.line import Line, Slots, Waiting, choose_backend

ONE = frozenset({"one"})
BOTH = frozenset({"one", "two"})


def waiting(
    job_id: str,
    *,
    urgency: int = 0,
    place: int = 0,
    since: float = 0.0,
    fitting: frozenset[str] = ONE,
) -> Waiting:
    return Waiting(urgency, place, since, job_id, fitting)


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


def test_the_least_busy_backend_is_chosen_and_the_first_declared_of_equals() -> None:
    slots = {"one": Slots(4, 2), "two": Slots(2, 0), "three": Slots(2, 0), "full": Slots(1, 1)}
    assert choose_backend({"one", "two", "three", "full"}, slots) == "two"
    assert choose_backend({"one", "full"}, slots) == "one"
    assert choose_backend({"full"}, slots) is None
    assert Slots(3, 1).free == 2
