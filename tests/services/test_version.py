"""What tells a service of today from one of yesterday."""

from __future__ import annotations

from dataclasses import replace

from gateway.errors import Place
from gateway.graph.prompt import Node
from gateway.services.bound import BoundService
from gateway.services.model import LabelledBackend, Service
from gateway.services.version import version_of
from gateway.services.webhook import Webhook
from tests.services.building import PLACE, TEXT_TO_IMAGE, parameter

SERVICE = Service(
    "draw", PLACE, "draw.json", "Draw", "", parameters=(parameter("steps", "3.steps"),)
)
DRAW = BoundService(SERVICE, TEXT_TO_IMAGE)


def test_hashes_are_short_and_always_the_same() -> None:
    assert version_of(DRAW) == version_of(DRAW)
    assert {len(version_of(DRAW).graph), len(version_of(DRAW).service)} == {16}


def test_where_a_service_stands_in_the_file_is_no_part_of_it() -> None:
    elsewhere = Place("services.yaml", 90, 5)
    moved = replace(SERVICE, place=elsewhere)
    assert version_of(replace(DRAW, service=moved)) == version_of(DRAW)


def test_another_parameter_is_another_version_of_the_service_alone() -> None:
    more = replace(SERVICE, parameters=(*SERVICE.parameters, parameter("cfg", "3.cfg")))
    now, before = version_of(replace(DRAW, service=more)), version_of(DRAW)
    assert now.service != before.service
    assert now.graph == before.graph


def test_the_order_of_labels_is_no_part_of_a_service() -> None:
    one, other = (
        replace(DRAW, service=replace(SERVICE, backend=LabelledBackend(frozenset(labels), PLACE)))
        for labels in (["sdxl", "fast"], ["fast", "sdxl"])
    )
    assert version_of(one) == version_of(other) != version_of(DRAW)


def test_another_widget_value_is_another_graph() -> None:
    graph = {**TEXT_TO_IMAGE, "5": Node("EmptyLatentImage", {"width": 64, "height": 64})}
    now, before = version_of(replace(DRAW, prompt=graph)), version_of(DRAW)
    assert now.graph != before.graph
    assert now.service == before.service


def test_the_order_of_nodes_is_no_part_of_the_graph() -> None:
    turned = dict(reversed(list(TEXT_TO_IMAGE.items())))
    assert version_of(replace(DRAW, prompt=turned)) == version_of(DRAW)


def test_a_webhook_and_its_secret_are_no_part_of_a_service() -> None:
    told = replace(SERVICE, webhook=Webhook("https://hooks.example", PLACE, "whsec_abc"))
    assert version_of(replace(DRAW, service=told)) == version_of(DRAW)
