"""An entry is cut down to what its workflow takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import DeclarationError
from gateway.intake.entry import EntryTarget, OutputEntry, ParameterEntry
from gateway.intake.fit import fit
from gateway.services.model import ById, Limits
from tests.intake.graphs import KNOWN, entry_of, portrait


def test_what_fits_is_bound_as_it_is() -> None:
    entry = entry_of(portrait())
    fitted = fit(entry, portrait(), KNOWN)
    assert fitted.entry == entry
    assert fitted.left_out == ()
    assert [each.name for each in fitted.bound.parameters] == [
        each.name for each in entry.parameters
    ]


def test_what_cannot_be_bound_or_read_is_left_out_with_the_reason() -> None:
    entry = entry_of(portrait())
    gone = ParameterEntry("gone", (EntryTarget(ById("99"), "x"),))
    odd = ParameterEntry("odd", limits=Limits(minimum=2, maximum=1))
    fitted = fit(replace(entry, parameters=(*entry.parameters, gone, odd)), portrait(), KNOWN)
    assert fitted.entry == entry
    assert [name for name, _ in fitted.left_out] == ["odd", "gone"]
    assert all(why for _, why in fitted.left_out)


def test_an_error_that_is_no_parameter_s_is_raised() -> None:
    entry = replace(entry_of(portrait()), outputs=(OutputEntry("image", ById("99")),))
    with pytest.raises(DeclarationError):
        fit(entry, portrait(), KNOWN)
