"""A service whose every binding has been found in its prompt: all a call needs, by look-up alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gateway.graph.definitions import InputDefinition
from gateway.graph.json_value import Json
from gateway.graph.prompt import Prompt
from gateway.services.model import Kind, Parameter, ParameterType, Service

if TYPE_CHECKING:
    from gateway.editor.texts import Texts

__all__ = ["BoundOutput", "BoundParameter", "BoundService", "BoundWidget", "WidgetKey"]

WidgetKey: TypeAlias = tuple[str, str]
"""(node id, widget name)."""


@dataclass(frozen=True, slots=True)
class BoundWidget:
    """A widget that a parameter sets.

    Attributes:
        current: The graph's own value.
        definition: The node definition's word on it, when one is known.
    """

    node_id: str
    widget: str
    class_type: str
    current: Json
    definition: InputDefinition | None = None

    @property
    def key(self) -> WidgetKey:
        """(node id, widget name)."""
        return (self.node_id, self.widget)


@dataclass(frozen=True, slots=True)
class BoundParameter:
    """A parameter with its widgets found.

    Attributes:
        parameter: The declaration.
        type: The declared or derived type; a map of choices is a string.
        widgets: What its value is written to; () when it only feeds templates or is a choice map.
        settings: For a choice map, label → ((widget, value), …); else {}.
        options: The values it may take, when it is a combo or has choices; None otherwise.
        lives_on_backend: Its options are files of one machine (checkpoints, LoRAs…): they are
            refreshed from the live backends and never written into committed schemas.
    """

    parameter: Parameter
    type: ParameterType
    widgets: tuple[BoundWidget, ...] = ()
    settings: Mapping[str, tuple[tuple[BoundWidget, Json], ...]] = field(
        default_factory=dict[str, "tuple[tuple[BoundWidget, Json], ...]"]
    )
    options: tuple[Json, ...] | None = None
    lives_on_backend: bool = False

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.parameter.name

    @property
    def all_widgets(self) -> tuple[BoundWidget, ...]:
        """Every widget it sets; all labels of a choice map set the same ones."""
        settings = next(iter(self.settings.values()), ())
        return (*self.widgets, *(widget for widget, _ in settings))


@dataclass(frozen=True, slots=True)
class BoundOutput:
    """An output rule whose node was found; `index` counts from 0, None takes the whole batch."""

    name: str
    node_id: str
    kind: Kind | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class BoundService:
    """A service ready to be called.

    Attributes:
        prompt: The workflow's graph; never changed.
        prefixes: Save nodes whose literal `filename_prefix` no parameter sets: (node id, widget) → value.
        dynamic_texts: String widgets in which the editor resolves `{a|b}` before it sends.
        texts: For an editor workflow what decides that instead, and where dates and other nodes' values
            are put in; None for an API one.
        models: Widgets that name a file which ComfyUI loads from its own folders: checkpoints, LoRAs…
        paid: Nodes that call a paid service outside, as far as their definitions are pinned.
    """

    service: Service
    prompt: Prompt
    parameters: tuple[BoundParameter, ...] = ()
    outputs: tuple[BoundOutput, ...] = ()
    prefixes: Mapping[WidgetKey, str] = field(default_factory=dict[WidgetKey, str])
    dynamic_texts: frozenset[WidgetKey] = frozenset()
    texts: Texts | None = None
    models: frozenset[WidgetKey] = frozenset()
    paid: frozenset[str] = frozenset()

    @property
    def runs_once(self) -> bool:
        """Whether a run that ComfyUI may have begun must not be made again: it may have cost money."""
        return bool(self.paid) and not self.service.retry_paid

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name
