"""What services.yaml says, as values: the declaration before any workflow is looked at.

Durations are seconds (None: no limit); sizes are bytes. Every value that a finding may speak of
keeps its `Place`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gateway.errors import Place
from gateway.graph.json_value import Json
from gateway.services.bucket import Bucket
from gateway.services.settings import GatewaySettings, JobSettings
from gateway.services.webhook import Webhook

__all__ = [
    "AnyBackend",
    "BackendChoice",
    "BackendDeclaration",
    "ByClassType",
    "ById",
    "ByTitle",
    "Choice",
    "Declaration",
    "Defaulted",
    "Drawn",
    "Example",
    "Fixed",
    "GraphFile",
    "Kind",
    "LabelledBackend",
    "LeftOut",
    "Limits",
    "NamedBackend",
    "NodeReference",
    "NodeTarget",
    "OutputRule",
    "Parameter",
    "ParameterType",
    "Removal",
    "Repeat",
    "Required",
    "Service",
    "ShortTarget",
    "Supply",
    "Target",
    "WidgetTarget",
]

ParameterType = Literal[
    "string",
    "integer",
    "number",
    "boolean",
    "image",
    "mask",
    "audio",
    "video",
    "file",
    "array",
    "object",
]

Kind = Literal["image", "animation", "video", "audio", "text", "model3d", "latent", "file"]
"""What an output is."""

# --- which node, which widget ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ById:
    """The node with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class ByTitle:
    """The only node whose `_meta.title` is exactly this."""

    title: str


@dataclass(frozen=True, slots=True)
class ByClassType:
    """The only node of this class."""

    class_type: str


NodeReference: TypeAlias = ById | ByTitle | ByClassType


@dataclass(frozen=True, slots=True)
class WidgetTarget:
    """A widget, by its node and name."""

    node: NodeReference
    widget: str
    place: Place


@dataclass(frozen=True, slots=True)
class ShortTarget:
    """The short form `id.widget`; the longest existing node id wins once the prompt is known."""

    path: str
    place: Place


Target: TypeAlias = WidgetTarget | ShortTarget


# --- where a parameter's value comes from ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Required:
    """The caller must give it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The caller may give it; otherwise the graph's own value stays."""


@dataclass(frozen=True, slots=True)
class Defaulted:
    """The caller may give it; otherwise this."""

    value: Json


@dataclass(frozen=True, slots=True)
class Drawn:
    """`default: random`: the caller may give it; otherwise it is drawn for each call."""


@dataclass(frozen=True, slots=True)
class GraphFile:
    """`default: graph` of a file parameter: left out, the file that the graph names is used."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """`value:`: set in the graph at each call, never shown to callers."""

    value: Json


Supply: TypeAlias = Required | LeftOut | Defaulted | Drawn | GraphFile | Fixed


# --- parameters -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """What the YAML narrows; None where it says nothing."""

    minimum: float | int | None = None
    maximum: float | int | None = None
    multiple_of: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class NodeTarget:
    """A node of the graph, and where the YAML names it."""

    node: NodeReference
    place: Place


@dataclass(frozen=True, slots=True)
class Removal:
    """Nodes that are taken out of the graph: bypassed ones pass links on, muted ones do not."""

    bypass: tuple[NodeTarget, ...] = ()
    mute: tuple[NodeTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of `choices` as a map: a label, the widgets it sets and the nodes it takes out."""

    label: str
    settings: tuple[tuple[Target, Json], ...]
    place: Place
    removal: Removal = Removal()


