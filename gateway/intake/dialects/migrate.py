"""Files of other dialects → services, workflows and settings, or everything that keeps them from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.graph.json_value import Json, JsonObject
from gateway.graph.object_info import parse_definitions
from gateway.graph.prompt import Prompt
from gateway.intake.dialects.detect import Dialect
from gateway.intake.dialects.drafts import Drafts, Section, Source
from gateway.intake.dialects.fit import fit_services
from gateway.intake.dialects.notes import Note, Spot, Unmigratable
from gateway.intake.entry import ServiceEntry

__all__ = ["Migration", "migrate"]

_NONE: JsonObject = {}


@dataclass(frozen=True, slots=True)
class Migration:
    """What some files came to.

    Attributes:
        entries: The services, in the files' order.
        workflows: The graphs they need, by file name.
        sections: What else stands in the files: where ComfyUI is, where outputs go.
        notes: What is to be told; live, for writing may add to it.
    """

    entries: tuple[ServiceEntry, ...]
    workflows: Mapping[str, Prompt]
    sections: tuple[Section, ...]
    notes: Sequence[list[Note]] = field(default_factory=list[list[Note]])

    @property
    def told(self) -> tuple[Note, ...]:
        """Everything to be told."""
        return tuple(note for notes in self.notes for note in notes)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is an error."""
        return all(each.severity != "error" for each in self.told)


def migrate(
    sources: Sequence[tuple[Source, Dialect]],
    definitions: Mapping[str, Json] = _NONE,
    taken: Collection[str] = (),
) -> Migration:
    """Read files and hold what they say against their graphs.

    Args:
        sources: The files, each with the dialect it is of.
        definitions: `/object_info` entries by class type, as far as they are known.
        taken: Names of the services that there are already.
    """
    notes: list[list[Note]] = []
    drafts: list[Drafts] = []
    for source, dialect in sources:
        try:
            read = dialect.read(source)
        except Unmigratable as fault:
            notes.append(list(fault.notes))
            continue
        drafts.append(read)
        notes.append(read.spot.notes)
        if not read.services:
            _tell_nothing(read.spot, dialect)
    fitted = fit_services(
        [each for read in drafts for each in read.services], parse_definitions(definitions), taken
    )
    sections = tuple(section for read in drafts for section in read.sections)
    return Migration(tuple(fitted.entries), fitted.workflows, sections, notes)


def _tell_nothing(spot: Spot, dialect: Dialect) -> None:
    spot.fault(
        f"there is no service in it, read as {dialect.name}",
        code="migrate-nothing",
        mend="Is this the right file? Another dialect is said with --dialect.",
    )
