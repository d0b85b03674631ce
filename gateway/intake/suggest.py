"""A workflow → the service it could be: parameters, outputs and their names. Deterministic.

What is suggested can be bound: a parameter that services.yaml's own rules refuse is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from gateway.graph.definitions import Combo, Definition, Definitions
from gateway.graph.prompt import Prompt
from gateway.intake.drafts import Drafts
from gateway.intake.editor_facts import EditorFacts, Primitive
from gateway.intake.entry import OutputEntry, ParameterEntry, ServiceEntry
from gateway.intake.files import draft_files, is_read
from gateway.intake.names import Names, slug
from gateway.intake.settings import draft_formats, draft_models, draft_numbers
from gateway.intake.texts import find_texts, is_text
from gateway.intake.wiring import SHOWS, Wiring, last_part, running
from gateway.services.bound import BoundWidget, WidgetKey
from gateway.services.model import ById, LeftOut, ParameterType, Required
from gateway.services.widget_types import derived_type

__all__ = ["Material", "suggest"]

_MOST = 24
"""Parameters of which people's titles are the only sign are added up to here: a long list helps nobody."""
_MOST_OF_A_NODE = 4
_NOTHING = EditorFacts({})
_PLAIN_TEXTS = frozenset(
    {
        "text",
        "prompt",
        "value",
        "string",
        "string_a",
        "string_b",
        "text_g",
        "text_l",
        "clip_l",
        "t5xxl",
    }
)
_NO_WORDS = frozenset({"positive", "negative", "prompt", "text", "value"})
_BRANCHES = frozenset({"on_true", "on_false"})
_NO_NAMES = _BRANCHES | {"value", "input", "any", "a", "b", "c"}
# Widgets of nodes that compute or put texts together: how a graph is built, not what it is for.
_INNER = frozenset({"expression", "find", "replace", "delimiter", "pattern", "regex_pattern"})
_SCALAR: frozenset[ParameterType] = frozenset({"string", "integer", "number", "boolean"})


@dataclass(frozen=True, slots=True)
class Material:
    """What is known of a workflow.

    Attributes:
        editor: What its save file tells, where there is one.
    """

    prompt: Prompt
    definitions: Definitions = field(default_factory=dict[str, Definition])
    editor: EditorFacts = _NOTHING


def suggest(material: Material, name: str, workflow: str) -> ServiceEntry:
    """Return the service that a workflow could be.

    Args:
        material: The workflow.
        name: The service's name.
        workflow: The file's name under workflows/.
    """
    prompt = running(material.prompt, material.definitions)
    wiring = Wiring(prompt, material.definitions)
    drafts = Drafts(_set_together(wiring, material.editor))
    _draft_texts(wiring, drafts)
    draft_files(wiring, drafts)
    _draft_free_texts(wiring, drafts)
    draft_numbers(wiring, drafts)
    draft_formats(wiring, drafts)
    draft_models(wiring, drafts)
    _draft_primitives(wiring, material.editor, drafts)
    _draft_titled(wiring, drafts)
    parameters = tuple(_with_comment(each, wiring) for each in drafts.parameters())
    outputs = _outputs(wiring)
    return ServiceEntry(
        name=name,
        workflow=workflow,
        title=name.replace("_", " ").strip().capitalize(),
        description=_sentence(wiring, parameters, outputs),
        parameters=parameters,
        outputs=outputs,
        notes=("Assistants choose by the description: say what this makes, and when to use it.",),
    )


def _set_together(wiring: Wiring, editor: EditorFacts) -> dict[WidgetKey, tuple[BoundWidget, ...]]:
    """Return, for each widget that a primitive of the editor sets, all that it sets."""
    alike: dict[WidgetKey, tuple[BoundWidget, ...]] = {}
    for primitive in editor.primitives:
        widgets = _widgets_of(wiring, primitive)
        alike.update(dict.fromkeys((each.key for each in widgets), tuple(widgets)))
    return alike


def _widgets_of(wiring: Wiring, primitive: Primitive) -> list[BoundWidget]:
    keys = [(node_id, name) for node_id, name in primitive.targets if node_id in wiring.prompt]
    widgets = map(wiring.widget, keys)
    return [each for each in widgets if derived_type(each) in _SCALAR]


# --- what people give -----------------------------------------------------------------------------


