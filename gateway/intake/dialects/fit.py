"""Drafts of services held against their graphs: what cannot be bound is left out, and told.

The rules are those that services.yaml is loaded by: a service is resolved until nothing is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.errors import Finding, Place
from gateway.graph.definitions import Definitions
from gateway.graph.prompt import Prompt
from gateway.intake.dialects.drafts import OutputDraft, ParameterDraft, ServiceDraft
from gateway.intake.dialects.fitting import fit_parameter
from gateway.intake.dialects.naming import distinct, plain_name
from gateway.intake.dialects.notes import Spot
from gateway.intake.entry import EntryTarget, OutputEntry, ParameterEntry, ServiceEntry
from gateway.services.model import (
    ById,
    LeftOut,
    Limits,
    OutputRule,
    Parameter,
    Service,
    WidgetTarget,
)
from gateway.services.names import BUILT_IN_TOOLS
from gateway.services.resolve import resolve_service
from gateway.services.surroundings import Surroundings

__all__ = ["Fitted", "fit_services"]

_WHOLE = ("the parameter", "the output", "that target")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*\.json")
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")


@dataclass(slots=True)
class Fitted:
    """Services that bind, and their workflows by file name."""

    entries: list[ServiceEntry] = field(default_factory=list[ServiceEntry])
    workflows: dict[str, Prompt] = field(default_factory=dict[str, Prompt])


def fit_services(
    drafts: Sequence[ServiceDraft], definitions: Definitions, taken: Collection[str] = ()
) -> Fitted:
    """Return the services; whatever they could not keep is told at its place.

    Args:
        drafts: As their dialects have them.
        definitions: What is known of the node classes.
        taken: Names of services that there are already, which none of these may have.
    """
    fitted = Fitted()
    for draft in drafts:
        name = _service_name(draft, fitted, taken)
        file = _file_name(draft, name, fitted)
        fitted.workflows[file] = draft.prompt
        if not draft.parameters:
            _tell_bare(draft.spot)
        fitted.entries.append(_entry(draft, name, file, definitions))
    return fitted


# --- names ----------------------------------------------------------------------------------------


def _service_name(draft: ServiceDraft, fitted: Fitted, taken: Collection[str]) -> str:
    name = plain_name(draft.name, "service")
    if name in taken:
        draft.spot.fault(
            f"there is a service {name} already",
            found=name,
            code="migrate-name-taken",
            mend="Take it out of services.yaml first, or migrate into another folder with -o.",
        )
    others = [*BUILT_IN_TOOLS, *(each.name for each in fitted.entries)]
    found = distinct(name, others)
    # A name for people stays the title, and nothing is lost.
    if found != draft.name and (found != name or draft.title != draft.name):
        _tell_renamed(draft.spot, "the service", draft.name, found)
    return found


def _tell_renamed(spot: Spot, what: str, before: str, after: str) -> None:
    spot.tell(
        f"{what} was called {before!r} and is `{after}` now",
        found=before,
        code="migrate-renamed",
        mend="Names are small letters, digits and _, a letter first, at most 40, and each once.",
    )


def _tell_bare(spot: Spot) -> None:
    spot.tell(
        "nothing in the workflow is marked, so callers may set nothing",
        code="migrate-nothing",
        mend="Add `parameters` in services.yaml; `gateway inspect` shows what there is to set.",
    )


def _file_name(draft: ServiceDraft, name: str, fitted: Fitted) -> str:
    """Return the name of the workflow's file: one that no other graph has."""
    file = draft.workflow.rsplit("/", 1)[-1]
    if not _FILE_NAME.fullmatch(file):
        file = f"{name}.json"
    stem, number = file.removesuffix(".json"), 1
    while _is_other(file, draft.prompt, fitted.workflows):
        number += 1
        file = f"{stem}_{number}.json"
    return file


def _is_other(file: str, prompt: Prompt, workflows: Mapping[str, Prompt]) -> bool:
    # Some systems do not tell capitals from small letters in the names of files.
    held = {each.lower(): graph for each, graph in workflows.items()}
    return file.lower() in held and (file not in workflows or held[file.lower()] != prompt)


# --- one service ----------------------------------------------------------------------------------


def _entry(draft: ServiceDraft, name: str, file: str, definitions: Definitions) -> ServiceEntry:
    around = Surroundings(draft.prompt, definitions)
    spots: dict[str, Spot] = {}
    parameters: list[Parameter] = []
    for each in filter(None, map(_named, draft.parameters)):
        each_name = _parameter_name(each, spots)
        spots[each_name] = each.spot
        parameters.append(fit_parameter(each, each_name, around))
    outputs = _outputs(draft.outputs)
    service = Service(
        name,
        Place("", 1, 1),
        file,
        title=draft.title,
        description=draft.description,
        parameters=tuple(parameters),
        outputs=tuple(outputs.values()),
    )
    bound = _bindable(service, draft, definitions, spots)
    return ServiceEntry(
        name,
        file,
        _clean(draft.title if draft.title != name else None),
        _clean(draft.description),
        tuple(_parameter_entry(each) for each in bound.parameters),
        tuple(OutputEntry(each.name, each.node, each.kind, each.index) for each in bound.outputs),
    )


