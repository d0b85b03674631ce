"""Prints how well editor workflows are converted, against what the official editor made of them.

    python scripts/conversion_report.py FOLDER

The folder has `cases/*.json` (`ui`, an editor workflow; `api`, what the editor made of it; `server`, `volatile_inputs`,
`nondeterministic`), `index.json` (their features) and `definitions.<server>.json.gz`. Nothing of it belongs to this
project. Rules:

- a case matches when the ids, classes and inputs of all nodes are the same; titles and order do not count;
- 8 and 8.0 are the same, and integers beyond 2^53 are compared as the doubles that the editor makes of them;
- inputs that the editor only fills in while it runs (`volatile_inputs`) do not count;
- cases with something drawn by chance (`nondeterministic`) are left out;
- "relevant" leaves out inputs that the class does not declare, which ComfyUI ignores;
- what a feature's row counts are cases whose classes are all known; the others have a row of their own.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.editor.convert import Unconvertible, convert
from gateway.editor.texts import resolve_texts
from gateway.graph.prompt import to_json

FEATURES = (
    *("has_subgraph", "subgraph_reused", "proxy_widgets", "has_bypass", "has_mute", "has_reroute"),
    *("has_native_reroute", "has_primitive", "dynamic_combo", "autogrow", "dict_widgets_values"),
    *("group_node_defs", "value_wrap", "converted_widget_link", "date_string"),
)
CLOCK = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EXACT_LIMIT = 2**53
LISTED = 8

Graph = dict[str, tuple[Any, dict[str, str]]]
"""Node id → class and input → its value as comparable text."""


@dataclass(frozen=True)
class Verdict:
    """How one case went."""

    file: str
    groups: tuple[str, ...]
    exact: bool = False
    relevant: bool = False
    faults: frozenset[str] = frozenset()
    error: str = ""
    seconds: float = 0.0
    known: bool = True


@dataclass
class Row:
    """What a group of cases came to."""

    total: int = 0
    exact: int = 0
    relevant: int = 0


@dataclass(frozen=True)
class Given:
    """The folder: features by file, definitions by server."""

    folder: Path
    features: tuple[Mapping[str, Any], ...]
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def comparable(value: Any) -> Any:
    """Return a value in which equal numbers are equal texts."""
    match value:
        case dict():
            return {key: comparable(each) for key, each in value.items()}
        case list():
            return [comparable(each) for each in value]
        case bool():
            return value
        case int() if abs(value) > EXACT_LIMIT:
            return float(value)
        case float() if value.is_integer() and abs(value) < 1e15:
            return int(value)
        case _:
            return value


def graph_of(api: Mapping[str, Any], volatile: set[tuple[str, str]]) -> Graph:
    """Return what counts of a graph in API format."""
    return {
        node_id: (
            node.get("class_type"),
            {
                name: json.dumps(comparable(value), sort_keys=True)
                for name, value in (node.get("inputs") or {}).items()
                if (node_id, name) not in volatile
            },
        )
        for node_id, node in api.items()
    }


def declared(graph: Graph, definitions: Mapping[str, Any]) -> Graph:
    """Return a graph without the inputs that its classes do not declare."""
    return {
        node_id: (class_type, _declared(class_type, inputs, definitions))
        for node_id, (class_type, inputs) in graph.items()
    }


def _declared(
    class_type: Any, inputs: dict[str, str], definitions: Mapping[str, Any]
) -> dict[str, str]:
    entry = definitions.get(class_type)
    if entry is None:
        return inputs
    sections = (entry["input"].get(each) or {} for each in ("required", "optional"))
    names = {name for section in sections for name in section}
    return {
        name: value
        for name, value in inputs.items()
        if name in names or name.partition(".")[0] in names
    }


def faults_of(truth: Graph, made: Graph) -> Iterator[str]:
    """Yield the kinds of difference between two graphs."""
    if truth.keys() - made.keys():
        yield "missing node"
    if made.keys() - truth.keys():
        yield "extra node"
    for node_id in truth.keys() & made.keys():
        (true_class, wanted), (made_class, found) = truth[node_id], made[node_id]
        if true_class != made_class:
            yield "class_type"
        if wanted.keys() - found.keys():
            yield "missing input"
        if found.keys() - wanted.keys():
            yield "extra input"
        if any(wanted[name] != found[name] for name in wanted.keys() & found.keys()):
            yield "wrong input"


def judge(given: Given, features: Mapping[str, Any]) -> Verdict | None:
    """Convert a case and compare; None for one that has something drawn by chance."""
    file = str(features["file"])
    case = json.loads((given.folder / "cases" / file).read_text(encoding="utf-8"))
    if case["nondeterministic"]:
        return None
    known = not features["unknown_types"]
    verdict = {"file": file, "groups": _groups(features), "known": known}
    definitions = given.definitions[case["server"]]
    started = time.perf_counter()
    try:
        found = convert(case["ui"], definitions)
    except Unconvertible as refused:
        seconds = time.perf_counter() - started
        return Verdict(**verdict, error=str(refused), seconds=seconds)
    seconds = time.perf_counter() - started
    made = to_json(resolve_texts(found.texts, found.prompt, lambda _: 0, CLOCK))
    volatile = {(node_id, name) for node_id, name in case["volatile_inputs"]}
    truth, got = graph_of(case["api"], volatile), graph_of(made, volatile)
    exact = truth == got
    relevant = exact or declared(truth, definitions) == declared(got, definitions)
    faults = frozenset(faults_of(truth, got))
    return Verdict(**verdict, exact=exact, relevant=relevant, faults=faults, seconds=seconds)


def _groups(features: Mapping[str, Any]) -> tuple[str, ...]:
    if features["unknown_types"]:
        return ("all", "unknown types")
    deep = ("  depth >= 2",) if features["nested_depth"] >= 2 else ()
    named = tuple(f"  {each}" for each in FEATURES if features.get(each))
    return ("all", "known types", *named, *deep)


def rows_of(verdicts: list[Verdict]) -> dict[str, Row]:
    """Return group → how many of its cases there are, and how many match."""
    rows: dict[str, Row] = {}
    for verdict in verdicts:
        for group in verdict.groups:
            row = rows.setdefault(group, Row())
            row.total += 1
            row.exact += verdict.exact
            row.relevant += verdict.relevant
    return rows


def report(verdicts: list[Verdict]) -> str:
    """Return the report as text."""
    rows = rows_of(verdicts)
    lines = [f"{'feature':24}{'exact':>12}{'':9}{'relevant':>12}"]
    for group in sorted(rows, key=lambda name: (name.startswith(" "), name)):
        row = rows[group]
        lines.append(
            f"{group:24}{row.exact:5} of {row.total:<5}{row.exact / row.total:8.1%}"
            f"{row.relevant:6} of {row.total:<5}{row.relevant / row.total:8.1%}"
        )
    kinds = Counter(kind for each in verdicts for kind in each.faults)
    refused = Counter(each.error[:90] for each in verdicts if each.error)
    slowest = max(verdicts, key=lambda each: each.seconds)
    misses = [each for each in verdicts if each.known and not each.exact]
    mean = sum(each.seconds for each in verdicts) / len(verdicts)
    lines += [
        "",
        f"slowest: {slowest.seconds * 1000:.1f} ms, {slowest.file} (mean {mean * 1000:.2f} ms)",
    ]
    lines += ["", "cases with a difference: " + _counted(kinds)]
    lines += [
        "refused: " + (_counted(refused) or "none"),
        "",
        f"misses with known types: {len(misses)}",
    ]
    lines += [f"  {each.file}: {each.error or ', '.join(sorted(each.faults))}" for each in misses]
    return "\n".join(lines) + "\n"


def _counted(counter: Counter[str]) -> str:
    return "; ".join(f"{what}: {count}" for what, count in counter.most_common(LISTED))


def read_given(folder: Path) -> Given:
    """Read the folder's index and its definitions."""
    features = tuple(json.loads((folder / "index.json").read_text(encoding="utf-8")))
    servers = {str(each["server"]) for each in features}
    definitions = {
        server: json.loads(gzip.decompress((folder / f"definitions.{server}.json.gz").read_bytes()))
        for server in sorted(servers)
    }
    return Given(folder, features, definitions)


def main() -> int:
    """Print the report; 2 when no such folder is given."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else None
    if folder is None or not (folder / "index.json").is_file():
        sys.stderr.write(
            "Which cases? make conversion-report CASES=folder, with cases/, index.json and "
            "definitions.*.json.gz in it.\n"
        )
        return 2
    given = read_given(folder)
    judged = (judge(given, each) for each in sorted(given.features, key=lambda each: each["file"]))
    sys.stdout.write(report([each for each in judged if each is not None]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