def _draft_texts(wiring: Wiring, drafts: Drafts) -> None:
    texts = find_texts(wiring)
    for number, widgets in enumerate(texts["positive"]):
        names = _text_names(wiring, widgets[0], "prompt", number)
        # One with a name of its own, such as lyrics, is not all that there is to make.
        told = "What to make." if not number or names[0] in {"", "prompt"} else None
        supply = _LEFT_OUT if number else _REQUIRED
        drafts.add(names, widgets, ParameterEntry("", supply=supply, description=told))
    for number, widgets in enumerate(texts["negative"]):
        draft = ParameterEntry("", description="What to leave out.")
        drafts.add(_text_names(wiring, widgets[0], "negative", number), widgets, draft)


def _text_names(wiring: Wiring, widget: BoundWidget, role: str, number: int) -> list[str]:
    title = wiring.own_title(widget.node_id)
    name = last_part(widget.widget)
    own = "" if name in _PLAIN_TEXTS else slug(name)
    if own or not number:
        return [own, role]
    return ["" if _NO_WORDS.issuperset(title.split("_")) else title, role]


def _draft_free_texts(wiring: Wiring, drafts: Drafts) -> None:
    """Add the texts that no sampler is told: those of nodes that call a service, for example."""
    for node_id, node in wiring.prompt.items():
        if node.class_type.startswith(("Primitive", "Save", "Preview", "Show")):
            continue
        for widget in filter(is_text, wiring.widgets(node_id)):
            title, name = wiring.own_title(node_id), slug(last_part(widget.widget))
            draft = ParameterEntry("")
            if "negative" in name:
                draft = ParameterEntry("", description="What to leave out.")
                title, name = "", "negative"
            elif _is_main(name) and not drafts.has("prompt"):
                draft = ParameterEntry("", supply=_REQUIRED, description="What to make.")
                title, name = "", "prompt"
            drafts.add([title, name], [widget], draft)


def _is_main(name: str) -> bool:
    return name.rstrip("0123456789") in {"prompt", "text"}


# --- what people marked ---------------------------------------------------------------------------


def _draft_primitives(wiring: Wiring, editor: EditorFacts, drafts: Drafts) -> None:
    for primitive in editor.primitives[:_MOST]:
        widgets = _widgets_of(wiring, primitive)
        title = "" if primitive.title == "Primitive" else slug(primitive.title)
        names = [title, *(slug(last_part(each.widget)) for each in widgets), "value"]
        drafts.add(names, widgets, ParameterEntry(""))
    for node_id, node in wiring.prompt.items():
        if node.class_type.startswith("Primitive") and len(drafts.parameters()) < _MOST:
            title = wiring.own_title(node_id)
            near = {last_part(name) for _, name in wiring.consumers(node_id)} & _BRANCHES
            named = [f"{title}_{each}" for each in sorted(near) if title]
            fed = [title, *named, *_fed_names(wiring, node_id)]
            widgets = [each for each in wiring.widgets(node_id) if derived_type(each) in _SCALAR]
            drafts.add(fed if any(fed) else ["value"], widgets[:1], ParameterEntry(""))


def _fed_names(wiring: Wiring, node_id: str) -> list[str]:
    """Return what inputs that a value ends up in are called, through those that only say that they take one."""
    found: list[str] = []
    rest, seen = [node_id], {node_id}
    while rest:
        for other, name in wiring.consumers(rest.pop()):
            if (fed := slug(last_part(name))) not in _NO_NAMES:
                found.append(fed)
            elif other not in seen:
                seen.add(other)
                rest.append(other)
    return found


def _draft_titled(wiring: Wiring, drafts: Drafts) -> None:
    """Add the widgets of nodes that people gave a name to: they mean to find them again."""
    for node_id, node in wiring.prompt.items():
        # What a loader is set to fits its file.
        title = "" if "Loader" in node.class_type else wiring.own_title(node_id)
        widgets = [each for each in wiring.widgets(node_id) if _is_setting(each)]
        is_new = all(drafts.is_free(each) for each in wiring.widgets(node_id))
        if not title or not is_new or not 0 < len(widgets) <= _MOST_OF_A_NODE:
            continue
        for widget in widgets:
            if len(drafts.parameters()) < _MOST:
                name = slug(f"{title} {widget.widget}")
                names = [title] if len(widgets) == 1 else [name]
                drafts.add([*names, name], [widget], ParameterEntry(""))


