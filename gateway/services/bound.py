"""A service whose every binding has been found in its prompt: all a call needs, by look-up alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gateway.graph.cut import Cut
from gateway.graph.definitions import Definitions, InputDefinition
from gateway.graph.json_value import Json
from gateway.graph.prompt import Prompt
from gateway.services.model import Kind, Parameter, ParameterType, Service

if TYPE_CHECKING:
    from gateway.editor.texts import Texts

__all__ = [
    "BoundAbsence",
    "BoundOutput",
    "BoundParameter",
    "BoundRepeat",
    "BoundService",
    "BoundWidget",
    "WidgetKey",
]

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
class BoundAbsence:
    """What goes when a file is left out.

    Attributes:
        loaders: The nodes that would have loaded it; they always go.
        cut: What else goes, when that is said; None: the branch that hangs on them.
    """

    loaders: frozenset[str]
    cut: Cut | None = None


@dataclass(frozen=True, slots=True)
class BoundRepeat:
    """A node that is there once for each item of a list.

    Attributes:
        carries: Its input → the output slot of the node before that it continues.
        fields: What an item says, in the YAML's order.
        plain: Items are values of the only field, not objects.
    """

    node_id: str
    carries: Mapping[str, int]
    fields: tuple[BoundParameter, ...]
    plain: bool
    max_items: int


@dataclass(frozen=True, slots=True)
class BoundParameter:
    """A parameter with its widgets found.

    Attributes:
        parameter: The declaration.
        type: The declared or derived type; a map of choices is a string.
        widgets: What its value is written to; () when it only feeds templates or is a choice map.
        settings: For a choice map, label → ((widget, value), …); else {}.
        cuts: For a choice map, label → the nodes that it takes out; labels that take out none are
            not in it.
        absence: For a file, what goes when it is left out.
        repeat: For a list, the node that is there once for each item.
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
    cuts: Mapping[str, Cut] = field(default_factory=dict[str, Cut])
    absence: BoundAbsence | None = None
    repeat: BoundRepeat | None = None

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.parameter.name

    @property
    def parts(self) -> tuple[BoundParameter, ...]:
        """The parameter itself, and the fields of its items."""
        return (self, *self.repeat.fields) if self.repeat is not None else (self,)

    @property
    def edits(self) -> bool:
        """Whether it changes the graph's shape, for some arguments."""
        return bool(self.cuts) or self.absence is not None or self.repeat is not None

    @property
    def all_widgets(self) -> tuple[BoundWidget, ...]:
        """Every widget it sets; all labels of a choice map that set any set the same ones."""
        settings = next((each for each in self.settings.values() if each), ())
        widgets = [widget for part in self.parts for widget in part.widgets]
        return (*widgets, *(widget for widget, _ in settings))


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
        editing: The definitions that changes of the graph's shape go by; None when no parameter
            changes it, or when that is done (`arranged`).
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
    editing: Definitions | None = None

    @property
    def runs_once(self) -> bool:
        """Whether a run that ComfyUI may have begun must not be made again: it may have cost money."""
        return bool(self.paid) and not self.service.retry_paid

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name
