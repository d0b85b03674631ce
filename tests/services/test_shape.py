"""Shapes of what services.yaml may hold."""

from __future__ import annotations

from gateway.services.fields import Key
from gateway.services.scalar_shapes import Text
from gateway.services.shape import Needs, Record, record


def test_a_record_knows_its_keys_by_name_and_those_that_are_needed() -> None:
    path = Key("path", Text(), "Where it is.", "", sample="path: a/b")
    title = Key("title", Text(), "What it is called.", "")
    rule = Needs("title", ("path",), mend="Write both.")
    assert record("a thing", [path, title], [rule]) == Record(
        noun="a thing",
        keys={"path": path, "title": title},
        needed=("path",),
        rules=(rule,),
    )