def _named(draft: ParameterDraft) -> ParameterDraft | None:
    """Return a parameter without targets that no file can name; None where nothing remains."""
    kept = tuple(each for each in draft.targets if all(map(_is_name, each)))
    if len(kept) < len(draft.targets):
        _tell_nameless(draft.spot)
    return replace(draft, targets=kept) if kept else None


def _is_name(text: str) -> bool:
    return bool(text.strip()) and _UNFIT.search(text) is None


def _tell_nameless(spot: Spot) -> None:
    spot.tell(
        "a node or widget without a proper name cannot be bound, and is left out",
        code="migrate-binding-lost",
        mend="Give it a name in the workflow.",
    )


def _parameter_name(draft: ParameterDraft, taken: Collection[str]) -> str:
    otherwise = plain_name(draft.targets[0][1], "parameter")
    name = distinct(plain_name(draft.name, otherwise), taken)
    if draft.name not in (name, draft.title):
        _tell_renamed(draft.spot, "the parameter", draft.name, name)
    return name


def _outputs(drafts: Sequence[OutputDraft]) -> dict[str, OutputRule]:
    outputs: dict[str, OutputRule] = {}
    for number, draft in enumerate(drafts):
        if not _is_name(draft.node_id):
            _tell_nameless(draft.spot)
            continue
        name = distinct(plain_name(draft.name, "output"), outputs)
        if name != draft.name:
            _tell_renamed(draft.spot, "the output", draft.name, name)
        place = Place("outputs", number, 1)
        outputs[name] = OutputRule(name, ById(draft.node_id), place, draft.kind, draft.index)
    return outputs


def _bindable(
    service: Service, draft: ServiceDraft, definitions: Definitions, spots: Mapping[str, Spot]
) -> Service:
    """Take out of a service what the loader would refuse, from each part one thing at a time."""
    while True:
        findings = resolve_service(service, draft.prompt, definitions).findings
        wrong = [each for each in findings if each.severity == "error"]
        if not wrong:
            return service
        # What else is wrong with a part may have come from the first thing.
        firsts = {_part_of(each): each for each in reversed(wrong)}
        for finding in reversed(firsts.values()):
            service = _repaired(service, finding, draft, spots)


def _part_of(finding: Finding) -> tuple[str, int]:
    place = finding.place
    is_output = place is not None and place.file == "outputs"
    return (finding.parameter or "", place.line if place and is_output else -1)


def _repaired(
    service: Service, wrong: Finding, draft: ServiceDraft, spots: Mapping[str, Spot]
) -> Service:
    """Return a service without what a finding is about, and tell that it is left out."""
    smaller, what = _without(service, wrong)
    place = wrong.place or service.place
    spot = spots.get(wrong.parameter or "")
    if place.file == "outputs":
        spot = draft.outputs[place.line].spot
    (spot or draft.spot).tell(
        f"{wrong.message}; {what} is left out",
        found=wrong.found,
        code="migrate-binding-lost" if what in _WHOLE else "migrate-not-carried",
        mend=wrong.mend or "Add it to services.yaml by hand.",
    )
    return smaller


def _without(service: Service, finding: Finding) -> tuple[Service, str]:
    """Return a service without what a finding is about, and what that is called."""
    part = finding.place.file if finding.place else ""
    if part == "outputs":
        kept = tuple(each for each in service.outputs if each.place != finding.place)
        return replace(service, outputs=kept), "the output"
    parameter = next(each for each in service.parameters if each.name == finding.parameter)
    smaller, what = _lighter(parameter, finding.place)
    gone = smaller == parameter or not smaller.targets
    kept = tuple(
        smaller if each is parameter else each
        for each in service.parameters
        if each is not parameter or not gone
    )
    return replace(service, parameters=kept), "the parameter" if gone else what


def _lighter(parameter: Parameter, place: Place | None) -> tuple[Parameter, str]:
    part = place.file if place else ""
    match part:
        case "type" if parameter.type is not None:
            return replace(parameter, type=None), "the type"
        case "targets" | "type":
            return _fewer_targets(parameter, place)
        case "default":
            return replace(parameter, supply=LeftOut()), "the default"
        case "choices":
            return replace(parameter, choices=None), "the list of choices"
        case "minimum" | "maximum":
            limits = parameter.limits
            low = None if part == "minimum" else limits.minimum
            high = None if part == "maximum" else limits.maximum
            return replace(parameter, limits=Limits(low, high)), f"the {part}"
        case _:
            return parameter, "the parameter"


def _fewer_targets(parameter: Parameter, place: Place | None) -> tuple[Parameter, str]:
    """Return a parameter without the target of a place; else without the last, of another kind."""
    kept = tuple(each for each in parameter.targets if each.place != place)
    if len(kept) < len(parameter.targets):
        return replace(parameter, targets=kept), "that target"
    return replace(parameter, targets=kept[:-1]), "its last target"


# --- entries --------------------------------------------------------------------------------------


def _parameter_entry(parameter: Parameter) -> ParameterEntry:
    return ParameterEntry(
        parameter.name,
        tuple(
            EntryTarget(each.node, each.widget)
            for each in parameter.targets
            if isinstance(each, WidgetTarget)
        ),
        parameter.type,
        parameter.supply,
        _clean(parameter.title),
        _clean(parameter.description),
        limits=parameter.limits,
        choices=parameter.choices,
    )


def _clean(text: str | None) -> str | None:
    """Return a text without what YAML does not allow in one; None for none."""
    return _UNFIT.sub("", text or "").strip() or None
