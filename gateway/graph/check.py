"""What a ComfyUI with these node definitions would refuse in a prompt. Knows no service.

Only what ComfyUI is sure to refuse, or to fail on, is told: it coerces numbers, ignores inputs it does
not know, lets upload widgets name any file it has, and looks at nothing that no output node needs.
Source: execution.py `validate_prompt` and `validate_inputs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from gateway.errors import Severity
from gateway.graph.definitions import (
    BooleanWidget,
    Combo,
    Definition,
    Definitions,
    DynamicCombo,
    InputDefinition,
    IntegerWidget,
    NumberWidget,
    OpaqueWidget,
    Socket,
    TextWidget,
    UnionWidget,
)
from gateway.graph.json_value import Json
from gateway.graph.link_types import expected_types, link_fits
from gateway.graph.literals import refusal_of
from gateway.graph.naming import node_named
from gateway.graph.object_info import input_of
from gateway.graph.patch import unwrapped
from gateway.graph.prompt import Link, Prompt, link_of
from gateway.graph.reach import running_nodes
from gateway.graph.replacements import Replacement, Replacements, replacement_on

__all__ = ["Problem", "check_prompt", "remarks_on"]

_LINKED = frozenset(
    [
        "AUDIO",
        "CLIP",
        "CLIP_VISION",
        "CLIP_VISION_OUTPUT",
        "CONDITIONING",
        "CONTROL_NET",
        "GLIGEN",
        "GUIDER",
        "IMAGE",
        "LATENT",
        "MASK",
        "MODEL",
        "NOISE",
        "SAMPLER",
        "SIGMAS",
        "STYLE_MODEL",
        "UPSCALE_MODEL",
        "VAE",
        "VIDEO",
    ]
)
"""ComfyUI's own types that no widget gives; a pack's own type may have a widget that only its page knows."""


_UNLISTED = frozenset({("CustomCombo", "choice"), ("LoadLatent", "latent")})
"""Combos whose options ComfyUI does not hold values against: people write them, or any file will do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing ComfyUI would refuse, or that is better known before.

    Attributes:
        code: Stable kebab-case name of the kind.
        node_id: The node, or empty when the whole prompt is meant.
        input_name: The input, or empty when the whole node is meant.
        message: A sentence for people, naming node and input.
        severity: A warning where ComfyUI runs it all the same.
        found: What stands there.
        near: What was most likely meant.
    """

    code: str
    node_id: str
    class_type: str
    input_name: str
    message: str
    severity: Severity = "error"
    found: str = ""
    near: tuple[str, ...] = ()


def check_prompt(
    prompt: Prompt, definitions: Definitions, replacements: Replacements | None = None
) -> tuple[Problem, ...]:
    """Return what would be refused, in the prompt's order.

    Args:
        prompt: The graph.
        definitions: Of every class of the graph that is there.
        replacements: Classes that are run under another name.
    """
    check = _Check(prompt, definitions, replacements or {}, running_nodes(prompt, definitions))
    problems = tuple(each for node_id in prompt for each in check.problems_of(node_id))
    if problems or any(definitions[each.class_type].output_node for each in prompt.values()):
        return problems
    return (
        Problem(
            code="graph-without-output",
            node_id="",
            class_type="",
            input_name="",
            message="no node of the graph is an output node, so there is nothing to run",
        ),
    )


def remarks_on(
    prompt: Prompt, definitions: Definitions, replacements: Replacements | None = None
) -> tuple[Problem, ...]:
    """Return what its authors say of the classes in a graph: deprecated, experimental."""
    return tuple(
        each
        for node_id, node in prompt.items()
        if (known := definitions.get(node.class_type)) is not None
        for each in _remarks(node_id, prompt, known, replacements or {})
    )


@dataclass(frozen=True, slots=True)
class _Check:
    prompt: Prompt
    definitions: Definitions
    replacements: Replacements
    running: frozenset[str]

    def problems_of(self, node_id: str) -> Iterator[Problem]:
        definition = self.definitions.get(self.prompt[node_id].class_type)
        if definition is None:
            yield self._not_there(node_id)
        elif node_id in self.running:
            yield from self._literals(node_id, definition)
            yield from self._links(node_id, definition)

    def _not_there(self, node_id: str) -> Problem:
        node = self.prompt[node_id]
        replacement = replacement_on(node.class_type, self.replacements, self.definitions)
        if replacement is not None:
            return _replaced(node_id, self.prompt, replacement)
        near = tuple(get_close_matches(node.class_type, self.definitions, n=1))
        hint = f"; did you mean {near[0]}?" if near else "; its custom nodes may not be installed"
        title = f' "{node.title}"' if node.title and node.title != node.class_type else ""
        return Problem(
            code="node-class-missing",
            node_id=node_id,
            class_type=node.class_type,
            input_name="",
            message=f"node {node_id}{title}: ComfyUI has no node class {node.class_type}{hint}",
            found=node.class_type,
            near=near,
        )

    def _literals(self, node_id: str, definition: Definition) -> Iterator[Problem]:
        inputs = self.prompt[node_id].inputs
        for name, value in inputs.items():
            known = input_of(definition, name, inputs)
            open_list = (definition.class_type, name) in _UNLISTED
            if known is None or open_list or link_of(value) is not None:
                continue
            literal = unwrapped(value)
            if (refusal := refusal_of(known.kind, literal)) is not None:
                said = f"`{name}` of node {self._named(node_id)} {refusal.message}"
                yield Problem(
                    refusal.code,
                    node_id,
                    definition.class_type,
                    name,
                    said,
                    found=_short(literal),
                    near=refusal.near,
                )
            elif _needs_link(known) and literal is not None:
                yield self._unlinked(node_id, known, literal)
        for name in _missing(definition.inputs, "", inputs):
            said = f"node {self._named(node_id)} needs an input `{name}`, and has none"
            yield Problem("input-missing", node_id, definition.class_type, name, said)

    def _unlinked(self, node_id: str, known: InputDefinition, literal: Json) -> Problem:
        types = " or ".join(sorted(expected_types(known.kind)))
        return Problem(
            "input-not-linked",
            node_id,
            self.prompt[node_id].class_type,
            known.name,
            f"`{known.name}` of node {self._named(node_id)} takes a link ({types}), and holds a value",
            found=_short(literal),
        )

    def _links(self, node_id: str, definition: Definition) -> Iterator[Problem]:
        inputs = self.prompt[node_id].inputs
        for name, value in inputs.items():
            link = link_of(value)
            source = self.prompt.get(link.node_id) if link is not None else None
            giving = self.definitions.get(source.class_type) if source is not None else None
            if link is None or giving is None:
                continue
            known = input_of(definition, name, inputs)
            comes = (
                f"`{name}` of node {self._named(node_id)} comes from output {link.slot} of node "
            )
            comes += self._named(link.node_id)
            if not 0 <= link.slot < len(giving.outputs):
                said = f"{comes}, which has {len(giving.outputs)}, counted from 0"
                yield Problem("link-slot-missing", node_id, definition.class_type, name, said)
            elif known is not None and not link_fits(giving.outputs[link.slot], known.kind):
                yield self._mismatch(node_id, known, comes, link)

    def _mismatch(self, node_id: str, known: InputDefinition, comes: str, link: Link) -> Problem:
        giving = self.definitions[self.prompt[link.node_id].class_type]
        received = giving.outputs[link.slot]
        wanted = expected_types(known.kind)
        others = [
            str(slot) for slot, each in enumerate(giving.outputs) if link_fits(each, known.kind)
        ]
        hint = f"; its output {', '.join(others)} would fit" if others else ""
        return Problem(
            "link-type-mismatch",
            node_id,
            self.prompt[node_id].class_type,
            known.name,
            f"{comes}, which gives {received}; it takes {' or '.join(sorted(wanted))}{hint}",
            found=received,
        )

    def _named(self, node_id: str) -> str:
        return node_named(node_id, self.prompt[node_id])


def _missing(
    known: Mapping[str, InputDefinition], prefix: str, inputs: Mapping[str, Json]
) -> Iterator[str]:
    for name, definition in known.items():
        full = prefix + name
        match definition.kind:
            case DynamicCombo(options) if isinstance(key := inputs.get(full), str):
                yield from _missing(options.get(key, {}), f"{full}.", inputs)
            case DynamicCombo() if prefix:  # ComfyUI does not miss it, and its node may do without
                pass
            case (
                TextWidget()
                | IntegerWidget()
                | NumberWidget()
                | BooleanWidget()
                | Combo()
                | UnionWidget()
                | Socket()
                | OpaqueWidget()
                | DynamicCombo()
            ) if definition.required and full not in inputs:
                yield full
            case _:  # present, optional, or any number of inputs: none is enough for some
                pass


def _needs_link(known: InputDefinition) -> bool:
    match known.kind:
        case Socket():
            types = expected_types(known.kind)
            return bool(types) and types <= _LINKED
        case _:
            return False


def _replaced(node_id: str, prompt: Prompt, replacement: Replacement) -> Problem:
    changed = f" ({replacement.sentence})" if replacement.sentence else ""
    return Problem(
        code="node-class-replaced",
        node_id=node_id,
        class_type=replacement.old,
        input_name="",
        message=f"node {node_named(node_id, prompt[node_id])}: ComfyUI no longer has {replacement.old} "
        f"and runs {replacement.new} in its place{changed}",
        severity="warning",
        found=replacement.old,
        near=(replacement.new,),
    )


def _remarks(
    node_id: str, prompt: Prompt, known: Definition, replacements: Replacements
) -> Iterator[Problem]:
    named, class_type = node_named(node_id, prompt[node_id]), known.class_type
    if known.deprecated:
        instead = tuple(each.new for each in replacements.get(class_type, ())[:1])
        hint = f"; {instead[0]} is to take its place" if instead else ""
        said = f"node {named} is marked deprecated{hint}"
        yield Problem(
            "node-deprecated", node_id, class_type, "", said, "warning", class_type, instead
        )
    if known.experimental:
        said = f"node {named} is marked experimental: it may change or go with the next version"
        yield Problem("node-experimental", node_id, class_type, "", said, "warning", class_type)


def _short(value: Json) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