def _is_setting(widget: BoundWidget) -> bool:
    is_inner = not is_read(widget) or last_part(widget.widget) in _INNER
    if is_inner or derived_type(widget) not in _SCALAR:
        return False
    kind = widget.definition.kind if widget.definition else None
    return not (isinstance(kind, Combo) and kind.options is not None and len(kind.options) < 2)


# --- what comes out -------------------------------------------------------------------------------


def _outputs(wiring: Wiring) -> tuple[OutputEntry, ...]:
    """Return names for what is saved; where nothing is, for what is shown."""
    ends = [node_id for node_id in wiring.prompt if _is_end(wiring, node_id)]
    saved = [each for each in ends if SHOWS.search(wiring.prompt[each].class_type) is None]
    # What makes something and hands it on to a node that saves it is not where it comes out.
    saved = [each for each in saved if not any(wiring.consumers(each))] or saved
    names = Names()
    return tuple(
        OutputEntry(
            names.take(wiring.own_title(node_id), _made_by(wiring, node_id)[0]),
            ById(node_id),
            comment=_called(wiring, node_id),
        )
        for node_id in saved or ends
    )


def _is_end(wiring: Wiring, node_id: str) -> bool:
    class_type = wiring.prompt[node_id].class_type
    definition = wiring.definitions.get(class_type)
    return definition.output_node if definition else _ENDS.match(class_type) is not None


def _made_by(wiring: Wiring, node_id: str) -> tuple[str, str]:
    """Return what an output node makes, as a name and as words."""
    class_type = wiring.prompt[node_id].class_type
    made = (each[1:] for each in _MADE if each[0].search(class_type))
    return next(made, (slug(class_type) or "output", "a file"))


_LEFT_OUT = LeftOut()
_REQUIRED = Required()
_ENDS = re.compile(r"Save|Preview|VHS_VideoCombine|Show")
_MADE = (
    (re.compile(r"Animated"), "animation", "an animation"),
    (re.compile(r"Video|VHS|WEBM"), "video", "a video"),
    (re.compile(r"Audio"), "audio", "audio"),
    (re.compile(r"Image|Mask"), "image", "an image"),
    (re.compile(r"GLB|3D|Mesh"), "model", "a 3D model"),
    (re.compile(r"Latent"), "latent", "a latent"),
    (re.compile(r"Text|String|Any"), "text", "text"),
)
_WORDS: dict[ParameterType | None, tuple[str, str]] = {
    "image": ("an image", "images"),
    "mask": ("a mask", "masks"),
    "audio": ("audio", "audio"),
    "video": ("a video", "videos"),
    "file": ("a file", "files"),
}


def _sentence(
    wiring: Wiring, parameters: tuple[ParameterEntry, ...], ends: tuple[OutputEntry, ...]
) -> str:
    """Return what the workflow does, as far as its ends tell."""
    ids = [each.node.id for each in ends if isinstance(each.node, ById)]
    made = dict.fromkeys(_made_by(wiring, node_id)[1] for node_id in ids)
    is_told = any(each.supply == _REQUIRED and each.type is None for each in parameters)
    given = ["text"] if is_told else []
    types: list[ParameterType | None] = [each.type for each in parameters]
    given += [words[types.count(kind) > 1] for kind in types if (words := _WORDS.get(kind))]
    sentence = f"Make {_listed(list(made))}" if made else "Run the workflow"
    return f"{sentence} from {_listed(list(dict.fromkeys(given)))}." if given else f"{sentence}."


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _with_comment(parameter: ParameterEntry, wiring: Wiring) -> ParameterEntry:
    """Return the parameter; one that nothing describes says at least which node it sets."""
    nodes = [each.node.id for each in parameter.targets if isinstance(each.node, ById)]
    return replace(parameter, comment="" if parameter.description else _called(wiring, nodes[0]))


def _called(wiring: Wiring, node_id: str) -> str:
    node = wiring.prompt[node_id]
    words = " ".join((node.title or node.class_type).split())
    return words if len(words) <= _LONGEST_TITLE else f"{words[:_LONGEST_TITLE]}…"


_LONGEST_TITLE = 40