@dataclass(frozen=True, slots=True)
class Repeat:
    """`repeat` of a list parameter: a node that is there once for each item, in a chain.

    Attributes:
        carries: (input, output slot of the node before that it continues, where that stands); ():
            found by types.
        fields: What an item says, each like a parameter on widgets of the node.
        plain: Items are values of the only field, not objects.
        max_items: The most items.
    """

    node: NodeTarget
    carries: tuple[tuple[str, int, Place], ...]
    fields: tuple[Parameter, ...]
    plain: bool
    max_items: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared name the caller may set.

    At most one of `targets`, `choice_map`, `repeat` is given; with none it only feeds templates.

    Attributes:
        choices: `choices` as a list, which narrows a combo; None when not given.
        choice_map: `choices` as a map, else ().
        template: Jinja2 source for a string widget, or None.
        when_absent: What goes when a file is left out: `bypass`, the branch that hangs on it; or what
            is said. None: nothing does.
        repeat: The node that is there once for each item of a list, or None.
        batch: How it makes one call several jobs, or None.
        places: Key → where it stands; the parameter itself under "".
    """

    name: str
    place: Place
    supply: Supply = LeftOut()
    targets: tuple[Target, ...] = ()
    type: ParameterType | None = None
    title: str | None = None
    description: str | None = None
    examples: tuple[Json, ...] = ()
    limits: Limits = Limits()
    choices: tuple[Json, ...] | None = None
    choice_map: tuple[Choice, ...] = ()
    template: str | None = None
    when_absent: Literal["bypass"] | Removal | None = None
    repeat: Repeat | None = None
    batch: Literal["count", "values"] | None = None
    places: Mapping[str, Place] = field(default_factory=dict[str, Place])


# --- services -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutputRule:
    """A name for a node's output; `index` (from 0) picks one file of a batch."""

    name: str
    node: NodeReference
    place: Place
    kind: Kind | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """Arguments that `gateway test` calls the service with."""

    arguments: Mapping[str, Json]
    place: Place


@dataclass(frozen=True, slots=True)
class AnyBackend:
    """Any backend will do."""


@dataclass(frozen=True, slots=True)
class NamedBackend:
    """This backend only."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class LabelledBackend:
    """Any backend that carries every one of these labels."""

    labels: frozenset[str]
    place: Place


BackendChoice: TypeAlias = AnyBackend | NamedBackend | LabelledBackend


@dataclass(frozen=True, slots=True)
class Service:
    """One service as declared.

    Attributes:
        workflow: File name under workflows/, with `/` for folders.
        timeout: Seconds from the start of the run.
        queue_timeout: Seconds a job may wait for its run to start.
        wait: Seconds a call blocks before it answers with the job's id; None: until the end.
        priority: −100…100, higher first.
        retry_paid: Whether a run that may have reached a paid node is made again when it is lost.
        batch_limit: The most jobs that one call may start.
        webhook: No part of what callers get, so neither of how the service shows itself.
    """

    name: str
    place: Place
    workflow: str
    title: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    outputs: tuple[OutputRule, ...] = ()
    examples: tuple[Example, ...] = ()
    timeout: float | None = 600.0
    queue_timeout: float | None = None
    wait: float | None = 45.0
    priority: int = 0
    backend: BackendChoice = AnyBackend()
    prefix: Literal["job", "keep"] = "job"
    when_client_leaves: Literal["detach", "cancel"] = "detach"
    retry_paid: bool = False
    batch_limit: int = 16
    webhook: Webhook | None = field(default=None, repr=False)
    places: Mapping[str, Place] = field(default_factory=dict[str, Place])


# --- the rest of the file -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BackendDeclaration:
    """One ComfyUI: where it is and how many of our runs it takes at a time.

    Attributes:
        url: http(s) URL, base path allowed, no trailing slash.
        headers: Sent with every request and the WebSocket handshake; may be secret.
        tls_verify: Whether the certificate is checked.
        tls_ca: Path of a CA bundle, or None for the system's.
        timeout: Seconds one HTTP answer may take.
    """

    name: str
    url: str
    slots: int = 2
    labels: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    tls_verify: bool = True
    tls_ca: str | None = None
    timeout: float = 30.0
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """All of services.yaml. With no `backends` there is one, `local`, where `COMFYUI_URL` says."""

    file: str
    services: tuple[Service, ...]
    backends: tuple[BackendDeclaration, ...]
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    outputs: str | Bucket = ".gateway/outputs"
    jobs: JobSettings = field(default_factory=JobSettings)
    inputs: str | Bucket = ".gateway/inputs"
