"""What the gateway's log says of its own faults."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import pytest

from gateway.engine import _report


def test_a_fault_is_told_on_stderr_with_its_place_and_without_the_values_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(token: str) -> None:
        raise RuntimeError(f"on purpose, {len(token)} characters")

    with pytest.raises(RuntimeError) as caught:
        fail("secret-" + "word")
    _report("job-1", caught.value)
    told = capsys.readouterr()
    assert told.out == ""
    assert "job=job-1" in told.err
    assert "on purpose, 11 characters" in told.err
    assert "in fail" in told.err
    assert "secret-word" not in told.err
