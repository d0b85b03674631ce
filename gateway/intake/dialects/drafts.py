"""What a dialect says, before it is held against the graphs: drafts of services and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.graph.json_value import Json, JsonObject
from gateway.graph.prompt import Prompt
from gateway.intake.dialects.notes import Spot
from gateway.services.model import Kind, Limits, ParameterType

__all__ = [
    "Companion",
    "Drafts",
    "OutputDraft",
    "ParameterDraft",
    "Section",
    "ServiceDraft",
    "Source",
    "Unreadable",
    "Wanted",
]

_NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that another one speaks of.

    Attributes:
        name: As it is written there.
        candidates: Where it may be, from the folder of the file that names it; the first that is
            there counts.
    """

    name: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Companion:
    """A file beside: its path from the folder of the file that wants it, and what it holds."""

    file: str
    raw: Json


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file beside that cannot be read."""

    code: str
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file to migrate, and all that is needed to read it.

    Attributes:
        file: Its name, without folders.
        folder: The name of its folder, or empty.
        beside: What it wants, by name; what is not there and need not be is left out.
        workflow: The workflow that the person names for it.
        definitions: `/object_info` entries by class type; {} when none were given.
    """

    file: str
    raw: Json
    folder: str = ""
    beside: Mapping[str, Companion | Unreadable] = field(
        default_factory=dict[str, "Companion | Unreadable"]
    )
    workflow: Companion | None = None
    definitions: JsonObject = field(default_factory=dict[str, "Json"])

    @property
    def stem(self) -> str:
        """Its name without what says that it is JSON."""
        return self.file.removesuffix(".json").removesuffix(".meta")


@dataclass(frozen=True, slots=True)
class ParameterDraft:
    """A parameter as a dialect has it.

    Attributes:
        targets: (node id, widget) of everything it sets.
        type: What the dialect says; None when it is the widget's own.
        default: Its default as the only item, or () for the graph's own value.
        drawn: Whether it is drawn anew for each call.
    """

    name: str
    targets: tuple[tuple[str, str], ...]
    spot: Spot
    type: ParameterType | None = None
    required: bool = False
    default: tuple[Json, ...] = ()
    drawn: bool = False
    title: str = ""
    description: str = ""
    choices: tuple[Json, ...] = ()
    limits: Limits = _NO_LIMITS


@dataclass(frozen=True, slots=True)
class OutputDraft:
    """A name for what a node leaves."""

    name: str
    node_id: str
    spot: Spot
    kind: Kind | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceDraft:
    """A service as a dialect has it.

    Attributes:
        workflow: What the file of its workflow was called; empty where it was none.
    """

    name: str
    workflow: str
    prompt: Prompt
    spot: Spot
    title: str = ""
    description: str = ""
    parameters: tuple[ParameterDraft, ...] = ()
    outputs: tuple[OutputDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of services.yaml beside its services: a top-level key and what stands under it."""

    key: str
    value: JsonObject
    spot: Spot


@dataclass(frozen=True, slots=True)
class Drafts:
    """Everything that a file says; what is to be told of it comes together at `spot`."""

    services: tuple[ServiceDraft, ...]
    spot: Spot
    sections: tuple[Section, ...] = ()
